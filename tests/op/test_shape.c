/* test_shape.c: moves of elements by hand, negative axes, hostile shapes. */
#include "support/arrays.h"

#include <math.h>

static void shapes_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 0, 6, EMILY_INT32), *m = emily_reshape(s, x, SHAPE(2, -1));
  EXPECT(s, m, SHAPE(2, 3), 0, 1, 2, 3, 4, 5);
  EXPECT(s, emily_transpose(s, m, NULL, 0), SHAPE(3, 2), 0, 3, 1, 4, 2, 5);
  EXPECT(s, emily_swapaxes(s, m, -1, 0), SHAPE(3, 2), 0, 3, 1, 4, 2, 5);
  EXPECT(s, emily_moveaxis(s, emily_reshape(s, x, SHAPE(1, 2, 3)), 0, -1), SHAPE(2, 3, 1), 0, 1, 2, 3, 4, 5);
  EXPECT(s, emily_flatten(s, emily_reshape(s, x, SHAPE(1, 2, 3)), 0, 1), SHAPE(2, 3), 0, 1, 2, 3, 4, 5);
  EXPECT(s, emily_flatten(s, FLOATS(s, SCALAR, 3), 0, -1), SHAPE(1), 3);
  EXPECT(s, emily_unflatten(s, m, -1, SHAPE(3, -1)), SHAPE(2, 3, 1), 0, 1, 2, 3, 4, 5);
  EXPECT(s, emily_squeeze(s, emily_expand_dims(s, m, INTS(0, -1), 2), NULL, 0), SHAPE(2, 3), 0, 1, 2, 3, 4, 5);
  EXPECT(s, emily_broadcast_to(s, emily_reshape(s, x, SHAPE(6, 1)), SHAPE(6, 2)), SHAPE(6, 2), 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5);
  EXPECT(s, emily_concatenate(s, (emily_array *[]){m, m}, 2, -1), SHAPE(2, 6), 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5);
  EXPECT(s, emily_stack(s, (emily_array *[]){x, emily_ones(s, SHAPE(6), EMILY_FLOAT32)}, 2, 1), SHAPE(6, 2), 0, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1);
  EXPECT(s, emily_repeat(s, m, 2, 0), SHAPE(4, 3), 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5);
  EXPECT(s, emily_repeat(s, m, 0, EMILY_NO_AXIS), SHAPE(0), 0);
  EXPECT(s, emily_tile(s, emily_slice(s, x, INTS(0), INTS(2), NULL), SHAPE(2, 2)), SHAPE(2, 4), 0, 1, 0, 1, 0, 1, 0, 1);
  EXPECT(s, emily_pad(s, m, INTS(1, 0), INTS(0, 1), emily_scope_adopt(s, emily_array_from_int(9, EMILY_INT32)), NULL, "constant"), SHAPE(3, 4), 9, 9, 9, 9, 0, 1, 2, 9, 3, 4, 5, 9);
  EXPECT(s, emily_pad(s, m, INTS(0, -1), INTS(-1, 2), NULL, INTS(0, 1), "constant"), SHAPE(1, 6), 0, 1, 0, 2, 0, 0);
  EXPECT(s, emily_pad(s, m, INTS(1, 0), INTS(0, 3), NULL, NULL, "edge"), SHAPE(3, 6), 0, 1, 2, 2, 2, 2, 0, 1, 2, 2, 2, 2, 3, 4, 5, 5, 5, 5);
  EXPECT(s, emily_pad(s, m, INTS(0, 5), INTS(0, 0), NULL, NULL, "reflect"), SHAPE(2, 8), 1, 0, 1, 2, 1, 0, 1, 2, 4, 3, 4, 5, 4, 3, 4, 5);
  EXPECT(s, emily_pad(s, m, INTS(0, 0), INTS(3, 0), NULL, NULL, "symmetric"), SHAPE(5, 3), 0, 1, 2, 3, 4, 5, 3, 4, 5, 0, 1, 2, 0, 1, 2);
  EXPECT(s, emily_flip(s, m, INTS(-1), 1), SHAPE(2, 3), 2, 1, 0, 5, 4, 3);
  EXPECT(s, emily_roll(s, x, INTS(-7), 1, NULL, 0), SHAPE(6), 1, 2, 3, 4, 5, 0);
  EXPECT(s, emily_roll(s, m, INTS(INT64_MIN + 1, INT64_MAX), 2, INTS(0, 1), 2), SHAPE(2, 3), 5, 3, 4, 2, 0, 1);
  EXPECT(s, emily_as_strided(s, emily_transpose(s, m, NULL, 0), SHAPE(2, 2), INTS(1, 2), 2, 1), SHAPE(2, 2), 3, 4, 1, 2);
  EXPECT(s, emily_as_strided(s, x, SHAPE(3), INTS(-2), 1, 5), SHAPE(3), 5, 3, 1);
  test_close(s);
}

static void parts(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 0, 6, EMILY_INT8), *out[8];
  size_t n = 0;
  assert_int_equal(emily_split(s, x, INTS(3), 1, 0, out, 8, &n), EMILY_OK);
  assert_int_equal(n, 3);
  EXPECT(s, out[2], SHAPE(2), 4, 5);
  assert_int_equal(emily_split(s, x, INTS(1, 4), 2, -1, out, 8, &n), EMILY_OK);
  assert_int_equal(n, 3);
  EXPECT(s, out[1], SHAPE(3), 1, 2, 3);
  assert_int_equal(emily_unstack(s, emily_reshape(s, x, SHAPE(2, 3)), 1, out, 8, &n), EMILY_OK);
  assert_int_equal(n, 3);
  EXPECT(s, out[2], SHAPE(2), 2, 5);
  assert_int_equal(emily_broadcast_arrays(s, (emily_array *[]){emily_ones(s, SHAPE(2, 1), EMILY_INT8), x, x}, 2, out, 8, &n), EMILY_OK);
  assert_int_equal(n, 2);
  EXPECT(s, emily_sum(s, out[0], INTS(1), 1, false), SHAPE(2), 6, 6);
  test_close(s);
  s = emily_scope_open(NULL);
  assert_int_equal(emily_split(s, test_range(s, 0, 6, EMILY_INT8), INTS(4), 1, 0, out, 8, NULL), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "axis 0 of extent 6 is not cut in 4 equal parts");
  s = emily_scope_open(NULL); /* no table of 2^31 borders is made for what has no room */
  assert_int_equal(emily_split(s, emily_zeros(s, SHAPE(0), EMILY_INT8), INTS(INT32_MAX), 1, 0, out, 8, NULL), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "there are 2147483647 results and room for 8");
}

static void more_axes_and_hadamard(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 0, 4, EMILY_INT32), *m = emily_reshape(s, x, SHAPE(2, 2));
  EXPECT(s, emily_matrix_transpose(s, m), SHAPE(2, 2), 0, 2, 1, 3);
  EXPECT(s, emily_atleast_3d(s, x), SHAPE(1, 4, 1), 0, 1, 2, 3);
  EXPECT(s, emily_atleast_3d(s, m), SHAPE(2, 2, 1), 0, 1, 2, 3);
  EXPECT(s, emily_atleast_2d(s, x), SHAPE(1, 4), 0, 1, 2, 3);
  EXPECT(s, emily_atleast_1d(s, emily_sum(s, x, NULL, 0, false)), SHAPE(1), 6);
  EXPECT(s, emily_number_of_elements(s, m, INTS(-1), 1, false, EMILY_INT32), SCALAR, 2);
  EXPECT(s, emily_number_of_elements(s, m, NULL, 0, true, EMILY_FLOAT32), SCALAR, 0.25);
  EXPECT(s, emily_hadamard_transform(s, x, NAN), SHAPE(4), 3, -1, -2, 0);
  EXPECT(s, emily_hadamard_transform(s, x, 1), SHAPE(4), 6, -2, -4, 0);
  for (int64_t n = 1; n <= 1024; n *= 2) { /* H Hᵀ = 1: the norm stays */
    for (int64_t by = 1; by <= 28; by = by == 1 ? 12 : by + 8) {
      emily_array *v = emily_astype(s, test_range(s, 1, n * by, EMILY_FLOAT32), EMILY_FLOAT64), *h = emily_hadamard_transform(s, v, NAN);
      emily_array *ratio = emily_divide(s, emily_sum(s, emily_square(s, h), NULL, 0, false), emily_sum(s, emily_square(s, v), NULL, 0, false));
      EXPECT_NEAR(s, ratio, 1e-12, SCALAR, 1);
    }
  }
  assert_null(emily_hadamard_transform(s, emily_zeros(s, SHAPE(2, 6), EMILY_FLOAT32), 1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "where m is 1, 12, 20 or 28");
}

static void wrong_shapes_are_refused(void **state) {
  (void)state;
#define REFUSED(call, text)                                         \
  do {                                                              \
    emily_scope *s = emily_scope_open(NULL);                        \
    emily_array *x = emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32);     \
    assert_null(call);                                              \
    assert_non_null(x);                                             \
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, text);           \
  } while (0)
  REFUSED(emily_reshape(s, x, SHAPE(4)), "emily_reshape: 6 elements do not fill a shape of 4 (operands: float32 [2, 3])");
  REFUSED(emily_reshape(s, x, SHAPE(-1, -1)), "only one extent may be -1");
  REFUSED(emily_reshape(s, x, SHAPE(INT64_MIN)), "makes no sense");
  REFUSED(emily_reshape(s, x, SHAPE(0, -1)), "6 elements do not fill the shape");
  REFUSED(emily_reshape(s, x, (const int64_t[]){1}, 65), "a shape has 0 to 64 extents");
  REFUSED(emily_expand_dims(s, x, INTS(0), INT32_MAX), "the axes are missing or too many");
  REFUSED(emily_squeeze(s, x, INTS(0), 1), "axis 0 has extent 2, not 1");
  REFUSED(emily_transpose(s, x, INTS(0, 0), 2), "axis 0 is named twice");
  REFUSED(emily_transpose(s, x, INTS(0), 1), "a permutation of 2 axes names 1");
  REFUSED(emily_swapaxes(s, x, 0, INT64_MIN), "out of range for 2 axes");
  REFUSED(emily_broadcast_to(s, x, SHAPE(2, 4)), "does not broadcast");
  REFUSED(emily_concatenate(s, NULL, 0, 0), "at least one array is needed");
  REFUSED(emily_concatenate(s, ((emily_array *[]){x, emily_ones(s, SHAPE(3, 2), EMILY_INT8)}), 2, 0), "array 1 differs from the first on axis 1");
  REFUSED(emily_stack(s, ((emily_array *[]){x, emily_ones(s, SHAPE(3), EMILY_INT8)}), 2, 0), "array 1 differs in shape from the first");
  REFUSED(emily_repeat(s, x, -1, 0), "repeats is -1");
  REFUSED(emily_repeat(s, x, INT64_MAX, 0), "too large");
  REFUSED(emily_tile(s, x, SHAPE(INT64_MAX, 2)), "make no sense");
  REFUSED(emily_pad(s, x, INTS(-5, 0), INTS(0, 0), NULL, NULL, "constant"), "less than nothing");
  REFUSED(emily_pad(s, x, INTS(INT64_MAX, 0), INTS(0, 0), NULL, NULL, "constant"), "more than 2^63 elements");
  REFUSED(emily_pad(s, x, INTS(0, 0), INTS(0, 0), NULL, INTS(INT64_MAX, 0), "constant"), "more than 2^63 elements");
  REFUSED(emily_pad(s, x, INTS(0, 0), INTS(0, 0), NULL, INTS(-1, 0), "constant"), "less than nothing");
  REFUSED(emily_pad(s, x, INTS(-1, 0), INTS(0, 0), NULL, NULL, "edge"), "no negative counts");
  REFUSED(emily_pad(s, x, INTS(1, 0), INTS(0, 0), NULL, NULL, "wrap"), "mode is \"wrap\"; it is one of \"constant\", \"edge\"");
  REFUSED(emily_pad(s, emily_zeros(s, SHAPE(0), EMILY_INT32), INTS(1), INTS(0), NULL, NULL, "reflect"), "an empty axis has nothing to repeat");
  REFUSED(emily_roll(s, x, INTS(1, 2), 2, INTS(0), 1), "2 shifts for 1 axes");
  REFUSED(emily_as_strided(s, x, SHAPE(3), INTS(3), 1, 0), "a view leaves its array");
  REFUSED(emily_as_strided(s, x, SHAPE(2), INTS(INT64_MIN), 1, 0), "a view leaves its array");
  REFUSED(emily_as_strided(s, x, SHAPE(2), INTS(1), 1, INT64_MAX), "a view leaves its array");
  REFUSED(emily_unflatten(s, x, 1, SHAPE(2, -1)), "the shape does not fill axis 1");
#undef REFUSED
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_by_hand),
      cmocka_unit_test(parts),
      cmocka_unit_test(more_axes_and_hadamard),
      cmocka_unit_test(wrong_shapes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
