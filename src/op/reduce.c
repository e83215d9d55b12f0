/* reduce.c: sums, extremes and what is made of them. */
#include "op/common.h"

static emily_array *reduce(const emily__op *op, emily__prim prim, emily_array *x, const int64_t *axes, int32_t count,
                           bool keepdims) {
  emily__axes set;
  if (!x || !emily__op_axes(op, axes, count, x->ndim, &set)) return NULL;
  return emily__reduce(op, prim, x, &set, keepdims);
}

/* Sums and products widen narrow integers, except over no axes at all (an empty list), which change nothing. */
static emily_array *accumulate(const emily__op *op, emily__prim prim, emily_array *x, const int64_t *axes, int32_t count,
                               bool keepdims) {
  if (axes && count == 0) return x;
  return reduce(op, prim, emily__cast(op, x, emily__dtype_to_sum(x->dtype)), axes, count, keepdims);
}

#define REDUCTION(name, how)                                                                                        \
  emily_array *emily_##name(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims) { \
    BEGIN(scope, x);                                                                                                \
    return how(&op, EMILY__PRIM_##name, x, axes, axes_count, keepdims);                                             \
  }
REDUCTION(sum, accumulate)
REDUCTION(prod, accumulate)
REDUCTION(all, reduce)
REDUCTION(any, reduce)

/* An extreme of nothing is refused. */
static emily_array *extreme(const emily__op *op, emily__prim prim, emily_array *x, const int64_t *axes, int32_t count,
                            bool keepdims) {
  emily__axes set;
  if (!emily__op_axes(op, axes, count, x->ndim, &set)) return NULL;
  for (int32_t i = 0; i < set.count; i++)
    if (x->dims[set.axis[i]] == 0) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "axis %d is empty", set.axis[i]);
  return emily__reduce(op, prim, x, &set, keepdims);
}
REDUCTION(max, extreme)
REDUCTION(min, extreme)

emily_status emily_minmax(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims,
                          emily_array *out[2]) {
  BEGIN_STATUS(scope, x);
  out[0] = extreme(&op, EMILY__PRIM_min, x, axes, axes_count, keepdims);
  out[1] = extreme(&op, EMILY__PRIM_max, x, axes, axes_count, keepdims);
  return emily_scope_status(scope);
}

/* NaN is not zero. */
emily_array *emily_count_nonzero(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims) {
  BEGIN(scope, x);
  emily_array *nonzero = emily__cast(&op, x, EMILY_BOOL);
  return reduce(&op, EMILY__PRIM_sum, emily__cast(&op, nonzero, EMILY_INT32), axes, axes_count, keepdims);
}

static double elements(const emily_array *x, const emily__axes *axes) {
  double n = 1;
  for (int32_t i = 0; i < axes->count; i++) n *= (double)x->dims[axes->axis[i]];
  return n;
}

/* Means work in float32 at least: a sum of float16 would pass 65,504 where the mean does not. */
static emily_dtype mean_dtype(emily_dtype dtype) {
  dtype = emily__dtype_to_inexact(dtype);
  return dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16 ? EMILY_FLOAT32 : dtype;
}

static emily_array *mean(const emily__op *op, emily_array *x, const emily__axes *set, bool keepdims) {
  emily_array *sum = emily__reduce(op, EMILY__PRIM_sum, x, set, keepdims);
  return x ? emily__binary(op, EMILY__PRIM_multiply, sum, emily__scalar(op, 1.0 / elements(x, set), x->dtype)) : NULL;
}

emily_array *emily_mean(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims) {
  BEGIN(scope, x);
  emily__axes set;
  if (!emily__op_axes(&op, axes, axes_count, x->ndim, &set)) return NULL;
  emily_array *m = mean(&op, emily__cast(&op, x, mean_dtype(x->dtype)), &set, keepdims);
  return emily__cast(&op, m, emily__dtype_to_inexact(x->dtype));
}

/* Σ|x - mean|² / (n - ddof), in mean_dtype: the differences are taken first, so that a large mean cancels nothing. */
static emily_array *variance(const emily__op *op, emily_array *x, const int64_t *axes, int32_t count, bool keepdims, int64_t ddof) {
  emily__axes set;
  if (!emily__op_axes(op, axes, count, x->ndim, &set)) return NULL;
  emily_scope *scope = op->scope;
  emily_dtype dtype = mean_dtype(x->dtype), real = dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : dtype;
  x = emily__cast(op, x, dtype);
  emily_array *difference = emily_subtract(scope, x, mean(op, x, &set, true));
  emily_array *squares = emily_square(scope, dtype == real ? difference : emily_abs(scope, difference));
  if (!squares) return NULL;
  double n = elements(squares, &set) - (double)ddof;
  emily_array *sum = emily__reduce(op, EMILY__PRIM_sum, squares, &set, keepdims);
  return emily__binary(op, EMILY__PRIM_multiply, sum, emily__scalar(op, 1.0 / (n > 0 ? n : 0), real));
}

/* A spread is real, in the dtype of x otherwise. */
static emily_dtype spread_dtype(const emily_array *x) {
  return x->dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : emily__dtype_to_inexact(x->dtype);
}

emily_array *emily_var(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims, int64_t ddof) {
  BEGIN(scope, x);
  return emily__cast(&op, variance(&op, x, axes, axes_count, keepdims, ddof), spread_dtype(x));
}

emily_array *emily_std(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims, int64_t ddof) {
  BEGIN(scope, x);
  emily_array *v = variance(&op, x, axes, axes_count, keepdims, ddof);
  return v ? emily__cast(&op, emily__unary(&op, EMILY__PRIM_sqrt, v), spread_dtype(x)) : NULL;
}

/* ---- positions ---- */

static emily_array *arg_reduce(const emily__op *op, emily__prim prim, emily_array *x, int64_t axis, bool keepdims, const char *tie) {
  int32_t normal = 0;
  const bool last = tie && strcmp(tie, "high") == 0;
  if (!last && (!tie || strcmp(tie, "low") != 0))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "tie is \"%s\"; it is \"low\" or \"high\"", tie ? tie : "(null)");
  emily__attrs_arg_reduce attrs = {0, keepdims, last};
  if (axis == EMILY_NO_AXIS) {
    if (x->size == 0) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the array is empty");
    int32_t ndim = x->ndim;
    x = emily__flatten(op, x);
    emily_array *index = emily__apply(op, prim, &attrs, sizeof attrs, &x, 1);
    int64_t ones[EMILY__MAX_RANK];
    for (int32_t i = 0; i < ndim; i++) ones[i] = 1;
    return emily__reshape(op, index, ones, keepdims ? ndim : 0);
  }
  if (!emily__op_axis(op, axis, x->ndim, &normal)) return NULL;
  attrs.axis = normal;
  return emily__apply(op, prim, &attrs, sizeof attrs, &x, 1);
}

emily_array *emily_argmax(emily_scope *scope, emily_array *x, int64_t axis, bool keepdims, const char *tie) {
  BEGIN(scope, x);
  return arg_reduce(&op, EMILY__PRIM_argmax, x, axis, keepdims, tie);
}

emily_array *emily_argmin(emily_scope *scope, emily_array *x, int64_t axis, bool keepdims, const char *tie) {
  BEGIN(scope, x);
  return arg_reduce(&op, EMILY__PRIM_argmin, x, axis, keepdims, tie);
}

/* ---- exponentials: the primitives work along the last axis, so the axes are moved there and made one ---- */

typedef struct moved {
  int32_t order[EMILY__MAX_RANK]; /* axis of x at each place */
  int64_t shape[EMILY__MAX_RANK]; /* moved, before flattening */
  int64_t folded[EMILY__MAX_RANK + 1]; /* no axis at all: one of extent 1 is put behind */
  int32_t kept;
} moved;

static emily_array *axes_to_last(const emily__op *op, emily_array *x, const emily__axes *axes, moved *m) {
  uint64_t set = 0;
  int64_t n = 1;
  for (int32_t i = 0; i < axes->count; i++) set |= (uint64_t)1 << axes->axis[i];
  m->kept = 0;
  for (int32_t i = 0; i < x->ndim; i++)
    if (!(set >> i & 1)) m->order[m->kept++] = i;
  for (int32_t i = 0; i < axes->count; i++) m->order[m->kept + i] = axes->axis[i];
  for (int32_t i = 0; i < x->ndim; i++) {
    m->shape[i] = x->dims[m->order[i]];
    if (i < m->kept)
      m->folded[i] = m->shape[i];
    else
      n *= m->shape[i];
  }
  m->folded[m->kept] = n;
  return emily__reshape(op, emily__transpose(op, x, m->order), m->folded, m->kept + 1);
}

/* What axes_to_last made of x, its last axis reduced, in the shape that reducing x's axes gives. */
static emily_array *reduced(const emily__op *op, emily_array *y, const emily_array *x, const emily__axes *axes, bool keepdims) {
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim = 0, next = 0;
  for (int32_t i = 0; x && i < x->ndim; i++) {
    bool gone = next < axes->count && axes->axis[next] == i;
    next += gone;
    if (!gone || keepdims) shape[ndim++] = gone ? 1 : x->dims[i];
  }
  return emily__reshape(op, y, shape, ndim);
}

emily_array *emily_softmax(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool precise) {
  BEGIN(scope, x);
  (void)precise; /* the kernels always accumulate in float32 or better */
  emily__axes set;
  moved m;
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  if (!emily__op_axes(&op, axes, axes_count, x->ndim, &set)) return NULL;
  x = emily__cast(&op, x, emily__dtype_to_inexact(x->dtype));
  if (x && x->size == 0) return x;
  if (set.count == 1 && set.axis[0] == emily_array_ndim(x) - 1) return APPLY_PLAIN(softmax, x);
  emily_array *rows = axes_to_last(&op, x, &set, &m);
  emily_array *y = APPLY_PLAIN(softmax, rows);
  int32_t back[EMILY__MAX_RANK];
  for (int32_t i = 0; i < x->ndim; i++) back[m.order[i]] = i;
  return emily__transpose(&op, emily__reshape(&op, y, m.shape, x->ndim), back);
}

emily_array *emily_logsumexp(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims) {
  BEGIN(scope, x);
  emily__axes set;
  moved m;
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  if (!emily__op_axes(&op, axes, axes_count, x->ndim, &set)) return NULL;
  for (int32_t i = 0; i < set.count; i++)
    if (x->dims[set.axis[i]] == 0) return REFUSE("axis %d is empty", set.axis[i]);
  x = emily__cast(&op, x, emily__dtype_to_inexact(x->dtype));
  emily_array *rows = x ? axes_to_last(&op, x, &set, &m) : NULL;
  return reduced(&op, APPLY_PLAIN(logsumexp, rows), x, &set, keepdims);
}

/* ---- median ---- */

/* The middle of rows [..., n]: what stands there once the smaller ones stand before it, with the largest of those where n is even. In
 * float32 for 16-bit floats, whose sum of two may leave their range. */
static emily_array *middle(const emily__op *op, emily_array *rows) {
  const int32_t last = rows->ndim - 1;
  const int64_t n = rows->dims[last];
  emily__attrs_sort attrs = {last, false, n / 2};
  emily__axes along = {1, {last}};
  emily_array *parted = emily__apply(op, EMILY__PRIM_sort, &attrs, sizeof attrs, &rows, 1);
  emily_dtype dtype = mean_dtype(rows->dtype);
  emily_array *high = emily__cast(op, emily__slice_axis(op, parted, last, n / 2, 1), dtype);
  if (n % 2 == 0) {
    emily_array *before = emily__slice_axis(op, parted, last, 0, n / 2);
    emily_array *low = emily__cast(op, before ? emily__reduce(op, EMILY__PRIM_max, before, &along, true) : NULL, dtype);
    high = emily_multiply(op->scope, emily_add(op->scope, low, high), emily__scalar(op, 0.5, dtype));
  }
  if (!emily_dtype_is_float(rows->dtype)) return high;
  emily_array *most = emily__cast(op, emily__reduce(op, EMILY__PRIM_max, rows, &along, true), dtype);
  return emily_where(op->scope, emily_isnan(op->scope, most), most, high);
}

emily_array *emily_median(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool keepdims) {
  BEGIN(scope, x);
  emily__axes set;
  moved m;
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  if (!emily__op_axes(&op, axes, axes_count, x->ndim, &set)) return NULL;
  for (int32_t i = 0; i < set.count; i++)
    if (x->dims[set.axis[i]] == 0) return REFUSE("axis %d is empty", set.axis[i]);
  emily_array *rows = axes_to_last(&op, x, &set, &m);
  emily_array *y = rows ? emily__cast(&op, middle(&op, rows), emily__dtype_to_inexact(x->dtype)) : NULL;
  return reduced(&op, y, x, &set, keepdims);
}
