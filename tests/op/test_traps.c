/* test_traps.c: the traps that users of other tensor libraries met, one function a trap, of every dtype that it concerns.
 * test_traps_every_op.c has those that any op can fall into. Traps whose proof is elsewhere:
 *
 * index out of bounds in gather, take, scatter  op/test_index, op/test_scatter, op/test_gather_mm: indices_out_of_bounds
 * fully masked attention rows give NaN          op/test_fast: fully_masked_rows_are_zeros, padding_leaves_real_tokens_alone
 * unused slots of a KV cache leak in            backend/cpu/test_attention: unused_slots_of_a_kv_cache_leak_in
 * causal mask when queries and keys differ      op/test_fast: causal_where_queries_are_not_keys; backend/cpu/test_attention
 * GQA, sliding window, attention sinks          op/test_fast: six_heads_over_two_with_window_and_sinks
 * more than 32K keys                            op/test_fast: more_than_32k_keys
 * RoPE                                          op/test_fast: rope_beside_float64; backend/cpu/test_rope
 * norms' float16 overflow, eps, large float32   op/test_fast: norms_of_6e4_and_1e_8_and_0_and_1e30; backend/cpu/test_norm
 * 16-bit accumulation                           op/test_reduce: sums_of_65536_ones_in_16_bits; op/test_scan; op/test_matmul: a_dot_of_16384
 * quantized products: tail in K, odd N          op/test_quantized_matmul: tails_in_k_and_n, rows_and_threads_do_not_meet
 * dilated windows                               graph/test_window, backend/cpu/test_conv: dilated_windows
 * an error in the middle of an evaluation       graph/test_eval: an_error_in_the_middle_spoils_nothing
 * RNG bits                                      op/test_random: threefry_known_answers; tests/oracle/test_ops.py
 * axes, groups, shapes from outside             op/test_call: hostile_arguments_crash_nothing; tests/fuzz/fuzz_ops.c
 * a result that depends on batch mates          op/test_fast, op/test_conv, op/test_matmul, op/test_gather_mm, backend/cpu/test_linalg
 * wrong cause in an error                       graph/test_runtime: a_limit_is_an_error_that_says_how_much
 * hostile files                                 tests/fuzz, a program a parser
 * a container's cpu quota ignored               base/test_cgroup, base/test_limits: threads_are_the_least_of_both
 * an instruction set the cpu lacks              base/test_cpu: the_variable_caps_and_never_raises; backend/cpu/test_kernels */
#include "support/arrays.h"

#include <math.h>

#define ALL NULL, -1
#define ARRAYS(...) (emily_array *const[]){__VA_ARGS__}, (int32_t)(sizeof((void *[]){__VA_ARGS__}) / sizeof(void *))

static const emily_dtype floats[] = {EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT32, EMILY_FLOAT64};

static emily_array *doubles(emily_scope *s, const double *values, int64_t n, emily_dtype dtype) {
  return emily_astype(s, emily_scope_adopt(s, emily_array_from_data(values, &n, 1, EMILY_FLOAT64)), dtype);
}
#define DOUBLES(s, dtype, ...) doubles((s), (const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (dtype))

/* ---- indices ---- */

/* Every dtype of elements and of indices. */
static void index_out_of_bounds_in_gather_take(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype <= EMILY_COMPLEX64; dtype++)
    for (emily_dtype kind = EMILY_UINT8; kind <= EMILY_INT64; kind++) {
      bool is_signed = kind >= EMILY_INT8;
      emily_scope *s = emily_scope_open(NULL);
      emily_array *x = emily_ones(s, SHAPE(3), dtype), *i = DOUBLES(s, kind, 0, 3, is_signed ? -1 : 2, is_signed ? -4 : 100, 127);
      EXPECT(s, emily_take(s, x, i, 0), SHAPE(5), 1, 0, 1, 0, 0);
      EXPECT(s, emily_take_along_axis(s, x, i, 0), SHAPE(5), 1, 0, 1, 0, 0);
      EXPECT(s, emily_gather(s, x, ARRAYS(i), INTS(0), 1, INTS(1)), SHAPE(5, 1), 1, 0, 1, 0, 0);
      EXPECT(s, emily_gather_nd(s, x, emily_reshape(s, i, SHAPE(5, 1)), NULL, 0), SHAPE(5), 1, 0, 1, 0, 0);
      emily_array *u = emily_zeros(s, SHAPE(5, 1), dtype);
      EXPECT(s, emily_scatter(s, x, u, ARRAYS(i), INTS(0), 1), SHAPE(3), 0, 1, 0);
      EXPECT(s, emily_put_along_axis(s, x, i, emily_zeros(s, SHAPE(5), dtype), 0), SHAPE(3), 0, 1, 0);
      test_close(s);
    }
}

/* The last of several puts stays; sums and products take all. The same bits with any number of threads. */
static void duplicate_indices_in_scatter(void **state) {
  (void)state;
  enum { N = 90 };
  int64_t to[N];
  double values[N], put[3] = {0}, sums[3] = {1, 1, 1}, high[3] = {0};
  for (int i = 0; i < N; i++) to[i] = (i * 7 + i / 3) % 3, values[i] = (double)(i % 2), put[to[i]] = values[i], sums[to[i]] += values[i], high[to[i]] = 1;
  for (emily_dtype dtype = 0; dtype <= EMILY_COMPLEX64; dtype++)
    for (int32_t threads = 1; threads <= 3; threads++) {
      emily_set_threads(threads);
      emily_scope *s = emily_scope_open(NULL);
      double any[3] = {1, 1, 1}, *add = dtype == EMILY_BOOL ? any : sums;
      emily_array *i = emily_scope_adopt(s, emily_array_from_data(to, INTS(N), 1, EMILY_INT64)), *x = emily_ones(s, SHAPE(3), dtype);
      emily_array *u = doubles(s, values, N, dtype), *windows = emily_reshape(s, u, SHAPE(N, 1)), *zeros = emily_zeros(s, SHAPE(3), dtype);
      test_expect(s, emily_scatter(s, x, windows, ARRAYS(i), INTS(0), 1), SHAPE(3), put, 0);
      test_expect(s, emily_scatter_add(s, x, windows, ARRAYS(i), INTS(0), 1), SHAPE(3), add, 0);
      test_expect(s, emily_scatter_max(s, zeros, windows, ARRAYS(i), INTS(0), 1), SHAPE(3), high, 0);
      EXPECT(s, emily_scatter_min(s, x, windows, ARRAYS(i), INTS(0), 1), SHAPE(3), 0, 0, 0);
      EXPECT(s, emily_scatter_prod(s, x, windows, ARRAYS(i), INTS(0), 1), SHAPE(3), 0, 0, 0);
      test_expect(s, emily_put_along_axis(s, x, i, u, 0), SHAPE(3), put, 0);
      test_expect(s, emily_scatter_add_axis(s, x, i, u, 0), SHAPE(3), add, 0);
      test_expect(s, emily_indexed_put(s, x, emily_reshape(s, i, SHAPE(N, 1)), u, NULL, 0), SHAPE(3), put, 0);
      test_expect(s, emily_indexed_add(s, x, emily_reshape(s, i, SHAPE(N, 1)), u, NULL, 0), SHAPE(3), add, 0);
      test_close(s);
    }
  emily_set_threads(0);
}

/* ---- NaN and zeros ---- */

/* One NaN at `at` of n numbers that fall. */
static void nan_at(int64_t n, int64_t at, emily_dtype dtype) {
  emily_scope *s = emily_scope_open(NULL);
  double *v = calloc((size_t)n * 3, sizeof *v), *running = v + n, *sorted = v + 2 * n;
  for (int64_t i = 0, k = 0; i < n; i++) {
    v[i] = i == at ? NAN : (double)(n - i);
    running[i] = i >= at ? NAN : (double)n;
    if (n - 1 - i != at) sorted[k++] = (double)(i + 1);
  }
  sorted[n - 1] = NAN;
  emily_array *x = doubles(s, v, n, dtype), *both[2], *ones = emily_ones(s, SHAPE(n), dtype);
  EXPECT(s, emily_max(s, x, ALL, false), SCALAR, NAN);
  EXPECT(s, emily_min(s, x, ALL, false), SCALAR, NAN);
  assert_int_equal(emily_minmax(s, x, ALL, false, both), EMILY_OK);
  EXPECT(s, both[0], SCALAR, NAN);
  EXPECT(s, both[1], SCALAR, NAN);
  EXPECT(s, emily_median(s, x, ALL, false), SCALAR, NAN);
  EXPECT(s, emily_argmax(s, x, 0, false, "low"), SCALAR, (double)at);
  EXPECT(s, emily_argmin(s, x, EMILY_NO_AXIS, false, "high"), SCALAR, (double)at);
  test_expect(s, emily_cummax(s, x, 0, false, true), SHAPE(n), running, 0);
  for (int64_t i = 0; i < at; i++) running[i] = (double)(n - i);
  test_expect(s, emily_cummin(s, x, 0, false, true), SHAPE(n), running, 0);
  test_expect(s, emily_sort(s, x, 0, false), SHAPE(n), sorted, 0);
  test_expect(s, emily_take(s, x, emily_argsort(s, x, 0, false), 0), SHAPE(n), sorted, 0);
  EXPECT(s, emily_topk(s, x, 1, 0), SHAPE(1), NAN);
  for (int64_t i = 0; i < n; i++) sorted[i] = i == at;
  test_expect(s, emily_isnan(s, emily_maximum(s, x, ones)), SHAPE(n), sorted, 0);
  test_expect(s, emily_isnan(s, emily_minimum(s, ones, x)), SHAPE(n), sorted, 0);
  test_expect(s, emily_isnan(s, emily_clip(s, x, ones, ones)), SHAPE(n), sorted, 0);
  test_close(s);
  free(v);
}

static void nan_in_max_min_argmax_cummax_sort_median(void **state) {
  (void)state;
  for (size_t d = 0; d < 4; d++)
    for (int64_t n = 1; n <= 69; n += n < 4 ? 1 : n < 33 ? 29 : 36)
      for (int64_t at = 0; at < n; at++) nan_at(n, at, floats[d]);
}

/* Sign bits: of a copy in each form they stay, negation turns them. */
static void negative_zero_in_any_all_copy_and_negate(void **state) {
  (void)state;
  for (size_t d = 0; d < 4; d++)
    for (int64_t n = 1; n <= 35; n += 17) {
      emily_scope *s = emily_scope_open(NULL);
      double v[35], sign[35], turned[35], none[35] = {0};
      for (int64_t i = 0; i < n; i++) sign[i] = (double)(i % 3 != 1), v[i] = sign[i] == 1 ? -0.0 : 0.0, turned[i] = 1 - sign[i];
      emily_array *x = doubles(s, v, n, floats[d]);
      EXPECT(s, emily_any(s, x, ALL, false), SCALAR, 0);
      EXPECT(s, emily_all(s, x, ALL, false), SCALAR, 0);
      EXPECT(s, emily_count_nonzero(s, x, ALL, false), SCALAR, 0);
      test_expect(s, emily_logical_not(s, emily_logical_not(s, x)), SHAPE(n), none, 0);
      emily_array *copies[] = {emily_copy(s, x), emily_flip(s, emily_copy(s, emily_flip(s, x, ALL)), ALL), emily_contiguous(s, x, false), emily_positive(s, x),
                               emily_concatenate(s, ARRAYS(x), 0), emily_where(s, emily_ones(s, SHAPE(n), EMILY_BOOL), x, x),
                               emily_take(s, x, emily_arange(s, 0, (double)n, 1, EMILY_INT32), 0), emily_astype(s, emily_astype(s, x, EMILY_FLOAT32), floats[d])};
      for (size_t k = 0; k < sizeof copies / sizeof *copies; k++) test_expect(s, emily_signbit(s, copies[k]), SHAPE(n), sign, 0);
      test_expect(s, emily_signbit(s, emily_negative(s, x)), SHAPE(n), turned, 0);
      test_expect(s, emily_signbit(s, emily_abs(s, x)), SHAPE(n), none, 0);
      test_close(s);
    }
}

/* ---- integers ---- */

static double lowest(emily_dtype dtype) { return dtype >= EMILY_INT8 && dtype <= EMILY_INT64 ? -ldexp(1, (8 << (dtype - EMILY_INT8)) - 1) : 0; }

/* Every pair of signs, division by 0, the lowest number by -1, in vectors and their tails. */
static void remainder_floor_division_shifts(void **state) {
  (void)state;
  const double a[] = {7, -7, 7, -7, 6, 0, 5, -5}, b[] = {3, 3, -3, -3, 3, -2, 0, 0};
  const double floored[] = {2, -3, -3, 2, 2, 0, 0, 0}, left[] = {1, 2, -2, -1, 0, 0, 0, 0}, cut[] = {2, -2, -2, 2, 2, 0, 0, 0}, rest[] = {1, -1, 1, -1, 0, 0, 0, 0};
  for (emily_dtype dtype = EMILY_UINT8; dtype <= EMILY_INT64; dtype++)
    for (int64_t n = 1; n <= 71; n += n == 1 ? 7 : 63) {
      emily_scope *s = emily_scope_open(NULL);
      double v[71], w[71], want[4][71];
      for (int64_t i = 0, k = 0; i < n; k++) {
        int64_t p = k % 8;
        if (lowest(dtype) == 0 && (a[p] < 0 || b[p] < 0)) continue;
        v[i] = a[p], w[i] = b[p], want[0][i] = floored[p], want[1][i] = left[p], want[2][i] = cut[p], want[3][i++] = rest[p];
      }
      emily_array *x = doubles(s, v, n, dtype), *y = doubles(s, w, n, dtype), *both[2];
      test_expect(s, emily_floor_divide(s, x, y), SHAPE(n), want[0], 0);
      test_expect(s, emily_remainder(s, x, y), SHAPE(n), want[1], 0);
      test_expect(s, emily_quotient(s, x, y), SHAPE(n), want[2], 0);
      test_expect(s, emily_fmod(s, x, y), SHAPE(n), want[3], 0);
      assert_int_equal(emily_divmod(s, x, y, both), EMILY_OK);
      test_expect(s, both[1], SHAPE(n), want[1], 0);
      if (lowest(dtype) < 0) {
        emily_array *low = emily_full(s, SHAPE(n), DOUBLES(s, dtype, lowest(dtype))), *minus = emily_full(s, SHAPE(n), DOUBLES(s, dtype, -1));
        EXPECT(s, emily_max(s, emily_floor_divide(s, low, minus), ALL, false), SCALAR, lowest(dtype));
        EXPECT(s, emily_max(s, emily_quotient(s, low, minus), ALL, false), SCALAR, lowest(dtype));
        EXPECT(s, emily_any(s, emily_remainder(s, low, minus), ALL, false), SCALAR, 0);
        EXPECT(s, emily_any(s, emily_fmod(s, low, minus), ALL, false), SCALAR, 0);
      }
      test_close(s);
    }
}

/* Counts at the width, past it, and negative ones. */
static void shifts_of_the_width_and_more(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_UINT8; dtype <= EMILY_INT64; dtype++) {
    bool is_signed = dtype >= EMILY_INT8;
    double width = 8 << (dtype - (is_signed ? EMILY_INT8 : EMILY_UINT8)), under = is_signed ? -1 : 0;
    emily_scope *s = emily_scope_open(NULL);
    emily_array *count = DOUBLES(s, dtype, 0, 1, width, width + 1, 100, is_signed ? -1 : 120), *one = emily_ones(s, SHAPE(6), dtype);
    EXPECT(s, emily_left_shift(s, one, count), SHAPE(6), 1, 2, 0, 0, width > 100 ? ldexp(1, 100) : 0, 0);
    EXPECT(s, emily_right_shift(s, one, count), SHAPE(6), 1, 0, 0, 0, 0, 0);
    if (is_signed) EXPECT(s, emily_right_shift(s, emily_negative(s, one), count), SHAPE(6), under, under, under, under, under, under);
    test_close(s);
  }
}

/* ---- quantized ---- */

/* One row, seven, and an odd number of groups, in every mode: the numbers that the codes stand for come back, and rows do not meet. */
static void quantized_tail_in_k_odd_n(void **state) {
  (void)state;
  static const struct { const char *mode; int64_t group; } modes[] = {{"affine", 32}, {"affine", 64}, {"affine", 128}, {"mxfp4", 32}, {"mxfp8", 32}, {"nvfp4", 16}};
  for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
    for (int64_t rows = 1; rows <= 13; rows += 6)
      for (int64_t groups = 1; groups <= 5; groups += 2) {
        emily_scope *s = emily_scope_open(NULL);
        int64_t k = groups * modes[m].group;
        if (k % 32) k *= 2; /* a row is whole words */
        emily_array *x = emily_sin(s, emily_reshape(s, test_range(s, 0, rows * k, EMILY_FLOAT32), SHAPE(rows, k))), *q[3] = {NULL}, *one[3] = {NULL};
        size_t count = 0;
        assert_int_equal(emily_quantize(s, x, NULL, modes[m].group, 0, modes[m].mode, q, 3, &count), EMILY_OK);
        emily_array *y = emily_dequantize(s, q[0], q[1], q[2], NULL, modes[m].group, 0, modes[m].mode, EMILY_FLOAT32);
        EXPECT(s, emily_allclose(s, x, y, 0, 0.26, false), SCALAR, 1); /* half of the widest step of e2m1 under the scale of 1 */
        emily_array *last = emily_slice(s, x, INTS(rows - 1, 0), INTS(rows, k), NULL);
        assert_int_equal(emily_quantize(s, last, NULL, modes[m].group, 0, modes[m].mode, one, 3, &count), EMILY_OK);
        for (size_t i = 0; i < count; i++) {
          emily_array *of_all = emily_slice(s, q[i], INTS(rows - 1, 0), INTS(rows, emily_array_shape(q[i])[1]), NULL);
          EXPECT(s, emily_array_equal(s, of_all, one[i], false), SCALAR, 1);
        }
        test_close(s);
      }
}

/* ---- random numbers ---- */

/* Ordering random bits permutes: each number once. The same bits from a key on every run. */
static void rng_bits_a_shuffle_is_a_permutation(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 5000; n = n * 3 + 1) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *bits = emily_random_bits(s, emily_random_key(s, n), SHAPE(n), 4), *order = emily_argsort(s, bits, 0, false);
    emily_array *again = emily_random_bits(s, emily_random_key(s, n), SHAPE(n), 4);
    EXPECT(s, emily_array_equal(s, bits, again, false), SCALAR, 1);
    EXPECT(s, emily_array_equal(s, emily_sort(s, order, 0, false), emily_arange(s, 0, (double)n, 1, EMILY_UINT32), false), SCALAR, 1);
    test_close(s);
  }
}

/* ---- size ---- */

/* Takes 20 GB: only where EMILY_TEST_LARGE=1 asks for it. The last element of 2^31 + 7 is found by an op of each family. */
static void more_than_2_to_the_31_elements(void **state) {
  (void)state;
  const char *large = getenv("EMILY_TEST_LARGE");
  if (!large || strcmp(large, "1") != 0) skip();
  const int64_t n = ((int64_t)1 << 31) + 7;
#define LAST(x) emily_slice(s, (x), INTS(n - 1), INTS(n), NULL)
  for (int family = 0; family < 9; family++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *five = emily_full(s, SHAPE(1), emily_scope_adopt(s, emily_array_from_int(5, EMILY_INT8)));
    emily_array *x = emily_slice_update(s, emily_zeros(s, SHAPE(n), EMILY_INT8), five, INTS(n - 1), INTS(n), NULL);
    emily_array *at = emily_scope_adopt(s, emily_array_from_data(INTS(n - 1), INTS(1), 1, EMILY_INT64));
    if (family == 0) EXPECT(s, LAST(emily_add(s, x, x)), SHAPE(1), 10);
    if (family == 1) EXPECT(s, LAST(emily_astype(s, emily_equal(s, x, five), EMILY_INT8)), SHAPE(1), 1);
    if (family == 2) EXPECT(s, LAST(emily_cumsum(s, x, 0, false, true, EMILY_INT8)), SHAPE(1), 5);
    if (family == 3) EXPECT(s, emily_take(s, emily_where(s, emily_astype(s, x, EMILY_BOOL), x, five), at, 0), SHAPE(1), 5);
    if (family == 4) EXPECT(s, LAST(emily_scatter_add(s, x, five, ARRAYS(at), INTS(0), 1)), SHAPE(1), 10);
    if (family == 5) EXPECT(s, emily_slice(s, emily_concatenate(s, ARRAYS(five, x), 0), INTS(n), INTS(n + 1), NULL), SHAPE(1), 5);
    if (family == 6) EXPECT(s, emily_count_nonzero(s, x, ALL, false), SCALAR, 1);
    if (family == 7) EXPECT(s, LAST(emily_window_max(s, x, INTS(2), INTS(1), INTS(1), INTS(0), NULL)), SHAPE(1), 5);
    if (family == 8) EXPECT(s, emily_max(s, emily_roll(s, x, INTS(1), 1, INTS(0), 1), ALL, false), SCALAR, 5);
    test_close(s);
    emily_memory_clear_cache(NULL);
  }
#undef LAST
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(index_out_of_bounds_in_gather_take),
      cmocka_unit_test(duplicate_indices_in_scatter),
      cmocka_unit_test(nan_in_max_min_argmax_cummax_sort_median),
      cmocka_unit_test(negative_zero_in_any_all_copy_and_negate),
      cmocka_unit_test(remainder_floor_division_shifts),
      cmocka_unit_test(shifts_of_the_width_and_more),
      cmocka_unit_test(quantized_tail_in_k_odd_n),
      cmocka_unit_test(rng_bits_a_shuffle_is_a_permutation),
      cmocka_unit_test(more_than_2_to_the_31_elements),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
