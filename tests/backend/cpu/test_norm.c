/* test_norm.c: rms_norm and layer_norm against float64, over shapes, layouts, pairs of dtypes and extreme rows. */
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
enum { FLOATS = sizeof floats / sizeof *floats };
static const int64_t extents[] = {1, 2, 7, 15, 16, 17, 33, 64, 129, 768, 1024, 5000};

typedef struct norm_case {
  const emily__tensor *x, *weight, *bias; /* weight and bias: NULL for none */
  float eps;
  bool layer;
} norm_case;

static double mean_of(const emily__tensor *x, int64_t row, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += tensor_get(x, row * n + i);
  return sum / (double)n;
}

static void reference(const norm_case *c, double *want) {
  const int64_t n = c->x->shape[c->x->ndim - 1];
  for (int64_t row = 0; row < c->x->size / n; row++) {
    const double mean = c->layer ? mean_of(c->x, row, n) : 0;
    double squares = 0;
    for (int64_t i = 0; i < n; i++) squares += pow(tensor_get(c->x, row * n + i) - mean, 2);
    for (int64_t i = 0; i < n; i++)
      want[row * n + i] = (tensor_get(c->x, row * n + i) - mean) / sqrt(squares / (double)n + (double)c->eps) *
                              (c->weight ? tensor_get(c->weight, i) : 1) +
                          (c->bias ? tensor_get(c->bias, i) : 0);
  }
}

static emily__tensor *run(const norm_case *c, emily_status want) {
  const emily__attrs_norm attrs = {.eps = c->eps, .has_weight = c->weight != NULL, .has_bias = c->bias != NULL};
  const emily__tensor *inputs[3] = {c->x};
  int n = 1;
  emily_dtype dtype = c->x->dtype;
  if (c->weight) inputs[n++] = c->weight, dtype = emily_promote_types(dtype, c->weight->dtype);
  if (c->bias) inputs[n++] = c->bias, dtype = emily_promote_types(dtype, c->bias->dtype);
  emily__tensor *out = tensor_new(dtype, c->x->ndim, c->x->shape);
  assert_int_equal(tensor_run(c->layer ? EMILY__PRIM_layer_norm : EMILY__PRIM_rms_norm, &attrs, out, n, inputs), want);
  return out;
}

/* Terms of y that cancel (bias, mean) leave an error that is absolute: `scale` is their size. */
static void check(const norm_case *c, double scale) {
  double *want = calloc((size_t)c->x->size + 1, sizeof *want);
  reference(c, want);
  const emily__tensor *got = run(c, EMILY_OK);
  const double inside = got->dtype == EMILY_FLOAT64 ? 64 * 0x1p-53 : 16 * 0x1p-24, rounding = rounding_of(got->dtype);
  const double denormal = got->dtype == EMILY_FLOAT16 ? 0x1.01p-25 : 0; /* half the spacing below the smallest normal number */
  assert_true(tensor_near(got, want, inside + rounding, fmax(inside * scale, denormal)));
  free(want);
}

static void every_extent_and_dtype(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (size_t e = 0; e < sizeof extents / sizeof *extents; e++)
      for (int kind = 0; kind < 5; kind++) {
        norm_case c = {.x = tensor_random(floats[d], DIMS(3, extents[e]), -3, 3), .eps = 1e-5f, .layer = kind > 1};
        if (kind & 1) c.weight = tensor_random(floats[d], DIMS(extents[e]), -2, 2);
        if (kind > 2) c.bias = tensor_random(floats[d], DIMS(extents[e]), -2, 2);
        check(&c, kind > 1 ? 8 : 0);
        tensors_free();
      }
}

static void weights_of_other_dtypes(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int w = 0; w < FLOATS; w++)
      for (int b = 0; b < FLOATS; b++) {
        norm_case c = {.x = tensor_random(floats[d], DIMS(4, 33), -3, 3), .weight = tensor_random(floats[w], DIMS(33), -2, 2),
                       .bias = tensor_random(floats[b], DIMS(33), -2, 2), .eps = 1e-6f, .layer = true};
        check(&c, 8);
        c.bias = NULL;
        c.layer = false;
        check(&c, 0);
        tensors_free();
      }
}

static void negative_broadcast_padded_strides(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
      const emily__tensor *x = tensor_random(floats[d], DIMS(2, 3, 4, 37), -3, 3), *w = tensor_random(floats[d], DIMS(37), -2, 2);
      norm_case c = {.x = tensor_laid_out(x, layout), .weight = tensor_laid_out(w, layout), .eps = 1e-5f};
      check(&c, 0);
      c.x = tensor_view(x, 0, DIMS(5, 37), (int64_t[]){0, 1});
      c.layer = true;
      check(&c, 8);
      c.weight = tensor_view(w, 3, DIMS(37), (int64_t[]){0}); /* one number for all */
      check(&c, 8);
      tensors_free();
    }
}

static const emily__tensor *row_of(emily_dtype dtype, double size) {
  emily__tensor *x = tensor_random(dtype, DIMS(2, 70), 0.5, 1);
  for (int64_t i = 0; i < x->size; i++) tensor_set(x, i, tensor_get(x, i) * (i % 3 ? size : -size));
  return x;
}

/* float16 overflow, eps underflow, large float32: rows of 6e4, 1e-8, 0 and 1e30 */
static void norms_float16_overflow_eps_underflow_large_float32(void **state) {
  (void)state;
  static const double sizes[] = {6e4, 1e-8, 0, 1e30, 1e-30, 3e38, 1e-41};
  static const float epsilons[] = {1e-5f, 1e-6f, 1e-12f};
  for (int d = 0; d < FLOATS; d++)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
      for (size_t e = 0; e < sizeof epsilons / sizeof *epsilons; e++)
        for (int layer = 0; layer < 2; layer++) {
          if (floats[d] == EMILY_FLOAT16 && sizes[s] > 65504) continue;
          norm_case c = {.x = row_of(floats[d], sizes[s]), .eps = epsilons[e], .layer = layer};
          check(&c, layer ? 8 : 0);
          tensors_free();
        }
  norm_case tiny = {.x = row_of(EMILY_FLOAT32, 1e-30), .eps = 0};
  check(&tiny, 0);
  tensors_free();
}

/* A mean far above the spread. Rounding it to float32 would cost 2^-24 · 1e4 / spread. */
static void a_large_mean(void **state) {
  (void)state;
  for (int e = 0; e < 3; e++) {
    emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(3, e == 0 ? 40 : e == 1 ? 768 : 3000), 9999, 10001);
    norm_case c = {.x = x, .eps = 1e-5f, .layer = true};
    check(&c, 2);
    tensors_free();
  }
}

static void nan_at_each_lane_and_in_the_tail(void **state) {
  (void)state;
  for (int layer = 0; layer < 2; layer++)
    for (int64_t at = 0; at < 37; at++) {
      emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(1, 37), -1, 1);
      norm_case c = {.x = x, .eps = 1e-5f, .layer = layer};
      tensor_set(x, at, NAN);
      const emily__tensor *y = run(&c, EMILY_OK);
      for (int64_t i = 0; i < 37; i++) assert_true(isnan(tensor_get(y, i)));
      tensors_free();
    }
}

typedef struct repeat {
  norm_case c;
  emily__tensor *first;
} repeat;

static void compare(void *context, int threads) {
  repeat *r = context;
  emily__tensor *y = run(&r->c, EMILY_OK);
  if (threads == 1) r->first = y;
  else assert_true(tensors_same(r->first, y));
}

static void a_result_that_depends_on_batch_mates_or_thread_count(void **state) {
  (void)state;
  for (int layer = 0; layer < 2; layer++) {
    repeat r = {.c = {.x = tensor_random(EMILY_FLOAT32, DIMS(200, 333), -3, 3), .eps = 1e-5f, .layer = layer}};
    with_threads(compare, &r);
    norm_case alone = r.c;
    alone.x = tensor_view(r.c.x, 7 * 333, DIMS(1, 333), (int64_t[]){333, 1});
    assert_true(tensors_same(run(&alone, EMILY_OK), tensor_view(r.first, 7 * 333, DIMS(1, 333), (int64_t[]){333, 1})));
    tensors_free();
  }
}

static void zero_size_and_failing_allocations(void **state) {
  (void)state;
  norm_case c = {.x = tensor_new(EMILY_FLOAT32, DIMS(0, 5)), .eps = 1e-5f};
  run(&c, EMILY_OK);
  c.x = tensor_new(EMILY_FLOAT32, DIMS(5, 0));
  run(&c, EMILY_OK);
  c = (norm_case){.x = tensor_random(EMILY_FLOAT16, DIMS(2, 9000), -1, 1), .weight = tensor_random(EMILY_BFLOAT16, DIMS(9000), 0, 1),
                  .bias = tensor_random(EMILY_FLOAT16, DIMS(9000), 0, 1), .eps = 1e-5f, .layer = true};
  for (int n = 1; n <= 3; n++) { /* weight, bias, a row's buffer */
    emily__alloc_fail_after(n);
    run(&c, EMILY_OUT_OF_MEMORY);
  }
  emily__alloc_fail_after(0);
  const int64_t live = emily__alloc_live();
  check(&c, 8);
  assert_int_equal(emily__alloc_live(), live);
  tensors_free();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_extent_and_dtype),
      cmocka_unit_test(weights_of_other_dtypes),
      cmocka_unit_test(negative_broadcast_padded_strides),
      cmocka_unit_test(norms_float16_overflow_eps_underflow_large_float32),
      cmocka_unit_test(a_large_mean),
      cmocka_unit_test(nan_at_each_lane_and_in_the_tail),
      cmocka_unit_test(a_result_that_depends_on_batch_mates_or_thread_count),
      cmocka_unit_test(zero_size_and_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
