/* linalg_norm.c: norms of vectors and matrices, and the cross product, composed of other ops. */
#include "op/common.h"

#include <math.h>
#include <stdlib.h>

/* ---- norms ---- */

typedef enum order { ROOT, NUMBER, FROBENIUS, NUCLEAR } order;

static bool read_order(const emily__op *op, const char *text, order *kind, double *number) {
  char *end = NULL;
  *number = 2;
  if (text && !*text) return *kind = ROOT, true;
  if (text && (!strcmp(text, "fro") || !strcmp(text, "f"))) return *kind = FROBENIUS, true;
  if (text && !strcmp(text, "nuc")) return *kind = NUCLEAR, true;
  if (text) *number = strtod(text, &end);
  if (end && end != text && !*end && *number == *number) return *kind = NUMBER, true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "ord is a number, \"inf\", \"-inf\", \"fro\" or \"nuc\", not \"%.40s\"", text ? text : "NULL");
  return false;
}

/* sqrt(sum |x|²) */
static emily_array *root_norm(const emily__op *op, emily_array *x, const int64_t *axes, int32_t count, bool keepdims) {
  emily__axes set;
  if (x->dtype == EMILY_COMPLEX64) x = emily_abs(op->scope, x);
  if (!x || !emily__op_axes(op, axes, count, x->ndim, &set)) return NULL;
  return emily_sqrt(op->scope, emily__reduce(op, EMILY__PRIM_sum_squares, x, &set, keepdims));
}

/* (sum |x|^p)^(1/p) and its limits */
static emily_array *vector_norm(const emily__op *op, emily_array *x, double p, const int64_t *axes, bool keepdims) {
  emily_scope *s = op->scope;
  if (p == 2) return root_norm(op, x, axes, 1, keepdims);
  emily_array *size = emily_abs(s, x);
  if (!size) return NULL;
  if (p == 0) return emily_sum(s, emily__cast(op, emily_not_equal(s, size, emily__scalar(op, 0, size->dtype)), size->dtype), axes, 1, keepdims);
  if (p == 1) return emily_sum(s, size, axes, 1, keepdims);
  if (isinf(p)) return p > 0 ? emily_max(s, size, axes, 1, keepdims) : emily_min(s, size, axes, 1, keepdims);
  emily_array *sum = emily_sum(s, emily_power(s, size, emily__scalar(op, p, size->dtype)), axes, 1, keepdims);
  return emily_power(s, sum, emily__scalar(op, 1 / p, size->dtype));
}

/* Largest or smallest of the sums of |x| along one axis. */
static emily_array *of_sums(emily_scope *s, emily_array *x, const int64_t *along, const int64_t *across, bool largest) {
  emily_array *sums = emily_sum(s, emily_abs(s, x), along, 1, true);
  return largest ? emily_max(s, sums, across, 1, true) : emily_min(s, sums, across, 1, true);
}

/* Of the singular values; they do not care which axis holds the rows. */
static emily_array *of_values(emily_scope *s, emily_array *x, const int64_t *axes, order kind, double p) {
  static const int64_t last[] = {-1};
  int64_t low = axes[0] < axes[1] ? axes[0] : axes[1], high = axes[0] < axes[1] ? axes[1] : axes[0];
  emily_array *values = emily_linalg_svdvals(s, emily_moveaxis(s, emily_moveaxis(s, x, high, -1), low, -2));
  return kind == NUCLEAR ? emily_sum(s, values, last, 1, false) : p > 0 ? emily_max(s, values, last, 1, false) : emily_min(s, values, last, 1, false);
}

/* axes: rows, columns, not negative. */
static emily_array *matrix_norm(const emily__op *op, emily_array *x, order kind, double p, const int64_t *axes) {
  emily_scope *s = op->scope;
  if (kind == FROBENIUS) return root_norm(op, x, axes, 2, true);
  if (kind == NUCLEAR || fabs(p) == 2) return of_values(s, x, axes, kind, p);
  if (fabs(p) == 1) return of_sums(s, x, &axes[0], &axes[1], p > 0);
  if (isinf(p)) return of_sums(s, x, &axes[1], &axes[0], p > 0);
  return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "ord %g is for vectors; of matrices 1, -1, 2, -2, inf, -inf, fro and nuc", p);
}

/* The shape of x without these axes, or with 1 in their place. */
static emily_array *reduced_shape(const emily__op *op, emily_array *y, const emily_array *x, uint64_t axes, bool keepdims) {
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim = 0;
  for (int32_t i = 0; i < x->ndim; i++)
    if (!(axes >> i & 1)) shape[ndim++] = x->dims[i];
    else if (keepdims) shape[ndim++] = 1;
  return emily__reshape(op, y, shape, ndim);
}

static emily_array *norm_of(const emily__op *op, emily_array *x, order kind, double p, const int64_t *axes, int32_t count, bool keepdims) {
  int64_t order_of[2] = {0};
  uint64_t set = 0;
  if (count > 2) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a norm is of one or two axes, not of %d", count);
  for (int32_t i = 0; i < count; i++) {
    int32_t axis;
    if (!emily__op_axis(op, axes[i], x->ndim, &axis)) return NULL;
    if (set >> axis & 1) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "axis %d is named twice", axis);
    set |= (uint64_t)1 << axis;
    order_of[i] = axis;
  }
  if (kind == ROOT) return root_norm(op, x, order_of, count, keepdims);
  if (count == 0) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "there is no axis to take this norm over");
  if (count == 1 && kind != NUMBER) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "this norm is of matrices: name two axes");
  if (count == 1) return vector_norm(op, x, p, order_of, keepdims);
  emily_array *y = matrix_norm(op, x, kind, p, order_of);
  return y ? reduced_shape(op, y, x, set, keepdims) : NULL;
}

emily_array *emily_linalg_norm(emily_scope *scope, emily_array *a, const char *ord, const int64_t *axes, int32_t axes_count, bool keepdims) {
  BEGIN(scope, a);
  static const int64_t first_two[] = {0, 1};
  emily_dtype dtype = emily_dtype_is_inexact(a->dtype) ? a->dtype : EMILY_FLOAT32;
  emily_array *x = dtype == EMILY_FLOAT64 || dtype == EMILY_COMPLEX64 ? a : emily__cast(&op, a, EMILY_FLOAT32);
  order kind;
  double p;
  if (!x || !read_order(&op, ord, &kind, &p)) return NULL;
  if (axes && axes_count < 0) return REFUSE("a list of %d axes", axes_count);
  emily_array *y;
  if (!axes && kind == ROOT) y = root_norm(&op, x, NULL, 0, keepdims);
  else y = norm_of(&op, x, kind, p, axes ? axes : first_two, axes ? axes_count : a->ndim, keepdims);
  return y ? emily__cast(&op, y, dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : dtype) : NULL;
}

/* ---- cross product ---- */

/* Component i of a vector along the axis, or NULL past its end. */
static emily_array *component(const emily__op *op, emily_array *x, int32_t axis, int64_t i) {
  return i < x->dims[axis] ? emily__slice_axis(op, x, axis, i, 1) : NULL;
}

/* a_i b_j - a_j b_i, where absent components are 0. */
static emily_array *minor(const emily__op *op, emily_array *const *a, emily_array *const *b, int i, int j) {
  emily_array *p = a[i] && b[j] ? emily__binary(op, EMILY__PRIM_multiply, a[i], b[j]) : NULL;
  emily_array *q = a[j] && b[i] ? emily__binary(op, EMILY__PRIM_multiply, a[j], b[i]) : NULL;
  if (p && q) return emily__binary(op, EMILY__PRIM_subtract, p, q);
  if (q) return emily__unary(op, EMILY__PRIM_negative, q);
  if (p || !emily__scope_ok(op->scope)) return p;
  emily_array *sum = emily__binary(op, EMILY__PRIM_add, a[0], b[0]); /* its shape and dtype */
  return sum ? emily__full(op, 0, sum->dtype, sum->dims, sum->ndim) : NULL;
}

emily_array *emily_linalg_cross(emily_scope *scope, emily_array *a, emily_array *b, int64_t axis) {
  BEGIN(scope, a, b);
  emily_array *sides[2] = {a, b}, *parts[2][3], *rows[3];
  if (axis >= 0 && a->ndim != b->ndim) return REFUSE("operands of different rank: count the axis from the end");
  for (int32_t k = 0; k < 2; k++) {
    int32_t at;
    if (!emily__op_axis(&op, axis, sides[k]->ndim, &at)) return NULL;
    if (sides[k]->dims[at] != 2 && sides[k]->dims[at] != 3) return REFUSE("the axis has %lld elements, not 2 or 3", (long long)sides[k]->dims[at]);
    for (int32_t i = 0; i < 3; i++) parts[k][i] = component(&op, sides[k], at, i);
  }
  for (int32_t i = 0; i < 3; i++) rows[i] = minor(&op, parts[0], parts[1], (i + 1) % 3, (i + 2) % 3);
  return rows[0] && rows[1] && rows[2] ? emily_concatenate(scope, rows, 3, axis) : NULL;
}
