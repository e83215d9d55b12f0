/* test_create.c: ranges, constants, triangles, casts, by hand. */
#include "support/arrays.h"

#include <math.h>

static void ranges(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT(s, emily_arange(s, 0, 5, 2, EMILY_INT8), SHAPE(3), 0, 2, 4);
  EXPECT(s, emily_arange(s, 3, 0, -1, EMILY_FLOAT16), SHAPE(3), 3, 2, 1);
  EXPECT(s, emily_arange(s, 1, 1, 1, EMILY_FLOAT32), SHAPE(0), 0);
  EXPECT(s, emily_arange(s, 0, 1, 0.25, EMILY_FLOAT64), SHAPE(4), 0, 0.25, 0.5, 0.75);
  EXPECT(s, emily_arange(s, 5, -INFINITY, 1, EMILY_INT32), SHAPE(0), 0);
  EXPECT(s, emily_linspace(s, 0, 1, 5, true, EMILY_FLOAT32), SHAPE(5), 0, 0.25, 0.5, 0.75, 1);
  EXPECT(s, emily_linspace(s, 0, 1, 4, false, EMILY_FLOAT32), SHAPE(4), 0, 0.25, 0.5, 0.75);
  EXPECT(s, emily_linspace(s, 3, 9, 1, true, EMILY_FLOAT32), SHAPE(1), 3);
  EXPECT(s, emily_linspace(s, 3, 9, 0, true, EMILY_FLOAT32), SHAPE(0), 0);
  test_close(s);
  const struct { double start, stop, step; emily_dtype dtype; const char *says; } wrong[] = {
      {0, 1, 0, EMILY_FLOAT32, "step is 0"}, {0, 1e300, 1, EMILY_FLOAT32, "more than 2^31 - 1 elements"}, {0, NAN, 1, EMILY_FLOAT32, "must be numbers"},
      {0, INFINITY, 1, EMILY_INT32, "more than 2^31 - 1 elements"}, {1e300, 2e300, 1e300, EMILY_INT64, "leave the integers"},
      {0, 2, 1, EMILY_BOOL, "a range of bool makes no sense"}, {0, 2, 1, 99, "99 is no dtype"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    s = emily_scope_open(NULL);
    assert_null(emily_arange(s, wrong[i].start, wrong[i].stop, wrong[i].step, wrong[i].dtype));
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, wrong[i].says);
  }
}

static void constants(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT(s, emily_zeros(s, SHAPE(2, 1), EMILY_COMPLEX64), SHAPE(2, 1), 0, 0);
  EXPECT(s, emily_ones(s, SCALAR, EMILY_BFLOAT16), SCALAR, 1);
  EXPECT(s, emily_ones(s, SHAPE(3, 0), EMILY_BOOL), SHAPE(3, 0), 0);
  EXPECT(s, emily_full(s, SHAPE(2, 2), FLOATS(s, SHAPE(2), 1, 2)), SHAPE(2, 2), 1, 2, 1, 2);
  emily_array *x = emily_ones(s, SHAPE(2), EMILY_UINT8), *y = emily_full_like(s, x, FLOATS(s, SCALAR, 7.9f));
  EXPECT(s, y, SHAPE(2), 7, 7);
  assert_int_equal(emily_array_dtype(y), EMILY_UINT8);
  EXPECT(s, emily_zeros_like(s, x), SHAPE(2), 0, 0);
  EXPECT(s, emily_ones_like(s, emily_zeros(s, SHAPE(0), EMILY_INT8)), SHAPE(0), 0);
  assert_null(emily_full(s, SHAPE(3), FLOATS(s, SHAPE(2), 1, 2)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "does not broadcast to the shape");
  s = emily_scope_open(NULL);
  assert_null(emily_zeros(s, SHAPE(2, -1), EMILY_INT8));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_zeros: the shape has a negative extent or more than 2^63 elements");
  s = emily_scope_open(NULL);
  assert_null(emily_ones(s, SHAPE(INT64_MAX, INT64_MAX), EMILY_INT8));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "more than 2^63 elements");
}

static void triangles(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT(s, emily_eye(s, 2, 3, 1, EMILY_FLOAT32), SHAPE(2, 3), 0, 1, 0, 0, 0, 1);
  EXPECT(s, emily_eye(s, 2, -1, INT64_MIN, EMILY_INT8), SHAPE(2, 2), 0, 0, 0, 0);
  EXPECT(s, emily_tri(s, 2, 3, 0, EMILY_INT32), SHAPE(2, 3), 1, 0, 0, 1, 1, 0);
  EXPECT(s, emily_tri(s, 2, 2, INT64_MAX, EMILY_INT32), SHAPE(2, 2), 1, 1, 1, 1);
  EXPECT(s, emily_eye(s, 0, 5, 0, EMILY_INT8), SHAPE(0, 5), 0);
  emily_array *x = FLOATS(s, SHAPE(2, 2), 1, NAN, 3, 4);
  EXPECT(s, emily_tril(s, x, 0), SHAPE(2, 2), 1, 0, 3, 4); /* what is cut off is 0, also where it was NaN */
  EXPECT(s, emily_triu(s, x, 1), SHAPE(2, 2), 0, NAN, 0, 0);
  assert_null(emily_tril(s, FLOATS(s, SHAPE(2), 1, 2), 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_tril: a triangle needs two axes (operands: float32 [2])");
  s = emily_scope_open(NULL);
  assert_null(emily_eye(s, -5, 2, 0, EMILY_FLOAT32));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "-5 by 2 is no matrix");
}

static void casts_out_of_range(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(6), 1.9f, -1.9f, NAN, INFINITY, -INFINITY, 300);
  EXPECT(s, emily_astype(s, x, EMILY_INT8), SHAPE(6), 1, -1, 0, 127, -128, 44);
  EXPECT(s, emily_astype(s, x, EMILY_UINT8), SHAPE(6), 1, 255, 0, 255, 0, 44); /* as integers wrap */
  EXPECT(s, emily_astype(s, FLOATS(s, SHAPE(3), 3e9f, -3e9f, 1e20f), EMILY_INT32), SHAPE(3), INT32_MAX, INT32_MIN, INT32_MAX);
  EXPECT(s, emily_astype(s, FLOATS(s, SHAPE(3), 0, -0.0f, NAN), EMILY_BOOL), SHAPE(3), 0, 0, 1);
  EXPECT(s, emily_astype(s, emily_scope_adopt(s, emily_array_from_int(300, EMILY_INT32)), EMILY_INT8), SCALAR, 44); /* integers wrap */
  emily_array *minus_zero = emily_astype(s, FLOATS(s, SCALAR, -0.0f), EMILY_BFLOAT16);
  EXPECT(s, emily_view(s, minus_zero, EMILY_UINT16), SCALAR, 0x8000);
  assert_null(emily_astype(s, x, -3));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "-3 is no dtype");
}

static void views_read_the_same_bytes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2), 1, -2), *bytes = emily_view(s, x, EMILY_UINT8);
  EXPECT(s, bytes, SHAPE(8), 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0);
  EXPECT(s, emily_view(s, bytes, EMILY_FLOAT32), SHAPE(2), 1, -2);
  EXPECT(s, emily_view(s, emily_slice(s, bytes, INTS(2), INTS(4), NULL), EMILY_UINT16), SHAPE(1), 0x3F80); /* an odd address is copied */
  EXPECT(s, emily_view(s, emily_slice(s, bytes, INTS(3), INTS(7), NULL), EMILY_UINT32), SHAPE(1), 0x3F);
  EXPECT(s, emily_contiguous(s, emily_flip(s, x, NULL, 0), false), SHAPE(2), -2, 1);
  EXPECT(s, emily_copy(s, emily_broadcast_to(s, x, SHAPE(2, 2))), SHAPE(2, 2), 1, -2, 1, -2);
  assert_null(emily_view(s, emily_ones(s, SHAPE(3), EMILY_UINT8), EMILY_UINT16));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_view: the last axis does not hold whole elements of the dtype (operands: uint8 [3])");
  s = emily_scope_open(NULL);
  assert_null(emily_view(s, emily_ones(s, SCALAR, EMILY_UINT8), EMILY_UINT16));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "a 0-d array is viewed only as a dtype of its own size");
}

static void storage_moves_and_does_not_compute(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_astype(s, FLOATS(s, SHAPE(4), -1, 0.4f, 5, 500), EMILY_FLOAT8_E5M2), *n = emily_astype(s, x, EMILY_INT4);
  EXPECT(s, emily_astype(s, emily_flip(s, emily_concatenate(s, (emily_array *[]){x, x}, 2, 0), NULL, 0), EMILY_FLOAT32), SHAPE(8), 512, 5, 0.375, -1, 512, 5, 0.375, -1);
  EXPECT(s, emily_astype(s, n, EMILY_INT8), SHAPE(4), -1, 0, 5, 0);
  EXPECT(s, emily_pack(s, n), SHAPE(2), 15, 5);
  EXPECT(s, emily_astype(s, emily_unpack(s, emily_pack(s, n), EMILY_INT4), EMILY_INT64), SHAPE(4), -1, 0, 5, 0);
  EXPECT(s, emily_astype(s, emily_pad(s, n, INTS(1), INTS(0), NULL, NULL, "edge"), EMILY_INT8), SHAPE(5), -1, -1, 0, 5, 0);
  EXPECT(s, emily_astype(s, emily_where(s, emily_astype(s, n, EMILY_BOOL), n, emily_zeros(s, SCALAR, EMILY_INT4)), EMILY_INT8), SHAPE(4), -1, 0, 5, 0);
  EXPECT(s, emily_astype(s, emily_arange(s, 0, 4, 1, EMILY_UINT2), EMILY_UINT8), SHAPE(4), 0, 1, 2, 3);
  EXPECT(s, emily_to_fp8(s, FLOATS(s, SHAPE(4), 1, -1e9f, INFINITY, 0.001f)), SHAPE(4), 0x38, 0xFE, 0x7E, 1);
  EXPECT(s, emily_from_fp8(s, emily_astype(s, FLOATS(s, SHAPE(2), 0x38, 0xFE), EMILY_UINT8), EMILY_FLOAT16), SHAPE(2), 1, -448);
  EXPECT(s, emily_astype(s, emily_slice_update(s, n, n, INTS(0), INTS(4), NULL), EMILY_INT8), SHAPE(4), -1, 0, 5, 0);
  assert_null(emily_slice_update_add(s, n, n, INTS(0), INTS(4), NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "storage dtypes are put, not combined");
  s = emily_scope_open(NULL);
  x = emily_zeros(s, SHAPE(4), EMILY_FLOAT8_E5M2);
  assert_null(emily_add(s, x, x));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_add: float8_e5m2 is for storage; cast it, to float16 for instance (operands: float8_e5m2 [4], float8_e5m2 [4])");
  s = emily_scope_open(NULL);
  assert_null(emily_pack(s, emily_zeros(s, SHAPE(3), EMILY_UINT4)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "the last axis does not fill whole bytes");
}

static void diagonals_grids_and_windows(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 1, 2, EMILY_INT16), *out[3];
  size_t n = 0;
  EXPECT(s, emily_diag(s, x, 0), SHAPE(2, 2), 1, 0, 0, 2);
  EXPECT(s, emily_diag(s, x, -1), SHAPE(3, 3), 0, 0, 0, 1, 0, 0, 0, 2, 0);
  EXPECT(s, emily_diag(s, emily_diag(s, x, 2), 2), SHAPE(2), 1, 2);
  EXPECT(s, emily_diag(s, emily_zeros(s, SHAPE(0), EMILY_INT8), 1), SHAPE(1, 1), 0);
  EXPECT(s, emily_identity(s, 2, EMILY_BOOL), SHAPE(2, 2), 1, 0, 0, 1);
  EXPECT(s, emily_iota(s, SHAPE(2, 3), -1, EMILY_UINT8), SHAPE(2, 3), 0, 1, 2, 0, 1, 2);
  EXPECT(s, emily_iota(s, SHAPE(2, 3), EMILY_NO_AXIS, EMILY_FLOAT16), SHAPE(2, 3), 0, 1, 2, 3, 4, 5);
  EXPECT(s, emily_empty_like(s, x), SHAPE(2), 0, 0);
  assert_int_equal(emily_meshgrid(s, (emily_array *[]){x, emily_zeros(s, SHAPE(3), EMILY_BOOL)}, 2, false, "xy", out, 3, &n), EMILY_OK);
  assert_int_equal(n, 2);
  EXPECT(s, out[0], SHAPE(3, 2), 1, 2, 1, 2, 1, 2);
  assert_int_equal(emily_meshgrid(s, (emily_array *[]){x, x}, 2, true, "ij", out, 3, &n), EMILY_OK);
  EXPECT(s, out[0], SHAPE(2, 1), 1, 2);
  EXPECT_NEAR(s, emily_hanning(s, 5), 1e-7, SHAPE(5), 0, 0.5, 1, 0.5, 0);
  EXPECT_NEAR(s, emily_hamming(s, 3), 1e-7, SHAPE(3), 0.08, 1, 0.08);
  EXPECT_NEAR(s, emily_blackman(s, 5), 1e-7, SHAPE(5), 0, 0.34, 1, 0.34, 0);
  EXPECT_NEAR(s, emily_bartlett(s, 4), 1e-7, SHAPE(4), 0, 0.6666667, 0.6666667, 0);
  EXPECT(s, emily_bartlett(s, 1), SHAPE(1), 1);
  assert_int_equal(emily_array_size(emily_hanning(s, -3)), 0);
  assert_int_equal(emily_meshgrid(s, out, 1, false, "yx", out, 3, &n), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "indexing is \"yx\"; it is one of \"xy\", \"ij\"");
  s = emily_scope_open(NULL);
  assert_null(emily_diag(s, test_range(s, 1, 2, EMILY_INT16), INT64_MAX));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "more than 2^63 elements");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges),         cmocka_unit_test(constants), cmocka_unit_test(triangles),
      cmocka_unit_test(casts_out_of_range), cmocka_unit_test(views_read_the_same_bytes),
      cmocka_unit_test(diagonals_grids_and_windows),
      cmocka_unit_test(storage_moves_and_does_not_compute),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
