/* test_sort.c: sort and argsort: order, stability, NaN, zeros, every dtype, axis and layout, rows short and long. */
#include "base/alloc.h"
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

/* Strictly before, in the order that is promised: NaN after everything, lexicographic for complex numbers. */
static bool before(const emily__tensor *t, int64_t i, int64_t j) {
  double a = tensor_get(t, i), b = tensor_get(t, j), ai = tensor_get_imag(t, i), bi = tensor_get_imag(t, j);
  bool nan_a = isnan(a) || isnan(ai), nan_b = isnan(b) || isnan(bi);
  if (nan_a || nan_b) return !nan_a;
  if (t->dtype == EMILY_UINT64) return (uint64_t)tensor_get_int(t, i) < (uint64_t)tensor_get_int(t, j);
  if (t->dtype == EMILY_INT64) return tensor_get_int(t, i) < tensor_get_int(t, j);
  return a < b || (a == b && ai < bi);
}

/* argsort is a permutation, stable and in order; sort is what argsort says, bit for bit. */
static void check_order(const emily__tensor *x, int64_t axis, bool descending) {
  const emily__attrs_sort attrs = {axis, descending, -1};
  emily__tensor *sorted = tensor_new(x->dtype, x->ndim, x->shape),
                *places = tensor_new(EMILY_UINT32, x->ndim, x->shape);
  assert_int_equal(tensor_run(EMILY__PRIM_sort, &attrs, sorted, INPUTS(x)), EMILY_OK);
  assert_int_equal(tensor_run(EMILY__PRIM_argsort, &attrs, places, INPUTS(x)), EMILY_OK);
  int64_t n = x->shape[axis], post = 1;
  for (int64_t i = axis + 1; i < x->ndim; i++) post *= x->shape[i];
  for (int64_t row = 0; row < x->size / n; row++) {
    int64_t first = row / post * n * post + row % post, sum = 0;
    for (int64_t k = 0; k < n; k++) {
      int64_t at = tensor_get_int(places, first + k * post);
      assert_in_range(at, 0, n - 1);
      sum += at;
      assert_memory_equal(tensor_at(sorted, first + k * post), tensor_at(x, first + at * post),
                          emily_dtype_size(x->dtype));
      if (k == 0) continue;
      int64_t previous = tensor_get_int(places, first + (k - 1) * post);
      const int64_t here = first + at * post, there = first + previous * post;
      assert_false(descending ? before(x, there, here) : before(x, here, there));
      if (!before(x, there, here) && !before(x, here, there)) assert_true(previous < at); /* equal: stable */
    }
    assert_int_equal(sum, n * (n - 1) / 2); /* with stability, no place comes twice */
  }
}

/* The kth is the one that sorting puts there, none before it is greater, none behind it less; each element is there once. */
static void check_select(const emily__tensor *x, int64_t axis, int64_t kth) {
  const emily__attrs_sort attrs = {axis, 0, kth}, all = {axis, 0, -1};
  emily__tensor *parted = tensor_new(x->dtype, x->ndim, x->shape), *places = tensor_new(EMILY_UINT32, x->ndim, x->shape),
                *order = tensor_new(EMILY_UINT32, x->ndim, x->shape);
  assert_int_equal(tensor_run(EMILY__PRIM_sort, &attrs, parted, INPUTS(x)), EMILY_OK);
  assert_int_equal(tensor_run(EMILY__PRIM_argsort, &attrs, places, INPUTS(x)), EMILY_OK);
  assert_int_equal(tensor_run(EMILY__PRIM_argsort, &all, order, INPUTS(x)), EMILY_OK);
  int64_t n = x->shape[axis], post = 1;
  for (int64_t i = axis + 1; i < x->ndim; i++) post *= x->shape[i];
  for (int64_t row = 0; row < x->size / n; row++) {
    int64_t first = row / post * n * post + row % post, sum = 0, squares = 0;
    const int64_t middle = first + tensor_get_int(order, first + kth * post) * post;
    for (int64_t k = 0; k < n; k++) {
      const int64_t place = tensor_get_int(places, first + k * post), at = first + place * post;
      sum += place;
      squares += place * place;
      assert_memory_equal(tensor_at(parted, first + k * post), tensor_at(x, at), emily_dtype_size(x->dtype));
      assert_false(k <= kth && before(x, middle, at));
      assert_false(k >= kth && before(x, at, middle));
    }
    assert_int_equal(sum, n * (n - 1) / 2);
    assert_int_equal(squares, (n - 1) * n * (2 * n - 1) / 6);
  }
}

static void check(const emily__tensor *x, int64_t axis) {
  check_order(x, axis, false);
  check_order(x, axis, true);
  check_select(x, axis, 0);
  check_select(x, axis, x->shape[axis] / 2);
  check_select(x, axis, x->shape[axis] - 1);
}

static emily__tensor *awkward(emily_dtype dtype, int ndim, const int64_t *shape) {
  emily__tensor *x = tensor_random(dtype, ndim, shape, emily_dtype_is_signed(dtype) ? -100 : 0, 100);
  for (int64_t i = 0; i < x->size; i++) {
    uint64_t what = tensor_bits() % 16;
    if (emily_dtype_is_float(dtype) && what < 4)
      tensor_set(x, i, (const double[]){NAN, -0.0, INFINITY, -INFINITY}[what]);
    if (dtype == EMILY_COMPLEX64 && what < 3) tensor_set_complex(x, i, what == 0 ? NAN : 1, what == 1 ? NAN : -0.0);
    if (emily_dtype_is_integer(dtype) && what < 2) tensor_set_int(x, i, what ? -1 : INT64_MIN);
    if (what > 12) memcpy(tensor_at(x, i), tensor_at(x, 0), emily_dtype_size(dtype)); /* equal ones */
  }
  return x;
}

static void every_dtype_axis_and_layout(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY__COMPUTE_DTYPES; dtype++)
    for (int64_t axis = 0; axis < 3; axis++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++)
        check(tensor_laid_out(awkward(dtype, DIMS(3, 17, 5)), layout), axis);
}

static void short_and_long_rows(void **state) {
  (void)state;
  const int64_t lengths[] = {1, 2, 3, 47, 48, 49, 50, 255, 256, 1000, 20000};
  for (emily_dtype dtype = 0; dtype < EMILY__COMPUTE_DTYPES; dtype++)
    for (int i = 0; i < 11; i++) check(awkward(dtype, DIMS(lengths[i])), 0);
  check(awkward(EMILY_FLOAT32, DIMS(40, 500)), 1); /* more rows than blocks of scratch memory */
  check(awkward(EMILY_FLOAT16, DIMS(300, 40)), 0);
}

static void known_answers(void **state) {
  (void)state;
  const double in[] = {3, NAN, -0.0, INFINITY, 0, -1, -INFINITY, 3},
               expected[] = {-INFINITY, -1, -0.0, 0, 3, 3, INFINITY, NAN};
  const int places[] = {6, 5, 2, 4, 0, 7, 3, 1};
  const emily__attrs_sort attrs = {0, 0, -1};
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT64; dtype++) {
    emily__tensor *x = tensor_of(dtype, DIMS(8), in), *out = tensor_new(dtype, DIMS(8)),
                  *at = tensor_new(EMILY_UINT32, DIMS(8));
    assert_int_equal(tensor_run(EMILY__PRIM_sort, &attrs, out, INPUTS(x)), EMILY_OK);
    assert_int_equal(tensor_run(EMILY__PRIM_argsort, &attrs, at, INPUTS(x)), EMILY_OK);
    assert_true(tensors_same(out, tensor_of(dtype, DIMS(8), expected)));
    for (int i = 0; i < 8; i++) assert_int_equal(tensor_get_int(at, i), places[i]);
  }
}

static void nothing_to_sort_and_no_memory(void **state) {
  (void)state;
  const emily__attrs_sort attrs = {0, 0, -1};
  emily__tensor *none = tensor_new(EMILY_FLOAT32, DIMS(0, 3)), *x = tensor_random(EMILY_FLOAT32, DIMS(9), -1, 1);
  assert_int_equal(tensor_run(EMILY__PRIM_sort, &attrs, none, INPUTS(none)), EMILY_OK);
  emily__alloc_fail_after(1);
  emily__tensor *out = tensor_new(EMILY_FLOAT32, DIMS(9));
  assert_int_equal(tensor_run(EMILY__PRIM_sort, &attrs, out, INPUTS(x)), EMILY_OUT_OF_MEMORY);
  emily__alloc_fail_after(0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(every_dtype_axis_and_layout),
      TEST(short_and_long_rows),
      TEST(known_answers),
      TEST(nothing_to_sort_and_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
