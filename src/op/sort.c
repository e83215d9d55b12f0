/* sort.c: order. Partition is a full sort: it satisfies the contract, and a stable order repeats. */
#include "op/common.h"

static emily_array *along(const emily__op *op, emily__prim prim, emily_array *x, int64_t axis) {
  emily__attrs_axis attrs;
  int32_t at = 0;
  if (axis == EMILY_NO_AXIS)
    x = emily__flatten(op, x);
  else if (x->ndim == 0 && (axis == -1 || axis == 0)) /* the only element of a scalar is in order */
    return prim == EMILY__PRIM_sort ? x : emily__full(op, 0, EMILY_UINT32, NULL, 0);
  else if (!emily__op_axis(op, axis, x->ndim, &at))
    return NULL;
  attrs.axis = at;
  return x ? emily__apply(op, prim, &attrs, sizeof attrs, &x, 1) : NULL;
}

emily_array *emily_sort(emily_scope *scope, emily_array *x, int64_t axis) {
  BEGIN(scope, x);
  return along(&op, EMILY__PRIM_sort, x, axis);
}

emily_array *emily_argsort(emily_scope *scope, emily_array *x, int64_t axis) {
  BEGIN(scope, x);
  return along(&op, EMILY__PRIM_argsort, x, axis);
}

static bool check_kth(const emily__op *op, const emily_array *x, int64_t kth, int64_t axis) {
  int32_t at = 0;
  if (axis != EMILY_NO_AXIS && !emily__op_axis(op, axis, x->ndim, &at)) return false;
  int64_t n = axis == EMILY_NO_AXIS ? x->size : x->dims[at];
  if (kth >= -n && kth < n) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "kth is %lld; the axis has %lld elements", (long long)kth, (long long)n);
  return false;
}

emily_array *emily_partition(emily_scope *scope, emily_array *x, int64_t kth, int64_t axis) {
  BEGIN(scope, x);
  return check_kth(&op, x, kth, axis) ? along(&op, EMILY__PRIM_sort, x, axis) : NULL;
}

emily_array *emily_argpartition(emily_scope *scope, emily_array *x, int64_t kth, int64_t axis) {
  BEGIN(scope, x);
  return check_kth(&op, x, kth, axis) ? along(&op, EMILY__PRIM_argsort, x, axis) : NULL;
}

emily_array *emily_topk(emily_scope *scope, emily_array *x, int64_t k, int64_t axis) {
  BEGIN(scope, x);
  int32_t at = 0;
  if (axis == EMILY_NO_AXIS)
    x = emily__flatten(&op, x);
  else if (!emily__op_axis(&op, axis, x->ndim, &at))
    return NULL;
  if (!x) return NULL;
  if (k < 0 || k > x->dims[at]) return REFUSE("k is %lld; the axis has %lld elements", (long long)k, (long long)x->dims[at]);
  emily_array *tail = emily__slice_axis(&op, along(&op, EMILY__PRIM_sort, x, at), at, x->dims[at] - k, k);
  return APPLY_PLAIN(copy, tail);
}
