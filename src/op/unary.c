/* unary.c: ops of one operand, element by element. */
#include "op/common.h"

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
INEXACT(silu, false)

#define ROUNDING(name)                                            \
  emily_array *emily_##name(emily_scope *scope, emily_array *x) { \
    BEGIN(scope, x);                                              \
    return rounding(&op, EMILY__PRIM_##name, x);                  \
  }
ROUNDING(floor)
ROUNDING(ceil)
ROUNDING(trunc)

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
