/* test_alloc.c: failure on demand, counting, checked products. */
#include "support/arrays.h"

#include "base/alloc.h"
#include "base/status.h"

static void the_nth_allocation_fails_once(void **state) {
  (void)state;
  emily__alloc_fail_after(2);
  void *first = emily__malloc(8), *second = emily__malloc(16), *third = emily__calloc(2, 4);
  assert_non_null(first);
  assert_null(second);
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  assert_int_equal(emily_last_error()->bytes_asked, 16);
  assert_non_null(third);
  assert_int_equal(emily__alloc_count(), 3);
  emily__alloc_fail_after(1);
  assert_null(emily__realloc(first, 100)); /* the block is still there */
  memset(first, 1, 8);
  first = emily__realloc(first, 100);
  assert_non_null(first);
  emily__alloc_fail_after(0);
  int64_t live = emily__alloc_live();
  emily__free(first);
  emily__free(third);
  emily__free(NULL);
  assert_int_equal(emily__alloc_live(), live - 2);
}

static void products_and_sums_are_checked(void **state) {
  (void)state;
  size_t n = 7;
  int64_t i = 7;
  assert_null(emily__alloc_array(SIZE_MAX / 2, 3));
  assert_null(emily__calloc(SIZE_MAX, 2));
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  assert_false(emily__mul_size(SIZE_MAX, 2, &n));
  assert_true(emily__mul_i64(3, 4, &i) && i == 12);
  assert_false(emily__mul_i64(INT64_MAX, 2, &i) || emily__mul_i64(-1, 2, &i) || emily__mul_i64(2, -1, &i));
  assert_true(emily__add_i64(INT64_MAX, 0, &i) && i == INT64_MAX);
  assert_false(emily__add_i64(INT64_MAX, 1, &i) || emily__add_i64(-1, 5, &i));
}

static void nothing_is_still_a_block(void **state) {
  (void)state;
  void *a = emily__malloc(0), *b = emily__calloc(0, 8), *c = emily__alloc_array(3, 0);
  assert_true(a && b && c && a != b && b != c);
  emily__free(a), emily__free(b), emily__free(c);
  char *text = emily__strndup("emily", 3), *whole = emily__strdup("");
  assert_string_equal(text, "emi");
  assert_string_equal(whole, "");
  emily__free(text), emily__free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nth_allocation_fails_once),
      cmocka_unit_test(products_and_sums_are_checked),
      cmocka_unit_test(nothing_is_still_a_block),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
