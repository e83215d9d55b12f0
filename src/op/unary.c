/* unary.c: ops of one operand, element by element. */
#include "op/common.h"

#include <float.h>
#include <math.h>

/* ---- dtype rules ---- */

/* Transcendental functions: bool and integers become float32. */
static emily_array *inexact(const emily__op *op, emily__prim prim, emily_array *x, bool complex_allowed) {
  if (x->dtype == EMILY_COMPLEX64 && !complex_allowed)
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "there is no complex version");
  return emily__unary(op, prim, emily__cast(op, x, emily__dtype_to_inexact(x->dtype)));
}

/* Rounding: nothing to do for bool and integers, undefined for complex numbers. */
static emily_array *rounding(const emily__op *op, emily__prim prim, emily_array *x) {
  if (x->dtype == EMILY_COMPLEX64) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "there is no complex version");
  return emily_dtype_is_float(x->dtype) ? emily__unary(op, prim, x) : x;
}

#define INEXACT(name, complex_allowed)                             \
  emily_array *emily_##name(emily_scope *scope, emily_array *x) {  \
    BEGIN(scope, x);                                               \
    return inexact(&op, EMILY__PRIM_##name, x, complex_allowed);   \
  }
INEXACT(exp, true)
INEXACT(expm1, false)
INEXACT(log, true)
INEXACT(log2, true)
INEXACT(log10, true)
INEXACT(log1p, true)
INEXACT(sqrt, true)
INEXACT(rsqrt, true)
INEXACT(sin, true)
INEXACT(cos, true)
INEXACT(tan, true)
INEXACT(arcsin, true)
INEXACT(arccos, true)
INEXACT(arctan, true)
INEXACT(sinh, true)
INEXACT(cosh, true)
INEXACT(tanh, true)
INEXACT(arcsinh, true)
INEXACT(arccosh, true)
INEXACT(arctanh, true)
INEXACT(sigmoid, false)
INEXACT(erf, false)
INEXACT(erfinv, false)
INEXACT(erfc, false)
INEXACT(cbrt, false)
INEXACT(silu, false)

#define ROUNDING(name)                                            \
  emily_array *emily_##name(emily_scope *scope, emily_array *x) { \
    BEGIN(scope, x);                                              \
    return rounding(&op, EMILY__PRIM_##name, x);                  \
  }
ROUNDING(floor)
ROUNDING(ceil)
ROUNDING(trunc)
ROUNDING(round_half_away)

emily_array *emily_round(emily_scope *scope, emily_array *x, int64_t decimals) {
  BEGIN(scope, x);
  if (decimals == 0) return rounding(&op, EMILY__PRIM_round, x);
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  /* Scaled numbers of 16 bits would have no digits left to round. */
  emily_dtype dtype = x->dtype == EMILY_FLOAT64 ? EMILY_FLOAT64 : EMILY_FLOAT32;
  emily_array *scale = emily__scalar(&op, pow(10.0, fabs((double)decimals)), dtype);
  emily_array *scaled = emily__binary(&op, decimals > 0 ? EMILY__PRIM_multiply : EMILY__PRIM_divide, emily__cast(&op, x, dtype), scale);
  emily_array *rounded = emily__unary(&op, EMILY__PRIM_round, scaled);
  emily_array *back = emily__binary(&op, decimals > 0 ? EMILY__PRIM_divide : EMILY__PRIM_multiply, rounded, scale);
  return emily__cast(&op, back, x->dtype);
}

emily_array *emily_abs(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  char kind = emily__dtype_kind(x->dtype);
  return kind == 'b' || kind == 'u' ? x : emily__unary(&op, EMILY__PRIM_abs, x);
}

emily_array *emily_negative(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  if (x->dtype == EMILY_BOOL) return REFUSE("bool has no negative; use emily_logical_not");
  return emily__unary(&op, EMILY__PRIM_negative, x);
}

emily_array *emily_sign(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return emily__unary(&op, EMILY__PRIM_sign, x);
}

emily_array *emily_positive(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return x;
}

emily_array *emily_stop_gradient(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return x;
}

emily_array *emily_square(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return emily__unary(&op, EMILY__PRIM_square, x);
}

emily_array *emily_reciprocal(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  emily_dtype dtype = emily__dtype_to_inexact(x->dtype);
  return emily__binary(&op, EMILY__PRIM_divide, emily__scalar(&op, 1, dtype), emily__cast(&op, x, dtype));
}

emily_array *emily_gelu(emily_scope *scope, emily_array *x, bool approximate) {
  BEGIN(scope, x);
  return inexact(&op, approximate ? EMILY__PRIM_gelu_tanh : EMILY__PRIM_gelu, x, false);
}

emily_array *emily_relu(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return emily__binary(&op, EMILY__PRIM_maximum, x, emily__scalar(&op, 0, x->dtype));
}

static emily_array *scaled(const emily__op *op, emily_array *x, double factor) {
  emily_dtype dtype = emily__dtype_to_inexact(x->dtype);
  return emily__binary(op, EMILY__PRIM_multiply, emily__cast(op, x, dtype), emily__scalar(op, factor, dtype));
}

emily_array *emily_degrees(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return scaled(&op, x, 180.0 / M_PI);
}

emily_array *emily_radians(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return scaled(&op, x, M_PI / 180.0);
}

emily_array *emily_logical_not(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return emily__unary(&op, EMILY__PRIM_logical_not, x);
}

emily_array *emily_bitwise_invert(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  if (x->dtype == EMILY_BOOL) return emily__unary(&op, EMILY__PRIM_logical_not, x);
  if (!emily_dtype_is_integer(x->dtype)) return REFUSE("only integers and bools have bits to flip");
  return emily__unary(&op, EMILY__PRIM_bitwise_invert, x);
}

#define BIT_COUNT(name)                                                                            \
  emily_array *emily_##name(emily_scope *scope, emily_array *x) {                                  \
    BEGIN(scope, x);                                                                               \
    if (!emily_dtype_is_integer(x->dtype)) return REFUSE("only integers have bits to count");      \
    return emily__unary(&op, EMILY__PRIM_##name, x);                                               \
  }
BIT_COUNT(count_leading_zeros)
BIT_COUNT(population_count)

/* Tests of floats; constants for the other dtypes. */
static emily_array *classify(const emily__op *op, emily__prim prim, emily_array *x, bool otherwise) {
  if (emily_dtype_is_inexact(x->dtype)) return emily__unary(op, prim, x);
  return emily__full(op, otherwise, EMILY_BOOL, x->dims, x->ndim);
}

emily_array *emily_isnan(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return classify(&op, EMILY__PRIM_isnan, x, false);
}

emily_array *emily_isinf(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return classify(&op, EMILY__PRIM_isinf, x, false);
}

emily_array *emily_isfinite(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return classify(&op, EMILY__PRIM_isfinite, x, true);
}

/* The bits of a float, as a signed integer of its width, are below 0 where the sign is set. */
emily_array *emily_signbit(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  if (!emily_dtype_is_signed(x->dtype)) return emily__full(&op, 0, EMILY_BOOL, x->dims, x->ndim);
  size_t size = emily_dtype_size(x->dtype);
  emily_dtype bits = size == 2 ? EMILY_INT16 : size == 4 ? EMILY_INT32 : EMILY_INT64;
  if (emily_dtype_is_float(x->dtype)) x = emily_view(scope, x, bits);
  return x ? emily__binary(&op, EMILY__PRIM_less, x, emily__scalar(&op, 0, x->dtype)) : NULL;
}

static emily_array *is_infinity(const emily__op *op, emily_array *x, double infinity) {
  if (!emily_dtype_is_inexact(x->dtype)) return emily__full(op, 0, EMILY_BOOL, x->dims, x->ndim);
  return emily__binary(op, EMILY__PRIM_equal, x, emily__scalar(op, infinity, x->dtype));
}

emily_array *emily_isposinf(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return is_infinity(&op, x, INFINITY);
}

emily_array *emily_isneginf(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return is_infinity(&op, x, -INFINITY);
}

/* The largest finite number of a float dtype. */
static double largest(emily_dtype dtype) {
  switch (dtype) {
    case EMILY_FLOAT16: return 65504;
    case EMILY_BFLOAT16: return 0x1.FEp127;
    case EMILY_FLOAT32: return FLT_MAX;
    default: return DBL_MAX;
  }
}

emily_array *emily_nan_to_num(emily_scope *scope, emily_array *x, double nan, double posinf, double neginf) {
  BEGIN(scope, x);
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  if (!emily_dtype_is_float(x->dtype)) return x;
  double top = largest(x->dtype);
  emily_array *number = emily_where(scope, emily_isnan(scope, x), emily__scalar(&op, nan, x->dtype), x);
  if (posinf == INFINITY && neginf == -INFINITY)
    return emily_clip(scope, number, emily__scalar(&op, -top, x->dtype), emily__scalar(&op, top, x->dtype));
  emily_array *high = emily__scalar(&op, posinf == INFINITY ? top : posinf, x->dtype);
  emily_array *low = emily__scalar(&op, neginf == -INFINITY ? -top : neginf, x->dtype);
  number = emily_where(scope, is_infinity(&op, x, INFINITY), high, number);
  return emily_where(scope, is_infinity(&op, x, -INFINITY), low, number);
}

emily_array *emily_conjugate(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return x->dtype == EMILY_COMPLEX64 ? emily__unary(&op, EMILY__PRIM_conjugate, x) : x;
}

emily_array *emily_real(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return x->dtype == EMILY_COMPLEX64 ? emily__unary(&op, EMILY__PRIM_real, x) : x;
}

emily_array *emily_imag(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  if (x->dtype == EMILY_COMPLEX64) return emily__unary(&op, EMILY__PRIM_imag, x);
  return emily__full(&op, 0, x->dtype, x->dims, x->ndim);
}
