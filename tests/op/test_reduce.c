/* test_reduce.c: sums, extremes, positions, softmax, by hand; accumulation and NaN. */
#include "support/arrays.h"

#include <math.h>

#define ALL NULL, 0
#define AXES(...) (const int64_t[]){__VA_ARGS__}, (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
  EXPECT(s, emily_sum(s, x, ALL, false), SCALAR, 21);
  EXPECT(s, emily_sum(s, x, AXES(-1), true), SHAPE(2, 1), 6, 15);
  EXPECT(s, emily_prod(s, x, AXES(0), false), SHAPE(3), 4, 10, 18);
  EXPECT(s, emily_mean(s, x, AXES(1), false), SHAPE(2), 2, 5);
  EXPECT_NEAR(s, emily_var(s, x, AXES(1), false, 1), 1e-6, SHAPE(2), 1, 1);
  EXPECT_NEAR(s, emily_std(s, x, AXES(0), true, 0), 1e-6, SHAPE(1, 3), 1.5, 1.5, 1.5);
  EXPECT(s, emily_max(s, emily_transpose(s, x, NULL, 0), AXES(0), false), SHAPE(2), 3, 6);
  EXPECT(s, emily_min(s, emily_flip(s, x, NULL, 0), AXES(0, 1), true), SHAPE(1, 1), 1);
  EXPECT(s, emily_argmax(s, x, -1, false, "low"), SHAPE(2), 2, 2);
  EXPECT(s, emily_argmin(s, x, EMILY_NO_AXIS, true, "low"), SHAPE(1, 1), 0);
  EXPECT_NEAR(s, emily_logsumexp(s, x, AXES(1), false), 1e-6, SHAPE(2), 3.4076059644443806, 6.4076059644443806);
  EXPECT_NEAR(s, emily_softmax(s, FLOATS(s, SHAPE(2, 2), 0, logf(3), 500, 500), AXES(1), false), 1e-6, SHAPE(2, 2), 0.25, 0.75, 0.5, 0.5);
  EXPECT_NEAR(s, emily_softmax(s, FLOATS(s, SHAPE(2, 2), 0, 1, logf(3), 1), AXES(0), false), 1e-6, SHAPE(2, 2), 0.25, 0.5, 0.75, 0.5);
  EXPECT(s, emily_sum(s, x, (const int64_t[]){0}, 0, false), SHAPE(2, 3), 1, 2, 3, 4, 5, 6); /* an empty list reduces nothing */
  test_close(s);
}

static void medians_counts_and_ties(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 4), 4, 1, 3, 2, 7, NAN, 0, 9), *out[2];
  EXPECT(s, emily_median(s, x, AXES(1), true), SHAPE(2, 1), 2.5, NAN);
  EXPECT(s, emily_median(s, emily_slice(s, x, INTS(0, 0), INTS(1, 3), NULL), ALL, false), SCALAR, 3);
  EXPECT(s, emily_median(s, test_range(s, 1, 4, EMILY_UINT8), ALL, false), SCALAR, 2.5);
  EXPECT(s, emily_median(s, emily_full(s, SHAPE(2), emily_astype(s, FLOATS(s, SCALAR, 60000), EMILY_FLOAT16)), ALL, false), SCALAR, 60000);
  EXPECT(s, emily_count_nonzero(s, x, AXES(1), false), SHAPE(2), 4, 3);
  EXPECT(s, emily_count_nonzero(s, FLOATS(s, SHAPE(3), -0.0f, 0, 2), ALL, false), SCALAR, 1);
  assert_int_equal(emily_minmax(s, x, AXES(1), false, out), EMILY_OK);
  EXPECT(s, out[0], SHAPE(2), 1, NAN);
  EXPECT(s, out[1], SHAPE(2), 4, NAN);
  emily_array *ties = FLOATS(s, SHAPE(5), 7, 9, 1, 9, 1);
  EXPECT(s, emily_argmax(s, ties, 0, false, "high"), SCALAR, 3);
  EXPECT(s, emily_argmin(s, ties, 0, false, "high"), SCALAR, 4);
  test_close(s);
  s = emily_scope_open(NULL);
  assert_null(emily_argmax(s, FLOATS(s, SHAPE(1), 1), 0, false, "middle"));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "tie is \"middle\"; it is \"low\" or \"high\"");
  s = emily_scope_open(NULL);
  assert_null(emily_median(s, emily_zeros(s, SHAPE(2, 0), EMILY_INT8), ALL, false));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_median: axis 1 is empty");
}

static void dtypes_of_results(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  const struct { emily_dtype from, sum, mean; } rules[] = {
      {EMILY_BOOL, EMILY_INT32, EMILY_FLOAT32}, {EMILY_INT8, EMILY_INT32, EMILY_FLOAT32}, {EMILY_UINT16, EMILY_UINT32, EMILY_FLOAT32},
      {EMILY_INT64, EMILY_INT64, EMILY_FLOAT32}, {EMILY_UINT64, EMILY_UINT64, EMILY_FLOAT32}, {EMILY_BFLOAT16, EMILY_BFLOAT16, EMILY_BFLOAT16},
      {EMILY_FLOAT64, EMILY_FLOAT64, EMILY_FLOAT64}, {EMILY_COMPLEX64, EMILY_COMPLEX64, EMILY_COMPLEX64}};
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    emily_array *x = emily_ones(s, SHAPE(3), rules[i].from);
    assert_int_equal(emily_array_dtype(emily_sum(s, x, ALL, false)), rules[i].sum);
    assert_int_equal(emily_array_dtype(emily_mean(s, x, ALL, false)), rules[i].mean);
    assert_int_equal(emily_array_dtype(emily_all(s, x, ALL, false)), EMILY_BOOL);
  }
  EXPECT(s, emily_sum(s, emily_full(s, SHAPE(300), emily_scope_adopt(s, emily_array_from_int(127, EMILY_INT8))), ALL, false), SCALAR, 38100);
  test_close(s);
}

/* 65,536 ones: a float16 counter would stop at 2,048 and pass 65,504; a bfloat16 one stop at 256. */
static void sums_of_65536_ones_in_16_bits(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  for (int i = 0; i < 2; i++) {
    emily_dtype dtype = i ? EMILY_BFLOAT16 : EMILY_FLOAT16;
    emily_array *ones = emily_ones(s, SHAPE(16, 4096), dtype);
    EXPECT(s, emily_sum(s, ones, AXES(1), false), SHAPE(16), 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096);
    EXPECT(s, emily_mean(s, ones, ALL, false), SCALAR, 1);
    EXPECT(s, emily_var(s, ones, ALL, false, 0), SCALAR, 0);
    EXPECT(s, emily_sum(s, ones, ALL, false), SCALAR, i ? 65536 : INFINITY);
    EXPECT(s, emily_sum(s, emily_ones(s, SHAPE(2049), dtype), ALL, false), SCALAR, i ? 2048 : 2048); /* rounded once, to even */
    EXPECT(s, emily_sum(s, emily_ones(s, SHAPE(2051), dtype), ALL, false), SCALAR, i ? 2048 : 2052);
  }
  test_close(s);
}

/* NaN at each place of rows whose tails fill no vector. */
static void nan_is_found_in_every_lane_and_tail(void **state) {
  (void)state;
  const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT64};
  for (size_t d = 0; d < 4; d++)
    for (int64_t n = 1; n <= 37; n += n < 4 ? 1 : 11)
      for (int64_t at = 0; at < n; at++) {
        emily_scope *s = emily_scope_open(NULL);
        float values[37];
        for (int64_t i = 0; i < n; i++) values[i] = i == at ? NAN : (float)(i % 5) - 2;
        emily_array *x = emily_astype(s, test_floats(s, &n, 1, values), dtypes[d]);
        emily_array *columns = emily_transpose(s, emily_broadcast_to(s, x, SHAPE(3, n)), NULL, 0);
        EXPECT(s, emily_max(s, x, ALL, false), SCALAR, NAN);
        EXPECT(s, emily_min(s, x, ALL, false), SCALAR, NAN);
        EXPECT(s, emily_max(s, columns, AXES(0), false), SHAPE(3), NAN, NAN, NAN);
        EXPECT(s, emily_argmax(s, x, 0, false, "low"), SCALAR, (double)at);
        EXPECT(s, emily_argmin(s, columns, 0, false, "low"), SHAPE(3), (double)at, (double)at, (double)at);
        EXPECT(s, emily_sum(s, x, ALL, false), SCALAR, NAN);
        EXPECT(s, emily_any(s, emily_isnan(s, emily_softmax(s, x, AXES(0), false)), ALL, false), SCALAR, 1);
        test_close(s);
      }
}

static void negative_zero_is_zero_to_any_and_all(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT(s, emily_any(s, FLOATS(s, SHAPE(3), -0.0f, 0, -0.0f), ALL, false), SCALAR, 0);
  EXPECT(s, emily_all(s, FLOATS(s, SHAPE(2), 1, -0.0f), ALL, false), SCALAR, 0);
  EXPECT(s, emily_all(s, FLOATS(s, SHAPE(2), 1, NAN), ALL, false), SCALAR, 1);
  EXPECT(s, emily_argmax(s, FLOATS(s, SHAPE(4), 7, 9, 9, 9), 0, false, "low"), SCALAR, 1); /* the first of equals */
  test_close(s);
}

static void nothing_to_reduce(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *none = emily_zeros(s, SHAPE(0, 3), EMILY_FLOAT32);
  EXPECT(s, emily_sum(s, none, AXES(0), false), SHAPE(3), 0, 0, 0);
  EXPECT(s, emily_prod(s, none, AXES(0), true), SHAPE(1, 3), 1, 1, 1);
  EXPECT(s, emily_all(s, none, ALL, false), SCALAR, 1);
  EXPECT(s, emily_any(s, none, ALL, false), SCALAR, 0);
  EXPECT(s, emily_mean(s, none, AXES(0), false), SHAPE(3), NAN, NAN, NAN);
  EXPECT(s, emily_max(s, none, AXES(1), false), SHAPE(0), 0);
  EXPECT(s, emily_softmax(s, none, AXES(1), false), SHAPE(0, 3), 0);
  assert_null(emily_max(s, none, AXES(0), false));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_max: axis 0 is empty (operands: float32 [0, 3])");
  s = emily_scope_open(NULL);
  assert_null(emily_argmin(s, emily_zeros(s, SHAPE(2, 0), EMILY_INT8), EMILY_NO_AXIS, false, "low"));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_argmin: the array is empty (operands: int8 [2, 0])");
}

static void axes_are_checked(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_sum(s, emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32), AXES(2), false));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_sum: axis 2 is out of range for 2 axes (operands: float32 [2, 3])");
  s = emily_scope_open(NULL);
  assert_null(emily_softmax(s, emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32), AXES(1, -1), false));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "axis 1 is named twice");
  s = emily_scope_open(NULL);
  int64_t ones[64];
  for (int i = 0; i < 64; i++) ones[i] = 1;
  emily_array *deep = emily_ones(s, ones, 64, EMILY_FLOAT32);
  assert_null(emily_softmax(s, deep, (const int64_t[]){0}, 0, false)); /* would need an axis more than there can be */
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "64 axes");
}

/* Takes 4 GB: only where EMILY_TEST_LARGE=1 asks for it. */
static void more_than_2_to_the_31_elements(void **state) {
  (void)state;
  const char *large = getenv("EMILY_TEST_LARGE");
  if (!large || strcmp(large, "1") != 0) skip();
  const int64_t n = ((int64_t)1 << 31) + 7;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *five = emily_scope_adopt(s, emily_array_from_int(5, EMILY_INT8));
  emily_array *x = emily_slice_update(s, emily_zeros(s, SHAPE(n), EMILY_INT8), five, INTS(n - 1), INTS(n), NULL);
  EXPECT(s, emily_max(s, x, ALL, false), SCALAR, 5);
  EXPECT(s, emily_argmax(s, x, 0, false, "low"), SCALAR, (double)(n - 1));
  EXPECT(s, emily_any(s, x, ALL, false), SCALAR, 1);
  EXPECT(s, emily_take(s, x, emily_scope_adopt(s, emily_array_from_int(n - 1, EMILY_INT64)), 0), SCALAR, 5);
  EXPECT(s, emily_slice(s, emily_negative(s, x), INTS(n - 2), INTS(n), NULL), SHAPE(2), 0, -5);
  EXPECT(s, emily_slice(s, emily_flip(s, x, NULL, 0), INTS(0), INTS(2), NULL), SHAPE(2), 5, 0);
  test_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(medians_counts_and_ties),
      cmocka_unit_test(dtypes_of_results),
      cmocka_unit_test(sums_of_65536_ones_in_16_bits),
      cmocka_unit_test(nan_is_found_in_every_lane_and_tail),
      cmocka_unit_test(negative_zero_is_zero_to_any_and_all),
      cmocka_unit_test(nothing_to_reduce),
      cmocka_unit_test(axes_are_checked),
      cmocka_unit_test(more_than_2_to_the_31_elements),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
