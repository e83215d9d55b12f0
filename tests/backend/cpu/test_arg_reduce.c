/* test_arg_reduce.c: argmax and argmin: the first or last of equals, NaN before numbers, every dtype, axis and layout. */
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

static emily__tensor *run_tie(emily__prim prim, const emily__tensor *x, int64_t axis, bool last) {
  emily__attrs_arg_reduce attrs = {axis, 0, last};
  int64_t shape[EMILY__MAX_RANK];
  int ndim = 0;
  for (int i = 0; i < x->ndim; i++)
    if (i != axis) shape[ndim++] = x->shape[i];
  emily__tensor *out = tensor_new(EMILY_UINT32, ndim, shape);
  assert_int_equal(tensor_run(prim, &attrs, out, INPUTS(x)), EMILY_OK);
  return out;
}

static emily__tensor *run(emily__prim prim, const emily__tensor *x, int64_t axis) { return run_tie(prim, x, axis, false); }

static bool is_nan(const emily__tensor *x, int64_t i) {
  return isnan(tensor_get(x, i)) || isnan(tensor_get_imag(x, i));
}

static bool better(emily__prim prim, const emily__tensor *x, int64_t i, int64_t best) {
  if (is_nan(x, best)) return false;
  if (is_nan(x, i)) return true;
  double a = tensor_get(x, i), b = tensor_get(x, best), ai = tensor_get_imag(x, i), bi = tensor_get_imag(x, best);
  bool less = a < b || (a == b && ai < bi), greater = a > b || (a == b && ai > bi);
  return prim == EMILY__PRIM_argmax ? greater : less;
}

static void check(const emily__tensor *x, int64_t axis) {
  const emily__prim prims[] = {EMILY__PRIM_argmax, EMILY__PRIM_argmin};
  int64_t n = x->shape[axis], post = 1;
  for (int64_t i = axis + 1; i < x->ndim; i++) post *= x->shape[i];
  for (int p = 0; p < 2; p++) {
    emily__tensor *out = run(prims[p], x, axis), *last = run_tie(prims[p], x, axis, true);
    for (int64_t row = 0; row < x->size / n; row++) {
      int64_t first = row / post * n * post + row % post, best = 0, high = 0;
      for (int64_t k = 1; k < n; k++) {
        if (better(prims[p], x, first + k * post, first + best * post)) best = k;
        if (!better(prims[p], x, first + high * post, first + k * post)) high = k;
      }
      assert_int_equal(tensor_get_int(out, row), best);
      assert_int_equal(tensor_get_int(last, row), high);
    }
  }
}

static void every_dtype_axis_and_layout(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY__COMPUTE_DTYPES; dtype++)
    for (int64_t axis = 0; axis < 3; axis++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        emily__tensor *x =
            tensor_random(dtype, DIMS(3, 19, 4), emily_dtype_is_signed(dtype) ? -5 : 0, 5); /* many are equal */
        check(tensor_laid_out(x, layout), axis);
      }
}

/* TRAPS: a NaN at each place, and two. */
static void the_first_nan_wins(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_COMPLEX64; dtype++)
    for (int64_t at = 0; at < 40; at++) {
      emily__tensor *x = tensor_random(dtype, DIMS(40), -5, 5);
      tensor_set(x, at, NAN);
      if (at < 39) tensor_set(x, 39, NAN);
      assert_int_equal(tensor_get_int(run(EMILY__PRIM_argmax, x, 0), 0), at);
      assert_int_equal(tensor_get_int(run(EMILY__PRIM_argmin, x, 0), 0), at);
    }
}

static void long_rows_and_extremes(void **state) {
  (void)state;
  for (int i = 0; i < 5; i++) check(tensor_random(EMILY_FLOAT32, DIMS(4095 + i), -1, 1), 0);
  check(tensor_random(EMILY_BFLOAT16, DIMS(2, 20000), -1, 1), 1);
  check(tensor_random(EMILY_FLOAT32, DIMS(3000, 20), -1, 1), 1);
  emily__tensor *low = tensor_of(EMILY_FLOAT32, DIMS(3), (double[]){-INFINITY, -INFINITY, -INFINITY});
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_argmax, low, 0), 0), 0);
  emily__tensor *big = tensor_new(EMILY_UINT64, DIMS(3));
  for (int i = 0; i < 3; i++) tensor_set_int(big, i, i == 1 ? -1 : 5); /* 2^64 - 1 */
  assert_int_equal(tensor_get_int(run(EMILY__PRIM_argmax, big, 0), 0), 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(every_dtype_axis_and_layout),
      TEST(the_first_nan_wins),
      TEST(long_rows_and_extremes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
