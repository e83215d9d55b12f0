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

static void values_that_are_not_finite(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  expect_value_failure(emily_linalg_svdvals(s, FLOATS(s, SHAPE(1, 2), 1, NAN)), "svdvals: the matrix holds NaN or infinity");
  expect_value_failure(emily_linalg_svdvals(s, FLOATS(s, SHAPE(3, 1, 1), 1, 2, -INFINITY)), "(matrix 2 of the batch)");
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
      cmocka_unit_test(empty_matrices_and_batches),
      cmocka_unit_test(values_that_are_not_finite),
      cmocka_unit_test(hostile_operands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
