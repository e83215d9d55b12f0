/* test_binary.c: the binary primitives and select: against float64 and 128-bit references over dtypes, layouts,
 * broadcasts and lengths; and what is defined where C says nothing. */
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

/* ---- floats ---- */

static double add(double a, double b) { return a + b; }
static double subtract(double a, double b) { return a - b; }
static double multiply(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }
static double floored_mod(double a, double b) {
  double r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
static double maximum(double a, double b) { return a > b ? a : b; }
static double minimum(double a, double b) { return a < b ? a : b; }
static double logaddexp(double a, double b) { return log(exp(a) + exp(b)); }
static double equal(double a, double b) { return a == b; }
static double not_equal(double a, double b) { return a != b; }
static double less(double a, double b) { return a < b; }
static double less_equal(double a, double b) { return a <= b; }
static double greater(double a, double b) { return a > b; }
static double greater_equal(double a, double b) { return a >= b; }
static double logical_and(double a, double b) { return a && b; }
static double logical_or(double a, double b) { return a || b; }

/* ulps beyond the rounding of the result, of float32 for 16-bit floats: libm's powf and
 * atan2f are within 2; remainder may round r + b once more. */
static const struct {
  emily__prim prim;
  double (*expected)(double, double);
  double low, ulps;
  bool to_bool;
} rows[] = {
    {EMILY__PRIM_add, add, -9, 0, false},
    {EMILY__PRIM_subtract, subtract, -9, 0, false},
    {EMILY__PRIM_multiply, multiply, -9, 0, false},
    {EMILY__PRIM_divide, divide, 0.5, 0, false},
    {EMILY__PRIM_remainder, floored_mod, 0.5, 1, false},
    {EMILY__PRIM_power, pow, 0.1, 3, false},
    {EMILY__PRIM_maximum, maximum, -9, 0, false},
    {EMILY__PRIM_minimum, minimum, -9, 0, false},
    {EMILY__PRIM_arctan2, atan2, -9, 2, false},
    {EMILY__PRIM_logaddexp, logaddexp, -9, 3, false},
    {EMILY__PRIM_equal, equal, -9, 0, true},
    {EMILY__PRIM_not_equal, not_equal, -9, 0, true},
    {EMILY__PRIM_less, less, -9, 0, true},
    {EMILY__PRIM_less_equal, less_equal, -9, 0, true},
    {EMILY__PRIM_greater, greater, -9, 0, true},
    {EMILY__PRIM_greater_equal, greater_equal, -9, 0, true},
    {EMILY__PRIM_logical_and, logical_and, -9, 0, true},
    {EMILY__PRIM_logical_or, logical_or, -9, 0, true},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static double epsilon(emily_dtype dtype) {
  switch (dtype) {
    case EMILY_FLOAT16: return 0x1p-10;
    case EMILY_BFLOAT16: return 0x1p-7;
    case EMILY_FLOAT32: return 0x1p-23;
    default: return 0x1p-52;
  }
}

static void check_floats(int k, const emily__tensor *a, const emily__tensor *b) {
  emily__tensor *out = tensor_new(rows[k].to_bool ? EMILY_BOOL : a->dtype, a->ndim, a->shape);
  assert_int_equal(tensor_run(rows[k].prim, NULL, out, INPUTS(a, b)), EMILY_OK);
  for (int64_t i = 0; i < a->size; i++) {
    double x = tensor_get(a, i), y = tensor_get(b, i), expected = rows[k].expected(x, y), got = tensor_get(out, i);
    double compute = a->dtype == EMILY_FLOAT64 ? 0x1p-52 : 0x1p-23, scale = fmax(fabs(expected), 0x1p-10);
    if (rows[k].prim == EMILY__PRIM_logaddexp) scale = 1 + fmax(fabs(x), fabs(y)); /* a sum that may cancel */
    double tolerance = rows[k].to_bool ? 0 : scale * (0.5 * epsilon(a->dtype) + rows[k].ulps * compute);
    if (!(fabs(got - expected) <= tolerance))
      fail_msg("%s(%.9g, %.9g) of %s is %.17g, not %.17g", emily__prim_name(rows[k].prim), x, y,
               emily_dtype_name(a->dtype), got, expected);
  }
}

static void floats_in_every_pair_of_layouts(void **state) {
  (void)state;
  for (int k = 0; k < ROWS; k++)
    for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_FLOAT64; dtype++) {
      emily__tensor *a = tensor_random(dtype, DIMS(3, 7, 5), rows[k].low, 4),
                    *b = tensor_random(dtype, DIMS(3, 7, 5), rows[k].low, 4);
      for (int64_t i = 0; i < 9; i++) tensor_set(b, 11 * i, tensor_get(a, 11 * i)); /* some are equal */
      for (int la = 0; la < LAYOUT_COUNT; la++)
        for (int lb = 0; lb < LAYOUT_COUNT; lb++) check_floats(k, tensor_laid_out(a, la), tensor_laid_out(b, lb));
    }
}

/* Constants, rows, columns and one number on either side, at lengths around the block's and the vector's. */
static void broadcasts(void **state) {
  (void)state;
  const int64_t lengths[] = {1, 2, 3, 7, 63, 64, 65, 511, 512, 513, 1025};
  for (int k = 0; k < ROWS; k++)
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++)
      for (emily_dtype dtype = EMILY_BFLOAT16; dtype <= EMILY_FLOAT32; dtype++) {
        int64_t n = lengths[l];
        emily__tensor *a = tensor_random(dtype, DIMS(3, n), rows[k].low, 4);
        const int64_t patterns[4][2] = {{0, 0}, {0, 1}, {n, 0}, {n, 1}};
        for (int p = 0; p < 4; p++) {
          emily__tensor *b =
              tensor_view(tensor_random(dtype, DIMS(3, n), rows[k].low, 4), 0, DIMS(3, n), patterns[p]);
          check_floats(k, a, b);
          check_floats(k, b, a);
        }
      }
}

static double of(emily__prim prim, emily_dtype dtype, double a, double b) {
  bool to_bool = prim >= EMILY__PRIM_equal && prim <= EMILY__PRIM_logical_or;
  emily__tensor *out = tensor_new(to_bool ? EMILY_BOOL : dtype, NO_DIMS);
  assert_int_equal(tensor_run(prim, NULL, out, INPUTS(tensor_of(dtype, NO_DIMS, &a), tensor_of(dtype, NO_DIMS, &b))),
                   EMILY_OK);
  return tensor_get(out, 0);
}

static void special_floats(void **state) {
  (void)state;
  for (emily_dtype d = EMILY_FLOAT16; d <= EMILY_FLOAT64; d++) {
    for (int swap = 0; swap < 2; swap++) {
      double a = swap ? 1 : NAN, b = swap ? NAN : 1;
      assert_true(isnan(of(EMILY__PRIM_maximum, d, a, b)) && isnan(of(EMILY__PRIM_minimum, d, a, b)));
      assert_true(isnan(of(EMILY__PRIM_logaddexp, d, a, b)) && of(EMILY__PRIM_less, d, a, b) == 0);
      assert_true(of(EMILY__PRIM_not_equal, d, a, b) == 1 && of(EMILY__PRIM_logical_and, d, a, b) == 1);
    }
    assert_true(of(EMILY__PRIM_equal, d, NAN, NAN) == 0 && of(EMILY__PRIM_equal, d, 0.0, -0.0) == 1);
    assert_true(of(EMILY__PRIM_logical_or, d, -0.0, 0) == 0);
    assert_true(of(EMILY__PRIM_divide, d, -1, 0) == -INFINITY && isnan(of(EMILY__PRIM_divide, d, 0, 0)));
    assert_true(of(EMILY__PRIM_logaddexp, d, INFINITY, INFINITY) == INFINITY);
    assert_true(of(EMILY__PRIM_logaddexp, d, -INFINITY, -INFINITY) == -INFINITY);
    assert_true(of(EMILY__PRIM_power, d, 0, 0) == 1 && of(EMILY__PRIM_power, d, NAN, 0) == 1);
    /* remainder and floor division: every pair of signs */
    assert_true(of(EMILY__PRIM_remainder, d, 7.5, 2) == 1.5 && of(EMILY__PRIM_remainder, d, -7.5, 2) == 0.5);
    assert_true(of(EMILY__PRIM_remainder, d, 7.5, -2) == -0.5 && of(EMILY__PRIM_remainder, d, -7.5, -2) == -1.5);
    assert_true(isnan(of(EMILY__PRIM_remainder, d, 1, 0)) && isnan(of(EMILY__PRIM_remainder, d, INFINITY, 1)));
    assert_true(of(EMILY__PRIM_remainder, d, 1, INFINITY) == 1 &&
                of(EMILY__PRIM_remainder, d, -1, INFINITY) == INFINITY);
    assert_true(of(EMILY__PRIM_floor_divide, d, 7.5, 2) == 3 && of(EMILY__PRIM_floor_divide, d, -7.5, 2) == -4);
    assert_true(of(EMILY__PRIM_floor_divide, d, 7.5, -2) == -4 && of(EMILY__PRIM_floor_divide, d, -7.5, -2) == 3);
    assert_true(of(EMILY__PRIM_floor_divide, d, 1, 0) == INFINITY);
  }
  /* the quotient is rounded before its floor: 255.5 is 256 in bfloat16 */
  assert_true(of(EMILY__PRIM_floor_divide, EMILY_BFLOAT16, 511, 2) == 256);
}

/* ---- integers: against exact arithmetic in 128 bits ---- */

typedef __int128 wide;

static wide value_of(const emily__tensor *t, int64_t i) {
  int64_t bits = tensor_get_int(t, i);
  return t->dtype == EMILY_UINT64 ? (wide)(uint64_t)bits : (wide)bits;
}

/* `x` modulo 2^width, as the dtype reads it. */
static wide wrapped(wide x, emily_dtype dtype) {
  size_t width = 8 * emily_dtype_size(dtype);
  uint64_t low = (uint64_t)x & (width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1);
  if (!emily_dtype_is_signed(dtype)) return (wide)low;
  return width < 64 && low >> (width - 1) ? (wide)low - ((wide)1 << width) : (wide)(int64_t)low;
}

static wide floor_quotient(wide a, wide b) {
  wide q = a / b;
  return q - (a % b != 0 && (a < 0) != (b < 0));
}

static wide power_of(wide a, wide b, emily_dtype dtype) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
  wide result = 1;
  for (wide i = 0; i < b % 1000; i++)
    result =
        wrapped((wide)((unsigned __int128)result * (unsigned __int128)a), dtype); /* exponents are below 1000 here */
  return result;
}

static wide expected_of(emily__prim prim, wide a, wide b, emily_dtype dtype) {
  wide width = 8 * (wide)emily_dtype_size(dtype);
  switch (prim) {
    case EMILY__PRIM_add: return a + b;
    case EMILY__PRIM_subtract: return a - b;
    case EMILY__PRIM_multiply: return (wide)((unsigned __int128)a * (unsigned __int128)b);
    case EMILY__PRIM_floor_divide: return b == 0 ? 0 : floor_quotient(a, b);
    case EMILY__PRIM_remainder: return b == 0 ? 0 : a - b * floor_quotient(a, b);
    case EMILY__PRIM_power: return power_of(a, b, dtype);
    case EMILY__PRIM_maximum: return a > b ? a : b;
    case EMILY__PRIM_minimum: return a < b ? a : b;
    case EMILY__PRIM_bitwise_and: return a & b;
    case EMILY__PRIM_bitwise_or: return a | b;
    case EMILY__PRIM_bitwise_xor: return a ^ b;
    case EMILY__PRIM_left_shift: return b < 0 || b >= width ? 0 : (wide)((unsigned __int128)a << b);
    case EMILY__PRIM_right_shift: return b < 0 || b >= width ? (a < 0 ? -1 : 0) : a >> b;
    case EMILY__PRIM_equal: return a == b;
    case EMILY__PRIM_not_equal: return a != b;
    case EMILY__PRIM_less: return a < b;
    case EMILY__PRIM_less_equal: return a <= b;
    case EMILY__PRIM_greater: return a > b;
    case EMILY__PRIM_greater_equal: return a >= b;
    case EMILY__PRIM_logical_and: return a && b;
    default: return a || b;
  }
}

static const emily__prim integer_prims[] = {
    EMILY__PRIM_add,         EMILY__PRIM_subtract,   EMILY__PRIM_multiply,      EMILY__PRIM_floor_divide,
    EMILY__PRIM_remainder,   EMILY__PRIM_power,      EMILY__PRIM_maximum,       EMILY__PRIM_minimum,
    EMILY__PRIM_bitwise_and, EMILY__PRIM_bitwise_or, EMILY__PRIM_bitwise_xor,   EMILY__PRIM_left_shift,
    EMILY__PRIM_right_shift, EMILY__PRIM_equal,      EMILY__PRIM_not_equal,     EMILY__PRIM_less,
    EMILY__PRIM_less_equal,  EMILY__PRIM_greater,    EMILY__PRIM_greater_equal, EMILY__PRIM_logical_and,
    EMILY__PRIM_logical_or};

/* Every pair of: both ends of the range and their neighbours, small numbers of both signs, shift counts around the
 * width. */
static void integers_match_exact_arithmetic(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_UINT8; dtype <= EMILY_INT64; dtype++) {
    int64_t width = 8 * (int64_t)emily_dtype_size(dtype), high = (int64_t)((uint64_t)1 << (width - 1)),
            below = (int64_t)((uint64_t)high - 1);
    const int64_t values[] = {0,  1,    2,     3,        7,         8,     -1,        -2, -3,
                              -7, high, below, high + 1, width - 1, width, width + 1, 100};
    enum { N = sizeof values / sizeof values[0] };
    emily__tensor *a = tensor_new(dtype, DIMS(N, N)), *b = tensor_new(dtype, DIMS(N, N));
    for (int i = 0; i < N * N; i++) {
      tensor_set_int(a, i, values[i / N]);
      tensor_set_int(b, i, values[i % N]);
    }
    for (size_t p = 0; p < sizeof integer_prims / sizeof integer_prims[0]; p++) {
      emily__prim prim = integer_prims[p];
      bool to_bool = prim >= EMILY__PRIM_equal && prim <= EMILY__PRIM_logical_or;
      emily__tensor *out = tensor_new(to_bool ? EMILY_BOOL : dtype, DIMS(N, N));
      assert_int_equal(tensor_run(prim, NULL, out, INPUTS(tensor_laid_out(a, (int)p % LAYOUT_COUNT), b)), EMILY_OK);
      for (int i = 0; i < N * N; i++) {
        wide x = value_of(a, i), y = value_of(b, i);
        if (prim == EMILY__PRIM_power && y >= 1000) continue; /* the reference multiplies one by one */
        wide expected = wrapped(expected_of(prim, x, y, dtype), to_bool ? EMILY_UINT8 : dtype);
        if (value_of(out, i) != expected)
          fail_msg("%s(%lld, %lld) of %s is %lld, not %lld", emily__prim_name(prim), (long long)x, (long long)y,
                   emily_dtype_name(dtype), (long long)value_of(out, i), (long long)expected);
      }
    }
  }
}

static void bool_is_arithmetic_of_0_and_1(void **state) {
  (void)state;
  const struct {
    emily__prim prim;
    int expected[4]; /* of (0,0) (0,1) (1,0) (1,1) */
  } table[] = {{EMILY__PRIM_add, {0, 1, 1, 1}},           {EMILY__PRIM_subtract, {0, 1, 1, 0}},
               {EMILY__PRIM_multiply, {0, 0, 0, 1}},      {EMILY__PRIM_floor_divide, {0, 0, 0, 1}},
               {EMILY__PRIM_remainder, {0, 0, 0, 0}},     {EMILY__PRIM_power, {1, 0, 1, 1}},
               {EMILY__PRIM_maximum, {0, 1, 1, 1}},       {EMILY__PRIM_minimum, {0, 0, 0, 1}},
               {EMILY__PRIM_bitwise_and, {0, 0, 0, 1}},   {EMILY__PRIM_bitwise_or, {0, 1, 1, 1}},
               {EMILY__PRIM_bitwise_xor, {0, 1, 1, 0}},   {EMILY__PRIM_equal, {1, 0, 0, 1}},
               {EMILY__PRIM_not_equal, {0, 1, 1, 0}},     {EMILY__PRIM_less, {0, 1, 0, 0}},
               {EMILY__PRIM_less_equal, {1, 1, 0, 1}},    {EMILY__PRIM_greater, {0, 0, 1, 0}},
               {EMILY__PRIM_greater_equal, {1, 0, 1, 1}}, {EMILY__PRIM_logical_and, {0, 0, 0, 1}},
               {EMILY__PRIM_logical_or, {0, 1, 1, 1}}};
  emily__tensor *a = tensor_of(EMILY_BOOL, DIMS(4), (double[]){0, 0, 1, 1}), *out = tensor_new(EMILY_BOOL, DIMS(4));
  emily__tensor *b = tensor_of(EMILY_BOOL, DIMS(4), (double[]){0, 1, 0, 1});
  for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
    assert_int_equal(tensor_run(table[k].prim, NULL, out, INPUTS(a, b)), EMILY_OK);
    for (int i = 0; i < 4; i++) assert_int_equal(tensor_get(out, i), table[k].expected[i]);
  }
}

/* ---- complex ---- */

static void complex_of(emily__prim prim, double ar, double ai, double br, double bi, double *re, double *im) {
  bool to_bool = prim >= EMILY__PRIM_equal && prim <= EMILY__PRIM_logical_or;
  emily__tensor *a = tensor_new(EMILY_COMPLEX64, NO_DIMS), *b = tensor_new(EMILY_COMPLEX64, NO_DIMS);
  emily__tensor *out = tensor_new(to_bool ? EMILY_BOOL : EMILY_COMPLEX64, NO_DIMS);
  tensor_set_complex(a, 0, ar, ai);
  tensor_set_complex(b, 0, br, bi);
  assert_int_equal(tensor_run(prim, NULL, out, INPUTS(a, b)), EMILY_OK);
  *re = tensor_get(out, 0);
  *im = tensor_get_imag(out, 0);
}

static void complex_numbers(void **state) {
  (void)state;
  const struct {
    emily__prim prim;
    double a[2], b[2], expected[2];
  } table[] = {{EMILY__PRIM_add, {1, 2}, {3, -5}, {4, -3}},
               {EMILY__PRIM_subtract, {1, 2}, {3, -5}, {-2, 7}},
               {EMILY__PRIM_multiply, {1, 2}, {3, -5}, {13, 1}},
               {EMILY__PRIM_divide, {13, 1}, {3, -5}, {1, 2}},
               {EMILY__PRIM_floor_divide, {5, 3}, {2, 0}, {2.5, 1.5}},
               {EMILY__PRIM_power, {0, 1}, {2, 0}, {-1, 0}},
               {EMILY__PRIM_maximum, {1, 2}, {1, 3}, {1, 3}},
               {EMILY__PRIM_maximum, {2, 0}, {1, 3}, {2, 0}},
               {EMILY__PRIM_minimum, {1, 2}, {1, 3}, {1, 2}},
               {EMILY__PRIM_equal, {1, 2}, {1, 2}, {1, 0}},
               {EMILY__PRIM_not_equal, {1, 2}, {1, 3}, {1, 0}},
               {EMILY__PRIM_less, {1, 2}, {1, 3}, {1, 0}},
               {EMILY__PRIM_less, {2, 0}, {1, 9}, {0, 0}},
               {EMILY__PRIM_less_equal, {1, 2}, {1, 2}, {1, 0}},
               {EMILY__PRIM_greater, {1, 3}, {1, 2}, {1, 0}},
               {EMILY__PRIM_greater_equal, {1, 2}, {2, 1}, {0, 0}},
               {EMILY__PRIM_logical_and, {0, 1}, {1, 0}, {1, 0}},
               {EMILY__PRIM_logical_or, {0, 0}, {-0.0, 0}, {0, 0}},
               {EMILY__PRIM_logaddexp, {1, 0}, {1, 0}, {1 + M_LN2, 0}}};
  for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
    double re, im;
    complex_of(table[k].prim, table[k].a[0], table[k].a[1], table[k].b[0], table[k].b[1], &re, &im);
    assert_true(fabs(re - table[k].expected[0]) < 1e-6 && fabs(im - table[k].expected[1]) < 1e-6); /* powf, logf */
  }
  double re, im;
  complex_of(EMILY__PRIM_maximum, 1, NAN, 5, 5, &re, &im);
  assert_true(re == 1 && isnan(im)); /* the one with the NaN */
  complex_of(EMILY__PRIM_minimum, 5, 5, NAN, 1, &re, &im);
  assert_true(isnan(re) && im == 1);
}

/* ---- select, places ---- */

static void select_takes_by_condition(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
      emily__tensor *c = tensor_random(EMILY_BOOL, DIMS(3, 70, 3), 0, 1),
                    *x = tensor_random(dtype, DIMS(3, 70, 3), 0, 100);
      emily__tensor *y = tensor_random(dtype, DIMS(3, 70, 3), 0, 100), *out = tensor_new(dtype, DIMS(3, 70, 3));
      emily__tensor *one = tensor_view(y, 5, DIMS(3, 70, 3), (int64_t[]){0, 0, 0});
      for (int constant = 0; constant < 2; constant++) {
        const emily__tensor *other = constant ? one : y;
        assert_int_equal(tensor_run(EMILY__PRIM_select, NULL, out,
                                    INPUTS(tensor_laid_out(c, layout), x, tensor_laid_out(other, layout))),
                         EMILY_OK);
        for (int64_t i = 0; i < x->size; i++)
          assert_memory_equal(tensor_at(out, i), tensor_at(tensor_get(c, i) ? x : other, i), emily_dtype_size(dtype));
      }
    }
}

static void either_operand_may_be_written_over(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_INT8; dtype <= EMILY_FLOAT64; dtype++)
    for (int which = 0; which < 2; which++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        emily__tensor *a = tensor_random(dtype, DIMS(30, 41), 0, 11), *b = tensor_random(dtype, DIMS(30, 41), 0, 11);
        emily__tensor *out = tensor_new(dtype, DIMS(30, 41)), *mine = which ? b : a,
                      *other = tensor_laid_out(which ? a : b, layout);
        assert_int_equal(tensor_run(EMILY__PRIM_subtract, NULL, out, INPUTS(a, b)), EMILY_OK);
        const emily__tensor *inputs[] = {which ? other : mine, which ? mine : other};
        assert_int_equal(tensor_run_donated(EMILY__PRIM_subtract, NULL, mine, 2, inputs, which, 0), EMILY_OK);
        assert_true(tensors_same(mine, out));
      }
}

static void large_and_permuted_operands_agree_with_dense_ones(void **state) {
  (void)state;
  emily__tensor *a = tensor_random(EMILY_FLOAT32, DIMS(130, 3, 257), -1, 1),
                *b = tensor_random(EMILY_FLOAT32, DIMS(130, 3, 257), -1, 1);
  emily__tensor *out = tensor_new(EMILY_FLOAT32, DIMS(130, 3, 257)),
                *again = tensor_new(EMILY_FLOAT32, DIMS(130, 3, 257));
  assert_int_equal(tensor_run(EMILY__PRIM_multiply, NULL, out, INPUTS(a, b)), EMILY_OK);
  for (int layout = 1; layout < LAYOUT_COUNT; layout++) {
    assert_int_equal(tensor_run(EMILY__PRIM_multiply, NULL, again, INPUTS(tensor_laid_out(a, layout), b)), EMILY_OK);
    assert_true(tensors_same(out, again));
  }
}

static void sixty_four_axes(void **state) {
  (void)state;
  int64_t shape[64], strides[64];
  for (int i = 0; i < 64; i++) shape[i] = i % 8 == 3 ? 2 : 1, strides[i] = 1;
  for (int i = 0, stride = 1; i < 64; i++)
    if (shape[i] == 2) strides[i] = stride, stride *= 2; /* the first axis innermost */
  emily__tensor *a = tensor_random(EMILY_INT32, 64, shape, 0, 99), *out = tensor_new(EMILY_INT32, 64, shape);
  emily__tensor *permuted = tensor_view(a, 0, 64, shape, strides);
  assert_int_equal(tensor_run(EMILY__PRIM_add, NULL, out, INPUTS(a, permuted)), EMILY_OK);
  for (int64_t i = 0; i < 256; i++)
    assert_int_equal(tensor_get_int(out, i), tensor_get_int(a, i) + tensor_get_int(permuted, i));
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(floats_in_every_pair_of_layouts),
      TEST(broadcasts),
      TEST(special_floats),
      TEST(integers_match_exact_arithmetic),
      TEST(bool_is_arithmetic_of_0_and_1),
      TEST(complex_numbers),
      TEST(select_takes_by_condition),
      TEST(either_operand_may_be_written_over),
      TEST(large_and_permuted_operands_agree_with_dense_ones),
      TEST(sixty_four_axes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
