/* test_npy_file.c: .npy and .npz files there and back, broken ones, and memory that runs out. tests/oracle/test_files.py reads and writes
 * them beside NumPy and MLX. */
#include "emily/emily.h"

#include "base/alloc.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const int64_t two_three[] = {2, 3}, none[] = {0, 4};
static const float floats[] = {1, 2, 3, 4, 5, 6};

static emily_array_map *sample(void) {
  emily_array_map *map = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_scope_adopt(s, emily_array_from_data(floats, two_three, 2, EMILY_FLOAT32));
  assert_int_equal(emily_array_map_set(map, "weight", x), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "layers.0/turned", emily_transpose(s, x, NULL, 0)), EMILY_OK); /* a view */
  assert_int_equal(emily_array_map_set(map, "none", emily_zeros(s, none, 2, EMILY_INT8)), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "half", emily_full(s, NULL, 0, emily_scope_adopt(s, emily_array_from_float(2.5, EMILY_BFLOAT16)))), EMILY_OK);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  return map;
}

static void check_same(emily_array *a, emily_array *b) {
  uint8_t wanted[64], got[64];
  assert_non_null(b);
  assert_int_equal(emily_array_dtype(a), emily_array_dtype(b));
  assert_int_equal(emily_array_ndim(a), emily_array_ndim(b));
  for (int32_t d = 0; d < emily_array_ndim(a); d++) assert_int_equal(emily_array_dim(a, d), emily_array_dim(b, d));
  assert_int_equal(emily_array_read(a, wanted, emily_array_nbytes(a)), EMILY_OK);
  assert_int_equal(emily_array_read(b, got, emily_array_nbytes(b)), EMILY_OK);
  assert_memory_equal(wanted, got, emily_array_nbytes(a));
}

static void what_is_saved_is_loaded(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample(), *loaded;
  for (int compressed = 0; compressed < 2; compressed++) {
    assert_int_equal(emily_npz_save(in(folder, "m.npz"), map, compressed), EMILY_OK);
    assert_int_equal(emily_npz_load(in(folder, "m.npz"), &loaded), EMILY_OK);
    assert_int_equal(emily_array_map_count(loaded), 4);
    for (size_t i = 0; i < 4; i++) check_same(emily_array_map_at(map, i), emily_array_map_get(loaded, emily_array_map_name(map, i)));
    emily_array_map_release(loaded);
  }
  for (size_t i = 0; i < 4; i++) {
    emily_array *array = NULL;
    assert_int_equal(emily_npy_save(in(folder, "a.npy"), emily_array_map_at(map, i)), EMILY_OK);
    assert_int_equal(emily_npy_load(in(folder, "a.npy"), &array), EMILY_OK);
    check_same(emily_array_map_at(map, i), array);
    emily_array_release(array);
  }
  emily_array_map_release(map);
  map = emily_array_map_new();
  assert_int_equal(emily_npz_save(in(folder, "empty.npz"), map, false), EMILY_OK);
  assert_int_equal(emily_npz_load(in(folder, "empty.npz"), &loaded), EMILY_OK);
  assert_int_equal(emily_array_map_count(loaded), 0);
  emily_array_map_release(loaded);
  emily_array_map_release(map);
  folder_remove(folder);
}

static void failures_name_the_file(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array *array = NULL;
  emily_array_map *map = NULL;
  assert_int_equal(emily_npy_load(in(folder, "gone.npy"), &array), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "gone.npy"));
  assert_int_equal(emily_npz_load(in(folder, "gone.npz"), &map), EMILY_NOT_FOUND);
  folder_puts(folder, "text", "not a file of NumPy's, and long enough to hold what an archive ends with");
  assert_int_equal(emily_npy_load(in(folder, "text"), &array), EMILY_BAD_FORMAT);
  assert_int_equal(emily_npz_load(in(folder, "text"), &map), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "text"));
  folder_puts(folder, "nothing", "");
  assert_int_equal(emily_npy_load(in(folder, "nothing"), &array), EMILY_BAD_FORMAT);
  assert_int_equal(emily_npz_load(in(folder, "nothing"), &map), EMILY_BAD_FORMAT);
  assert_int_equal(emily_npy_load(NULL, &array), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_npy_save(in(folder, "x"), NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_npz_load(NULL, &map), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_npz_save(NULL, NULL, false), EMILY_INVALID_ARGUMENT);
  array = emily_array_from_float(1, EMILY_FLOAT32);
  assert_int_equal(emily_npy_save(in(folder, "no such folder/x"), array), EMILY_IO_ERROR);
  emily_array_release(array);
  assert_null(map);
  folder_remove(folder);
}

/* One byte changed at a time: an error, or arrays that can be read. */
static void a_broken_archive_is_an_error(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample();
  assert_int_equal(emily_npz_save(in(folder, "m.npz"), map, true), EMILY_OK);
  emily_array_map_release(map);
  FILE *file = fopen(in(folder, "m.npz"), "rb");
  static uint8_t bytes[4096];
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  int failed = 0;
  for (size_t i = 0; i < size; i++) {
    bytes[i] ^= 0x55;
    folder_put(folder, "broken.npz", bytes, size);
    bytes[i] ^= 0x55;
    if (emily_npz_load(in(folder, "broken.npz"), &map) != EMILY_OK) {
      assert_true(emily_last_error()->message[0] != '\0');
      failed++;
      continue;
    }
    for (size_t k = 0; k < emily_array_map_count(map); k++) {
      emily_array *array = emily_array_map_at(map, k);
      assert_int_equal(emily_eval(&array, 1), EMILY_OK);
    }
    emily_array_map_release(map);
  }
  assert_true(failed > (int)size / 4);
  folder_put(folder, "cut.npz", bytes, size - 30);
  assert_int_equal(emily_npz_load(in(folder, "cut.npz"), &map), EMILY_BAD_FORMAT);
  folder_remove(folder);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample(), *loaded;
  assert_int_equal(emily_npz_save(in(folder, "m.npz"), map, false), EMILY_OK);
  const int64_t live = emily__alloc_live();
  for (int64_t nth = 1;; nth++) {
    loaded = NULL;
    emily__alloc_fail_after(nth);
    emily_status status = emily_npz_load(in(folder, "m.npz"), &loaded);
    const bool loads = status != EMILY_OK || emily__alloc_count() >= nth;
    if (status == EMILY_OK) emily_array_map_release(loaded);
    emily_status saved = loads ? EMILY_OK : emily_npz_save(in(folder, "again.npz"), map, false);
    const bool tried = emily__alloc_count() >= nth;
    emily__alloc_fail_after(0);
    assert_int_equal(emily__alloc_live(), live);
    if (!tried) {
      assert_int_equal(saved, EMILY_OK);
      break;
    }
    assert_true(status == EMILY_OUT_OF_MEMORY || saved == EMILY_OUT_OF_MEMORY || (status == EMILY_OK && saved == EMILY_OK));
  }
  emily_array_map_release(map);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_saved_is_loaded),
      cmocka_unit_test(failures_name_the_file),
      cmocka_unit_test(a_broken_archive_is_an_error),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
