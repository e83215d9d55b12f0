/* test_array_file.c: maps of arrays to safetensors files and back. */
#include "emily/array_map.h"
#include "emily/ops.h"

#include "base/alloc.h"
#include "base/status.h"
#include "io/safetensors.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

static void put(emily_array_map *map, const char *name, const void *data, const int64_t *shape, int32_t ndim,
                emily_dtype dtype) {
  emily_array *array = emily_array_from_data(data, shape, ndim, dtype);
  assert_non_null(array);
  assert_int_equal(emily_array_map_set(map, name, array), EMILY_OK);
  emily_array_release(array);
}

static const int64_t three[] = {3}, two_three[] = {2, 3}, none[] = {0, 4};
static const uint8_t bytes[] = {1, 2, 3};
static const float floats[] = {1, 2, 3, 4, 5, 6};
static const int64_t number[] = {-7};

static emily_array_map *sample(void) {
  emily_array_map *map = emily_array_map_new();
  put(map, "bytes", bytes, three, 1, EMILY_UINT8);
  put(map, "floats", floats, two_three, 2, EMILY_FLOAT32);
  put(map, "none", NULL, none, 2, EMILY_FLOAT16);
  put(map, "number", number, NULL, 0, EMILY_INT64);
  return map;
}

static void what_is_saved_is_loaded(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample(), *loaded = NULL;
  const char *const metadata[] = {"made", "by a test", NULL};
  assert_int_equal(emily_safetensors_save(in(folder, "m"), map, metadata), EMILY_OK);
  assert_int_equal(emily_safetensors_load(in(folder, "m"), &loaded), EMILY_OK);
  const char *const order[] = {"number", "floats", "none", "bytes"}; /* wide dtypes first */
  for (size_t i = 0; i < 4; i++) {
    uint8_t wanted[32], found[32];
    assert_string_equal(emily_array_map_name(loaded, i), order[i]);
    emily_array *a = emily_array_map_get(map, order[i]), *b = emily_array_map_at(loaded, i);
    size_t count = emily_array_nbytes(a);
    assert_int_equal(emily_array_dtype(a), emily_array_dtype(b));
    assert_int_equal(emily_array_ndim(a), emily_array_ndim(b));
    for (int32_t d = 0; d < emily_array_ndim(a); d++) assert_int_equal(emily_array_dim(a, d), emily_array_dim(b, d));
    assert_int_equal(emily_array_read(a, wanted, count), EMILY_OK);
    assert_int_equal(emily_array_read(b, found, count), EMILY_OK);
    if (count) assert_memory_equal(wanted, found, count);
  }
  /* Over the file that the loaded arrays are mapped from. */
  assert_int_equal(emily_safetensors_save(in(folder, "m"), loaded, NULL), EMILY_OK);
  emily_array_map_release(loaded);
  assert_int_equal(emily_safetensors_load(in(folder, "m"), &loaded), EMILY_OK);
  assert_int_equal(emily_array_map_count(loaded), 4);
  emily_array_map_release(loaded);
  emily_array_map_release(map);
  folder_remove(folder);
}

static void lazy_and_strided_arrays_are_written_in_order(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample(), *loaded = NULL;
  float found[6];
  const int64_t axes[] = {1, 0};
  emily_scope *s = emily_scope_open(NULL);
  emily_array *turned = emily_transpose(s, emily_array_map_get(map, "floats"), axes, 2);
  emily_array *kept = emily_scope_keep(s, turned);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "turned", kept), EMILY_OK);
  emily_array_release(kept);
  assert_int_equal(emily_safetensors_save(in(folder, "m"), map, NULL), EMILY_OK);
  assert_int_equal(emily_safetensors_load(in(folder, "m"), &loaded), EMILY_OK);
  emily_array *turned_back = emily_array_map_get(loaded, "turned");
  assert_int_equal(emily_array_dim(turned_back, 0), 3);
  assert_int_equal(emily_array_read(turned_back, found, sizeof found), EMILY_OK);
  const float wanted[] = {1, 4, 2, 5, 3, 6};
  assert_memory_equal(found, wanted, sizeof wanted);
  emily_array_map_release(loaded);
  emily_array_map_release(map);
  folder_remove(folder);
}

static void what_is_wrong_leaves_no_file(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample(), *loaded = NULL;
  const char *const odd[] = {"key", NULL};
  assert_int_equal(emily_safetensors_save(in(folder, "m"), map, odd), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "a key without a value"));
  assert_int_equal(emily_safetensors_save(NULL, map, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_safetensors_save(in(folder, "m"), NULL, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_safetensors_save(folder, map, NULL), EMILY_IO_ERROR);
  assert_int_equal(emily_safetensors_load(NULL, &loaded), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_safetensors_load(in(folder, "m"), NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_safetensors_load(in(folder, "m"), &loaded), EMILY_NOT_FOUND);
  folder_puts(folder, "m", "12345678{}");
  assert_int_equal(emily_safetensors_load(in(folder, "m"), &loaded), EMILY_BAD_FORMAT);
  assert_null(loaded);
  emily_array_map_release(map);
  folder_remove(folder);
}

/* A limit on file sizes stands for a full disk. */
static void a_full_disk_leaves_no_file(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample();
  const int64_t many[] = {4096};
  const uint8_t zeros[4096] = {0};
  struct rlimit before, small;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  put(map, "zeros", zeros, many, 1, EMILY_UINT8);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 2048;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  emily_status status = emily_safetensors_save(in(folder, "m"), map, NULL);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, EMILY_IO_ERROR);
  emily_array_map_release(map);
  assert_int_equal(rmdir(folder), 0); /* nothing is left in it */
  free(folder);
}

static emily_status there_and_back(const char *folder, const emily_array_map *map) {
  emily_array_map *loaded = NULL;
  emily_status status = emily_safetensors_save(in(folder, "m"), map, NULL);
  if (status == EMILY_OK) status = emily_safetensors_load(in(folder, "m"), &loaded);
  assert_true((status == EMILY_OK) == (loaded != NULL));
  emily_array_map_release(loaded);
  return status;
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array_map *map = sample();
  assert_int_equal(there_and_back(folder, map), EMILY_OK); /* once before, so that what is made once is made */
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int n = 1; status != EMILY_OK; n++) {
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    status = there_and_back(folder, map);
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    assert_int_equal(emily__alloc_live(), live);
    assert_true(n < 1000);
  }
  emily__alloc_fail_after(0);
  emily_array_map_release(map);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_saved_is_loaded),      cmocka_unit_test(lazy_and_strided_arrays_are_written_in_order),
      cmocka_unit_test(what_is_wrong_leaves_no_file), cmocka_unit_test(a_full_disk_leaves_no_file),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
