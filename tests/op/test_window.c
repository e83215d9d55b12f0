/* test_window.c: reductions over windows by hand, ties, long windows, hostile geometry, refusals. */
#include "support/arrays.h"

#include <math.h>

static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 4), 1, 2, 3, 4, 8, 7, 6, 5);
  EXPECT(s, emily_window_sum(s, x, INTS(2, 2), NULL, NULL, NULL, NULL), SHAPE(1, 3), 18, 18, 18);
  EXPECT(s, emily_window_max(s, x, INTS(1, 2), INTS(1, 2), NULL, NULL, NULL), SHAPE(2, 2), 2, 4, 8, 6);
  EXPECT(s, emily_window_min(s, x, INTS(1, 2), NULL, INTS(0, 1), INTS(0, 1), INTS(1, 2)), SHAPE(2, 4), 2, 1, 2, 3, 7, 6, 5, 6);
  EXPECT(s, emily_window_prod(s, x, INTS(2, 1), INTS(1, 3), NULL, NULL, NULL), SHAPE(1, 2), 8, 20);
  EXPECT(s, emily_window_sum(s, x, INTS(1, 2), NULL, INTS(0, -1), INTS(1, 0), NULL), SHAPE(3, 2), 5, 7, 13, 11, 0, 0);
  EXPECT(s, emily_window_max(s, FLOATS(s, SCALAR, 3), NULL, NULL, NULL, NULL, NULL), SCALAR, 3);
  EXPECT(s, emily_window_max(s, emily_transpose(s, x, NULL, 0), INTS(3, 1), NULL, NULL, NULL, NULL), SHAPE(2, 2), 3, 8, 4, 7);
  EXPECT(s, emily_window_sum(s, emily_zeros(s, SHAPE(0, 3), EMILY_FLOAT32), INTS(1, 2), NULL, INTS(1, 0), INTS(0, 0), NULL), SHAPE(1, 2), 0, 0);
  test_close(s);
}

/* The dtype is kept: a sum of uint8 wraps, and padding takes the extreme of each dtype. */
static void dtypes_are_kept(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *bytes = emily_astype(s, FLOATS(s, SHAPE(3), 200, 100, 50), EMILY_UINT8);
  emily_array *sum = emily_window_sum(s, bytes, INTS(2), NULL, NULL, NULL, NULL);
  assert_int_equal(emily_array_dtype(sum), EMILY_UINT8);
  EXPECT(s, sum, SHAPE(2), 44, 150);
  const struct { emily_dtype dtype; double low, high; } extremes[] = {
      {EMILY_BOOL, 0, 1}, {EMILY_UINT8, 0, 255}, {EMILY_INT8, -128, 127}, {EMILY_INT16, -32768, 32767}, {EMILY_UINT32, 0, 4294967295.0},
      {EMILY_INT64, -0x1p63, 0x1p63}, {EMILY_FLOAT16, -INFINITY, INFINITY}, {EMILY_FLOAT32, -INFINITY, INFINITY}, {EMILY_FLOAT64, -INFINITY, INFINITY}};
  for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++) {
    emily_array *one = emily_ones(s, SHAPE(1), extremes[i].dtype);
    EXPECT(s, emily_window_max(s, one, INTS(1), NULL, INTS(1), INTS(1), NULL), SHAPE(3), extremes[i].low, 1, extremes[i].low);
    EXPECT(s, emily_window_min(s, one, INTS(1), NULL, INTS(1), INTS(1), NULL), SHAPE(3), extremes[i].high, 1, extremes[i].high);
  }
  emily_array *halves = emily_full(s, SHAPE(4096), emily_scope_adopt(s, emily_array_from_float(1, EMILY_BFLOAT16)));
  EXPECT(s, emily_window_sum(s, halves, INTS(4096), NULL, NULL, NULL, NULL), SHAPE(1), 4096);
  test_close(s);
}

/* A window of every length against sums of whole numbers, which are exact in any order: short and long ways, strides, dilations. */
static void long_windows(void **state) {
  (void)state;
  enum { N = 150 };
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_astype(s, test_range(s, 0, N, EMILY_INT32), EMILY_FLOAT32);
  for (int64_t taps = 1; taps <= 70; taps += 3)
    for (int64_t stride = 1; stride <= 3; stride++)
      for (int64_t dilation = 1; dilation <= 2; dilation++) {
        const int64_t places = (N + 9 - 1 - dilation * (taps - 1)) / stride + 1;
        double sums[N + 9], tops[N + 9];
        for (int64_t p = 0; p < places; p++) {
          sums[p] = 0, tops[p] = -INFINITY;
          for (int64_t t = 0; t < taps; t++) {
            const int64_t at = p * stride + t * dilation - 4;
            if (at >= 0 && at < N) sums[p] += (double)at, tops[p] = (double)at;
          }
        }
        test_expect(s, emily_window_sum(s, x, &taps, &stride, INTS(4), INTS(5), &dilation), &places, 1, sums, 0);
        test_expect(s, emily_window_max(s, x, &taps, &stride, INTS(4), INTS(5), &dilation), &places, 1, tops, 0);
      }
  test_close(s);
}

/* NaN at each place of a window, short and long, is the maximum of all windows that see it. */
static void nan_in_windows(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  for (int64_t taps = 2; taps <= 20; taps += 6)
    for (int64_t at = 0; at < 40; at += 3) {
      float values[40];
      double want[40];
      for (int i = 0; i < 40; i++) values[i] = i == at ? NAN : (float)i;
      const int64_t places = 40 - taps + 1;
      for (int64_t p = 0; p < places; p++) want[p] = at >= p && at < p + taps;
      emily_array *x = test_floats(s, SHAPE(40), values);
      test_expect(s, emily_isnan(s, emily_window_max(s, x, &taps, NULL, NULL, NULL, NULL)), &places, 1, want, 0);
      test_expect(s, emily_isnan(s, emily_window_min(s, x, &taps, NULL, NULL, NULL, NULL)), &places, 1, want, 0);
    }
  test_close(s);
}

/* Of equals the last one is chosen; NaN never takes a place; sources that meet are added. */
static void scatters(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *init = FLOATS(s, SCALAR, 100), *x = FLOATS(s, SHAPE(6), 1, 3, 3, 2, 2, 2);
  EXPECT(s, emily_window_scatter_max(s, x, FLOATS(s, SHAPE(3), 1, 2, 3), init, INTS(2), INTS(2), NULL, NULL), SHAPE(6), 100, 101, 102, 100, 100, 103);
  EXPECT(s, emily_window_scatter_min(s, x, FLOATS(s, SHAPE(5), 1, 2, 4, 8, 16), init, INTS(2), NULL, NULL, NULL), SHAPE(6), 101, 100, 102, 104, 108, 116);
  EXPECT(s, emily_window_scatter_max(s, x, FLOATS(s, SHAPE(4), 1, 2, 4, 8), FLOATS(s, SHAPE(1), 0), INTS(3), INTS(2), INTS(2), INTS(1)), SHAPE(6), 1, 0, 6, 0, 0, 8);
  EXPECT(s, emily_window_scatter_max(s, FLOATS(s, SHAPE(4), 1, NAN, NAN, 5), FLOATS(s, SHAPE(2), 1, 2), init, INTS(2), INTS(2), NULL, NULL), SHAPE(4), 101, 100, 102, 100);
  EXPECT(s, emily_window_scatter_max(s, FLOATS(s, SHAPE(1), 1), FLOATS(s, SHAPE(3), 1, 2, 4), init, INTS(1), NULL, INTS(1), INTS(1)), SHAPE(1), 102);
  EXPECT(s, emily_window_scatter_max(s, FLOATS(s, SCALAR, 1), FLOATS(s, SCALAR, 7), init, NULL, NULL, NULL, NULL), SCALAR, 107);
  test_close(s);
  s = emily_scope_open(NULL);
  assert_null(emily_window_scatter_max(s, emily_ones(s, SHAPE(3), EMILY_FLOAT32), emily_ones(s, SHAPE(3), EMILY_FLOAT32), emily_ones(s, SCALAR, EMILY_FLOAT32), INTS(2), NULL, NULL, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_window_scatter_max: source has one element a window");
}

static void hostile_geometry(void **state) {
  (void)state;
  const int64_t far = (int64_t)1 << 40;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3), 1, 2, 3);
  EXPECT(s, emily_window_sum(s, x, INTS(2), &far, &far, &far, &far), SHAPE(2), 1, 1);
  EXPECT(s, emily_window_sum(s, x, &far, &far, &far, &far, NULL), SHAPE(2), 0, 6);
  EXPECT(s, emily_window_max(s, x, INTS(3), NULL, INTS(0), &far, INTS(far / 2 + 1)), SHAPE(1), 1);
  EXPECT(s, emily_window_scatter_max(s, x, FLOATS(s, SHAPE(2), 5, 7), FLOATS(s, SCALAR, 0), &far, &far, &far, &far), SHAPE(3), 0, 0, 7);
  emily_array *huge = emily_window_min(s, x, INTS(1), NULL, INTS(far << 18), NULL, NULL);
  assert_int_equal(emily_eval(&huge, 1), EMILY_OUT_OF_MEMORY);
  test_close(s);
  const int64_t bad[][5] = {{0, 1, 0, 0, 1}, {2, 0, 0, 0, 1}, {2, 1, 0, 0, 0}, {4, 1, 0, 0, 1}, {2, 1, INT64_MAX, INT64_MAX, 1}, {2, 1, INT64_MIN, 0, 1},
                            {INT64_MAX, 1, 0, 0, INT64_MAX}, {-1, 1, 0, 0, 1}, {2, 1, INT64_MAX - 2, INT64_MIN + 20, 1}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    s = emily_scope_open(NULL);
    assert_null(emily_window_sum(s, test_range(s, 0, 3, EMILY_INT64), &bad[i][0], &bad[i][1], &bad[i][2], &bad[i][3], &bad[i][4]));
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_window_sum: ");
  }
  s = emily_scope_open(NULL);
  assert_null(emily_window_sum(s, emily_ones(s, SHAPE(3), EMILY_FLOAT32), NULL, NULL, NULL, NULL, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "window holds one number an axis");
}

/* Complex numbers have sums and products only. */
static void complex_windows(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_astype(s, FLOATS(s, SHAPE(3), 1, 2, 3), EMILY_COMPLEX64);
  EXPECT(s, emily_real(s, emily_window_prod(s, x, INTS(2), NULL, NULL, NULL, NULL)), SHAPE(2), 2, 6);
  assert_null(emily_window_max(s, x, INTS(2), NULL, NULL, NULL, NULL));
  test_expect_failure(s, EMILY_UNSUPPORTED, "complex numbers have no order");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),  cmocka_unit_test(dtypes_are_kept),  cmocka_unit_test(long_windows),   cmocka_unit_test(nan_in_windows),
      cmocka_unit_test(scatters), cmocka_unit_test(hostile_geometry), cmocka_unit_test(complex_windows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
