/* test_binary.c: functions of two operands: every pair of signs, division by 0, NaN, broadcasts. */
#include "support/arrays.h"

#include <math.h>

static void every_pair_of_signs(void **state) {
  (void)state;
  const emily_dtype dtypes[] = {EMILY_INT8, EMILY_INT16, EMILY_INT32, EMILY_INT64, EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT32, EMILY_FLOAT64};
  for (int d = 0; d < 8; d++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *a = emily_astype(s, FLOATS(s, SHAPE(4), 7, 7, -7, -7), dtypes[d]), *b = emily_astype(s, FLOATS(s, SHAPE(4), 2, -2, 2, -2), dtypes[d]);
    EXPECT(s, emily_floor_divide(s, a, b), SHAPE(4), 3, -4, -4, 3);
    EXPECT(s, emily_remainder(s, a, b), SHAPE(4), 1, -1, 1, -1);
    test_close(s);
  }
}

static void integer_division_has_no_undefined_result(void **state) {
  (void)state;
  const emily_dtype dtypes[] = {EMILY_INT8, EMILY_INT16, EMILY_INT32, EMILY_INT64};
  for (int d = 0; d < 4; d++) {
    int64_t low = INT64_MIN >> (64 - 8 * emily_dtype_size(dtypes[d]));
    emily_scope *s = emily_scope_open(NULL);
    emily_array *a = emily_astype(s, emily_scope_adopt(s, emily_array_from_data((int64_t[]){low, low, 5, -5, 0}, INTS(5), 1, EMILY_INT64)), dtypes[d]);
    emily_array *b = emily_astype(s, emily_scope_adopt(s, emily_array_from_data((int64_t[]){-1, 0, 0, 0, 0}, INTS(5), 1, EMILY_INT64)), dtypes[d]);
    EXPECT(s, emily_floor_divide(s, a, b), SHAPE(5), (double)low, 0, 0, 0, 0);
    EXPECT(s, emily_remainder(s, a, b), SHAPE(5), 0, 0, 0, 0, 0);
    EXPECT(s, emily_power(s, a, b), SHAPE(5), 0, 1, 1, 1, 1);
    test_close(s);
  }
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = emily_ones(s, SHAPE(2), EMILY_UINT32);
  EXPECT(s, emily_remainder(s, a, emily_zeros(s, SHAPE(2), EMILY_UINT32)), SHAPE(2), 0, 0);
  EXPECT(s, emily_divide(s, a, emily_zeros(s, SHAPE(2), EMILY_UINT32)), SHAPE(2), INFINITY, INFINITY); /* in float32 */
  test_close(s);
}

static void divmod_is_both(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *out[2] = {NULL, NULL}, *a = FLOATS(s, SHAPE(3), -7, 7, 7.5f);
  assert_int_equal(emily_divmod(s, a, FLOATS(s, SHAPE(3), 2, -2, 2), out), EMILY_OK);
  EXPECT(s, out[0], SHAPE(3), -4, -4, 3);
  EXPECT(s, out[1], SHAPE(3), 1, -1, 1.5);
  emily_array *kept = out[0];
  assert_int_equal(emily_divmod(s, a, emily_ones(s, SHAPE(1), EMILY_COMPLEX64), out), EMILY_INVALID_ARGUMENT);
  assert_ptr_equal(out[0], kept); /* untouched */
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "there is no complex version");
}

static void shifts(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = emily_astype(s, FLOATS(s, SHAPE(6), 1, -1, -8, 5, -8, 64), EMILY_INT8), *b = emily_astype(s, FLOATS(s, SHAPE(6), 7, 1, 1, 8, -1, 1), EMILY_INT8);
  EXPECT(s, emily_left_shift(s, a, b), SHAPE(6), -128, -2, -16, 0, 0, -128);
  EXPECT(s, emily_right_shift(s, a, b), SHAPE(6), 0, -1, -4, 0, -1, 32);
  emily_array *wide = emily_scope_adopt(s, emily_array_from_int(1, EMILY_UINT64));
  EXPECT(s, emily_left_shift(s, wide, emily_scope_adopt(s, emily_array_from_int(63, EMILY_UINT64))), SCALAR, 0x1p63);
  EXPECT(s, emily_left_shift(s, wide, emily_scope_adopt(s, emily_array_from_int(64, EMILY_UINT64))), SCALAR, 0);
  emily_array *t = emily_ones(s, SCALAR, EMILY_BOOL);
  assert_int_equal(emily_array_dtype(emily_left_shift(s, t, t)), EMILY_UINT8);
  test_close(s);
}

/* NaN of either operand comes through at every place of a row with a tail. */
static void nan_comes_through_maximum_and_minimum(void **state) {
  (void)state;
  for (int64_t at = 0; at < 37; at++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_zeros(s, SHAPE(37), EMILY_FLOAT32), *nan = FLOATS(s, SCALAR, NAN), *two = FLOATS(s, SCALAR, 2);
    emily_array *y = emily_slice_update(s, x, nan, INTS(at), INTS(at + 1), NULL);
    emily_array *both[] = {emily_maximum(s, x, y), emily_maximum(s, y, x), emily_minimum(s, x, y), emily_minimum(s, y, two), emily_clip(s, y, x, two)};
    for (int i = 0; i < 5; i++) {
      EXPECT(s, emily_argmax(s, emily_isnan(s, both[i]), 0, false, "low"), SCALAR, (double)at);
      EXPECT(s, emily_sum(s, emily_isnan(s, both[i]), NULL, 0, false), SCALAR, 1);
    }
    test_close(s);
  }
}

static void broadcasts_and_dtypes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *column = FLOATS(s, SHAPE(2, 1), 10, 20), *row = emily_astype(s, FLOATS(s, SHAPE(3), 1, 2, 3), EMILY_INT8);
  EXPECT(s, emily_add(s, column, row), SHAPE(2, 3), 11, 12, 13, 21, 22, 23);
  EXPECT(s, emily_subtract(s, emily_zeros(s, SHAPE(0, 1), EMILY_INT8), row), SHAPE(0, 3), 0);
  EXPECT(s, emily_where(s, emily_greater(s, row, FLOATS(s, SCALAR, 1)), column, row), SHAPE(2, 3), 1, 10, 10, 1, 20, 20);
  assert_int_equal(emily_array_dtype(emily_multiply(s, emily_ones(s, SCALAR, EMILY_UINT64), emily_ones(s, SCALAR, EMILY_INT8))), EMILY_FLOAT32);
  assert_int_equal(emily_array_dtype(emily_divide(s, row, row)), EMILY_FLOAT32);
  assert_int_equal(emily_array_dtype(emily_equal(s, row, row)), EMILY_BOOL);
  EXPECT(s, emily_array_equal(s, row, column, false), SCALAR, 0);
  EXPECT(s, emily_isclose(s, FLOATS(s, SHAPE(4), 1, INFINITY, NAN, 1), FLOATS(s, SHAPE(4), 1.000001f, INFINITY, NAN, 2), 1e-5, 1e-8, true), SHAPE(4), 1, 1, 1, 0);
  EXPECT(s, emily_logical_xor(s, row, emily_zeros(s, SHAPE(3), EMILY_FLOAT16)), SHAPE(3), 1, 1, 1);
  EXPECT_NEAR(s, emily_logaddexp(s, FLOATS(s, SHAPE(2), -INFINITY, 500), FLOATS(s, SHAPE(2), -INFINITY, 500)), 1e-4, SHAPE(2), -INFINITY, 500.6931471805599);
  EXPECT_NEAR(s, emily_arctan2(s, FLOATS(s, SHAPE(2), -0.0f, 0), FLOATS(s, SHAPE(2), -1, -1)), 1e-6, SHAPE(2), -3.141592653589793, 3.141592653589793);
  assert_null(emily_add(s, row, FLOATS(s, SHAPE(2), 1, 2)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_add: the shapes do not broadcast (operands: int8 [3], float32 [2])");
}

static void refusals(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_bitwise_and(s, emily_ones(s, SHAPE(2), EMILY_FLOAT32), emily_ones(s, SHAPE(2), EMILY_INT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_bitwise_and: only integers and bools have bits (operands: float32 [2], int32 [2])");
  s = emily_scope_open(NULL);
  assert_null(emily_clip(s, emily_ones(s, SHAPE(2), EMILY_FLOAT32), NULL, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "at least one bound is needed");
  s = emily_scope_open(NULL);
  assert_null(emily_remainder(s, emily_ones(s, SHAPE(2), EMILY_COMPLEX64), emily_ones(s, SHAPE(2), EMILY_INT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "there is no complex version");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_pair_of_signs),
      cmocka_unit_test(integer_division_has_no_undefined_result),
      cmocka_unit_test(divmod_is_both),
      cmocka_unit_test(shifts),
      cmocka_unit_test(nan_comes_through_maximum_and_minimum),
      cmocka_unit_test(broadcasts_and_dtypes),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
