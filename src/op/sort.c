/* sort.c: order, and what a sorted sequence answers: positions in it, and counts between edges. */
#include "op/common.h"

/* kth -1: all of the axis. */
static emily_array *along(const emily__op *op, emily__prim prim, emily_array *x, int64_t axis, bool descending, int64_t kth) {
  int32_t at = 0;
  if (!x) return NULL;
  if (axis == EMILY_NO_AXIS)
    x = emily__flatten(op, x);
  else if (x->ndim == 0 && (axis == -1 || axis == 0)) /* the only element of a scalar is in order */
    return prim == EMILY__PRIM_sort ? x : emily__full(op, 0, EMILY_UINT32, NULL, 0);
  else if (!emily__op_axis(op, axis, x->ndim, &at))
    return NULL;
  emily__attrs_sort attrs = {at, descending, kth};
  return x ? emily__apply(op, prim, &attrs, sizeof attrs, &x, 1) : NULL;
}

emily_array *emily_sort(emily_scope *scope, emily_array *x, int64_t axis, bool descending) {
  BEGIN(scope, x);
  return along(&op, EMILY__PRIM_sort, x, axis, descending, -1);
}

emily_array *emily_argsort(emily_scope *scope, emily_array *x, int64_t axis, bool descending) {
  BEGIN(scope, x);
  return along(&op, EMILY__PRIM_argsort, x, axis, descending, -1);
}

/* 0 ≤ kth < the axis's extent, from the end where negative; -1 where it is out of range (the op has failed). */
static int64_t check_kth(const emily__op *op, const emily_array *x, int64_t kth, int64_t axis) {
  int32_t at = 0;
  if (axis != EMILY_NO_AXIS && !emily__op_axis(op, axis, x->ndim, &at)) return -1;
  int64_t n = axis == EMILY_NO_AXIS ? x->size : x->dims[at];
  if (kth >= -n && kth < n) return kth < 0 ? kth + n : kth;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "kth is %lld; the axis has %lld elements", (long long)kth, (long long)n);
  return -1;
}

emily_array *emily_partition(emily_scope *scope, emily_array *x, int64_t kth, int64_t axis) {
  BEGIN(scope, x);
  kth = check_kth(&op, x, kth, axis);
  return kth < 0 ? NULL : along(&op, EMILY__PRIM_sort, x, axis, false, kth);
}

emily_array *emily_argpartition(emily_scope *scope, emily_array *x, int64_t kth, int64_t axis) {
  BEGIN(scope, x);
  kth = check_kth(&op, x, kth, axis);
  return kth < 0 ? NULL : along(&op, EMILY__PRIM_argsort, x, axis, false, kth);
}

/* The k largest are parted from the others, and only they are sorted. */
emily_array *emily_topk(emily_scope *scope, emily_array *x, int64_t k, int64_t axis) {
  BEGIN(scope, x);
  int32_t at = 0;
  if (axis == EMILY_NO_AXIS)
    x = emily__flatten(&op, x);
  else if (!emily__op_axis(&op, axis, x->ndim, &at))
    return NULL;
  if (!x) return NULL;
  const int64_t n = x->dims[at];
  if (k < 0 || k > n) return REFUSE("k is %lld; the axis has %lld elements", (long long)k, (long long)n);
  emily_array *parted = k > 0 && k < n ? along(&op, EMILY__PRIM_sort, x, at, false, n - k) : x;
  return along(&op, EMILY__PRIM_sort, emily__slice_axis(&op, parted, at, n - k, k), at, false, -1);
}

/* ---- positions in a sorted sequence ---- */

static emily_array *search(const emily__op *op, emily_array *sorted, emily_array *values, bool right) {
  if (!sorted || !values) return NULL;
  emily_dtype dtype = emily_promote_types(sorted->dtype, values->dtype);
  emily__attrs_flag attrs = {right};
  emily_array *inputs[2] = {emily__cast(op, sorted, dtype), emily__cast(op, values, dtype)};
  return emily__apply(op, EMILY__PRIM_searchsorted, &attrs, sizeof attrs, inputs, 2);
}

emily_array *emily_searchsorted(emily_scope *scope, emily_array *sorted_sequence, emily_array *values, const char *side) {
  BEGIN(scope, sorted_sequence, values);
  const bool right = side && strcmp(side, "right") == 0;
  if (!right && (!side || strcmp(side, "left") != 0)) return REFUSE("side is \"%s\"; it is \"left\" or \"right\"", side ? side : "(null)");
  if (sorted_sequence->ndim != 1) return REFUSE("the sorted sequence must have one axis");
  return search(&op, sorted_sequence, values, right);
}

/* Integers past 2^24 would not be themselves in float32. */
static emily_dtype edge_dtype(emily_dtype dtype) {
  bool wide = emily_dtype_is_integer(dtype) && emily_dtype_size(dtype) >= 4;
  return dtype == EMILY_FLOAT64 || wide ? EMILY_FLOAT64 : EMILY_FLOAT32;
}

/* bins + 1 edges from the least to the largest element; around a single one, half of 1 to each side; of none, from 0 to 1. */
static emily_array *even_edges(const emily__op *op, emily_array *x, int64_t bins) {
  emily_scope *s = op->scope;
  emily_dtype dtype = edge_dtype(x->dtype);
  emily_array *low = emily__scalar(op, 0, dtype), *high = emily__scalar(op, 1, dtype);
  if (x->size > 0) {
    low = emily__cast(op, emily_min(s, x, NULL, 0, false), dtype);
    high = emily__cast(op, emily_max(s, x, NULL, 0, false), dtype);
    emily_array *one = emily_equal(s, low, high), *half = emily__scalar(op, 0.5, dtype), *zero = emily__scalar(op, 0, dtype);
    emily_array *more = emily_where(s, one, half, zero);
    low = emily_subtract(s, low, more);
    high = emily_add(s, high, more);
  }
  emily_array *steps = emily_arange(s, 0, (double)bins + 1, 1, dtype);
  emily_array *width = emily_divide(s, emily_subtract(s, high, low), emily__scalar(op, (double)bins, dtype));
  emily_array *edges = emily_add(s, low, emily_multiply(s, steps, width)), *last = emily__reshape(op, high, (int64_t[]){1}, 1);
  if (!edges || !last) return NULL;
  return emily_concatenate(s, (emily_array *[]){emily__slice_axis(op, edges, 0, 0, bins), last}, 2, 0);
}

/* How many (or how much weight) of the elements stand before each edge, in the order of the sorted elements; the last edge counts what
 * is equal to it. */
static emily_array *below_edges(const emily__op *op, emily_array *x, emily_array *weights, emily_array *edges, bool closed) {
  emily_scope *s = op->scope;
  emily_array *order = weights ? emily_argsort(s, x, 0, false) : NULL;
  emily_array *sorted = weights ? emily_take(s, x, order, 0) : emily_sort(s, x, 0, false);
  const int64_t n = edges->dims[0];
  emily_array *left = search(op, sorted, emily__slice_axis(op, edges, 0, 0, closed ? n - 1 : n), false);
  emily_array *places = left;
  if (closed) places = emily_concatenate(s, (emily_array *[]){left, search(op, sorted, emily__slice_axis(op, edges, 0, n - 1, 1), true)}, 2, 0);
  if (!weights) return emily__cast(op, places, EMILY_INT32);
  emily_dtype dtype = emily__dtype_to_sum(weights->dtype);
  emily_array *sums = emily_cumsum(s, emily_take(s, weights, order, 0), 0, false, true, dtype), *zero = emily__full(op, 0, dtype, (int64_t[]){1}, 1);
  return emily_take(s, emily_concatenate(s, (emily_array *[]){zero, sums}, 2, 0), places, 0);
}

static bool check_weights(const emily__op *op, const emily_array *x, const emily_array *weights) {
  if (!weights || emily__shape_equal(x->dims, x->ndim, weights->dims, weights->ndim)) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "weights must have the shape of x");
  return false;
}

emily_status emily_histogram(emily_scope *scope, emily_array *x, emily_array *edges, emily_array *weights, int64_t bins, emily_array *out[2]) {
  BEGIN_STATUS(scope, x);
  if (x->dtype == EMILY_COMPLEX64) return REFUSE_STATUS("there is no complex version");
  if (edges && (edges->ndim != 1 || edges->size < 2)) return REFUSE_STATUS("edges must have one axis, of two elements at least");
  if (!edges && (bins < 1 || bins > INT32_MAX - 1)) return REFUSE_STATUS("bins is %lld; it must be 1 to 2^31 - 2", (long long)bins);
  if (x->size > INT32_MAX) return REFUSE_STATUS("x has more than 2^31 - 1 elements");
  if (!check_weights(&op, x, weights)) return emily_scope_status(scope);
  emily_array *flat = emily__flatten(&op, x);
  out[1] = edges ? edges : flat ? even_edges(&op, flat, bins) : NULL;
  if (!out[1]) return emily_scope_status(scope);
  out[0] = emily_diff(scope, below_edges(&op, flat, weights ? emily__flatten(&op, weights) : NULL, out[1], true), 1, 0);
  return emily_scope_status(scope);
}

emily_array *emily_bincount(emily_scope *scope, emily_array *x, emily_array *weights, int64_t length) {
  BEGIN(scope, x);
  if (!emily_dtype_is_integer(x->dtype)) return REFUSE("x must be of integers");
  if (length < 0 || length > INT32_MAX - 1) return REFUSE("length is %lld; it must be 0 to 2^31 - 2", (long long)length);
  if (x->size > INT32_MAX) return REFUSE("x has more than 2^31 - 1 elements");
  if (!check_weights(&op, x, weights)) return NULL;
  emily_array *flat = emily__cast(&op, emily__flatten(&op, x), x->dtype == EMILY_UINT64 ? EMILY_UINT64 : EMILY_INT64);
  emily_array *edges = flat ? emily_arange(scope, 0, (double)length + 1, 1, flat->dtype) : NULL;
  if (!edges) return NULL;
  return emily_diff(scope, below_edges(&op, flat, weights ? emily__flatten(&op, weights) : NULL, edges, false), 1, 0);
}
