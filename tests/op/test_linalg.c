/* test_linalg.c: matrices by hand, of one element, of none; singular ones; hostile shapes. */
#include "support/arrays.h"

#include <math.h>

static void singular_values_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *usv[3], *x = FLOATS(s, SHAPE(2, 2), 0, -4, 3, 0);
  assert_int_equal(emily_linalg_svd(s, x, true, usv), EMILY_OK);
  EXPECT_NEAR(s, usv[1], 1e-6, SHAPE(2), 4, 3);
  EXPECT_NEAR(s, emily_abs(s, usv[0]), 1e-6, SHAPE(2, 2), 1, 0, 0, 1);
  EXPECT_NEAR(s, emily_abs(s, usv[2]), 1e-6, SHAPE(2, 2), 0, 1, 1, 0);
  EXPECT_NEAR(s, emily_linalg_svdvals(s, FLOATS(s, SHAPE(2, 1, 2), 3, 4, 5, 12)), 1e-5, SHAPE(2, 1), 5, 13);
  assert_int_equal(emily_linalg_svd(s, FLOATS(s, SHAPE(1, 3), 0, 2, 0), false, usv), EMILY_OK);
  EXPECT_NEAR(s, emily_multiply(s, usv[0], usv[2]), 1e-6, SHAPE(1, 3), 0, 1, 0);
  test_close(s);
}

static void qr_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *qr[2], *x = FLOATS(s, SHAPE(2, 1), 3, 4);
  assert_int_equal(emily_linalg_qr(s, x, "reduced", qr), EMILY_OK);
  EXPECT_NEAR(s, emily_abs(s, qr[1]), 1e-6, SHAPE(1, 1), 5);
  EXPECT_NEAR(s, emily_matmul(s, qr[0], qr[1]), 1e-6, SHAPE(2, 1), 3, 4);
  assert_int_equal(emily_linalg_qr(s, x, "complete", qr), EMILY_OK);
  EXPECT_NEAR(s, emily_abs(s, qr[0]), 1e-6, SHAPE(2, 2), .6, .8, .8, .6);
  EXPECT_NEAR(s, emily_abs(s, qr[1]), 1e-6, SHAPE(2, 1), 5, 0);
  assert_int_equal(emily_linalg_qr(s, emily_ones(s, SHAPE(2, 0), EMILY_FLOAT64), "complete", qr), EMILY_OK);
  EXPECT(s, qr[0], SHAPE(2, 2), 1, 0, 0, 1);
  EXPECT(s, qr[1], SHAPE(2, 0), 0);
  assert_int_equal(emily_linalg_qr(s, x, "raw", qr), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "mode is \"reduced\" or \"complete\", not \"raw\"");
}

static void eigenvalues_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *wv[2], *x = FLOATS(s, SHAPE(2, 2), 2, 99, 1, 2); /* the upper triangle is not read */
  assert_int_equal(emily_linalg_eigh(s, x, "L", wv), EMILY_OK);
  EXPECT_NEAR(s, wv[0], 1e-6, SHAPE(2), 1, 3);
  EXPECT_NEAR(s, emily_abs(s, wv[1]), 1e-6, SHAPE(2, 2), sqrt(.5), sqrt(.5), sqrt(.5), sqrt(.5));
  EXPECT_NEAR(s, emily_linalg_eigvalsh(s, FLOATS(s, SHAPE(2, 2), 2, 1, NAN, 2), "u"), 1e-6, SHAPE(2), 1, 3);
  x = FLOATS(s, SHAPE(2, 2), 0, -1, 1, 0); /* a turn by a right angle: i and -i */
  EXPECT_NEAR(s, emily_abs(s, emily_imag(s, emily_linalg_eigvals(s, x))), 1e-6, SHAPE(2), 1, 1);
  assert_int_equal(emily_linalg_eig(s, x, wv), EMILY_OK);
  emily_array *apart = emily_subtract(s, emily_matmul(s, emily_astype(s, x, EMILY_COMPLEX64), wv[1]), emily_multiply(s, wv[1], wv[0]));
  EXPECT_NEAR(s, emily_abs(s, apart), 1e-6, SHAPE(2, 2), 0, 0, 0, 0);
  test_close(s);
}

static void factors_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *lu[3], *packed[2], *x = FLOATS(s, SHAPE(2, 2), 4, 99, 2, 5);
  EXPECT_NEAR(s, emily_linalg_cholesky(s, x, false), 1e-6, SHAPE(2, 2), 2, 0, 1, 2);
  EXPECT_NEAR(s, emily_linalg_cholesky(s, FLOATS(s, SHAPE(2, 2), 4, 2, 99, 5), true), 1e-6, SHAPE(2, 2), 2, 1, 0, 2);
  x = FLOATS(s, SHAPE(3, 2), 1, 2, 4, 4, 2, 2);
  assert_int_equal(emily_linalg_lu(s, x, lu), EMILY_OK);
  EXPECT(s, lu[0], SHAPE(3), 1, 0, 2);
  EXPECT(s, lu[1], SHAPE(3, 2), 1, 0, .25, 1, .5, 0);
  EXPECT(s, lu[2], SHAPE(2, 2), 4, 4, 0, 1);
  assert_int_equal(emily_linalg_lu_factor(s, x, packed), EMILY_OK);
  EXPECT(s, packed[0], SHAPE(3, 2), 4, 4, .25, 1, .5, 0);
  EXPECT(s, packed[1], SHAPE(2), 1, 1);
  test_close(s);
}

static void solutions_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 2), 0, 2, 4, 1), *l = FLOATS(s, SHAPE(2, 2), 2, 99, 1, 4);
  EXPECT(s, emily_linalg_inv(s, x), SHAPE(2, 2), -.125, .25, .5, 0);
  EXPECT(s, emily_linalg_solve(s, x, FLOATS(s, SHAPE(2), 2, 9)), SHAPE(2), 2, 1);
  EXPECT(s, emily_linalg_solve(s, x, FLOATS(s, SHAPE(2, 2, 1), 2, 9, 4, 2)), SHAPE(2, 2, 1), 2, 1, 0, 2);
  EXPECT(s, emily_linalg_tri_inv(s, l, false), SHAPE(2, 2), .5, 0, -.125, .25);
  emily_array *b = FLOATS(s, SHAPE(2), 2, 9);
  EXPECT(s, emily_linalg_solve_triangular(s, l, b, false, true, "none"), SHAPE(2), 1, 2);
  EXPECT(s, emily_linalg_solve_triangular(s, l, b, false, true, "transpose"), SHAPE(2), -.125, 2.25);
  EXPECT(s, emily_linalg_solve_triangular(s, l, b, false, false, "none"), SHAPE(2), -.125, 2.25);
  EXPECT_NEAR(s, emily_linalg_pinv(s, FLOATS(s, SHAPE(1, 2), 3, 4)), 1e-7, SHAPE(2, 1), .12, .16);
  EXPECT_NEAR(s, emily_linalg_cholesky_inv(s, FLOATS(s, SHAPE(1, 1), 2), true), 0, SHAPE(1, 1), .25);
  test_close(s);
}

static void determinants_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *sl[2], *x = FLOATS(s, SHAPE(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
  EXPECT(s, emily_linalg_det(s, x), SCALAR, 0);
  EXPECT(s, emily_linalg_det(s, emily_astype(s, FLOATS(s, SHAPE(2, 2), 1, 2, 3, 4), EMILY_INT8)), SCALAR, -2);
  EXPECT(s, emily_linalg_det(s, FLOATS(s, SHAPE(4, 4), 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3)), SCALAR, -6);
  assert_int_equal(emily_linalg_slogdet(s, x, sl), EMILY_OK);
  EXPECT(s, sl[0], SCALAR, 0);
  EXPECT(s, sl[1], SCALAR, -INFINITY);
  EXPECT(s, emily_linalg_det(s, emily_ones(s, SHAPE(2, 0, 0), EMILY_FLOAT16)), SHAPE(2), 1, 1);
  x = emily_multiply(s, emily_eye(s, 300, 300, 0, EMILY_FLOAT32), FLOATS(s, SCALAR, -8)); /* 2^900 */
  assert_int_equal(emily_linalg_slogdet(s, x, sl), EMILY_OK);
  EXPECT(s, sl[0], SCALAR, 1);
  EXPECT_NEAR(s, sl[1], 1e-4, SCALAR, 900 * log(2));
  EXPECT(s, emily_linalg_det(s, x), SCALAR, INFINITY);
  EXPECT(s, emily_linalg_det(s, emily_astype(s, x, EMILY_FLOAT64)), SCALAR, 0x1p900);
  test_close(s);
}

/* Zero-size: nothing to decompose; the vectors of a full decomposition are a unit matrix's. */
static void empty_matrices_and_batches(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *usv[3];
  assert_int_equal(emily_linalg_svd(s, emily_ones(s, SHAPE(0, 2), EMILY_FLOAT64), true, usv), EMILY_OK);
  EXPECT(s, usv[0], SHAPE(0, 0), 0);
  EXPECT(s, usv[1], SHAPE(0), 0);
  EXPECT(s, usv[2], SHAPE(2, 2), 1, 0, 0, 1);
  assert_int_equal(emily_linalg_svd(s, emily_ones(s, SHAPE(0, 2, 2), EMILY_FLOAT32), true, usv), EMILY_OK);
  EXPECT(s, usv[0], SHAPE(0, 2, 2), 0);
  assert_int_equal(emily_linalg_svd(s, emily_ones(s, SHAPE(3, 2, 0), EMILY_COMPLEX64), false, usv), EMILY_OK);
  EXPECT(s, usv[0], SHAPE(3, 2, 0), 0);
  test_close(s);
}

/* The evaluation fails with words, and the array may be evaluated again. */
static void expect_value_failure(emily_array *y, const char *text) {
  assert_non_null(y);
  assert_int_equal(emily_eval(&y, 1), EMILY_INVALID_ARGUMENT);
  if (!strstr(emily_last_error()->message, text)) fail_msg("%s", emily_last_error()->message);
}

static void matrices_that_have_no_answer(void **state) {
  (void)state;
  for (int64_t n = 2; n <= 32; n += 30) { /* by our own loops, and by LAPACK */
    emily_scope *s = emily_scope_open(NULL);
    emily_array *zeros = emily_zeros(s, (int64_t[]){3, n, n}, 3, EMILY_FLOAT32), *b = emily_ones(s, &n, 1, EMILY_FLOAT32);
    expect_value_failure(emily_linalg_inv(s, zeros), "inv: the matrix is singular (matrix 0 of the batch)");
    expect_value_failure(emily_linalg_solve(s, zeros, b), "solve: the matrix is singular");
    expect_value_failure(emily_linalg_tri_inv(s, zeros, false), "tri_inv: the matrix is singular");
    expect_value_failure(emily_linalg_solve_triangular(s, zeros, b, true, true, "none"), "a zero is on its diagonal");
    expect_value_failure(emily_linalg_cholesky(s, zeros, false), "cholesky: the matrix is not positive definite");
    test_close(s);
  }
}

static void values_that_are_not_finite(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  expect_value_failure(emily_linalg_svdvals(s, FLOATS(s, SHAPE(1, 2), 1, NAN)), "svdvals: the matrix holds NaN or infinity");
  expect_value_failure(emily_linalg_svdvals(s, FLOATS(s, SHAPE(3, 1, 1), 1, 2, -INFINITY)), "(matrix 2 of the batch)");
  expect_value_failure(emily_linalg_eigvals(s, FLOATS(s, SHAPE(1, 1), NAN)), "eigvals: the matrix holds NaN or infinity");
  expect_value_failure(emily_linalg_eigvalsh(s, FLOATS(s, SHAPE(1, 1), NAN), "L"), "eigvalsh: the matrix holds NaN or infinity");
  test_close(s);
}

static void hostile_operands(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *usv[3];
  assert_int_equal(emily_linalg_svd(s, emily_ones(s, SHAPE(3), EMILY_FLOAT32), true, usv), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_linalg_svd: a matrix has two axes or more; this array has 1");
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_svdvals(s, emily_ones(s, SHAPE(3, 3), EMILY_INT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "matrices are float32, float64 or complex64; cast int32 first");
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_inv(s, emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_linalg_inv: the matrix is not square (operands: float32 [2, 3])");
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_solve(s, emily_ones(s, SHAPE(2, 2), EMILY_FLOAT32), emily_ones(s, SHAPE(3), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "b has not the 2 rows of a");
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_solve(s, emily_ones(s, SHAPE(2, 2), EMILY_FLOAT32), FLOATS(s, SCALAR, 1)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "b has not the 2 rows of a");
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_solve(s, emily_ones(s, SHAPE(2, 2, 2), EMILY_FLOAT32), emily_ones(s, SHAPE(3, 2, 2), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "the batch axes do not broadcast");
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_eigvalsh(s, emily_ones(s, SHAPE(2, 2), EMILY_FLOAT32), NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "UPLO is \"L\" or \"U\", not \"NULL\"");
  s = emily_scope_open(NULL);
  emily_array *one = emily_ones(s, SHAPE(2, 2), EMILY_FLOAT32);
  assert_null(emily_linalg_solve_triangular(s, one, one, false, true, "inverse"));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "transform is \"none\", \"transpose\" or \"conjugate\", not \"inverse\"");
  s = emily_scope_open(NULL); /* an array without memory: one number seen everywhere */
  emily_array *y = emily_linalg_svdvals(s, emily_broadcast_to(s, FLOATS(s, SCALAR, 1), SHAPE(1 << 20, 1 << 20)));
  assert_int_equal(emily_eval(&y, 1), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "too large for LAPACK"));
  test_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(singular_values_by_hand),
      cmocka_unit_test(qr_by_hand),
      cmocka_unit_test(eigenvalues_by_hand),
      cmocka_unit_test(factors_by_hand),
      cmocka_unit_test(solutions_by_hand),
      cmocka_unit_test(determinants_by_hand),
      cmocka_unit_test(empty_matrices_and_batches),
      cmocka_unit_test(matrices_that_have_no_answer),
      cmocka_unit_test(values_that_are_not_finite),
      cmocka_unit_test(hostile_operands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
