/* test_scan.c: the five scans against a naive reference, by rows and by columns, around each border, in every layout and at every
 * number of threads to the same bits. */
#include "backend/cpu/pool.h"
#include "base/alloc.h"
#include "support/near.h"
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

static const emily__prim prims[] = {EMILY__PRIM_cumsum, EMILY__PRIM_cumprod, EMILY__PRIM_cummax, EMILY__PRIM_cummin,
                                    EMILY__PRIM_logcumsumexp};

static emily__tensor *run(emily__prim prim, const emily__tensor *x, int axis, bool reverse, bool inclusive) {
  emily__attrs_scan attrs = {axis, reverse, inclusive};
  emily__tensor *out = tensor_new(x->dtype, x->ndim, x->shape);
  assert_int_equal(tensor_run(prim, &attrs, out, INPUTS(x)), EMILY_OK);
  return out;
}

static double fold(emily__prim prim, double a, double x) {
  switch (prim) {
    case EMILY__PRIM_cumsum: return a + x;
    case EMILY__PRIM_cumprod: return a * x;
    case EMILY__PRIM_cummax: return x > a ? x : a;
    case EMILY__PRIM_cummin: return x < a ? x : a;
    default: return a == -INFINITY ? x : a > x ? a + log1p(exp(x - a)) : x + log1p(exp(a - x));
  }
}

static double start(emily__prim prim) {
  return prim == EMILY__PRIM_cumsum ? 0 : prim == EMILY__PRIM_cumprod ? 1 : prim == EMILY__PRIM_cummin ? INFINITY : -INFINITY;
}

/* x: [before, extent, behind] */
static void check(emily__prim prim, const emily__tensor *x, bool reverse, bool inclusive) {
  emily__tensor *out = run(prim, x, 1, reverse, inclusive);
  const int64_t extent = x->shape[1], behind = x->shape[2];
  for (int64_t row = 0; row < x->shape[0] * behind; row++) {
    double value = start(prim), magnitude = 1;
    for (int64_t k = 0; k < extent; k++) {
      int64_t place = (row / behind * extent + (reverse ? extent - 1 - k : k)) * behind + row % behind;
      double before = value, element = tensor_get(x, place);
      value = fold(prim, value, element);
      magnitude += fabs(element);
      double want = inclusive ? value : before, got = tensor_get(out, place), relative = rounding_of(x->dtype);
      /* a sum's roundings go with the magnitudes of what was added (the reference adds one by one), a product's and a log's with their own */
      double room = prim == EMILY__PRIM_cumsum ? 0x1p-53 * (double)extent * magnitude : 0x1p-22 * (1 + fabs(want));
      if (prim == EMILY__PRIM_cummax || prim == EMILY__PRIM_cummin) room = relative = 0;
      if (want != got && !(fabs(got - want) <= room + 2 * relative * fabs(want)))
        fail_msg("%s of %s: step %lld of row %lld is %.17g, not %.17g", emily__prim_name(prim), emily_dtype_name(x->dtype),
                 (long long)k, (long long)row, got, want);
    }
  }
}

static void both_ways(emily__prim prim, const emily__tensor *x) {
  for (int way = 0; way < 4; way++) check(prim, x, way & 1, way & 2);
}

static emily__tensor *input(emily__prim prim, emily_dtype dtype, int ndim, const int64_t *shape) {
  if (prim == EMILY__PRIM_cumprod) return tensor_random(dtype, ndim, shape, 0.9, 1.1);
  return tensor_random(dtype, ndim, shape, -1, 2);
}

static void lengths_around_the_borders(void **state) {
  (void)state;
  const int64_t lengths[] = {1, 2, 31, 255, 256, 257, 2047, 2048, 2049, 4100, 65536, 65537};
  for (size_t p = 0; p < sizeof prims / sizeof *prims; p++)
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
      for (emily_dtype dtype = EMILY_BFLOAT16; dtype <= EMILY_FLOAT64; dtype++) {
        if (prims[p] == EMILY__PRIM_cumprod && lengths[l] > 4100) continue; /* out of range */
        both_ways(prims[p], input(prims[p], dtype, DIMS(2, lengths[l], 1)));
        if (lengths[l] <= 4100) both_ways(prims[p], input(prims[p], dtype, DIMS(1, lengths[l], 17)));
        if (lengths[l] <= 2049) both_ways(prims[p], input(prims[p], dtype, DIMS(2, 5, lengths[l])));
        tensors_free();
      }
}

static void every_layout_and_dtype(void **state) {
  (void)state;
  for (size_t p = 0; p < sizeof prims / sizeof *prims; p++)
    for (emily_dtype dtype = 0; dtype < EMILY__COMPUTE_DTYPES; dtype++) {
      if (p == 4 && !emily_dtype_is_float(dtype)) continue;
      emily__tensor *x = tensor_random(dtype, DIMS(3, 4, 5, 7), 0, 3);
      for (int axis = 0; axis < 4; axis++)
        for (int way = 0; way < 4; way++) {
          emily__tensor *first = run(prims[p], x, axis, way & 1, way & 2);
          for (int layout = 1; layout < LAYOUT_COUNT; layout++)
            assert_true(tensors_same(run(prims[p], tensor_laid_out(x, layout), axis, way & 1, way & 2), first));
        }
      tensors_free();
    }
}

static void same_bits(void *context, int threads) {
  static emily__tensor *first[10];
  for (size_t p = 0; p < sizeof prims / sizeof *prims; p++)
    for (int k = 0; k < 2; k++) {
      emily__tensor *y = run(prims[p], ((emily__tensor **)context)[k], k ? 0 : 1, true, true);
      if (threads == 1) first[2 * p + (size_t)k] = y;
      else assert_true(tensors_same(y, first[2 * p + (size_t)k]));
    }
}

static void the_number_of_threads_changes_no_bit(void **state) {
  (void)state;
  emily__tensor *x[2] = {tensor_random(EMILY_FLOAT32, DIMS(2, 200001), -1, 1), tensor_random(EMILY_FLOAT32, DIMS(9000, 20), -1, 1)};
  with_threads(same_bits, x);
}

/* TRAPS: NaN at each place, by rows and by columns. */
static void once_a_nan_always_a_nan(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT64; dtype++)
    for (int64_t behind = 1; behind < 40; behind += 19)
      for (int64_t at = 0; at < 300; at += at < 20 ? 1 : 47)
        for (size_t p = 0; p < sizeof prims / sizeof *prims; p++) {
          emily__tensor *x = tensor_random(dtype, DIMS(300, behind), 0.5, 0.9);
          tensor_set(x, at * behind, NAN);
          emily__tensor *y = run(prims[p], x, 0, false, true);
          for (int64_t i = 0; i < 300; i++) assert_true(isnan(tensor_get(y, i * behind)) == (i >= at));
          tensors_free();
        }
}

static void integers_wrap(void **state) {
  (void)state;
  emily__tensor *x = tensor_new(EMILY_UINT16, DIMS(3));
  for (int i = 0; i < 3; i++) tensor_set_int(x, i, UINT16_MAX);
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_cumprod, x, 0, false, true), 1), 1);
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_cumsum, x, 0, false, true), 2), UINT16_MAX - 2);
  emily__tensor *low = tensor_new(EMILY_INT64, DIMS(2));
  for (int i = 0; i < 2; i++) tensor_set_int(low, i, INT64_MIN);
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_cumsum, low, 0, false, true), 1), 0);
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_cummax, low, 0, false, false), 0), INT64_MIN);
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_cummin, low, 0, false, false), 0), INT64_MAX);
}

static void a_refused_allocation_is_a_failure(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(140000), -1, 1), *out = tensor_new(EMILY_FLOAT32, DIMS(140000));
  emily__attrs_scan attrs = {0, 0, 1};
  emily__alloc_fail_after(1);
  emily_status status = tensor_run(EMILY__PRIM_cumsum, &attrs, out, INPUTS(x));
  emily__alloc_fail_after(0);
  assert_int_equal(status, EMILY_OUT_OF_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(lengths_around_the_borders, teardown),
      cmocka_unit_test_teardown(every_layout_and_dtype, teardown),
      cmocka_unit_test_teardown(the_number_of_threads_changes_no_bit, teardown),
      cmocka_unit_test_teardown(once_a_nan_always_a_nan, teardown),
      cmocka_unit_test_teardown(integers_wrap, teardown),
      cmocka_unit_test_teardown(a_refused_allocation_is_a_failure, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
