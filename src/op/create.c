/* create.c: arrays from nothing but a shape, and casts. */
#include "base/alloc.h"
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
  if (emily_dtype_is_storage(dtype))
    return emily__cast(&op, emily_arange(scope, start, stop, step, emily_dtype_compute(dtype)), dtype);
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

emily_array *emily_identity(emily_scope *scope, int64_t n, emily_dtype dtype) { return emily_eye(scope, n, n, 0, dtype); }

/* Element i of n stands in row i + down and column i + right of the matrix: in its flat form at down N + right + i (N + 1). */
static emily_array *put_on_diagonal(const emily__op *op, emily_array *x, int64_t k) {
  int64_t n = x->size, side, size, down = k < 0 ? -k : 0, right = k > 0 ? k : 0;
  if (!emily__add_i64(n, down + right, &side) || !emily__mul_i64(side, side, &size))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the matrix has more than 2^63 elements");
  int64_t low = n ? down * side + right : size, high = n ? size - low - ((n - 1) * (side + 1) + 1) : 0;
  emily_array *flat = emily_pad(op->scope, x, &low, &high, NULL, &side, "constant");
  return emily__reshape(op, flat, (int64_t[]){side, side}, 2);
}

emily_array *emily_diag(emily_scope *scope, emily_array *x, int64_t k) {
  BEGIN(scope, x);
  if (k == INT64_MIN) return REFUSE("k makes no sense");
  if (x->ndim == 2) return emily_diagonal(scope, x, k, 0, 1);
  return x->ndim == 1 ? put_on_diagonal(&op, x, k) : REFUSE("a diagonal is of a vector or a matrix");
}

emily_array *emily_iota(emily_scope *scope, const int64_t *shape, int32_t shape_count, int64_t axis, emily_dtype dtype) {
  BEGIN_NO_OPERANDS(scope);
  int32_t at = 0;
  int64_t column[EMILY__MAX_RANK];
  if (!check_dtype(&op, dtype) || !emily__op_shape(&op, shape, shape_count)) return NULL;
  if (axis != EMILY_NO_AXIS && !emily__op_axis(&op, axis, shape_count, &at)) return NULL;
  for (int32_t i = 0; i < shape_count; i++) column[i] = i == at ? shape[i] : 1;
  int64_t count = axis == EMILY_NO_AXIS ? emily__shape_size(shape, shape_count) : shape[at];
  emily_dtype inner = dtype == EMILY_BOOL ? EMILY_INT64 : dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : emily_dtype_compute(dtype);
  emily__attrs_iota attrs = {.dtype = inner, .count = count, .step = 1, .int_step = 1};
  emily_array *places = emily__cast(&op, emily__apply(&op, EMILY__PRIM_iota, &attrs, sizeof attrs, NULL, 0), dtype);
  if (axis == EMILY_NO_AXIS) return emily__reshape(&op, places, shape, shape_count);
  return emily__broadcast(&op, emily__reshape(&op, places, column, shape_count), shape, shape_count);
}

emily_array *emily_empty_like(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return constant(&op, 0, x->dims, x->ndim, x->dtype);
}

/* ---- grids ---- */

emily_status emily_meshgrid(emily_scope *scope, emily_array *const *xs, int32_t xs_count, bool sparse, const char *indexing,
                            emily_array **out, size_t capacity, size_t *count) {
  const emily__op op = {scope, __func__, xs, xs_count};
  static const char *const orders[] = {"xy", "ij", NULL};
  int64_t shape[EMILY__MAX_RANK];
  if (!emily__op_ready(&op)) return emily_scope_status(scope);
  if (xs_count > EMILY__MAX_RANK) return REFUSE_STATUS("a grid has at most 64 axes");
  int32_t order = emily__op_choice(&op, "indexing", indexing, orders);
  if (order < 0) return EMILY_INVALID_ARGUMENT;
  for (int32_t i = 0; i < xs_count; i++) shape[order == 0 && xs_count > 1 && i < 2 ? 1 - i : i] = xs[i]->size;
  if (!sparse && !emily__op_shape(&op, shape, xs_count)) return EMILY_INVALID_ARGUMENT;
  emily_array *results[EMILY__MAX_RANK];
  for (int32_t i = 0; i < xs_count; i++) {
    int64_t own[EMILY__MAX_RANK];
    int32_t at = order == 0 && xs_count > 1 && i < 2 ? 1 - i : i;
    for (int32_t j = 0; j < xs_count; j++) own[j] = j == at ? shape[j] : 1;
    results[i] = emily__reshape(&op, xs[i], own, xs_count);
    if (!sparse) results[i] = emily__broadcast(&op, results[i], shape, xs_count);
  }
  return emily__give(&op, results, (size_t)xs_count, out, capacity, count);
}

/* ---- windows of M points: computed in float64, rounded to float32 ---- */

/* 0, 1, …, M - 1 times `full` / (M - 1). NULL where M is below 2: then *out is the window, or nothing. */
static emily_array *steps(const emily__op *op, int64_t M, double full, emily_array **out) {
  *out = M < 2 ? emily__full(op, 1, EMILY_FLOAT32, (int64_t[]){M < 1 ? 0 : 1}, 1) : NULL;
  if (M < 2) return NULL;
  emily_array *n = emily_arange(op->scope, 0, (double)M, 1, EMILY_FLOAT64);
  return n ? emily_multiply(op->scope, n, emily__scalar(op, full / (double)(M - 1), EMILY_FLOAT64)) : NULL;
}

/* a - b cos(t) + c cos(2t), t from 0 to 2π */
static emily_array *cosine_window(const emily__op *op, int64_t M, double a, double b, double c) {
  emily_scope *s = op->scope;
  emily_array *out, *t = steps(op, M, 2 * M_PI, &out);
  if (!t) return out;
  emily_array *y = emily_subtract(s, emily__scalar(op, a, EMILY_FLOAT64), emily_multiply(s, emily__scalar(op, b, EMILY_FLOAT64), emily_cos(s, t)));
  if (c != 0) y = emily_add(s, y, emily_multiply(s, emily__scalar(op, c, EMILY_FLOAT64), emily_cos(s, emily_add(s, t, t))));
  return emily__cast(op, y, EMILY_FLOAT32);
}

emily_array *emily_hanning(emily_scope *scope, int64_t M) {
  BEGIN_NO_OPERANDS(scope);
  return cosine_window(&op, M, 0.5, 0.5, 0);
}

emily_array *emily_hamming(emily_scope *scope, int64_t M) {
  BEGIN_NO_OPERANDS(scope);
  return cosine_window(&op, M, 0.54, 0.46, 0);
}

emily_array *emily_blackman(emily_scope *scope, int64_t M) {
  BEGIN_NO_OPERANDS(scope);
  return cosine_window(&op, M, 0.42, 0.5, 0.08);
}

emily_array *emily_bartlett(emily_scope *scope, int64_t M) {
  BEGIN_NO_OPERANDS(scope);
  emily_array *out, *t = steps(&op, M, 2, &out), *one = emily__scalar(&op, 1, EMILY_FLOAT64);
  if (!t) return out;
  return emily__cast(&op, emily_subtract(scope, one, emily_abs(scope, emily_subtract(scope, t, one))), EMILY_FLOAT32);
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

emily_array *emily_pack(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return APPLY_PLAIN(pack, x);
}

emily_array *emily_unpack(emily_scope *scope, emily_array *x, emily_dtype dtype) {
  BEGIN(scope, x);
  emily__attrs_dtype attrs = {dtype};
  return APPLY(unpack, &attrs, x);
}

emily_array *emily_to_fp8(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  if (!emily_dtype_is_float(x->dtype)) return REFUSE("only floats are made 8-bit floats; cast first");
  return emily__unary(&op, EMILY__PRIM_to_fp8, x);
}

emily_array *emily_from_fp8(emily_scope *scope, emily_array *x, emily_dtype dtype) {
  BEGIN(scope, x);
  if (x->dtype != EMILY_UINT8) return REFUSE("the bits of 8-bit floats are uint8");
  if (!emily_dtype_is_float(dtype)) return REFUSE("8-bit floats become floats");
  return emily__cast(&op, emily_view(scope, x, EMILY_FLOAT8_E4M3FN), dtype);
}

/* Its transpose is row-contiguous. */
static bool col_major(const emily_array *x) {
  int64_t stride = 1;
  for (int32_t i = 0; i < x->ndim; i++) {
    if (x->dims[i] != 1 && emily__array_strides(x)[i] != stride) return false;
    stride *= x->dims[i];
  }
  return true;
}

emily_array *emily_contiguous(emily_scope *scope, emily_array *x, bool allow_col_major) {
  BEGIN(scope, x);
  if (emily__array_ready(x) && (x->dense || (allow_col_major && col_major(x)))) return x;
  return APPLY_PLAIN(copy, x);
}

emily_array *emily_copy(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return APPLY_PLAIN(copy, x);
}
