/* test_scan.c: running sums, products, extremes and differences by hand; dtypes of results; refusals. */
#include "support/arrays.h"

#include <math.h>

static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, -5, 6);
  EXPECT(s, emily_cumsum(s, x, 1, false, true, -1), SHAPE(2, 3), 1, 3, 6, 4, -1, 5);
  EXPECT(s, emily_cumsum(s, x, -1, true, true, -1), SHAPE(2, 3), 6, 5, 3, 5, 1, 6);
  EXPECT(s, emily_cumsum(s, x, 0, false, false, -1), SHAPE(2, 3), 0, 0, 0, 1, 2, 3);
  EXPECT(s, emily_cumsum(s, x, EMILY_NO_AXIS, true, false, -1), SHAPE(6), 10, 8, 5, 1, 6, 0);
  EXPECT(s, emily_cumprod(s, x, 1, false, false, -1), SHAPE(2, 3), 1, 1, 2, 1, 4, -20);
  EXPECT(s, emily_cummax(s, x, 1, false, true), SHAPE(2, 3), 1, 2, 3, 4, 4, 6);
  EXPECT(s, emily_cummax(s, x, 1, false, false), SHAPE(2, 3), -INFINITY, 1, 2, -INFINITY, 4, 4);
  EXPECT(s, emily_cummin(s, x, 1, true, true), SHAPE(2, 3), 1, 2, 3, -5, -5, 6);
  EXPECT_NEAR(s, emily_logcumsumexp(s, FLOATS(s, SHAPE(4), -INFINITY, 0, 0, logf(2)), 0, false, true), 1e-6, SHAPE(4), -INFINITY, 0,
              0.6931471805599453, 1.3862943611198906);
  EXPECT(s, emily_cumsum(s, emily_zeros(s, SHAPE(2, 0, 3), EMILY_INT8), 1, false, true, -1), SHAPE(2, 0, 3), 0);
  EXPECT(s, emily_cumsum(s, FLOATS(s, SCALAR, 4), EMILY_NO_AXIS, false, true, -1), SHAPE(1), 4);
  test_close(s);
}

static void differences(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(4), 1, 4, 9, 16);
  EXPECT(s, emily_diff(s, x, 1, -1), SHAPE(3), 3, 5, 7);
  EXPECT(s, emily_diff(s, x, 2, 0), SHAPE(2), 2, 2);
  EXPECT(s, emily_diff(s, x, 0, 0), SHAPE(4), 1, 4, 9, 16);
  EXPECT(s, emily_diff(s, x, INT64_MAX, 0), SHAPE(0), 0);
  EXPECT(s, emily_diff(s, emily_zeros(s, SHAPE(0, 2), EMILY_FLOAT32), 1, 0), SHAPE(0, 2), 0);
  test_close(s);
}

static void dtypes_of_results(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *yes = emily_ones(s, SHAPE(300), EMILY_BOOL), *bytes = emily_ones(s, SHAPE(300), EMILY_UINT8);
  assert_int_equal(emily_array_dtype(emily_cumsum(s, yes, 0, false, true, -1)), EMILY_INT32);
  assert_int_equal(emily_array_dtype(emily_cumprod(s, yes, 0, false, true, -1)), EMILY_BOOL);
  assert_int_equal(emily_array_dtype(emily_cummax(s, bytes, 0, false, true)), EMILY_UINT8);
  assert_int_equal(emily_array_dtype(emily_logcumsumexp(s, bytes, 0, false, true)), EMILY_FLOAT32);
  emily_array *last = emily_scope_adopt(s, emily_array_from_int(-1, EMILY_INT32));
  EXPECT(s, emily_take(s, emily_cumsum(s, yes, 0, false, true, -1), last, 0), SCALAR, 300);
  EXPECT(s, emily_take(s, emily_cumsum(s, bytes, 0, false, true, -1), last, 0), SCALAR, 300 - 256); /* it wraps */
  EXPECT(s, emily_take(s, emily_cumsum(s, bytes, 0, false, true, EMILY_INT64), last, 0), SCALAR, 300);
  EXPECT(s, emily_cummin(s, emily_ones(s, SHAPE(1), EMILY_BOOL), 0, false, false), SHAPE(1), 1);
  test_close(s);
}

/* TRAPS: a running sum of 65,536 ones in 16 bits would stop at 2,048 or 256. */
static void sums_of_65536_quarters_in_16_bits(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_BFLOAT16; dtype++)
    for (int along = 0; along < 2; along++) {
      emily_array *quarter = emily_astype(s, FLOATS(s, SCALAR, 0.25), dtype);
      emily_array *x = emily_broadcast_to(s, quarter, along ? INTS(65536, 32) : INTS(32, 65536), 2);
      emily_array *y = emily_cumsum(s, x, along ? 0 : 1, false, true, -1);
      emily_array *end = emily_slice(s, y, along ? INTS(65535, 31) : INTS(31, 65535), along ? INTS(65536, 32) : INTS(32, 65536), NULL);
      EXPECT(s, end, SHAPE(1, 1), 16384);
    }
  test_close(s);
}

static void refusals(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_cumsum(s, FLOATS(s, SCALAR, 1), 0, false, true, -1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_cumsum: axis 0 is out of range for 0 axes");
  s = emily_scope_open(NULL);
  assert_null(emily_cumprod(s, FLOATS(s, SHAPE(1), 1), 0, false, true, (emily_dtype)99));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "there is no such dtype");
  s = emily_scope_open(NULL);
  assert_null(emily_diff(s, FLOATS(s, SHAPE(1), 1), -1, 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "n is -1; it must not be negative");
  s = emily_scope_open(NULL);
  assert_null(emily_logcumsumexp(s, emily_zeros(s, SHAPE(1), EMILY_COMPLEX64), 0, false, true));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "there is no complex version");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(differences),
      cmocka_unit_test(dtypes_of_results),
      cmocka_unit_test(sums_of_65536_quarters_in_16_bits),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
