/* test_linalg_norm.c: norms and cross products by hand; what overflows in 16 bits; hostile orders and axes. */
#include "support/arrays.h"

#include <math.h>

static emily_array *norm(emily_scope *s, emily_array *x, const char *ord) { return emily_linalg_norm(s, x, ord, NULL, 0, false); }

static void vectors(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3), 3, 0, -4);
  EXPECT(s, norm(s, x, ""), SCALAR, 5);
  EXPECT(s, norm(s, x, "2"), SCALAR, 5);
  EXPECT(s, norm(s, x, "0"), SCALAR, 2);
  EXPECT(s, norm(s, x, "1"), SCALAR, 7);
  EXPECT(s, norm(s, x, "inf"), SCALAR, 4);
  EXPECT(s, norm(s, x, "-inf"), SCALAR, 0);
  EXPECT_NEAR(s, norm(s, x, "3"), 1e-6, SCALAR, cbrt(91));
  EXPECT(s, emily_linalg_norm(s, FLOATS(s, SHAPE(2, 2), 3, 6, 4, 8), "", INTS(0), 1, true), SHAPE(1, 2), 5, 10);
  EXPECT(s, emily_linalg_norm(s, FLOATS(s, SHAPE(2, 2), 1, 1, 1, 1), "", NULL, 0, true), SHAPE(1, 1), 2);
  EXPECT(s, norm(s, FLOATS(s, SCALAR, -3), ""), SCALAR, 3);
  EXPECT(s, norm(s, emily_zeros(s, SHAPE(0), EMILY_FLOAT32), ""), SCALAR, 0);
  test_close(s);
}

static void matrices(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 2), 0, -4, 3, 0);
  EXPECT(s, norm(s, x, "fro"), SCALAR, 5);
  EXPECT_NEAR(s, norm(s, x, "nuc"), 1e-5, SCALAR, 7);
  EXPECT_NEAR(s, norm(s, x, "2"), 1e-5, SCALAR, 4);
  EXPECT_NEAR(s, norm(s, x, "-2"), 1e-5, SCALAR, 3);
  EXPECT(s, norm(s, x, "1"), SCALAR, 4);
  EXPECT(s, norm(s, x, "-1"), SCALAR, 3);
  x = FLOATS(s, SHAPE(1, 2, 3), 1, 2, 3, 4, 5, 6);
  EXPECT(s, emily_linalg_norm(s, x, "1", INTS(1, 2), 2, false), SHAPE(1), 9);
  EXPECT(s, emily_linalg_norm(s, x, "1", INTS(2, 1), 2, true), SHAPE(1, 1, 1), 15);
  EXPECT(s, emily_linalg_norm(s, x, "inf", INTS(-2, -1), 2, false), SHAPE(1), 15);
  test_close(s);
}

/* Squares of 60000 are beyond 16 bits, their root is not; those of int8 would wrap. */
static void norms_float16_overflow(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_astype(s, FLOATS(s, SHAPE(2), 6e4, 0), EMILY_FLOAT16);
  EXPECT(s, norm(s, x, ""), SCALAR, 6e4);
  assert_int_equal(emily_array_dtype(norm(s, x, "2")), EMILY_FLOAT16);
  EXPECT(s, norm(s, emily_astype(s, FLOATS(s, SHAPE(2), 60, 80), EMILY_INT8), ""), SCALAR, 100);
  test_close(s);
}

static void refusals(void **state) {
  (void)state;
  static const struct {
    const char *ord;
    int32_t ndim;
    const char *text;
  } cases[] = {{"nan", 1, "ord is a number"},          {"2x", 1, "not \"2x\""},  {NULL, 1, "not \"NULL\""},
               {"fro", 1, "name two axes"},            {"3", 2, "ord 3 is for vectors"}, {"2", 3, "not of 3"},
               {"2", 0, "there is no axis"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    emily_scope *s = emily_scope_open(NULL);
    assert_null(norm(s, emily_ones(s, (int64_t[]){2, 2, 2}, cases[i].ndim, EMILY_FLOAT32), cases[i].ord));
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, cases[i].text);
  }
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_linalg_norm(s, emily_ones(s, SHAPE(2, 2), EMILY_FLOAT32), "", INTS(0, -2), 2, false));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "axis 0 is named twice");
}

static void cross_products(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3), 1, 2, 3), *y = FLOATS(s, SHAPE(2, 3), 4, 5, 6, 1, 2, 3);
  EXPECT(s, emily_linalg_cross(s, x, y, -1), SHAPE(2, 3), -3, 6, -3, 0, 0, 0);
  EXPECT(s, emily_linalg_cross(s, FLOATS(s, SHAPE(2), 1, 2), FLOATS(s, SHAPE(3), 4, 5, 6), -1), SHAPE(3), 12, -6, -3);
  EXPECT(s, emily_linalg_cross(s, FLOATS(s, SHAPE(2), 1, 2), FLOATS(s, SHAPE(2), 4, 5), 0), SHAPE(3), 0, 0, -3);
  test_close(s);
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_cross(s, emily_ones(s, SHAPE(4), EMILY_FLOAT32), emily_ones(s, SHAPE(3), EMILY_FLOAT32), -1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "the axis has 4 elements, not 2 or 3");
  s = emily_scope_open(NULL);
  assert_null(emily_linalg_cross(s, emily_ones(s, SHAPE(3), EMILY_FLOAT32), emily_ones(s, SHAPE(3, 3), EMILY_FLOAT32), 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "count the axis from the end");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vectors),   cmocka_unit_test(matrices),       cmocka_unit_test(norms_float16_overflow),
      cmocka_unit_test(refusals), cmocka_unit_test(cross_products),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
