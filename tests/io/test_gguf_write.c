/* test_gguf_write.c: what is saved is loaded, from a mapped file; what GGUF can't hold is refused; each allocation may fail. */
#include "emily/gguf.h"
#include "emily/ops.h"

#include "base/alloc.h"
#include "base/status.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char *folder;
static const float numbers[] = {1, 2, 3, 4, 5, 6};

static void put(emily_array_map *map, const char *name, emily_dtype dtype, int32_t rank, const int64_t *shape) {
  emily_array *array = emily_array_from_data(numbers, shape, rank, dtype);
  assert_int_equal(emily_array_map_set(map, name, array), EMILY_OK);
  emily_array_release(array);
}

static emily_array_map *sample(void) {
  emily_array_map *map = emily_array_map_new();
  put(map, "f", EMILY_FLOAT32, 2, (int64_t[]){2, 3});
  put(map, "scalar", EMILY_FLOAT64, 0, NULL);
  put(map, "b", EMILY_BFLOAT16, 1, (int64_t[]){5});
  put(map, "i", EMILY_INT64, 3, (int64_t[]){1, 3, 1});
  put(map, "none", EMILY_INT8, 2, (int64_t[]){0, 4});
  return map;
}

static emily_status save(const emily_array_map *map, const char *name) {
  static const char *const words[] = {"one", "two"};
  emily_array *list = emily_array_from_data(numbers, (int64_t[]){3}, 1, EMILY_FLOAT32), *number = emily_array_from_int(64, EMILY_UINT32);
  const emily_gguf_pair metadata[] = {{"words", NULL, words, 2},
                                      {"word", NULL, words, -1},
                                      {"list", list, NULL, 0},
                                      {"general.alignment", number, NULL, 0},
                                      {"empty", NULL, NULL, 0}};
  emily_status status = list && number ? emily_gguf_save(in(folder, name), map, metadata, 5) : EMILY_OUT_OF_MEMORY;
  emily_array_release(list);
  emily_array_release(number);
  return status;
}

static void same(emily_array *a, emily_array *b) {
  uint8_t x[64], y[64];
  size_t count = emily_array_nbytes(a);
  assert_non_null(b);
  assert_int_equal(emily_array_dtype(a), emily_array_dtype(b));
  assert_int_equal(emily_array_ndim(a), emily_array_ndim(b));
  for (int32_t d = 0; d < emily_array_ndim(a); d++) assert_int_equal(emily_array_dim(a, d), emily_array_dim(b, d));
  assert_int_equal(emily_array_read(a, x, count), EMILY_OK);
  assert_int_equal(emily_array_read(b, y, count), EMILY_OK);
  if (count) assert_memory_equal(x, y, count);
}

static void what_is_saved_is_loaded(void **state) {
  (void)state;
  emily_array_map *map = sample(), *loaded = NULL;
  assert_int_equal(save(map, "m.gguf"), EMILY_OK);
  assert_int_equal(emily_gguf_load(in(folder, "m.gguf"), &loaded), EMILY_OK);
  assert_int_equal(emily_array_map_count(loaded), emily_array_map_count(map));
  for (size_t i = 0; i < emily_array_map_count(map); i++)
    same(emily_array_map_at(map, i), emily_array_map_get(loaded, emily_array_map_name(map, i)));
  /* Over the file that the loaded arrays are mapped from. */
  assert_int_equal(save(loaded, "m.gguf"), EMILY_OK);
  emily_array_map_release(loaded);
  emily_array_map_release(map);
}

static void metadata_is_kept(void **state) {
  (void)state;
  emily_gguf *file = NULL;
  size_t index;
  emily_array_map *map = sample();
  assert_int_equal(save(map, "m.gguf"), EMILY_OK);
  assert_int_equal(emily_gguf_open(in(folder, "m.gguf"), &file), EMILY_OK);
  assert_int_equal(emily_gguf_metadata_find(file, "words", &index), EMILY_OK);
  assert_string_equal(emily_gguf_metadata_text(file, index, 1, NULL), "two");
  assert_int_equal(emily_gguf_metadata_find(file, "word", &index), EMILY_OK);
  assert_int_equal(emily_gguf_metadata_kind(file, index), EMILY_GGUF_STRING);
  assert_int_equal(emily_gguf_metadata_find(file, "list", &index), EMILY_OK);
  assert_int_equal(emily_gguf_metadata_item_kind(file, index), EMILY_GGUF_FLOAT32);
  assert_int_equal(emily_gguf_metadata_find(file, "empty", &index), EMILY_OK);
  assert_int_equal(emily_gguf_metadata_length(file, index), 0);
  emily_gguf_close(file);
  emily_array_map_release(map);
}

static void strided_and_lazy_arrays_are_written_in_order(void **state) {
  (void)state;
  float found[6];
  emily_array_map *map = sample(), *loaded = NULL;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *turned = emily_scope_keep(s, emily_transpose(s, emily_array_map_get(map, "f"), (int64_t[]){1, 0}, 2));
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "f", turned), EMILY_OK);
  emily_array_release(turned);
  assert_int_equal(save(map, "m.gguf"), EMILY_OK);
  assert_int_equal(emily_gguf_load(in(folder, "m.gguf"), &loaded), EMILY_OK);
  assert_int_equal(emily_array_read(emily_array_map_get(loaded, "f"), found, sizeof found), EMILY_OK);
  assert_memory_equal(found, ((float[]){1, 4, 2, 5, 3, 6}), sizeof found);
  emily_array_map_release(loaded);
  emily_array_map_release(map);
}

static void refused(const emily_array_map *map, const emily_gguf_pair *pair, size_t count, emily_status status, const char *part) {
  assert_int_equal(emily_gguf_save(in(folder, "no.gguf"), map, pair, count), status);
  if (!strstr(emily_last_error()->message, part)) fail_msg("%s", emily_last_error()->message);
  assert_int_not_equal(access(in(folder, "no.gguf"), F_OK), 0);
}

static void what_the_format_lacks_is_refused(void **state) {
  (void)state;
  emily_array_map *map = sample();
  emily_array *table = emily_array_from_data(numbers, (int64_t[]){1, 2}, 2, EMILY_FLOAT32), *odd = emily_array_from_int(24, EMILY_UINT32);
  const char *const none[] = {NULL};
  refused(map, &(emily_gguf_pair){"k", table, NULL, 0}, 1, EMILY_UNSUPPORTED, "a scalar or a list");
  refused(map, &(emily_gguf_pair){"k", NULL, NULL, -1}, 1, EMILY_INVALID_ARGUMENT, "no value");
  refused(map, &(emily_gguf_pair){"k", NULL, none, 1}, 1, EMILY_INVALID_ARGUMENT, "NULL");
  refused(map, &(emily_gguf_pair){NULL, NULL, NULL, 0}, 1, EMILY_INVALID_ARGUMENT, "NULL");
  refused(map, (emily_gguf_pair[]){{"k", NULL, NULL, 0}, {"k", NULL, NULL, 0}}, 2, EMILY_INVALID_ARGUMENT, "twice");
  refused(map, &(emily_gguf_pair){"general.alignment", odd, NULL, 0}, 1, EMILY_INVALID_ARGUMENT, "power of two");
  refused(NULL, NULL, 0, EMILY_INVALID_ARGUMENT, "NULL");
  put(map, "u", EMILY_UINT8, 1, (int64_t[]){2});
  refused(map, NULL, 0, EMILY_UNSUPPORTED, "uint8");
  put(map, "u", EMILY_INT8, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
  refused(map, NULL, 0, EMILY_UNSUPPORTED, "9 axes");
  emily_array_release(table);
  emily_array_release(odd);
  emily_array_map_release(map);
}

/* A file with a tensor of each of Q4_0 (packed) and Q2_K (dequantized), and a string. */
static void put_quantized(void) {
  static uint8_t file[512] = "GGUF\3\0\0\0\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
                             "\1\0\0\0\0\0\0\0k\10\0\0\0\1\0\0\0\0\0\0\0v"
                             "\10\0\0\0\0\0\0\0x.weight\1\0\0\0\40\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0"
                             "\1\0\0\0\0\0\0\0y\1\0\0\0\0\1\0\0\0\0\0\0\12\0\0\0\40\0\0\0\0\0\0\0";
  folder_put(folder, "q.gguf", file, sizeof file);
}

static void packed_tensors_have_three_arrays(void **state) {
  (void)state;
  emily_array_map *map = NULL;
  put_quantized();
  assert_int_equal(emily_gguf_load(in(folder, "q.gguf"), &map), EMILY_OK);
  assert_int_equal(emily_array_dim(emily_array_map_get(map, "x.weight"), 0), 4);
  assert_int_equal(emily_array_dtype(emily_array_map_get(map, "x.weight")), EMILY_UINT32);
  assert_int_equal(emily_array_dim(emily_array_map_get(map, "x.scales"), 0), 1);
  assert_int_equal(emily_array_dim(emily_array_map_get(map, "x.biases"), 0), 1);
  assert_int_equal(emily_array_dim(emily_array_map_get(map, "y"), 0), 256);
  assert_int_equal(emily_array_dtype(emily_array_map_get(map, "y")), EMILY_FLOAT16);
  emily_array_map_release(map);
}

static emily_status there_and_back(const emily_array_map *map) {
  emily_array_map *loaded = NULL, *quantized = NULL;
  emily_status status = save(map, "m.gguf");
  if (status == EMILY_OK) status = emily_gguf_load(in(folder, "m.gguf"), &loaded);
  if (status == EMILY_OK) status = emily_gguf_load(in(folder, "q.gguf"), &quantized);
  emily_array_map_release(loaded);
  emily_array_map_release(quantized);
  return status;
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  emily_array_map *map = sample();
  put_quantized();
  assert_int_equal(there_and_back(map), EMILY_OK); /* once before, so that what is made once is made */
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int n = 1; status != EMILY_OK; n++) {
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    status = there_and_back(map);
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    assert_int_equal(emily__alloc_live(), live);
    assert_true(n < 1000);
  }
  emily__alloc_fail_after(0);
  emily_array_map_release(map);
}

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_saved_is_loaded),          cmocka_unit_test(metadata_is_kept),
      cmocka_unit_test(what_the_format_lacks_is_refused), cmocka_unit_test(strided_and_lazy_arrays_are_written_in_order),
      cmocka_unit_test(packed_tensors_have_three_arrays), cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
