/* test_move.c: pad, concatenate, slice_update, element by element. */
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

static bool same_element(const emily__tensor *a, int64_t i, const emily__tensor *b, int64_t j) {
  return memcmp(tensor_at(a, i), tensor_at(b, j), emily_dtype_size(a->dtype)) == 0;
}

static void pad_surrounds_with_the_value(void **state) {
  (void)state;
  const int64_t attrs[] = {EMILY__PAD_CONSTANT, 2, /* low */ 1, 0, /* high */ 2, 3, /* interior */ 0, 0};
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
      emily__tensor *x = tensor_random(dtype, DIMS(4, 5), 0, 50), *value = tensor_random(dtype, NO_DIMS, 51, 99);
      emily__tensor *out = tensor_new(dtype, DIMS(7, 8));
      assert_int_equal(tensor_run(EMILY__PRIM_pad, attrs, out, INPUTS(tensor_laid_out(x, layout), value)), EMILY_OK);
      for (int64_t i = 0; i < 7; i++)
        for (int64_t j = 0; j < 8; j++) {
          bool inside = i >= 1 && i < 5 && j < 5;
          assert_true(inside ? same_element(out, i * 8 + j, x, (i - 1) * 5 + j)
                             : same_element(out, i * 8 + j, value, 0));
        }
    }
}

static void pad_of_nothing_is_the_value(void **state) {
  (void)state;
  const int64_t attrs[] = {EMILY__PAD_CONSTANT, 2, 1, 0, 2, 0, 0, 0}, none[] = {EMILY__PAD_CONSTANT, 0};
  emily__tensor *value = tensor_of(EMILY_INT32, NO_DIMS, (double[]){7}), *out = tensor_new(EMILY_INT32, DIMS(3, 2));
  assert_int_equal(tensor_run(EMILY__PRIM_pad, attrs, out, INPUTS(tensor_new(EMILY_INT32, DIMS(0, 2)), value)),
                   EMILY_OK);
  for (int i = 0; i < 6; i++) assert_int_equal(tensor_get_int(out, i), 7);
  emily__tensor *scalar = tensor_of(EMILY_INT32, NO_DIMS, (double[]){5}), *same = tensor_new(EMILY_INT32, NO_DIMS);
  assert_int_equal(tensor_run(EMILY__PRIM_pad, none, same, INPUTS(scalar, value)), EMILY_OK);
  assert_int_equal(tensor_get_int(same, 0), 5);
}

/* numpy.pad's rule, place by place: modes "edge", "reflect", "symmetric" on an axis of n. */
static int64_t mirrored(int64_t i, int64_t n, emily__pad_mode mode) {
  if (mode == EMILY__PAD_EDGE || n == 1) return i < 0 ? 0 : i >= n ? n - 1 : i;
  int64_t period = mode == EMILY__PAD_REFLECT ? 2 * (n - 1) : 2 * n, at = (i % period + period) % period;
  return at < n ? at : (mode == EMILY__PAD_REFLECT ? period : period - 1) - at;
}

static void pad_repeats_and_mirrors(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 4; n++)
    for (int mode = EMILY__PAD_EDGE; mode <= EMILY__PAD_SYMMETRIC; mode++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        const int64_t attrs[] = {mode, 2, /* low */ 17, 1, /* high */ 9, 11, /* interior */ 0, 0};
        emily__tensor *x = tensor_random(EMILY_INT16, DIMS(n, 3), 0, 99), *value = tensor_random(EMILY_INT16, NO_DIMS, 0, 9);
        emily__tensor *out = tensor_new(EMILY_INT16, DIMS(n + 26, 15));
        assert_int_equal(tensor_run(EMILY__PRIM_pad, attrs, out, INPUTS(tensor_laid_out(x, layout), value)), EMILY_OK);
        for (int64_t i = 0; i < n + 26; i++)
          for (int64_t j = 0; j < 15; j++)
            assert_true(same_element(out, i * 15 + j, x, mirrored(i - 17, n, mode) * 3 + mirrored(j - 1, 3, mode)));
      }
}

static void concatenate_joins_along_each_axis(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    for (int64_t axis = 0; axis < 3; axis++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        int64_t shapes[3][3] = {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}}, joined[3] = {2, 3, 4};
        shapes[1][axis] = 0;
        shapes[2][axis] = 5;
        joined[axis] += 5;
        const emily__tensor *in[3];
        for (int k = 0; k < 3; k++) in[k] = tensor_laid_out(tensor_random(dtype, 3, shapes[k], 0, 99), layout);
        emily__tensor *out = tensor_new(dtype, 3, joined);
        assert_int_equal(tensor_run(EMILY__PRIM_concatenate, &axis, out, 3, in), EMILY_OK);
        for (int k = 0, at = 0; k < 3; at += (int)shapes[k][axis], k++)
          assert_true(tensors_same(tensor_view(out, at * out->strides[axis], 3, shapes[k], out->strides), in[k]));
      }
}

/* start, extent, step of each axis; the last axis runs backwards */
static const int64_t slice[] = {EMILY__UPDATE_PUT, 3, 1, 4, 5, 2, 5, 3, 2, -1, -2};

static void expect_updated(const emily__tensor *out, const emily__tensor *x, const emily__tensor *update) {
  emily__tensor *expected = tensor_laid_out(x, LAYOUT_DENSE);
  for (int64_t i = 0; i < 2; i++)
    for (int64_t j = 0; j < 5; j++)
      for (int64_t k = 0; k < 3; k++)
        memcpy(tensor_at(expected, ((1 + 2 * i) * 5 + 4 - j) * 6 + 5 - 2 * k), tensor_at(update, (i * 5 + j) * 3 + k),
               emily_dtype_size(x->dtype));
  assert_true(tensors_same(out, expected));
}

static void slice_update_copies_or_writes_in_place(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
      emily__tensor *x = tensor_random(dtype, DIMS(4, 5, 6), 0, 50),
                    *update = tensor_random(dtype, DIMS(2, 5, 3), 50, 99);
      emily__tensor *out = tensor_new(dtype, DIMS(4, 5, 6)), *u = tensor_laid_out(update, LAYOUT_COUNT - 1 - layout);
      assert_int_equal(tensor_run(EMILY__PRIM_slice_update, slice, out, INPUTS(tensor_laid_out(x, layout), u)),
                       EMILY_OK);
      expect_updated(out, x, update);
      emily__tensor *place = tensor_laid_out(x, LAYOUT_DENSE);
      assert_int_equal(tensor_run_donated(EMILY__PRIM_slice_update, slice, place, INPUTS(place, u), 0, 0), EMILY_OK);
      expect_updated(place, x, update);
    }
}

static void an_empty_update_changes_nothing(void **state) {
  (void)state;
  const int64_t attrs[] = {EMILY__UPDATE_PUT, 1, 2, 0, 1};
  emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(5), -1, 1), *out = tensor_new(EMILY_FLOAT32, DIMS(5));
  assert_int_equal(tensor_run(EMILY__PRIM_slice_update, attrs, out, INPUTS(x, tensor_new(EMILY_FLOAT32, DIMS(0)))),
                   EMILY_OK);
  assert_true(tensors_same(out, x));
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(pad_surrounds_with_the_value),      TEST(pad_of_nothing_is_the_value),
      TEST(pad_repeats_and_mirrors),
      TEST(concatenate_joins_along_each_axis), TEST(slice_update_copies_or_writes_in_place),
      TEST(an_empty_update_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
