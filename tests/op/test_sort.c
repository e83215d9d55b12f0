/* test_sort.c: order by hand; NaN, ties, hostile counts. */
#include "support/arrays.h"

#include <math.h>

static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 3), 3, 1, 2, -1, INFINITY, -INFINITY);
  EXPECT(s, emily_sort(s, x, -1, false), SHAPE(2, 3), 1, 2, 3, -INFINITY, -1, INFINITY);
  EXPECT(s, emily_sort(s, x, 0, false), SHAPE(2, 3), -1, 1, -INFINITY, 3, INFINITY, 2);
  EXPECT(s, emily_argsort(s, x, 1, false), SHAPE(2, 3), 1, 2, 0, 2, 0, 1);
  EXPECT(s, emily_argsort(s, FLOATS(s, SHAPE(5), 2, 1, 2, 1, 2), 0, false), SHAPE(5), 1, 3, 0, 2, 4); /* equals keep their order */
  EXPECT(s, emily_topk(s, x, 2, 1), SHAPE(2, 2), 2, 3, -1, INFINITY);
  EXPECT(s, emily_sort(s, emily_zeros(s, SHAPE(2, 0), EMILY_INT8), 1, false), SHAPE(2, 0), 0);
  EXPECT(s, emily_sort(s, FLOATS(s, SCALAR, 4), -1, false), SCALAR, 4);
  EXPECT(s, emily_argsort(s, FLOATS(s, SCALAR, 4), 0, false), SCALAR, 0);
  EXPECT(s, emily_topk(s, x, 0, 1), SHAPE(2, 0), 0);
  test_close(s);
}

static void descending(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT(s, emily_sort(s, FLOATS(s, SHAPE(5), 1, NAN, 3, -INFINITY, 2), 0, true), SHAPE(5), NAN, 3, 2, 1, -INFINITY); /* NaN first */
  EXPECT(s, emily_argsort(s, FLOATS(s, SHAPE(5), 2, 1, 2, 1, 2), 0, true), SHAPE(5), 0, 2, 4, 1, 3); /* equals keep their order */
  EXPECT(s, emily_sort(s, test_range(s, -2, 4, EMILY_INT8), 0, true), SHAPE(4), 1, 0, -1, -2);
  test_close(s);
}

static void positions_and_counts(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *sequence = FLOATS(s, SHAPE(4), 1, 2, 2, NAN), *values = FLOATS(s, SHAPE(5), 0, 2, 3, NAN, -INFINITY), *out[2];
  EXPECT(s, emily_searchsorted(s, sequence, values, "left"), SHAPE(5), 0, 1, 3, 3, 0);
  EXPECT(s, emily_searchsorted(s, sequence, values, "right"), SHAPE(5), 0, 3, 3, 4, 0);
  EXPECT(s, emily_searchsorted(s, emily_zeros(s, SHAPE(0), EMILY_INT8), values, "left"), SHAPE(5), 0, 0, 0, 0, 0);
  emily_array *x = FLOATS(s, SHAPE(6), 0, 1, 2, 2, 4, NAN), *edges = FLOATS(s, SHAPE(3), 0, 2, 4);
  assert_int_equal(emily_histogram(s, x, edges, NULL, 10, out), EMILY_OK);
  EXPECT(s, out[0], SHAPE(2), 2, 3);
  assert_int_equal(emily_histogram(s, x, edges, FLOATS(s, SHAPE(6), 1, 2, 4, 8, 16, 32), 10, out), EMILY_OK);
  EXPECT(s, out[0], SHAPE(2), 3, 28);
  assert_int_equal(emily_histogram(s, emily_ones(s, SHAPE(3), EMILY_UINT8), NULL, NULL, 2, out), EMILY_OK);
  EXPECT(s, out[0], SHAPE(2), 0, 3);
  EXPECT(s, out[1], SHAPE(3), 0.5, 1, 1.5);
  EXPECT(s, emily_bincount(s, test_range(s, -1, 4, EMILY_INT32), NULL, 2), SHAPE(2), 1, 1);
  EXPECT(s, emily_bincount(s, test_range(s, 0, 3, EMILY_UINT64), FLOATS(s, SHAPE(3), 1, 2, 4), 5), SHAPE(5), 1, 2, 4, 0, 0);
  test_close(s);
  s = emily_scope_open(NULL);
  assert_null(emily_searchsorted(s, emily_zeros(s, SHAPE(1), EMILY_INT8), emily_zeros(s, SHAPE(1), EMILY_INT8), "up"));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "side is \"up\"; it is \"left\" or \"right\"");
  s = emily_scope_open(NULL);
  assert_int_equal(emily_histogram(s, emily_zeros(s, SHAPE(1), EMILY_INT8), NULL, NULL, 0, out), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "bins is 0");
}

/* Wherever NaN stands it goes last, and what is before it is sorted. */
static void nan_goes_last_from_every_place(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 40; n += 13)
    for (int64_t at = 0; at < n; at++) {
      emily_scope *s = emily_scope_open(NULL);
      float values[40];
      double want[40];
      for (int64_t i = 0, k = 0; i < n; i++) {
        values[i] = i == at ? NAN : (float)(n - i);
        if (n - 1 - i != at) want[k++] = (double)(i + 1);
      }
      want[n - 1] = NAN;
      emily_array *x = test_floats(s, &n, 1, values);
      test_expect(s, emily_sort(s, x, 0, false), &n, 1, want, 0);
      EXPECT(s, emily_take(s, emily_argsort(s, x, 0, false), emily_scope_adopt(s, emily_array_from_int(-1, EMILY_INT32)), 0), SCALAR, (double)at);
      test_close(s);
    }
}

static void counts_are_checked(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_topk(s, emily_ones(s, SHAPE(2, 3), EMILY_INT32), 4, 1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_topk: k is 4; the axis has 3 elements (operands: int32 [2, 3])");
  s = emily_scope_open(NULL);
  assert_null(emily_partition(s, emily_ones(s, SHAPE(3), EMILY_INT32), INT64_MIN, 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "the axis has 3 elements");
  s = emily_scope_open(NULL);
  assert_null(emily_argpartition(s, emily_ones(s, SHAPE(3), EMILY_INT32), 0, 1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_argpartition: axis 1 is out of range for 1 axes");
  s = emily_scope_open(NULL);
  emily_array *y = emily_partition(s, FLOATS(s, SHAPE(4), 4, 2, 1, 3), -2, 0); /* kth from the end */
  EXPECT(s, emily_slice(s, y, INTS(2), INTS(3), NULL), SHAPE(1), 3);
  test_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(descending),
      cmocka_unit_test(positions_and_counts),
      cmocka_unit_test(nan_goes_last_from_every_place),
      cmocka_unit_test(counts_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
