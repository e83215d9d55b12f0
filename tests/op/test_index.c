/* test_index.c: take, take_along_axis, slices and their updates. */
#include "support/arrays.h"

static void takes_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
  emily_array *i = emily_astype(s, FLOATS(s, SHAPE(2, 2), 2, 0, -1, 2), EMILY_INT8);
  EXPECT(s, emily_take(s, x, i, 0), SHAPE(2, 2, 2), 5, 6, 1, 2, 5, 6, 5, 6);
  EXPECT(s, emily_take(s, x, i, EMILY_NO_AXIS), SHAPE(2, 2), 3, 1, 6, 3);
  EXPECT(s, emily_take(s, x, emily_scope_adopt(s, emily_array_from_int(1, EMILY_UINT64)), -1), SHAPE(3), 2, 4, 6);
  EXPECT(s, emily_take(s, x, emily_zeros(s, SHAPE(0), EMILY_INT32), 0), SHAPE(0, 2), 0);
  EXPECT(s, emily_take_along_axis(s, x, i, 0), SHAPE(2, 2), 5, 2, 5, 6);
  EXPECT(s, emily_take_along_axis(s, x, emily_zeros(s, SHAPE(1, 1), EMILY_INT32), 1), SHAPE(3, 1), 1, 3, 5);
  test_close(s);
}

/* Out of bounds: 0, or an error with the debug flag; never other memory. */
static void indices_out_of_bounds(void **state) {
  (void)state;
  const int64_t far[] = {3, -4, 1000, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, (int64_t)1 << 32};
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3), 1, 2, 3), *i = emily_scope_adopt(s, emily_array_from_data(far, INTS(8), 1, EMILY_INT64));
  emily_array *taken = emily_take(s, x, i, 0), *along = emily_take_along_axis(s, x, i, 0);
  EXPECT(s, taken, SHAPE(8), 0, 0, 0, 0, 0, 0, 0, 0);
  EXPECT(s, along, SHAPE(8), 0, 0, 0, 0, 0, 0, 0, 0);
  emily_array *big = emily_scope_adopt(s, emily_array_from_data((const uint64_t[]){UINT64_MAX, 2}, INTS(2), 1, EMILY_UINT64));
  EXPECT(s, emily_take(s, x, big, 0), SHAPE(2), 0, 3);
  emily_array *bad[] = {emily_take(s, x, i, 0), emily_take_along_axis(s, x, i, 0), emily_take(s, x, big, 0)};
  emily_set_debug(EMILY_DEBUG_INDICES);
  for (int k = 0; k < 3; k++) {
    assert_int_equal(emily_eval(&bad[k], 1), EMILY_DEBUG_CHECK);
    assert_non_null(strstr(emily_last_error()->message, k == 2 ? "take" : k ? "take_along_axis" : "take"));
    assert_non_null(strstr(emily_last_error()->message, "3")); /* the extent */
  }
  emily_set_debug(0);
  test_close(s);
}

static void nothing_comes_from_an_empty_axis(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *none = emily_zeros(s, SHAPE(2, 0), EMILY_FLOAT32);
  EXPECT(s, emily_take(s, none, emily_zeros(s, SHAPE(0), EMILY_INT32), 1), SHAPE(2, 0), 0);
  assert_null(emily_take(s, none, emily_zeros(s, SHAPE(1), EMILY_INT32), 1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_take: nothing can be taken from axis 1, which is empty (operands: float32 [2, 0], int32 [1])");
  s = emily_scope_open(NULL);
  assert_null(emily_take(s, emily_ones(s, SHAPE(3), EMILY_INT8), emily_ones(s, SHAPE(3), EMILY_FLOAT32), 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "indices must be integers");
}

static void slices_by_numpys_rules(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 0, 6, EMILY_INT32);
  EXPECT(s, emily_slice(s, x, INTS(1), INTS(-1), NULL), SHAPE(4), 1, 2, 3, 4);
  EXPECT(s, emily_slice(s, x, INTS(-2), INTS(100), NULL), SHAPE(2), 4, 5);
  EXPECT(s, emily_slice(s, x, INTS(-100), INTS(2), NULL), SHAPE(2), 0, 1);
  EXPECT(s, emily_slice(s, x, INTS(5), INTS(-7), INTS(-2)), SHAPE(3), 5, 3, 1);
  EXPECT(s, emily_slice(s, x, INTS(INT64_MAX), INTS(INT64_MIN), INTS(-5)), SHAPE(2), 5, 0);
  EXPECT(s, emily_slice(s, x, INTS(4), INTS(2), NULL), SHAPE(0), 0);
  EXPECT(s, emily_slice(s, x, INTS(0), INTS(6), INTS(INT64_MAX)), SHAPE(1), 0);
  EXPECT(s, emily_slice(s, x, INTS(0), INTS(INT64_MAX), INTS(4)), SHAPE(2), 0, 4);
  assert_null(emily_slice(s, x, INTS(0), INTS(6), INTS(0)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_slice: the stride of axis 0 makes no sense (operands: int32 [6])");
}

static void updates_of_slices(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
  emily_array *seven = emily_scope_adopt(s, emily_array_from_float(7.9, EMILY_FLOAT64));
  EXPECT_NEAR(s, emily_slice_update(s, x, seven, INTS(0, 1), INTS(2, 2), NULL), 1e-6, SHAPE(2, 3), 1, 7.9, 3, 4, 7.9, 6);
  EXPECT(s, emily_slice_update(s, x, FLOATS(s, SHAPE(3), 7, 8, 9), INTS(1, 2), INTS(2, -4), INTS(1, -1)), SHAPE(2, 3), 1, 2, 3, 9, 8, 7);
  EXPECT(s, emily_slice_update(s, emily_transpose(s, x, NULL, 0), FLOATS(s, SHAPE(1, 2), 0, 0), INTS(1, 0), INTS(2, 2), NULL), SHAPE(3, 2), 1, 4, 0, 0, 3, 6);
  EXPECT(s, emily_slice_update(s, x, FLOATS(s, SHAPE(1), 5), INTS(0, 3), INTS(2, 3), NULL), SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
  EXPECT(s, x, SHAPE(2, 3), 1, 2, 3, 4, 5, 6); /* arrays do not change */
  assert_null(emily_slice_update(s, x, FLOATS(s, SHAPE(2), 1, 2), INTS(0, 0), INTS(2, 3), NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_slice_update: the update does not broadcast to the slice (operands: float32 [2, 3], float32 [2])");
}

static void updates_that_combine(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *u = FLOATS(s, SHAPE(2), 3, 4);
  EXPECT(s, emily_slice_update_add(s, x, u, INTS(0, 2), INTS(2, 0), INTS(1, -1)), SHAPE(2, 3), 1, 6, 6, 4, 9, 9);
  EXPECT(s, emily_slice_update_prod(s, x, u, INTS(1, 0), INTS(2, 3), INTS(1, 2)), SHAPE(2, 3), 1, 2, 3, 12, 5, 24);
  EXPECT(s, emily_slice_update_max(s, x, u, INTS(0, 0), INTS(2, 2), NULL), SHAPE(2, 3), 3, 4, 3, 4, 5, 6);
  EXPECT(s, emily_slice_update_min(s, x, u, INTS(0, 1), INTS(2, 3), NULL), SHAPE(2, 3), 1, 2, 3, 4, 3, 4);
  test_close(s);
}

/* Starts that an array holds are moved to where the slice fits. */
static void slices_from_arrays(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_reshape(s, test_range(s, 0, 12, EMILY_INT32), SHAPE(3, 4));
  const int64_t starts[][2] = {{1, 2}, {-5, 9}, {INT64_MAX, INT64_MIN}};
  const double rows[][2] = {{6, 7}, {2, 3}, {8, 9}};
  for (int i = 0; i < 3; i++) {
    emily_array *start = emily_scope_adopt(s, emily_array_from_data(starts[i], INTS(2), 1, EMILY_INT64));
    test_expect(s, emily_dynamic_slice(s, x, start, SHAPE(0, 1), INTS(1, 2)), SHAPE(1, 2), rows[i], 0);
    emily_array *y = emily_dynamic_slice_update(s, emily_zeros(s, SHAPE(3, 4), EMILY_INT32), emily_ones(s, SHAPE(1, 2), EMILY_BOOL), start, SHAPE(0, 1));
    test_expect(s, emily_sum(s, emily_multiply(s, x, y), NULL, 0, false), SCALAR, (const double[]){rows[i][0] + rows[i][1]}, 0);
  }
  emily_array *one = emily_ones(s, SCALAR, EMILY_UINT8);
  EXPECT(s, emily_dynamic_slice(s, x, one, SHAPE(-1), INTS(3, 1)), SHAPE(3, 1), 1, 5, 9);
  EXPECT(s, emily_dynamic_slice(s, x, emily_zeros(s, SHAPE(0), EMILY_INT32), NULL, 0, INTS(1, 1)), SHAPE(1, 1), 0);
  EXPECT(s, emily_dynamic_slice_update(s, x, FLOATS(s, SHAPE(4), 9, 8, 7, 6), one, SHAPE(0)), SHAPE(3, 4), 0, 1, 2, 3, 9, 8, 7, 6, 8, 9, 10, 11);
  assert_null(emily_dynamic_slice(s, x, one, SHAPE(0, 1), INTS(1, 1)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "start holds one number for each of 2 axes");
}

static void diagonals(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_reshape(s, test_range(s, 0, 24, EMILY_INT8), SHAPE(2, 3, 4));
  EXPECT(s, emily_diagonal(s, x, 1, 1, 2), SHAPE(2, 3), 1, 6, 11, 13, 18, 23);
  EXPECT(s, emily_diagonal(s, x, -1, 0, -1), SHAPE(3, 1), 12, 16, 20);
  EXPECT(s, emily_diagonal(s, emily_flip(s, x, NULL, 0), 0, 2, 0), SHAPE(3, 2), 23, 10, 19, 6, 15, 2);
  EXPECT(s, emily_diagonal(s, x, INT64_MIN, 0, 1), SHAPE(4, 0), 0);
  EXPECT(s, emily_diagonal(s, x, INT64_MAX, 0, 1), SHAPE(4, 0), 0);
  EXPECT(s, emily_trace(s, x, 0, 1, 2, -1), SHAPE(2), 15, 51);
  EXPECT(s, emily_trace(s, x, 3, 1, 2, EMILY_FLOAT64), SHAPE(2), 3, 15);
  assert_null(emily_diagonal(s, x, 0, 1, -2));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "axis 1 is named twice");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_by_hand),
      cmocka_unit_test(indices_out_of_bounds),
      cmocka_unit_test(nothing_comes_from_an_empty_axis),
      cmocka_unit_test(slices_by_numpys_rules),
      cmocka_unit_test(updates_of_slices),
      cmocka_unit_test(updates_that_combine),
      cmocka_unit_test(slices_from_arrays),
      cmocka_unit_test(diagonals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
