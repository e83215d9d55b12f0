/* test_reduce.c: sum, prod, max, min, all, any: every choice of axes against a naive reference, in every layout to
 * the same bits. */
#include "backend/cpu/pool.h"
#include "base/alloc.h"
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  emily__pool_set_threads(0);
  return 0;
}

static const emily__prim prims[] = {EMILY__PRIM_sum, EMILY__PRIM_prod, EMILY__PRIM_max,
                                    EMILY__PRIM_min, EMILY__PRIM_all,  EMILY__PRIM_any};

typedef struct attributes {
  int64_t keepdims, count, axes[EMILY__MAX_RANK];
} attributes;

static attributes of_mask(unsigned mask, int ndim) {
  attributes a = {0};
  for (int i = 0; i < ndim; i++)
    if (mask >> i & 1) a.axes[a.count++] = i;
  return a;
}

static emily__tensor *run(emily__prim prim, const emily__tensor *x, unsigned mask) {
  attributes a = of_mask(mask, x->ndim);
  int64_t shape[EMILY__MAX_RANK];
  int ndim = 0;
  for (int i = 0; i < x->ndim; i++)
    if (!(mask >> i & 1)) shape[ndim++] = x->shape[i];
  bool to_bool = prim == EMILY__PRIM_all || prim == EMILY__PRIM_any;
  emily__tensor *out = tensor_new(to_bool ? EMILY_BOOL : x->dtype, ndim, shape);
  assert_int_equal(tensor_run(prim, &a, out, INPUTS(x)), EMILY_OK);
  return out;
}

/* The flat index of x's element i in the result. */
static int64_t place(const emily__tensor *x, int64_t i, unsigned mask) {
  int64_t index[EMILY__MAX_RANK], at = 0;
  for (int k = x->ndim - 1; k >= 0; k--) index[k] = i % x->shape[k], i /= x->shape[k];
  for (int k = 0; k < x->ndim; k++)
    if (!(mask >> k & 1)) at = at * x->shape[k] + index[k];
  return at;
}

static double fold(emily__prim prim, double a, double x) {
  switch (prim) {
    case EMILY__PRIM_sum: return a + x;
    case EMILY__PRIM_prod: return a * x;
    case EMILY__PRIM_max: return x > a ? x : a;
    case EMILY__PRIM_min: return x < a ? x : a;
    case EMILY__PRIM_all: return a && x;
    default: return a || x;
  }
}

static double start(emily__prim prim) {
  return prim == EMILY__PRIM_max   ? -INFINITY
         : prim == EMILY__PRIM_min ? INFINITY
                                   : prim == EMILY__PRIM_prod || prim == EMILY__PRIM_all;
}

static double epsilon(emily_dtype dtype) {
  return dtype == EMILY_FLOAT16    ? 0x1p-11
         : dtype == EMILY_BFLOAT16 ? 0x1p-8
         : dtype == EMILY_FLOAT64  ? 0x1p-50
                                   : 0x1p-22;
}

/* Integers are drawn small enough to be exact; sums of floats are within the dtype's epsilon of the sum of
 * magnitudes. */
static void check(emily__prim prim, const emily__tensor *x, unsigned mask) {
  emily__tensor *out = run(prim, x, mask);
  double *expected = malloc((size_t)(out->size + 1) * sizeof *expected),
         *magnitude = calloc((size_t)out->size + 1, sizeof *magnitude);
  for (int64_t i = 0; i < out->size; i++) expected[i] = start(prim);
  for (int64_t i = 0; i < x->size; i++) {
    int64_t at = place(x, i, mask);
    expected[at] = fold(prim, expected[at], tensor_get(x, i));
    magnitude[at] += fabs(tensor_get(x, i));
  }
  for (int64_t i = 0; i < out->size; i++) {
    double scale = prim == EMILY__PRIM_sum ? magnitude[i] : prim == EMILY__PRIM_prod ? 8 * fabs(expected[i]) : 0;
    double tolerance = emily_dtype_is_inexact(x->dtype) ? scale * epsilon(x->dtype) : 0;
    if (!(fabs(tensor_get(out, i) - expected[i]) <= tolerance))
      fail_msg("%s of %s over axes %x: element %lld is %.17g, not %.17g", emily__prim_name(prim),
               emily_dtype_name(x->dtype), mask, (long long)i, tensor_get(out, i), expected[i]);
  }
  free(expected);
  free(magnitude);
}

static emily__tensor *input(emily__prim prim, emily_dtype dtype, int ndim, const int64_t *shape) {
  bool small = prim == EMILY__PRIM_prod || prim == EMILY__PRIM_all || prim == EMILY__PRIM_any;
  bool is_signed = emily_dtype_is_signed(dtype);
  if (prim == EMILY__PRIM_prod && emily_dtype_is_inexact(dtype)) return tensor_random(dtype, ndim, shape, 0.9, 1.1);
  emily__tensor *x = tensor_random(dtype, ndim, shape, is_signed && !small ? -1 : 0, small ? 1.2 : 2);
  for (int64_t i = 0; prim == EMILY__PRIM_prod && i < x->size; i++) tensor_set(x, i, i % 5 == 0 ? 2 : 1);
  for (int64_t i = 0; prim == EMILY__PRIM_all && i < x->size; i++) tensor_set(x, i, tensor_bits() % 40 ? 1 : 0);
  for (int64_t i = 0; prim == EMILY__PRIM_any && i < x->size; i++) tensor_set(x, i, tensor_bits() % 40 ? 0 : 1);
  return x;
}

static void every_choice_of_axes_dtype_and_layout(void **state) {
  (void)state;
  for (size_t p = 0; p < sizeof prims / sizeof prims[0]; p++)
    for (emily_dtype dtype = 0; dtype < EMILY_COMPLEX64; dtype++) {
      if (dtype == EMILY_BOOL && p < 2) continue;
      emily__tensor *x = input(prims[p], dtype, DIMS(3, 1, 4, 5));
      if (prims[p] == EMILY__PRIM_prod && !emily_dtype_is_inexact(dtype))
        x = input(prims[p], dtype, DIMS(2, 1, 3, 5)); /* ≤ 2^6 */
      for (unsigned mask = 0; mask < 16; mask++) {
        emily__tensor *first = run(prims[p], x, mask);
        check(prims[p], x, mask);
        for (int layout = 1; layout < LAYOUT_COUNT; layout++)
          assert_true(tensors_same(run(prims[p], tensor_laid_out(x, layout), mask), first));
      }
    }
}

/* Around lanes, chunks, tiles and parts, by rows and by columns. */
static void lengths_around_the_blocks(void **state) {
  (void)state;
  const int64_t lengths[] = {1,    2,    31,   63,   64,   65,   127,   129,   511,   512,  513,
                             1023, 1024, 1025, 4095, 4096, 4097, 65535, 65536, 65537, 70001};
  for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++)
    for (emily_dtype dtype = EMILY_BFLOAT16; dtype <= EMILY_FLOAT64; dtype++) {
      check(EMILY__PRIM_sum, tensor_random(dtype, DIMS(2, lengths[l]), -1, 1), 2);
      check(EMILY__PRIM_sum, tensor_random(dtype, DIMS(lengths[l], 3), -1, 1), 1);
      check(EMILY__PRIM_max, tensor_random(dtype, DIMS(lengths[l]), -1, 1), 1);
      check(EMILY__PRIM_min, tensor_random(dtype, DIMS(3, lengths[l]), -1, 1), 1);
    }
}

/* TRAPS: accumulation in 16 bits would stop at 2048 or 256. */
static void a_sum_of_65536_ones(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT32; dtype++) {
    emily__tensor *one = tensor_of(dtype, NO_DIMS, (double[]){1}),
                  *quarter = tensor_of(dtype, NO_DIMS, (double[]){0.25});
    emily__tensor *row = tensor_view(quarter, 0, DIMS(65536), (int64_t[]){0});
    assert_true(tensor_get(run(EMILY__PRIM_sum, row, 1), 0) == 16384);
    emily__tensor *columns = tensor_view(quarter, 0, DIMS(65536, 3), (int64_t[]){0, 0});
    for (int i = 0; i < 3; i++) assert_true(tensor_get(run(EMILY__PRIM_sum, columns, 1), i) == 16384);
    if (dtype != EMILY_FLOAT16) /* float16 ends below 65,536 */
      assert_true(tensor_get(run(EMILY__PRIM_sum, tensor_view(one, 0, DIMS(65536), (int64_t[]){0}), 1), 0) == 65536);
  }
}

static void float32_sums_are_as_good_as_their_magnitudes_allow(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(1000003), 0, 1);
  double expected = 0;
  for (int64_t i = 0; i < x->size; i++) expected += tensor_get(x, i);
  /* one rounding of the result and those of a few levels of blocks; one by one it would be some hundred times that */
  assert_true(fabs(tensor_get(run(EMILY__PRIM_sum, x, 1), 0) - expected) <= 4 * 0x1p-24 * expected);
}

static void integers_wrap(void **state) {
  (void)state;
  emily__tensor *x = tensor_new(EMILY_INT32, DIMS(3)), *u = tensor_new(EMILY_UINT8, DIMS(300));
  for (int i = 0; i < 3; i++) tensor_set_int(x, i, INT32_MAX);
  for (int i = 0; i < 300; i++) tensor_set_int(u, i, 1);
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_sum, x, 1), 0), (int32_t)(3u * INT32_MAX));
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_prod, x, 1), 0), INT32_MAX); /* (2^31 - 1)² is 1 modulo 2^32 */
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_sum, u, 1), 0), 300 - 256);
  emily__tensor *big = tensor_new(EMILY_UINT64, DIMS(2));
  tensor_set_int(big, 0, -1);
  tensor_set_int(big, 1, 1);
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_max, big, 1), 0), -1); /* 2^64 - 1 */
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_min, big, 1), 0), 1);
}

/* TRAPS: NaN at each lane and in the tail. */
static void a_nan_anywhere_is_the_maximum_and_the_minimum(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT64; dtype++)
    for (int64_t n = 1; n < 150; n += n < 20 ? 1 : 43)
      for (int64_t at = 0; at < n; at++) {
        emily__tensor *x = tensor_random(dtype, DIMS(n, 2), -1, 1);
        tensor_set(x, 2 * at, NAN);
        for (int layout = 0; layout < 2; layout++) {
          emily__tensor *high = run(EMILY__PRIM_max, tensor_laid_out(x, layout), 1),
                        *low = run(EMILY__PRIM_min, tensor_laid_out(x, layout), 1);
          assert_true(isnan(tensor_get(high, 0)) && isnan(tensor_get(low, 0)) && !isnan(tensor_get(high, 1)));
          emily__tensor *column = tensor_view(x, 0, DIMS(n), (int64_t[]){2});
          assert_true(isnan(tensor_get(run(EMILY__PRIM_max, column, 1), 0)) &&
                      isnan(tensor_get(run(EMILY__PRIM_min, column, 1), 0)));
        }
      }
}

static void signed_zeros_and_infinities(void **state) {
  (void)state;
  emily__tensor *x = tensor_of(EMILY_FLOAT32, DIMS(2), (double[]){-0.0, -0.0});
  assert_true(tensor_get(run(EMILY__PRIM_any, x, 1), 0) == 0 && tensor_get(run(EMILY__PRIM_all, x, 1), 0) == 0);
  assert_true(!signbit(tensor_get(run(EMILY__PRIM_sum, x, 1), 0)));
  emily__tensor *n = tensor_of(EMILY_FLOAT32, DIMS(2), (double[]){NAN, 1});
  assert_true(tensor_get(run(EMILY__PRIM_all, n, 1), 0) == 1);
  emily__tensor *inf = tensor_of(EMILY_FLOAT32, DIMS(2), (double[]){-INFINITY, -INFINITY});
  assert_true(tensor_get(run(EMILY__PRIM_max, inf, 1), 0) == -INFINITY &&
              tensor_get(run(EMILY__PRIM_sum, inf, 1), 0) == -INFINITY);
}

static void nothing_to_reduce(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_UINT8; dtype < EMILY__COMPUTE_DTYPES; dtype++) {
    emily__tensor *x = tensor_new(dtype, DIMS(0, 3));
    for (int i = 0; i < 3; i++) {
      assert_true(tensor_get(run(EMILY__PRIM_sum, x, 1), i) == 0 && tensor_get(run(EMILY__PRIM_prod, x, 1), i) == 1);
      assert_true(tensor_get(run(EMILY__PRIM_all, x, 1), i) == 1 && tensor_get(run(EMILY__PRIM_any, x, 1), i) == 0);
    }
    assert_int_equal(run(EMILY__PRIM_max, x, 2)->size, 0);
    emily__tensor *scalar = tensor_of(dtype, NO_DIMS, (double[]){5});
    assert_true(tensor_get(run(EMILY__PRIM_sum, scalar, 0), 0) == 5 &&
                tensor_get(run(EMILY__PRIM_max, scalar, 0), 0) == 5);
  }
}

static void complex_numbers(void **state) {
  (void)state;
  emily__tensor *z = tensor_new(EMILY_COMPLEX64, DIMS(3));
  tensor_set_complex(z, 0, 1, 2);
  tensor_set_complex(z, 1, 1, -3);
  tensor_set_complex(z, 2, 0, 9);
  emily__tensor *sum = run(EMILY__PRIM_sum, z, 1), *prod = run(EMILY__PRIM_prod, z, 1);
  assert_true(tensor_get(sum, 0) == 2 && tensor_get_imag(sum, 0) == 8);
  assert_true(tensor_get(prod, 0) == 9 && tensor_get_imag(prod, 0) == 63); /* (1+2i)(1-3i) = 7 - i; times 9i */
  assert_true(tensor_get_imag(run(EMILY__PRIM_max, z, 1), 0) == 2 &&
              tensor_get_imag(run(EMILY__PRIM_min, z, 1), 0) == 9);
  tensor_set_complex(z, 1, 5, NAN);
  assert_true(isnan(tensor_get_imag(run(EMILY__PRIM_max, z, 1), 0)) &&
              isnan(tensor_get_imag(run(EMILY__PRIM_min, z, 1), 0)));
}

static void one_thread_or_four_the_same_bits(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(700, 333), -1, 1);
  for (unsigned mask = 1; mask < 4; mask++) {
    emily__pool_set_threads(1);
    emily__tensor *alone = run(EMILY__PRIM_sum, x, mask);
    emily__pool_set_threads(4);
    for (int i = 0; i < 20; i++) assert_true(tensors_same(run(EMILY__PRIM_sum, x, mask), alone));
  }
}

static void no_scratch_memory_is_an_error(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(200000), -1, 1), *out = tensor_new(EMILY_FLOAT32, NO_DIMS);
  attributes a = of_mask(1, 1);
  emily__alloc_fail_after(1);
  assert_int_equal(tensor_run(EMILY__PRIM_sum, &a, out, INPUTS(x)), EMILY_OUT_OF_MEMORY);
  emily__alloc_fail_after(0);
  assert_int_equal(tensor_run(EMILY__PRIM_sum, &a, out, INPUTS(x)), EMILY_OK);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(every_choice_of_axes_dtype_and_layout),
      TEST(lengths_around_the_blocks),
      TEST(a_sum_of_65536_ones),
      TEST(float32_sums_are_as_good_as_their_magnitudes_allow),
      TEST(integers_wrap),
      TEST(a_nan_anywhere_is_the_maximum_and_the_minimum),
      TEST(signed_zeros_and_infinities),
      TEST(nothing_to_reduce),
      TEST(complex_numbers),
      TEST(one_thread_or_four_the_same_bits),
      TEST(no_scratch_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
