/* binary.c: ops of two operands, element by element, and those close to them. */
#include "op/common.h"

#define BINARY(name)                                                                  \
  emily_array *emily_##name(emily_scope *scope, emily_array *a, emily_array *b) {     \
    BEGIN(scope, a, b);                                                               \
    return emily__binary(&op, EMILY__PRIM_##name, a, b);                              \
  }
BINARY(add)
BINARY(subtract)
BINARY(multiply)
BINARY(maximum)
BINARY(minimum)
BINARY(power)
BINARY(equal)
BINARY(not_equal)
BINARY(less)
BINARY(less_equal)
BINARY(greater)
BINARY(greater_equal)

static emily_array *as_dtype(const emily__op *op, emily__prim prim, emily_array *a, emily_array *b, emily_dtype dtype) {
  if (!emily__op_match(op, &a, &b, dtype)) return NULL;
  return emily__apply(op, prim, NULL, 0, OPERANDS(a, b), 2);
}

static emily_dtype inexact(emily_array *a, emily_array *b) {
  return emily__dtype_to_inexact(emily_promote_types(a->dtype, b->dtype));
}

emily_array *emily_divide(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  return as_dtype(&op, EMILY__PRIM_divide, a, b, inexact(a, b));
}

emily_array *emily_logaddexp(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  return as_dtype(&op, EMILY__PRIM_logaddexp, a, b, inexact(a, b));
}

#define REAL_BINARY(name, result)                                                                                   \
  emily_array *emily_##name(emily_scope *scope, emily_array *a, emily_array *b) {                                   \
    BEGIN(scope, a, b);                                                                                             \
    if (a->dtype == EMILY_COMPLEX64 || b->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");   \
    return as_dtype(&op, EMILY__PRIM_##name, a, b, result);                                                         \
  }
REAL_BINARY(floor_divide, -1)
REAL_BINARY(remainder, -1)
REAL_BINARY(quotient, -1)
REAL_BINARY(fmod, -1)
REAL_BINARY(copysign, inexact(a, b))
REAL_BINARY(arctan2, inexact(a, b))

emily_status emily_divmod(emily_scope *scope, emily_array *a, emily_array *b, emily_array *out[2]) {
  BEGIN_STATUS(scope, a, b);
  emily_array *results[] = {emily_floor_divide(scope, a, b), emily_remainder(scope, a, b)};
  return emily__give(&op, results, 2, out, 2, NULL);
}

#define BITWISE(name, bool_dtype)                                                                     \
  emily_array *emily_##name(emily_scope *scope, emily_array *a, emily_array *b) {                     \
    BEGIN(scope, a, b);                                                                               \
    emily_dtype dtype = emily_promote_types(a->dtype, b->dtype);                                      \
    if (emily_dtype_is_inexact(dtype)) return REFUSE("only integers and bools have bits");            \
    return as_dtype(&op, EMILY__PRIM_##name, a, b, dtype == EMILY_BOOL ? bool_dtype : dtype);         \
  }
BITWISE(bitwise_and, EMILY_BOOL)
BITWISE(bitwise_or, EMILY_BOOL)
BITWISE(bitwise_xor, EMILY_BOOL)
BITWISE(left_shift, EMILY_UINT8)
BITWISE(right_shift, EMILY_UINT8)

emily_array *emily_logical_and(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  return as_dtype(&op, EMILY__PRIM_logical_and, a, b, EMILY_BOOL);
}

emily_array *emily_logical_or(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  return as_dtype(&op, EMILY__PRIM_logical_or, a, b, EMILY_BOOL);
}

emily_array *emily_logical_xor(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  return as_dtype(&op, EMILY__PRIM_not_equal, a, b, EMILY_BOOL);
}

/* ---- closeness ---- */

emily_array *emily_isclose(emily_scope *scope, emily_array *a, emily_array *b, double rtol, double atol, bool equal_nan) {
  BEGIN(scope, a, b);
  emily_dtype dtype = inexact(a, b);
  if (!emily__op_match(&op, &a, &b, dtype)) return NULL;
  emily_dtype real = dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : dtype;
  /* |a - b| ≤ atol + rtol |b|, false where an infinity takes part; equal infinities are close by equality. */
  emily_array *bound = emily_add(scope, emily__scalar(&op, atol, real), emily_multiply(scope, emily__scalar(&op, rtol, real), emily_abs(scope, b)));
  emily_array *near = emily_less_equal(scope, emily_abs(scope, emily_subtract(scope, a, b)), bound);
  emily_array *finite = emily_logical_and(scope, emily_isfinite(scope, a), emily_isfinite(scope, b));
  emily_array *close = emily_logical_or(scope, emily_logical_and(scope, near, finite), emily_equal(scope, a, b));
  if (equal_nan)
    close = emily_logical_or(scope, close, emily_logical_and(scope, emily_isnan(scope, a), emily_isnan(scope, b)));
  return close;
}

emily_array *emily_allclose(emily_scope *scope, emily_array *a, emily_array *b, double rtol, double atol, bool equal_nan) {
  BEGIN(scope, a, b);
  return emily_all(scope, emily_isclose(scope, a, b, rtol, atol, equal_nan), NULL, 0, false);
}

emily_array *emily_array_equal(emily_scope *scope, emily_array *a, emily_array *b, bool equal_nan) {
  BEGIN(scope, a, b);
  if (!emily__shape_equal(a->dims, a->ndim, b->dims, b->ndim)) return emily__scalar(&op, 0, EMILY_BOOL);
  emily_array *same = emily_equal(scope, a, b);
  if (equal_nan)
    same = emily_logical_or(scope, same, emily_logical_and(scope, emily_isnan(scope, a), emily_isnan(scope, b)));
  return emily_all(scope, same, NULL, 0, false);
}

/* ---- selection ---- */

emily_array *emily_where(emily_scope *scope, emily_array *condition, emily_array *x, emily_array *y) {
  BEGIN(scope, condition, x, y);
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim;
  if (!emily__op_match(&op, &x, &y, -1)) return NULL;
  if (!emily__broadcast_shapes(condition->dims, condition->ndim, x->dims, x->ndim, shape, &ndim))
    return REFUSE("the shapes do not broadcast");
  condition = emily__broadcast(&op, emily__cast(&op, condition, EMILY_BOOL), shape, ndim);
  return APPLY_PLAIN(select, condition, emily__broadcast(&op, x, shape, ndim), emily__broadcast(&op, y, shape, ndim));
}

emily_array *emily_clip(emily_scope *scope, emily_array *x, emily_array *low, emily_array *high) {
  BEGIN(scope, x);
  if (!low && !high) return REFUSE("at least one bound is needed");
  if (low) x = emily_maximum(scope, x, low);
  return high ? emily_minimum(scope, x, high) : x;
}
