/* test_gather.c: take and take_along_axis: every dtype, index dtype and layout; indices out of range. */
#include "support/tensors.h"

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

/* Indices in [-extent, extent) for signed dtypes, else in [0, extent). */
static emily__tensor *indices_of(emily_dtype dtype, int ndim, const int64_t *shape, int64_t extent) {
  emily__tensor *t = tensor_new(dtype, ndim, shape);
  for (int64_t i = 0; i < t->size; i++) {
    int64_t place = (int64_t)(tensor_bits() % (uint64_t)extent);
    tensor_set_int(t, i, emily_dtype_is_signed(dtype) && (tensor_bits() & 1) ? place - extent : place);
  }
  return t;
}

static int64_t place(const emily__tensor *indices, int64_t i, int64_t extent) {
  int64_t index = tensor_get_int(indices, i);
  return index < 0 ? index + extent : index;
}

/* out[p, i, q] = x[p, indices[i], q] */
static void check_take(const emily__tensor *x, int64_t axis, const emily__tensor *indices) {
  int64_t shape[EMILY__MAX_RANK], pre = 1, post = 1, extent = x->shape[axis];
  int ndim = 0;
  for (int64_t i = 0; i < axis; i++) pre *= shape[ndim++] = x->shape[i];
  for (int i = 0; i < indices->ndim; i++) shape[ndim++] = indices->shape[i];
  for (int64_t i = axis + 1; i < x->ndim; i++) post *= shape[ndim++] = x->shape[i];
  emily__tensor *out = tensor_new(x->dtype, ndim, shape);
  assert_int_equal(tensor_run_donated(EMILY__PRIM_take, &axis, out, INPUTS(x, indices), -1, EMILY__DEBUG_INDICES),
                   EMILY_OK);
  for (int64_t p = 0, at = 0; p < pre; p++)
    for (int64_t i = 0; i < indices->size; i++)
      for (int64_t q = 0; q < post; q++, at++)
        assert_memory_equal(tensor_at(out, at), tensor_at(x, (p * extent + place(indices, i, extent)) * post + q),
                            emily_dtype_size(x->dtype));
}

static void take_every_dtype_layout_and_axis(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    for (emily_dtype index = EMILY_UINT8; index <= EMILY_INT64; index++)
      for (int64_t axis = 0; axis < 3; axis++) {
        int layout = (int)(tensor_bits() % LAYOUT_COUNT), other = (int)(tensor_bits() % LAYOUT_COUNT);
        emily__tensor *x = tensor_random(dtype, DIMS(4, 3, 5), 0, 99);
        check_take(tensor_laid_out(x, layout), axis,
                   tensor_laid_out(indices_of(index, DIMS(2, 3), x->shape[axis]), other));
        check_take(x, axis, indices_of(index, NO_DIMS, x->shape[axis]));
        check_take(x, axis, indices_of(index, DIMS(3, 0), x->shape[axis]));
      }
}

static void take_many(void **state) {
  (void)state;
  for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
    emily__tensor *x = tensor_laid_out(tensor_random(EMILY_BFLOAT16, DIMS(130, 70), -1, 1), layout);
    check_take(x, 0, indices_of(EMILY_INT32, DIMS(1100), 130)); /* several blocks of indices, and the pool */
    check_take(x, 1, indices_of(EMILY_INT64, DIMS(600), 70));
  }
}

static void check_along(const emily__tensor *x, int64_t axis, const emily__tensor *indices) {
  emily__tensor *out = tensor_new(x->dtype, indices->ndim, indices->shape);
  assert_int_equal(
      tensor_run_donated(EMILY__PRIM_take_along_axis, &axis, out, INPUTS(x, indices), -1, EMILY__DEBUG_INDICES),
      EMILY_OK);
  int64_t post = 1, extent = x->shape[axis], columns = indices->shape[axis];
  for (int64_t i = axis + 1; i < x->ndim; i++) post *= x->shape[i];
  for (int64_t at = 0; at < out->size; at++) {
    int64_t q = at % post, p = at / post / columns;
    assert_memory_equal(tensor_at(out, at), tensor_at(x, (p * extent + place(indices, at, extent)) * post + q),
                        emily_dtype_size(x->dtype));
  }
}

static void along_every_dtype_layout_and_axis(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    for (emily_dtype index = EMILY_UINT8; index <= EMILY_INT64; index++)
      for (int64_t axis = 0; axis < 3; axis++)
        for (int64_t n = 0; n < 9; n += 4) {
          int layout = (int)(tensor_bits() % LAYOUT_COUNT), other = (int)(tensor_bits() % LAYOUT_COUNT);
          emily__tensor *x = tensor_random(dtype, DIMS(4, 3, 5), 0, 99);
          int64_t shape[3] = {4, 3, 5};
          shape[axis] = n;
          check_along(tensor_laid_out(x, layout), axis,
                      tensor_laid_out(indices_of(index, 3, shape, x->shape[axis]), other));
        }
  check_along(tensor_random(EMILY_FLOAT32, DIMS(50, 7), -1, 1), 0, indices_of(EMILY_UINT32, DIMS(6000, 7), 50));
  check_along(tensor_random(EMILY_FLOAT32, DIMS(50, 7), -1, 1), 1, indices_of(EMILY_INT8, DIMS(50, 1500), 7));
}

/* TRAPS: defined without the flag (0), an error with it. */
static void out_of_range_is_zero_or_an_error(void **state) {
  (void)state;
  const struct {
    emily_dtype dtype;
    int64_t index;
    const char *text;
  } bad[] = {{EMILY_INT32, 3, "index 3 "},
             {EMILY_INT32, -4, "index -4 "},
             {EMILY_INT8, 127, "index 127 "},
             {EMILY_INT16, -30000, "index -30000 "},
             {EMILY_UINT8, 255, "index 255 "},
             {EMILY_INT64, INT64_MIN, "index -9223372036854775808 "},
             {EMILY_INT64, INT64_MAX, "index 9223372036854775807 "},
             {EMILY_UINT64, -1, "index 18446744073709551615 "}};
  const emily__prim prims[] = {EMILY__PRIM_take, EMILY__PRIM_take_along_axis};
  int64_t axis = 0;
  for (int p = 0; p < 2; p++)
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
      emily__tensor *x = tensor_of(EMILY_FLOAT32, DIMS(3), (double[]){10, 20, 30}),
                    *out = tensor_new(EMILY_FLOAT32, DIMS(4));
      emily__tensor *indices = tensor_of(bad[k].dtype, DIMS(4), (double[]){0, 1, 0, 2});
      tensor_set_int(indices, 2, bad[k].index);
      assert_int_equal(tensor_run(prims[p], &axis, out, INPUTS(x, indices)), EMILY_OK);
      const double expected[] = {10, 20, 0, 30};
      for (int i = 0; i < 4; i++) assert_true(tensor_get(out, i) == expected[i]);
      assert_int_equal(tensor_run_donated(prims[p], &axis, out, INPUTS(x, indices), -1, EMILY__DEBUG_INDICES),
                       EMILY_DEBUG_CHECK);
      const char *message = emily_last_error()->message;
      if (!strstr(message, bad[k].text) || !strstr(message, "element 2 ") || !strstr(message, "axis of 3"))
        fail_msg("%s", message);
    }
}

static void an_empty_axis_has_no_index(void **state) {
  (void)state;
  int64_t axis = 0;
  emily__tensor *x = tensor_new(EMILY_INT16, DIMS(0, 2)), *indices = tensor_of(EMILY_INT32, DIMS(1), (double[]){0});
  emily__tensor *out = tensor_new(EMILY_INT16, DIMS(1, 2));
  assert_int_equal(tensor_run(EMILY__PRIM_take, &axis, out, INPUTS(x, indices)), EMILY_OK);
  assert_true(tensor_get(out, 0) == 0 && tensor_get(out, 1) == 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(take_every_dtype_layout_and_axis),  TEST(take_many),
      TEST(along_every_dtype_layout_and_axis), TEST(out_of_range_is_zero_or_an_error),
      TEST(an_empty_axis_has_no_index),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
