/* test_gguf_source.c: which GGUF file a path means: files by their first bytes, folders, parts of split ones. */
#include "io/gguf_source.h"

#include "../support/folder.h"
#include "base/alloc.h"
#include "emily/checkpoint.h"
#include "emily/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* A file of one tensor, of `parts` files the one with this number. */
static void put_part(const char *path, const char *tensor, uint16_t number, uint16_t parts) {
  emily_array_map *map = emily_array_map_new();
  emily_array *values = emily_array_from_float(number, EMILY_FLOAT32);
  emily_gguf_pair pairs[] = {{.key = "split.count", .numbers = emily_array_from_int(parts, EMILY_UINT16)},
                             {.key = "general.architecture", .texts = (const char *const[]){"qwen3"}, .text_count = -1}};
  assert_int_equal(emily_array_map_set(map, tensor, values), EMILY_OK);
  assert_int_equal(emily_gguf_save(path, map, pairs, parts ? 2 : 0), EMILY_OK);
  emily_array_release(values);
  emily_array_release(pairs[0].numbers);
  emily_array_map_release(map);
}

static void expect_source(const char *path, const char *wanted) {
  char *found = NULL;
  assert_int_equal(emily__gguf_source(path, &found), EMILY_OK);
  if (wanted) assert_string_equal(found, wanted);
  else assert_null(found);
  emily__free(found);
}

static void files_and_folders(void **state) {
  (void)state;
  char *folder = folder_new(), *found = NULL;
  put_part(in(folder, "model.bin"), "a", 0, 0); /* told by its first bytes */
  expect_source(in(folder, "model.bin"), in(folder, "model.bin"));
  expect_source(folder, NULL);
  put_part(in(folder, "b.gguf"), "a", 0, 0);
  put_part(in(folder, "mmproj-b.gguf"), "a", 0, 0);
  expect_source(folder, in(folder, "b.gguf"));
  put_part(in(folder, "c.gguf"), "a", 0, 0);
  assert_int_equal(emily__gguf_source(folder, &found), EMILY_UNSUPPORTED);
  folder_puts(folder, "model.safetensors", "");
  expect_source(folder, NULL);
  expect_source(in(folder, "nothing"), NULL);
  folder_remove(folder);
}

static void parts_are_one_checkpoint(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_checkpoint *checkpoint = NULL;
  size_t index;
  put_part(in(folder, "m-00001-of-00002.gguf"), "token_embd.weight", 1, 2);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_NOT_FOUND); /* the other part */
  put_part(in(folder, "m-00002-of-00002.gguf"), "blk.0.attn_q.weight", 2, 2);
  expect_source(in(folder, "m-00002-of-00002.gguf"), in(folder, "m-00001-of-00002.gguf"));
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  assert_int_equal(emily_checkpoint_count(checkpoint), 2);
  assert_int_equal(emily_checkpoint_find(checkpoint, "model.layers.0.self_attn.q_proj.weight", &index), EMILY_OK);
  assert_non_null(strstr(emily_checkpoint_file(checkpoint, index), "00002-of"));
  emily_checkpoint_release(checkpoint);
  put_part(in(folder, "m-00002-of-00002.gguf"), "token_embd.weight", 2, 2);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_BAD_FORMAT); /* twice */
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(files_and_folders), cmocka_unit_test(parts_are_one_checkpoint)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
