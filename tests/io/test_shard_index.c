/* test_shard_index.c: the index of a sharded checkpoint, sound and hostile. */
#include "io/shard_index.h"

#include "base/alloc.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char sound[] =
    "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"w2\":\"z.safetensors\",\"w1\":\"a.safetensors\","
    "\"w3\":\"z.safetensors\"}}";

static void assert_sound(const emily__shard_index *index) {
  assert_int_equal(index->count, 3);
  assert_int_equal(index->shard_count, 2);
  assert_string_equal(index->shards[0], "a.safetensors");
  assert_string_equal(index->shards[1], "z.safetensors");
  assert_string_equal(index->tensors[0].name, "w2"); /* the index's order */
  assert_int_equal(index->tensors[0].shard, 1);
  assert_string_equal(index->tensors[1].name, "w1");
  assert_int_equal(index->tensors[1].shard, 0);
  assert_int_equal(index->tensors[2].shard, 1);
}

static void names_each_shard_once(void **state) {
  (void)state;
  emily__shard_index index;
  assert_int_equal(emily__shard_index_parse(sound, strlen(sound), "i.json", &index), EMILY_OK);
  assert_sound(&index);
  emily__shard_index_free(&index);
  assert_null(index.tensors);
  assert_int_equal(emily__shard_index_parse("{\"weight_map\":{}}", 17, "i.json", &index), EMILY_OK);
  assert_int_equal(index.count, 0);
  assert_int_equal(index.shard_count, 0);
  emily__shard_index_free(&index);
}

static void is_read_from_a_file(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__shard_index index;
  folder_puts(folder, "i.json", sound);
  assert_int_equal(emily__shard_index_read(in(folder, "i.json"), &index), EMILY_OK);
  assert_sound(&index);
  emily__shard_index_free(&index);
  assert_int_equal(emily__shard_index_read(in(folder, "none"), &index), EMILY_NOT_FOUND);
  folder_remove(folder);
}

static void unsound_indices_are_refused_with_the_reason(void **state) {
  (void)state;
  const char *const cases[][2] = {
      {"", "no sound JSON"},
      {"{\"weight_map\":{\"a\":\"x\"", "no sound JSON"},
      {"[]", "no object \"weight_map\""},
      {"{}", "no object \"weight_map\""},
      {"{\"weight_map\":[]}", "no object \"weight_map\""},
      {"{\"weight_map\":null}", "no object \"weight_map\""},
      {"{\"weight_map\":{\"a\":1}}", "the file of tensor 'a' is not a string"},
      {"{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}", "duplicate"},
      {"{\"weight_map\":{\"a\":\"\"}}", "no plain name"},
      {"{\"weight_map\":{\"a\":\".\"}}", "no plain name"},
      {"{\"weight_map\":{\"a\":\"..\"}}", "no plain name"},
      {"{\"weight_map\":{\"a\":\"../x.safetensors\"}}", "no plain name"},
      {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "no plain name"},
      {"{\"weight_map\":{\"a\":\"sub\\u002fx\"}}", "no plain name"},
      {"{\"weight_map\":{\"a\":\"x\\u0000y\"}}", "no sound JSON"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    emily__shard_index index = {0};
    emily_status status = emily__shard_index_parse(cases[i][0], strlen(cases[i][0]), "i.json", &index);
    const char *message = emily_last_error()->message;
    if (status != EMILY_BAD_FORMAT || !strstr(message, cases[i][1]) || strncmp(message, "i.json", 6) != 0 ||
        index.tensors)
      fail_msg("%s: status %d, '%s'", cases[i][0], status, message);
  }
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  char *folder = folder_new();
  folder_puts(folder, "i.json", sound);
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int n = 1; status != EMILY_OK; n++) {
    emily__shard_index index = {0};
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    status = emily__shard_index_read(in(folder, "i.json"), &index);
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    emily__shard_index_free(&index);
    assert_int_equal(emily__alloc_live(), live);
    assert_true(n < 100);
  }
  emily__alloc_fail_after(0);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_each_shard_once),
      cmocka_unit_test(is_read_from_a_file),
      cmocka_unit_test(unsound_indices_are_refused_with_the_reason),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
