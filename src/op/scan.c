/* scan.c: running sums, products and extremes, and differences. */
#include "op/common.h"

static emily_array *scan(const emily__op *op, emily__prim prim, emily_array *x, int64_t axis, bool reverse, bool inclusive) {
  int32_t at = 0;
  if (!x) return NULL;
  if (axis == EMILY_NO_AXIS) x = emily__flatten(op, x);
  else if (!emily__op_axis(op, axis, x->ndim, &at)) return NULL;
  emily__attrs_scan attrs = {at, reverse, inclusive};
  return emily__apply(op, prim, &attrs, sizeof attrs, &x, 1);
}

/* dtype -1: x's own. NULL where there is no such dtype. */
static emily_array *in_dtype(const emily__op *op, emily_array *x, emily_dtype dtype) {
  if ((int32_t)dtype == -1) return x;
  if (emily__dtype_valid(dtype)) return emily__cast(op, x, dtype);
  return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "there is no such dtype");
}

emily_array *emily_cumsum(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive, emily_dtype dtype) {
  BEGIN(scope, x);
  x = in_dtype(&op, x, dtype);
  if (x && x->dtype == EMILY_BOOL) x = emily__cast(&op, x, EMILY_INT32);
  return scan(&op, EMILY__PRIM_cumsum, x, axis, reverse, inclusive);
}

emily_array *emily_cumprod(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive, emily_dtype dtype) {
  BEGIN(scope, x);
  return scan(&op, EMILY__PRIM_cumprod, in_dtype(&op, x, dtype), axis, reverse, inclusive);
}

emily_array *emily_cummax(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive) {
  BEGIN(scope, x);
  return scan(&op, EMILY__PRIM_cummax, x, axis, reverse, inclusive);
}

emily_array *emily_cummin(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive) {
  BEGIN(scope, x);
  return scan(&op, EMILY__PRIM_cummin, x, axis, reverse, inclusive);
}

emily_array *emily_logcumsumexp(emily_scope *scope, emily_array *x, int64_t axis, bool reverse, bool inclusive) {
  BEGIN(scope, x);
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  return scan(&op, EMILY__PRIM_logcumsumexp, emily__cast(&op, x, emily__dtype_to_inexact(x->dtype)), axis, reverse, inclusive);
}

/* As many differences as there are elements leave nothing, and so do more. */
emily_array *emily_diff(emily_scope *scope, emily_array *x, int64_t n, int64_t axis) {
  BEGIN(scope, x);
  int32_t at;
  if (!emily__op_axis(&op, axis, x->ndim, &at)) return NULL;
  if (n < 0) return REFUSE("n is %lld; it must not be negative", (long long)n);
  if (n >= x->dims[at]) return n ? emily__slice_axis(&op, x, at, 0, 0) : x;
  for (; x && n > 0; n--) {
    int64_t left = x->dims[at] - 1;
    x = emily_subtract(scope, emily__slice_axis(&op, x, at, 1, left), emily__slice_axis(&op, x, at, 0, left));
  }
  return x;
}
