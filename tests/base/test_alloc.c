/* test_alloc.c: sizes that wrap, failures on demand, the count of blocks. */
#include "base/alloc.h"

#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void blocks_are_what_was_asked_for(void **state) {
  (void)state;
  char *zeroed = emily__calloc(3, 5), *text = emily__strdup("caf\xC3\xA9"), *part = emily__strndup("a\0bc", 3);
  for (int i = 0; i < 15; i++) assert_int_equal(zeroed[i], 0);
  assert_string_equal(text, "caf\xC3\xA9");
  assert_memory_equal(part, "a\0b", 4); /* ends with a NUL of its own */
  text = emily__realloc(text, 100);
  assert_string_equal(text, "caf\xC3\xA9");
  emily__free(zeroed);
  emily__free(text);
  emily__free(part);
  emily__free(NULL);
}

static void nothing_is_a_block_too(void **state) {
  (void)state;
  void *blocks[] = {emily__malloc(0), emily__calloc(0, 8), emily__alloc_array(8, 0), emily__realloc(NULL, 0)};
  for (int i = 0; i < 4; i++) {
    assert_non_null(blocks[i]);
    for (int j = 0; j < i; j++) assert_ptr_not_equal(blocks[i], blocks[j]);
  }
  for (int i = 0; i < 4; i++) emily__free(blocks[i]);
}

static void products_that_wrap_fail(void **state) {
  (void)state;
  assert_null(emily__calloc(SIZE_MAX / 2, 3));
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  assert_null(emily__alloc_array((size_t)1 << 33, (size_t)1 << 33));
  size_t size = 7;
  assert_true(emily__mul_size(6, 7, &size) && size == 42);
  assert_true(emily__mul_size(SIZE_MAX, 1, &size) && size == SIZE_MAX);
  assert_false(emily__mul_size(SIZE_MAX, 2, &size));
  int64_t value = 0;
  assert_true(emily__mul_i64(6, 7, &value) && value == 42);
  assert_true(emily__add_i64(INT64_MAX, 0, &value) && value == INT64_MAX);
  assert_false(emily__mul_i64(INT64_MAX, 2, &value));
  assert_false(emily__mul_i64(-1, 2, &value) || emily__mul_i64(2, -1, &value));
  assert_false(emily__add_i64(INT64_MAX, 1, &value));
  assert_false(emily__add_i64(-1, 2, &value) || emily__add_i64(2, -1, &value));
}

static void the_nth_fails_once(void **state) {
  (void)state;
  emily__alloc_fail_after(2);
  int64_t live = emily__alloc_live();
  void *first = emily__malloc(8);
  assert_non_null(first);
  assert_null(emily__malloc(123));
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  assert_int_equal(emily_last_error()->bytes_asked, 123);
  void *third = emily__calloc(1, 8);
  assert_non_null(third);
  assert_int_equal(emily__alloc_count(), 3);
  assert_int_equal(emily__alloc_live(), live + 2);
  emily__free(first);
  emily__free(third);
  assert_int_equal(emily__alloc_live(), live);
  emily__alloc_fail_after(0);
  assert_int_equal(emily__alloc_count(), 0);
}

static void a_block_survives_its_failed_realloc(void **state) {
  (void)state;
  char *text = emily__strdup("kept");
  emily__alloc_fail_after(1);
  assert_null(emily__realloc(text, 1000));
  assert_null((emily__alloc_fail_after(1), emily__strdup("x")));
  emily__alloc_fail_after(0);
  assert_string_equal(text, "kept");
  emily__free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_what_was_asked_for),
      cmocka_unit_test(nothing_is_a_block_too),
      cmocka_unit_test(products_that_wrap_fail),
      cmocka_unit_test(the_nth_fails_once),
      cmocka_unit_test(a_block_survives_its_failed_realloc),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
