/* test_softmax.c: softmax and logsumexp against float64, over shapes, layouts, dtypes and special rows. */
#include "backend/cpu/cpu.h"
#include "base/alloc.h"
#include "support/near.h"
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>

static const emily_dtype floats[] = {EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT32, EMILY_FLOAT64};
static const int64_t extents[] = {1, 2, 7, 15, 16, 17, 31, 33, 64, 129, 512, 1000, 5000};

/* Inside, float32 sums of up to a few thousand terms in blocks: 8 units of rounding are ample. Then one rounding. */
static double tolerance(emily_dtype dtype) {
  const double inside = dtype == EMILY_FLOAT64 ? 64 * 0x1p-53 : 16 * 0x1p-24;
  return inside + rounding_of(dtype);
}
/* below the smallest normal number rounding is absolute */
static double smallest(emily_dtype dtype) { return dtype == EMILY_FLOAT16 ? 0x1.01p-25 : 0x1p-134; }

static void reference(const emily__tensor *x, double *softmax, double *logsumexp) {
  const int64_t n = x->shape[x->ndim - 1];
  for (int64_t row = 0; row < x->size / n; row++) {
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, tensor_get(x, row * n + i));
    for (int64_t i = 0; i < n; i++) sum += exp(tensor_get(x, row * n + i) - most);
    for (int64_t i = 0; i < n; i++) softmax[row * n + i] = exp(tensor_get(x, row * n + i) - most) / sum;
    logsumexp[row] = most + log(sum);
  }
}

static void check(const emily__tensor *x) {
  double *soft = calloc((size_t)x->size + 1, sizeof *soft), *lse = calloc((size_t)x->size + 1, sizeof *lse);
  int64_t reduced[8];
  for (int i = 0; i < x->ndim; i++) reduced[i] = x->shape[i];
  reduced[x->ndim - 1] = 1;
  emily__tensor *a = tensor_new(x->dtype, x->ndim, x->shape), *b = tensor_new(x->dtype, x->ndim, reduced);
  reference(x, soft, lse);
  assert_int_equal(tensor_run(EMILY__PRIM_softmax, NULL, a, INPUTS(x)), EMILY_OK);
  assert_int_equal(tensor_run(EMILY__PRIM_logsumexp, NULL, b, INPUTS(x)), EMILY_OK);
  assert_true(tensor_near(a, soft, tolerance(x->dtype), smallest(x->dtype)));
  /* near 0 the maximum and the logarithm cancel: the error is then that of the maximum */
  assert_true(tensor_near(b, lse, tolerance(x->dtype), 64 * rounding_of(x->dtype == EMILY_FLOAT64 ? EMILY_FLOAT64 : EMILY_FLOAT32)));
  free(soft);
  free(lse);
}

static void every_extent_and_dtype(void **state) {
  (void)state;
  for (size_t d = 0; d < sizeof floats / sizeof *floats; d++)
    for (size_t e = 0; e < sizeof extents / sizeof *extents; e++) {
      check(tensor_random(floats[d], DIMS(3, extents[e]), -8, 8));
      tensors_free();
    }
}

static void negative_broadcast_padded_strides(void **state) {
  (void)state;
  for (size_t d = 0; d < sizeof floats / sizeof *floats; d++) {
    const emily__tensor *x = tensor_random(floats[d], DIMS(2, 3, 4, 37), -4, 4);
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) check(tensor_laid_out(x, layout));
    check(tensor_view(x, 0, DIMS(3, 5, 37), (int64_t[]){0, 37, 1})); /* broadcast rows */
    check(tensor_view(x, 5, DIMS(3, 6), (int64_t[]){37, 0}));        /* rows of one number */
    check(tensor_random(floats[d], DIMS(23), -4, 4));
    tensors_free();
  }
}

static void large_and_distant_values(void **state) {
  (void)state;
  check(tensor_of(EMILY_FLOAT32, DIMS(2, 4), (double[]){1e30, 1e30, -1e30, 0, 3e38, -3e38, 88, -88}));
  check(tensor_of(EMILY_FLOAT16, DIMS(2, 4), (double[]){60000, 59968, -60000, 0, -65504, -65504, -65504, -65472}));
  check(tensor_of(EMILY_FLOAT32, DIMS(1, 5), (double[]){0, -80, -87.5, -95, -103}));
  check(tensor_of(EMILY_FLOAT32, DIMS(1, 3), (double[]){5, -INFINITY, 4}));
  tensors_free();
}

/* As in MLX: nothing but -inf, or an inf, or a NaN, makes the whole row NaN; its logsumexp is -inf, inf and NaN. */
static void rows_without_a_finite_maximum(void **state) {
  (void)state;
  static const double bad[] = {-INFINITY, INFINITY, NAN};
  static const int64_t sizes[] = {1, 5, 16, 40, 700};
  for (size_t d = 0; d < sizeof floats / sizeof *floats; d++)
    for (int kind = 0; kind < 3; kind++)
      for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int64_t at = 0; at < sizes[s]; at += sizes[s] > 40 ? 37 : 1) { /* at each lane and in the tail */
          emily__tensor *x = tensor_random(floats[d], DIMS(1, sizes[s]), -1, 1), *y = tensor_new(floats[d], DIMS(1, sizes[s])),
                        *z = tensor_new(floats[d], DIMS(1, 1));
          for (int64_t i = 0; kind == 0 && i < sizes[s]; i++) tensor_set(x, i, bad[kind]);
          tensor_set(x, at, bad[kind]);
          assert_int_equal(tensor_run(EMILY__PRIM_softmax, NULL, y, INPUTS(x)), EMILY_OK);
          assert_int_equal(tensor_run(EMILY__PRIM_logsumexp, NULL, z, INPUTS(x)), EMILY_OK);
          for (int64_t i = 0; kind != 1 && i < sizes[s]; i++) assert_true(isnan(tensor_get(y, i)));
          assert_true(kind != 1 || isnan(tensor_get(y, at)));
          assert_true(kind == 2 ? isnan(tensor_get(z, 0)) : tensor_get(z, 0) == bad[kind]);
          tensors_free();
        }
}

static void empty_tensors(void **state) {
  (void)state;
  emily__tensor *x = tensor_new(EMILY_FLOAT32, DIMS(0, 5)), *y = tensor_new(EMILY_FLOAT32, DIMS(0, 5));
  assert_int_equal(tensor_run(EMILY__PRIM_softmax, NULL, y, INPUTS(x)), EMILY_OK);
  x = tensor_new(EMILY_FLOAT32, DIMS(3, 0)), y = tensor_new(EMILY_FLOAT32, DIMS(3, 0));
  assert_int_equal(tensor_run(EMILY__PRIM_softmax, NULL, y, INPUTS(x)), EMILY_OK);
  tensors_free();
}

typedef struct run {
  const emily__tensor *x;
  emily__tensor *first;
} run;

static void compare(void *context, int threads) {
  run *r = context;
  emily__tensor *y = tensor_new(r->x->dtype, r->x->ndim, r->x->shape);
  assert_int_equal(tensor_run(EMILY__PRIM_softmax, NULL, y, INPUTS(r->x)), EMILY_OK);
  if (threads == 1) r->first = y;
  else assert_true(tensors_same(r->first, y));
}

static void a_result_that_depends_on_batch_mates_or_thread_count(void **state) {
  (void)state;
  run r = {.x = tensor_random(EMILY_FLOAT32, DIMS(300, 333), -3, 3)};
  with_threads(compare, &r);
  const emily__tensor *row = tensor_view(r.x, 7 * 333, DIMS(1, 333), (int64_t[]){333, 1});
  emily__tensor *alone = tensor_new(EMILY_FLOAT32, DIMS(1, 333));
  assert_int_equal(tensor_run(EMILY__PRIM_softmax, NULL, alone, INPUTS(row)), EMILY_OK);
  assert_true(tensors_same(alone, tensor_view(r.first, 7 * 333, DIMS(1, 333), (int64_t[]){333, 1})));
  tensors_free();
}

static void a_failing_allocation(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_FLOAT16, DIMS(2, 9000), -1, 1), *y = tensor_new(EMILY_FLOAT16, DIMS(2, 9000));
  emily__alloc_fail_after(1);
  assert_int_equal(tensor_run(EMILY__PRIM_softmax, NULL, y, INPUTS(x)), EMILY_OUT_OF_MEMORY);
  assert_true(emily_last_error()->bytes_asked >= 36000);
  emily__alloc_fail_after(0);
  check(x);
  tensors_free();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_extent_and_dtype),
      cmocka_unit_test(negative_broadcast_padded_strides),
      cmocka_unit_test(large_and_distant_values),
      cmocka_unit_test(rows_without_a_finite_maximum),
      cmocka_unit_test(empty_tensors),
      cmocka_unit_test(a_result_that_depends_on_batch_mates_or_thread_count),
      cmocka_unit_test(a_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
