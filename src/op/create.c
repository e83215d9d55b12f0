/* create.c: arrays from nothing but a shape, and casts. */
#include "op/common.h"

#include <math.h>

static bool check_dtype(const emily__op *op, emily_dtype dtype) {
  if (emily__dtype_valid(dtype)) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%d is no dtype", dtype);
  return false;
}

emily_array *emily_arange(emily_scope *scope, double start, double stop, double step, emily_dtype dtype) {
  BEGIN_NO_OPERANDS(scope);
  if (!check_dtype(&op, dtype)) return NULL;
  if (dtype == EMILY_BOOL || dtype == EMILY_COMPLEX64) return REFUSE("a range of %s makes no sense", emily_dtype_name(dtype));
  if (isnan(start) || isnan(stop) || isnan(step) || isinf(start) || isinf(step)) return REFUSE("start, stop and step must be numbers");
  if (step == 0) return REFUSE("step is 0");
  double length = ceil((stop - start) / step);
  if (length > 2147483647.0) return REFUSE("the range has more than 2^31 - 1 elements");
  emily__attrs_iota attrs = {.dtype = dtype, .count = length > 0 ? (int64_t)length : 0, .start = start, .step = step};
  if (emily_dtype_is_integer(dtype)) { /* each end is cut to an integer before the steps are taken, as MLX does */
    if (fabs(start) > 0x1p62 || fabs(start + step) > 0x1p62) return REFUSE("start and step leave the integers");
    attrs.int_start = (int64_t)start;
    attrs.int_step = (int64_t)(start + step) - (int64_t)start;
  }
  return emily__apply(&op, EMILY__PRIM_iota, &attrs, sizeof attrs, NULL, 0);
}

emily_array *emily_linspace(emily_scope *scope, double start, double stop, int64_t num, bool endpoint, emily_dtype dtype) {
  BEGIN_NO_OPERANDS(scope);
  if (!check_dtype(&op, dtype)) return NULL;
  if (num < 0) return REFUSE("num is %lld; it must not be negative", (long long)num);
  if (num == 0) return emily__full(&op, 0, dtype, (int64_t[]){0}, 1);
  emily_dtype inner = dtype == EMILY_FLOAT64 ? EMILY_FLOAT64 : EMILY_FLOAT32;
  if (num == 1) return emily__cast(&op, emily__full(&op, start, inner, (int64_t[]){1}, 1), dtype);
  double pieces = endpoint ? (double)(num - 1) : (double)num;
  /* t runs from 0 to 1; (1 - t) start + t stop hits both ends exactly. */
  emily_array *t = emily_divide(scope, emily_arange(scope, 0, (double)num, 1, inner), emily__scalar(&op, pieces, inner));
  emily_array *from = emily_multiply(scope, emily_subtract(scope, emily__scalar(&op, 1, inner), t), emily__scalar(&op, start, inner));
  emily_array *to = emily_multiply(scope, t, emily__scalar(&op, stop, inner));
  return emily__cast(&op, emily_add(scope, from, to), dtype);
}

emily_array *emily_full(emily_scope *scope, const int64_t *shape, int32_t shape_count, emily_array *value) {
  BEGIN(scope, value);
  if (!emily__op_shape(&op, shape, shape_count)) return NULL;
  emily_array *wide = emily_broadcast_to(scope, value, shape, shape_count);
  return wide ? APPLY_PLAIN(copy, wide) : NULL;
}

emily_array *emily_full_like(emily_scope *scope, emily_array *x, emily_array *value) {
  BEGIN(scope, x, value);
  return emily_full(scope, x->dims, x->ndim, emily__cast(&op, value, x->dtype));
}

static emily_array *constant(const emily__op *op, double value, const int64_t *shape, int32_t count, emily_dtype dtype) {
  if (!check_dtype(op, dtype) || !emily__op_shape(op, shape, count)) return NULL;
  return emily__full(op, value, dtype, shape, count);
}

emily_array *emily_zeros(emily_scope *scope, const int64_t *shape, int32_t shape_count, emily_dtype dtype) {
  BEGIN_NO_OPERANDS(scope);
  return constant(&op, 0, shape, shape_count, dtype);
}

emily_array *emily_ones(emily_scope *scope, const int64_t *shape, int32_t shape_count, emily_dtype dtype) {
  BEGIN_NO_OPERANDS(scope);
  return constant(&op, 1, shape, shape_count, dtype);
}

emily_array *emily_zeros_like(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return constant(&op, 0, x->dims, x->ndim, x->dtype);
}

emily_array *emily_ones_like(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return constant(&op, 1, x->dims, x->ndim, x->dtype);
}

/* ---- triangles and diagonals: comparisons of row and column numbers ---- */

static emily_array *compare_grid(const emily__op *op, emily__prim prim, int64_t n, int64_t m, int64_t k) {
  emily_scope *scope = op->scope;
  int64_t column[2] = {n, 1};
  if (n < 0 || m < 0 || n > INT32_MAX || m > INT32_MAX) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%lld by %lld is no matrix", (long long)n, (long long)m);
  if (k > INT32_MAX) k = INT32_MAX;
  if (k < -(int64_t)INT32_MAX) k = -(int64_t)INT32_MAX;
  emily_array *rows = emily__reshape(op, emily_arange(scope, (double)k, (double)(n + k), 1, EMILY_INT64), column, 2);
  emily_array *columns = emily_arange(scope, 0, (double)m, 1, EMILY_INT64);
  return emily__binary(op, prim, rows, columns);
}

emily_array *emily_eye(emily_scope *scope, int64_t n, int64_t m, int64_t k, emily_dtype dtype) {
  BEGIN_NO_OPERANDS(scope);
  if (!check_dtype(&op, dtype)) return NULL;
  return emily__cast(&op, compare_grid(&op, EMILY__PRIM_equal, n, m < 0 ? n : m, k), dtype);
}

emily_array *emily_tri(emily_scope *scope, int64_t n, int64_t m, int64_t k, emily_dtype dtype) {
  BEGIN_NO_OPERANDS(scope);
  if (!check_dtype(&op, dtype)) return NULL;
  return emily__cast(&op, compare_grid(&op, EMILY__PRIM_greater_equal, n, m < 0 ? n : m, k), dtype);
}

emily_array *emily_tril(emily_scope *scope, emily_array *x, int64_t k) {
  BEGIN(scope, x);
  if (x->ndim < 2) return REFUSE("a triangle needs two axes");
  emily_array *below = compare_grid(&op, EMILY__PRIM_greater_equal, x->dims[x->ndim - 2], x->dims[x->ndim - 1], k);
  return below ? emily_where(scope, below, x, emily__scalar(&op, 0, x->dtype)) : NULL;
}

emily_array *emily_triu(emily_scope *scope, emily_array *x, int64_t k) {
  BEGIN(scope, x);
  if (x->ndim < 2) return REFUSE("a triangle needs two axes");
  emily_array *above = compare_grid(&op, EMILY__PRIM_less_equal, x->dims[x->ndim - 2], x->dims[x->ndim - 1], k);
  return above ? emily_where(scope, above, x, emily__scalar(&op, 0, x->dtype)) : NULL;
}

/* ---- casts ---- */

emily_array *emily_astype(emily_scope *scope, emily_array *x, emily_dtype dtype) {
  BEGIN(scope, x);
  return check_dtype(&op, dtype) ? emily__cast(&op, x, dtype) : NULL;
}

emily_array *emily_view(emily_scope *scope, emily_array *x, emily_dtype dtype) {
  BEGIN(scope, x);
  emily__attrs_dtype attrs = {dtype};
  return APPLY(bitcast, &attrs, x);
}

emily_array *emily_contiguous(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  if (emily__array_ready(x) && x->dense) return x;
  return APPLY_PLAIN(copy, x);
}

emily_array *emily_copy(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return APPLY_PLAIN(copy, x);
}
