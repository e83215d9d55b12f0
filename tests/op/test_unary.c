/* test_unary.c: functions of one operand: known values, dtype rules, signs of zero, strided operands. */
#include "support/arrays.h"

#include <math.h>

static void known_values(void **state) {
  (void)state;
  const struct { emily_array *(*op)(emily_scope *, emily_array *); double in, out; } known[] = {
      {emily_exp, 1, 2.718281828459045}, {emily_expm1, 1e-10, 1.00000000005e-10}, {emily_log, 10, 2.302585092994046}, {emily_log2, 8, 3},
      {emily_log10, 1000, 3}, {emily_log1p, 1e-10, 9.9999999995e-11}, {emily_sqrt, 2, 1.4142135623730951}, {emily_rsqrt, 4, 0.5},
      {emily_reciprocal, -4, -0.25}, {emily_sin, 1, 0.8414709848078965}, {emily_cos, 1, 0.5403023058681398}, {emily_tan, 1, 1.5574077246549023},
      {emily_arcsin, 1, 1.5707963267948966}, {emily_arccos, 0, 1.5707963267948966}, {emily_arctan, 1, 0.7853981633974483},
      {emily_sinh, 1, 1.1752011936438014}, {emily_cosh, 1, 1.5430806348152437}, {emily_tanh, 1, 0.7615941559557649},
      {emily_arcsinh, 1, 0.881373587019543}, {emily_arccosh, 2, 1.3169578969248166}, {emily_arctanh, 0.5, 0.5493061443340549},
      {emily_sigmoid, 0, 0.5}, {emily_erf, 1, 0.8427007929497149}, {emily_erfc, 4, 1.541725790028002e-8}, {emily_cbrt, -27, -3}, {emily_erfinv, 0.5, 0.4769362762044699}, {emily_silu, 1, 0.7310585786300049},
      {emily_relu, -3, 0}, {emily_square, -3, 9}, {emily_degrees, 3.141592653589793, 180}, {emily_radians, 180, 3.141592653589793},
      {emily_floor, -1.5, -2}, {emily_ceil, -1.5, -1}, {emily_trunc, -1.5, -1}, {emily_abs, -2.5, 2.5}, {emily_sign, -7, -1}, {emily_negative, 3, -3}};
  emily_scope *s = emily_scope_open(NULL);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    emily_array *x = emily_scope_adopt(s, emily_array_from_float(known[i].in, EMILY_FLOAT64));
    EXPECT_NEAR(s, known[i].op(s, x), fabs(known[i].out) * 1e-15, SCALAR, known[i].out);
    emily_array *many = emily_flip(s, emily_astype(s, emily_broadcast_to(s, x, SHAPE(19)), EMILY_FLOAT32), NULL, 0);
    emily_array *worst = emily_max(s, emily_abs(s, emily_subtract(s, known[i].op(s, many), FLOATS(s, SCALAR, (float)known[i].out))), NULL, 0, false);
    EXPECT_NEAR(s, worst, fabs(known[i].out) * 4 * 0x1p-23, SCALAR, 0); /* 4 units of the last place of float32 */
  }
  EXPECT_NEAR(s, emily_gelu(s, FLOATS(s, SHAPE(2), 1, -1), false), 1e-6, SHAPE(2), 0.8413447460685429, -0.15865525393145707);
  EXPECT_NEAR(s, emily_gelu(s, FLOATS(s, SHAPE(2), 1, -1), true), 1e-6, SHAPE(2), 0.8411919906082768, -0.15880800939172324);
  test_close(s);
}

static void halves_round_to_even(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT(s, emily_round(s, FLOATS(s, SHAPE(5), 0.5, 1.5, 2.5, -0.5, -1.5), 0), SHAPE(5), 0, 2, 2, -0.0, -2);
  EXPECT_NEAR(s, emily_round(s, FLOATS(s, SHAPE(2), 1.234f, -5.678f), 2), 1e-6, SHAPE(2), 1.23, -5.68);
  EXPECT(s, emily_round(s, emily_astype(s, FLOATS(s, SHAPE(2), 1234, -5678), EMILY_INT32), -2), SHAPE(2), 1200, -5700);
  EXPECT_NEAR(s, emily_round(s, emily_astype(s, FLOATS(s, SHAPE(2), 22.13f, -0.5f), EMILY_FLOAT16), 3), 0x1p-7, SHAPE(2), 22.125, -0.5); /* 22.13 of float16 */
  test_close(s);
}

static void integers_become_float32(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *i = emily_ones(s, SHAPE(2), EMILY_INT16), *b = emily_ones(s, SHAPE(2), EMILY_BOOL);
  assert_int_equal(emily_array_dtype(emily_exp(s, i)), EMILY_FLOAT32);
  assert_int_equal(emily_array_dtype(emily_sqrt(s, b)), EMILY_FLOAT32);
  assert_int_equal(emily_array_dtype(emily_floor(s, i)), EMILY_INT16);
  assert_int_equal(emily_array_dtype(emily_abs(s, emily_ones(s, SHAPE(1), EMILY_COMPLEX64))), EMILY_FLOAT32);
  assert_int_equal(emily_array_dtype(emily_isnan(s, i)), EMILY_BOOL);
  EXPECT(s, emily_abs(s, emily_scope_adopt(s, emily_array_from_int(INT8_MIN, EMILY_INT8))), SCALAR, INT8_MIN); /* wraps */
  EXPECT(s, emily_negative(s, emily_scope_adopt(s, emily_array_from_int(1, EMILY_UINT8))), SCALAR, 255);
  EXPECT(s, emily_bitwise_invert(s, i), SHAPE(2), -2, -2);
  EXPECT(s, emily_bitwise_invert(s, b), SHAPE(2), 0, 0);
  EXPECT(s, emily_isfinite(s, i), SHAPE(2), 1, 1);
  EXPECT(s, emily_imag(s, i), SHAPE(2), 0, 0);
  test_close(s);
}

static void negative_zero_keeps_its_sign(void **state) {
  (void)state;
  const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT64};
  emily_array *(*const keep[])(emily_scope *, emily_array *) = {emily_copy, emily_floor, emily_ceil, emily_trunc, emily_sqrt, emily_sin, emily_tan, emily_arcsinh, emily_expm1, emily_log1p, emily_tanh};
  emily_scope *s = emily_scope_open(NULL);
  for (int d = 0; d < 4; d++) {
    emily_array *minus = emily_astype(s, emily_broadcast_to(s, FLOATS(s, SCALAR, -0.0f), SHAPE(21)), dtypes[d]), *plus = emily_negative(s, minus);
    emily_array *one = emily_ones(s, SCALAR, dtypes[d]);
    EXPECT(s, emily_all(s, emily_equal(s, emily_divide(s, one, plus), emily_scope_adopt(s, emily_array_from_float(INFINITY, dtypes[d]))), NULL, 0, false), SCALAR, 1);
    for (size_t k = 0; k < sizeof keep / sizeof *keep; k++)
      EXPECT(s, emily_all(s, emily_less(s, emily_divide(s, one, keep[k](s, minus)), one), NULL, 0, false), SCALAR, 1); /* -infinity */
  }
  test_close(s);
}

static void infinities_nan_and_signs(void **state) {
  (void)state;
  const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT64};
  const double largest[] = {0x1.FFFFFEp127, 65504, 0x1.FEp127, 0x1.FFFFFFFFFFFFFp1023};
  emily_scope *s = emily_scope_open(NULL);
  emily_array *odd = FLOATS(s, SHAPE(6), INFINITY, -INFINITY, NAN, -0.0f, 2.5f, -2.5f);
  for (int d = 0; d < 4; d++) {
    emily_array *x = emily_astype(s, odd, dtypes[d]);
    EXPECT(s, emily_nan_to_num(s, x, 0, INFINITY, -INFINITY), SHAPE(6), largest[d], -largest[d], 0, -0.0, 2.5, -2.5);
    EXPECT(s, emily_nan_to_num(s, x, 7, INFINITY, 1), SHAPE(6), largest[d], 1, 7, -0.0, 2.5, -2.5);
    EXPECT(s, emily_isposinf(s, x), SHAPE(6), 1, 0, 0, 0, 0, 0);
    EXPECT(s, emily_isneginf(s, x), SHAPE(6), 0, 1, 0, 0, 0, 0);
    EXPECT(s, emily_signbit(s, emily_copysign(s, emily_ones(s, SHAPE(6), dtypes[d]), x)), SHAPE(6), 0, 1, 0, 1, 0, 1);
    EXPECT(s, emily_slice(s, emily_round_half_away(s, x), INTS(3), INTS(6), NULL), SHAPE(3), -0.0, 3, -3);
  }
  EXPECT(s, emily_signbit(s, emily_scope_adopt(s, emily_array_from_int(-1, EMILY_INT8))), SCALAR, 1);
  EXPECT(s, emily_fmod(s, FLOATS(s, SHAPE(4), 7, -7, 7, -7), FLOATS(s, SHAPE(4), 3, 3, -3, -3)), SHAPE(4), 1, -1, 1, -1);
  EXPECT(s, emily_quotient(s, FLOATS(s, SHAPE(4), 7, -7, 7, -7), FLOATS(s, SHAPE(4), 3, 3, -3, -3)), SHAPE(4), 2, -2, -2, 2);
  emily_array *lowest = emily_scope_adopt(s, emily_array_from_int(INT64_MIN, EMILY_INT64)), *minus = emily_scope_adopt(s, emily_array_from_int(-1, EMILY_INT64));
  EXPECT(s, emily_equal(s, emily_quotient(s, lowest, minus), lowest), SCALAR, 1); /* wraps */
  EXPECT(s, emily_fmod(s, lowest, emily_scope_adopt(s, emily_array_from_int(0, EMILY_INT64))), SCALAR, 0);
  assert_null(emily_population_count(s, odd));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "only integers have bits to count");
}

static void refusals(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_negative(s, emily_ones(s, SHAPE(2), EMILY_BOOL)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_negative: bool has no negative; use emily_logical_not (operands: bool [2])");
  s = emily_scope_open(NULL);
  assert_null(emily_bitwise_invert(s, emily_ones(s, SHAPE(2), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "only integers and bools have bits to flip");
  s = emily_scope_open(NULL);
  assert_null(emily_erf(s, emily_ones(s, SHAPE(2), EMILY_COMPLEX64)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_erf: there is no complex version (operands: complex64 [2])");
  s = emily_scope_open(NULL);
  assert_null(emily_exp(s, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_exp: operand 0 is NULL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_values),
      cmocka_unit_test(halves_round_to_even),
      cmocka_unit_test(integers_become_float32),
      cmocka_unit_test(negative_zero_keeps_its_sign),
      cmocka_unit_test(infinities_nan_and_signs),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
