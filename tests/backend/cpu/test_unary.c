/* test_unary.c: every unary primitive against libm in float64, over dtypes, layouts and lengths, and what each
 * special value gives. */
#include "support/tensors.h"

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

static double neg(double x) { return -x; }
static double sign(double x) { return (x > 0) - (x < 0); }
static double square(double x) { return x * x; }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double silu(double x) { return x / (1 + exp(-x)); }
static double gelu(double x) { return x * (1 + erf(x / sqrt(2))) / 2; }
static double gelu_tanh(double x) { return x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2; }
static double not_zero(double x) { return x == 0; }
static double is_nan(double x) { return isnan(x) != 0; }
static double is_inf(double x) { return isinf(x) != 0; }
static double is_finite(double x) { return isfinite(x) != 0; }
static double same(double x) { return x; }
static double zero(double x) { return x * 0; }

/* Inputs are drawn from [low, high]. ulps: of the dtype, beyond the half that rounding costs, at results of size 1 or
 * the result's size; float32 functions of libm are within 2, the polynomial of erfinv within 8, gelu and silu lose
 * digits where they cancel. */
typedef struct row {
  emily__prim prim;
  double (*expected)(double);
  double low, high, ulps;
  bool to_bool;
} row;

static const row rows[] = {
    {EMILY__PRIM_negative, neg, -9, 9, 0, false},
    {EMILY__PRIM_sign, sign, -2, 2, 0, false},
    {EMILY__PRIM_floor, floor, -9, 9, 0, false},
    {EMILY__PRIM_ceil, ceil, -9, 9, 0, false},
    {EMILY__PRIM_trunc, trunc, -9, 9, 0, false},
    {EMILY__PRIM_round, rint, -9, 9, 0, false},
    {EMILY__PRIM_square, square, -9, 9, 0, false},
    {EMILY__PRIM_exp, exp, -9, 9, 2, false},
    {EMILY__PRIM_expm1, expm1, -3, 3, 2, false},
    {EMILY__PRIM_log, log, 0.1, 99, 2, false},
    {EMILY__PRIM_log2, log2, 0.1, 99, 2, false},
    {EMILY__PRIM_log10, log10, 0.1, 99, 2, false},
    {EMILY__PRIM_log1p, log1p, -0.9, 9, 2, false},
    {EMILY__PRIM_sqrt, sqrt, 0, 99, 0, false},
    {EMILY__PRIM_rsqrt, rsqrt, 0.01, 99, 2, false},
    {EMILY__PRIM_sin, sin, -20, 20, 3, false},
    {EMILY__PRIM_cos, cos, -20, 20, 3, false},
    {EMILY__PRIM_tan, tan, -1.5, 1.5, 3, false},
    {EMILY__PRIM_arcsin, asin, -1, 1, 3, false},
    {EMILY__PRIM_arccos, acos, -1, 1, 3, false},
    {EMILY__PRIM_arctan, atan, -9, 9, 3, false},
    {EMILY__PRIM_sinh, sinh, -5, 5, 3, false},
    {EMILY__PRIM_cosh, cosh, -5, 5, 3, false},
    {EMILY__PRIM_tanh, tanh, -5, 5, 3, false},
    {EMILY__PRIM_arcsinh, asinh, -9, 9, 3, false},
    {EMILY__PRIM_arccosh, acosh, 1, 9, 3, false},
    {EMILY__PRIM_arctanh, atanh, -0.9, 0.9, 3, false},
    {EMILY__PRIM_sigmoid, sigmoid, -20, 20, 4, false},
    {EMILY__PRIM_erf, erf, -4, 4, 4, false},
    {EMILY__PRIM_erfc, erfc, -4, 8, 4, false},
    {EMILY__PRIM_cbrt, cbrt, -9, 9, 2, false},
    {EMILY__PRIM_round_half_away, round, -9, 9, 0, false},
    {EMILY__PRIM_silu, silu, -20, 20, 4, false},
    {EMILY__PRIM_gelu, gelu, -6, 6, 4, false},
    {EMILY__PRIM_gelu_tanh, gelu_tanh, -6, 6, 6, false},
    {EMILY__PRIM_conjugate, same, -9, 9, 0, false},
    {EMILY__PRIM_abs, fabs, -9, 9, 0, false},
    {EMILY__PRIM_real, same, -9, 9, 0, false},
    {EMILY__PRIM_imag, zero, -9, 9, 0, false},
    {EMILY__PRIM_logical_not, not_zero, -1, 1, 0, true},
    {EMILY__PRIM_isnan, is_nan, -1, 1, 0, true},
    {EMILY__PRIM_isinf, is_inf, -1, 1, 0, true},
    {EMILY__PRIM_isfinite, is_finite, -1, 1, 0, true},
};

static double epsilon(emily_dtype dtype) {
  switch (dtype) {
    case EMILY_FLOAT16: return 0x1p-10;
    case EMILY_BFLOAT16: return 0x1p-7;
    case EMILY_FLOAT32: return 0x1p-23;
    default: return 0x1p-52;
  }
}

/* Half a unit for the result's rounding and `ulps` of the type computed in, which for 16-bit floats is float32.
 * Results below 1e-4 are compared absolutely there: subnormal float16 has fewer digits. The gelus add 1 to a number
 * near -1, so that their error is relative to x. */
static double tolerance(const row *r, emily_dtype dtype, double x, double expected) {
  bool cancels = r->prim == EMILY__PRIM_gelu || r->prim == EMILY__PRIM_gelu_tanh;
  double scale = fmax(fabs(expected), 1e-4), compute = dtype == EMILY_FLOAT64 ? 0x1p-52 : 0x1p-23;
  return scale * 0.5 * epsilon(dtype) + (cancels ? fmax(scale, fabs(x)) : scale) * r->ulps * compute +
         (dtype == EMILY_FLOAT16 ? 0x1p-25 : 0);
}

static void check(const row *r, emily_dtype dtype, const emily__tensor *x, int layout) {
  emily__tensor *out = tensor_new(r->to_bool ? EMILY_BOOL : dtype, x->ndim, x->shape);
  assert_int_equal(tensor_run(r->prim, NULL, out, INPUTS(tensor_laid_out(x, layout))), EMILY_OK);
  for (int64_t i = 0; i < x->size; i++) {
    double value = tensor_get(x, i), expected = r->expected(value), got = tensor_get(out, i);
    if (r->to_bool || !emily_dtype_is_float(dtype) ? got == expected
                                                   : fabs(got - expected) <= tolerance(r, dtype, value, expected))
      continue;
    fail_msg("%s of %s %.9g in layout %d is %.17g, not %.17g", emily__prim_name(r->prim), emily_dtype_name(dtype),
             value, layout, got, expected);
  }
}

static void floats_match_libm_in_every_layout(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
    for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT64; dtype++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++)
        check(&rows[k], dtype, tensor_random(dtype, DIMS(3, 7, 5), rows[k].low, rows[k].high), layout);
}

static void every_length_has_its_tail_right(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
    for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT32; dtype++)
      for (int64_t n = 0; n < 40; n++)
        check(&rows[k], dtype, tensor_random(dtype, DIMS(n), rows[k].low, rows[k].high), 0);
}

static void integers_and_bool_keep_their_dtype(void **state) {
  (void)state;
  const emily__prim prims[] = {
      EMILY__PRIM_sign,  EMILY__PRIM_floor,     EMILY__PRIM_ceil,     EMILY__PRIM_trunc, EMILY__PRIM_round,
      EMILY__PRIM_abs,   EMILY__PRIM_conjugate, EMILY__PRIM_real,     EMILY__PRIM_imag,  EMILY__PRIM_logical_not,
      EMILY__PRIM_isnan, EMILY__PRIM_isinf,     EMILY__PRIM_isfinite, EMILY__PRIM_square};
  for (size_t p = 0; p < sizeof prims / sizeof prims[0]; p++)
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
      for (emily_dtype dtype = EMILY_BOOL; rows[k].prim == prims[p] && dtype <= EMILY_INT64; dtype++)
        for (int layout = 0; layout < LAYOUT_COUNT; layout++)
          check(&rows[k], dtype, tensor_random(dtype, DIMS(2, 9, 5), emily_dtype_is_signed(dtype) ? -11 : 0, 11),
                layout);
}

static int64_t of_int(emily__prim prim, emily_dtype dtype, int64_t x) {
  emily__tensor *in = tensor_new(dtype, NO_DIMS), *out = tensor_new(dtype, NO_DIMS);
  tensor_set_int(in, 0, x);
  assert_int_equal(tensor_run(prim, NULL, out, INPUTS(in)), EMILY_OK);
  return tensor_get_int(out, 0);
}

static void integers_wrap(void **state) {
  (void)state;
  assert_int_equal(of_int(EMILY__PRIM_negative, EMILY_INT8, INT8_MIN), INT8_MIN);
  assert_int_equal(of_int(EMILY__PRIM_abs, EMILY_INT64, INT64_MIN), INT64_MIN);
  assert_int_equal(of_int(EMILY__PRIM_negative, EMILY_UINT16, 1), 65535);
  assert_int_equal(of_int(EMILY__PRIM_square, EMILY_UINT16, 65535), 1);
  assert_int_equal(of_int(EMILY__PRIM_square, EMILY_INT32, 65536), 0);
  assert_int_equal(of_int(EMILY__PRIM_bitwise_invert, EMILY_UINT8, 5), 250);
  assert_int_equal(of_int(EMILY__PRIM_bitwise_invert, EMILY_INT64, 5), -6);
  assert_int_equal(of_int(EMILY__PRIM_bitwise_invert, EMILY_BOOL, 1), 0);
}

static void bits_are_counted(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_UINT8; dtype <= EMILY_INT64; dtype++) {
    int64_t width = 8 * (int64_t)emily_dtype_size(dtype);
    assert_int_equal(of_int(EMILY__PRIM_count_leading_zeros, dtype, 0), width);
    assert_int_equal(of_int(EMILY__PRIM_population_count, dtype, 0), 0);
    assert_int_equal(of_int(EMILY__PRIM_population_count, dtype, -1), width);
    assert_int_equal(of_int(EMILY__PRIM_count_leading_zeros, dtype, -1), 0);
    for (int64_t bit = 0; bit < width; bit++) {
      int64_t one = (int64_t)(1ull << bit);
      assert_int_equal(of_int(EMILY__PRIM_count_leading_zeros, dtype, one), width - 1 - bit);
      assert_int_equal(of_int(EMILY__PRIM_population_count, dtype, one), 1);
      assert_int_equal(of_int(EMILY__PRIM_population_count, dtype, (int64_t)((1ull << bit) - 1)), bit);
    }
  }
}

static double of(emily__prim prim, emily_dtype dtype, double x) {
  bool to_bool = prim == EMILY__PRIM_logical_not || (prim >= EMILY__PRIM_isnan && prim <= EMILY__PRIM_isfinite);
  emily__tensor *out = tensor_new(to_bool ? EMILY_BOOL : dtype, NO_DIMS);
  assert_int_equal(tensor_run(prim, NULL, out, INPUTS(tensor_of(dtype, NO_DIMS, &x))), EMILY_OK);
  return tensor_get(out, 0);
}

static void special_values(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT64; dtype++) {
    assert_true(of(EMILY__PRIM_sign, dtype, NAN) == 0); /* as MLX's */
    assert_true(of(EMILY__PRIM_sign, dtype, -0.0) == 0 && !signbit(of(EMILY__PRIM_sign, dtype, -0.0)));
    assert_true(signbit(of(EMILY__PRIM_negative, dtype, 0.0)) && !signbit(of(EMILY__PRIM_negative, dtype, -0.0)));
    assert_true(!signbit(of(EMILY__PRIM_abs, dtype, -0.0)));
    assert_true(signbit(of(EMILY__PRIM_round, dtype, -0.4)) && of(EMILY__PRIM_round, dtype, 2.5) == 2);
    assert_true(of(EMILY__PRIM_round, dtype, -3.5) == -4 && signbit(of(EMILY__PRIM_conjugate, dtype, -0.0)));
    assert_true(isnan(of(EMILY__PRIM_sqrt, dtype, -1)) && isnan(of(EMILY__PRIM_exp, dtype, NAN)));
    assert_true(of(EMILY__PRIM_exp, dtype, -INFINITY) == 0 && of(EMILY__PRIM_exp, dtype, INFINITY) == INFINITY);
    assert_true(of(EMILY__PRIM_log, dtype, 0) == -INFINITY && isnan(of(EMILY__PRIM_log, dtype, -1)));
    assert_true(of(EMILY__PRIM_rsqrt, dtype, 0) == INFINITY);
    assert_true(of(EMILY__PRIM_sigmoid, dtype, -1e4) == 0 && of(EMILY__PRIM_sigmoid, dtype, 1e4) == 1);
    assert_true(of(EMILY__PRIM_silu, dtype, -1e4) == 0 && of(EMILY__PRIM_gelu, dtype, -1e4) == 0);
    assert_true(of(EMILY__PRIM_erfinv, dtype, 1) == INFINITY && of(EMILY__PRIM_erfinv, dtype, -1) == -INFINITY);
    assert_true(isnan(of(EMILY__PRIM_erfinv, dtype, 1.5)) && isnan(of(EMILY__PRIM_erfinv, dtype, NAN)));
    assert_true(signbit(of(EMILY__PRIM_erfinv, dtype, -0.0)));
    assert_true(of(EMILY__PRIM_isnan, dtype, NAN) == 1 && of(EMILY__PRIM_isnan, dtype, INFINITY) == 0);
    assert_true(of(EMILY__PRIM_isinf, dtype, -INFINITY) == 1 && of(EMILY__PRIM_isinf, dtype, NAN) == 0);
    assert_true(of(EMILY__PRIM_isfinite, dtype, NAN) == 0 && of(EMILY__PRIM_isfinite, dtype, INFINITY) == 0);
    assert_true(of(EMILY__PRIM_logical_not, dtype, -0.0) == 1 && of(EMILY__PRIM_logical_not, dtype, NAN) == 0);
  }
}

/* erf is well-conditioned where erfinv is not: y is right if erf(y) is x as far as x's own rounding goes. float32:
 * 7e-7 of y (the polynomial's error); float64: Halley's steps leave a few units. */
static void erfinv_inverts_erf(void **state) {
  (void)state;
  for (int i = 1; i < 2000; i++) {
    double x = i < 1000 ? i / 1000.0 : 1 - pow(0.985, i - 990), y = of(EMILY__PRIM_erfinv, EMILY_FLOAT64, x);
    double error = x < 0.5 ? erf(y) - x : (1 - x) - erfc(y), slope = 2 / sqrt(M_PI) * exp(-y * y);
    assert_true(fabs(error / slope) <= 1e-14 * y + 1e-300);
    float narrow = (float)x;
    if (narrow >= 1) continue;
    double reference = of(EMILY__PRIM_erfinv, EMILY_FLOAT64, narrow);
    assert_true(fabs(of(EMILY__PRIM_erfinv, EMILY_FLOAT32, narrow) - reference) <= 7e-7 * reference);
  }
  assert_true(fabs(of(EMILY__PRIM_erfinv, EMILY_FLOAT64, 1e-30) - 0.886226925452758e-30) < 1e-44);
}

static double complex of_parts(double re, double im) { return re + im * I; } /* finite ones */
typedef double complex of_complex(double complex);
static double complex c_neg(double complex z) { return -z; }
static double complex c_square(double complex z) { return z * z; }
static double complex c_rsqrt(double complex z) { return 1 / csqrt(z); }
static double complex c_log2(double complex z) { return clog(z) / M_LN2; }
static double complex c_log10(double complex z) { return clog(z) / M_LN10; }
static double complex c_log1p(double complex z) { return clog(1 + z); }
static double complex c_sign(double complex z) { return z / cabs(z); }
static double complex c_round(double complex z) { return of_parts(rint(creal(z)), rint(cimag(z))); }

static void complex_numbers_match_the_complex_library(void **state) {
  (void)state;
  const struct {
    emily__prim prim;
    of_complex *expected;
  } table[] = {{EMILY__PRIM_negative, c_neg},  {EMILY__PRIM_sign, c_sign},    {EMILY__PRIM_round, c_round},
               {EMILY__PRIM_square, c_square}, {EMILY__PRIM_exp, cexp},       {EMILY__PRIM_log, clog},
               {EMILY__PRIM_log2, c_log2},     {EMILY__PRIM_log10, c_log10},  {EMILY__PRIM_log1p, c_log1p},
               {EMILY__PRIM_sqrt, csqrt},      {EMILY__PRIM_rsqrt, c_rsqrt},  {EMILY__PRIM_sin, csin},
               {EMILY__PRIM_cos, ccos},        {EMILY__PRIM_tan, ctan},       {EMILY__PRIM_arcsin, casin},
               {EMILY__PRIM_arccos, cacos},    {EMILY__PRIM_arctan, catan},   {EMILY__PRIM_sinh, csinh},
               {EMILY__PRIM_cosh, ccosh},      {EMILY__PRIM_tanh, ctanh},     {EMILY__PRIM_arcsinh, casinh},
               {EMILY__PRIM_arccosh, cacosh},  {EMILY__PRIM_arctanh, catanh}, {EMILY__PRIM_conjugate, conj}};
  for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
      emily__tensor *x = tensor_random(EMILY_COMPLEX64, DIMS(3, 5), -2, 2),
                    *out = tensor_new(EMILY_COMPLEX64, DIMS(3, 5));
      assert_int_equal(tensor_run(table[k].prim, NULL, out, INPUTS(tensor_laid_out(x, layout))), EMILY_OK);
      for (int64_t i = 0; i < x->size; i++) {
        double complex expected = table[k].expected(of_parts(tensor_get(x, i), tensor_get_imag(x, i)));
        double error = cabs(of_parts(tensor_get(out, i), tensor_get_imag(out, i)) - expected);
        assert_true(error <= 2e-6 * (1 + cabs(expected))); /* float32 with a few roundings in each part */
      }
    }
}

static void complex_parts_and_predicates(void **state) {
  (void)state;
  emily__tensor *z = tensor_new(EMILY_COMPLEX64, DIMS(4)), *real = tensor_new(EMILY_FLOAT32, DIMS(4));
  emily__tensor *flags = tensor_new(EMILY_BOOL, DIMS(4));
  const double parts[4][2] = {{3, -4}, {NAN, 1}, {1, -INFINITY}, {0, -0.0}};
  for (int i = 0; i < 4; i++) tensor_set_complex(z, i, parts[i][0], parts[i][1]);
  const struct {
    emily__prim prim;
    double expected[4];
  } reals[] = {{EMILY__PRIM_abs, {5, NAN, INFINITY, 0}},
               {EMILY__PRIM_real, {3, NAN, 1, 0}},
               {EMILY__PRIM_imag, {-4, 1, -INFINITY, -0.0}}};
  for (int k = 0; k < 3; k++) {
    assert_int_equal(tensor_run(reals[k].prim, NULL, real, INPUTS(z)), EMILY_OK);
    for (int i = 0; i < 4; i++) {
      double got = tensor_get(real, i), expected = reals[k].expected[i];
      assert_true(isnan(expected) ? isnan(got) : got == expected && signbit(got) == signbit(expected));
    }
  }
  const struct {
    emily__prim prim;
    int expected[4];
  } bools[] = {{EMILY__PRIM_isnan, {0, 1, 0, 0}},
               {EMILY__PRIM_isinf, {0, 0, 1, 0}},
               {EMILY__PRIM_isfinite, {1, 0, 0, 1}},
               {EMILY__PRIM_logical_not, {0, 0, 0, 1}}};
  for (int k = 0; k < 4; k++) {
    assert_int_equal(tensor_run(bools[k].prim, NULL, flags, INPUTS(z)), EMILY_OK);
    for (int i = 0; i < 4; i++) assert_int_equal(tensor_get(flags, i), bools[k].expected[i]);
  }
}

static void in_place_is_right(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_BFLOAT16; dtype <= EMILY_FLOAT64; dtype++) {
    emily__tensor *x = tensor_random(dtype, DIMS(70, 19), -3, 3), *out = tensor_new(dtype, DIMS(70, 19));
    assert_int_equal(tensor_run(EMILY__PRIM_exp, NULL, out, INPUTS(x)), EMILY_OK);
    assert_int_equal(tensor_run_donated(EMILY__PRIM_exp, NULL, x, INPUTS(x), 0, 0), EMILY_OK);
    assert_true(tensors_same(x, out));
  }
}

static void large_tensors_use_the_pool_and_agree(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(300, 401), -3, 3),
                *out = tensor_new(EMILY_FLOAT32, DIMS(300, 401));
  assert_int_equal(tensor_run(EMILY__PRIM_tanh, NULL, out, INPUTS(x)), EMILY_OK);
  for (int64_t i = 0; i < 300; i += 7) { /* the same row alone: the same bits */
    emily__tensor *alone = tensor_new(EMILY_FLOAT32, DIMS(401));
    assert_int_equal(
        tensor_run(EMILY__PRIM_tanh, NULL, alone, INPUTS(tensor_view(x, i * 401, DIMS(401), (int64_t[]){1}))),
        EMILY_OK);
    assert_true(tensors_same(alone, tensor_view(out, i * 401, DIMS(401), (int64_t[]){1})));
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(floats_match_libm_in_every_layout),
      TEST(every_length_has_its_tail_right),
      TEST(integers_and_bool_keep_their_dtype),
      TEST(integers_wrap),
      TEST(special_values),
      TEST(erfinv_inverts_erf),
      TEST(bits_are_counted),
      TEST(complex_numbers_match_the_complex_library),
      TEST(complex_parts_and_predicates),
      TEST(in_place_is_right),
      TEST(large_tensors_use_the_pool_and_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
