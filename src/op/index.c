/* index.c: ops that pick elements. */
#include "op/indices.h"

emily_array *emily_take(emily_scope *scope, emily_array *x, emily_array *indices, int64_t axis) {
  BEGIN(scope, x, indices);
  int32_t at = 0;
  if (!emily_dtype_is_integer(indices->dtype)) return REFUSE("indices must be integers");
  if (axis == EMILY_NO_AXIS)
    x = emily__flatten(&op, x);
  else if (!emily__op_axis(&op, axis, x->ndim, &at))
    return NULL;
  if (x && x->dims[at] == 0 && indices->size) return REFUSE("nothing can be taken from axis %d, which is empty", at);
  emily__attrs_axis attrs = {at};
  return APPLY(take, &attrs, x, indices);
}

bool emily__match_off_axis(const emily__op *op, emily_array **x, emily_array **indices, int32_t axis) {
  int64_t x_shape[EMILY__MAX_RANK], i_shape[EMILY__MAX_RANK];
  for (int32_t i = 0; i < (*x)->ndim; i++) {
    int64_t a = (*x)->dims[i], b = (*indices)->dims[i];
    if (i != axis && a != b && a != 1 && b != 1) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the shapes do not broadcast on axis %d", i);
      return false;
    }
    x_shape[i] = i == axis ? a : a == 1 ? b : a;
    i_shape[i] = i == axis ? b : x_shape[i];
  }
  *x = emily__broadcast(op, *x, x_shape, (*x)->ndim);
  *indices = emily__broadcast(op, *indices, i_shape, (*indices)->ndim);
  return *x && *indices;
}

emily_array *emily_take_along_axis(emily_scope *scope, emily_array *x, emily_array *indices, int64_t axis) {
  BEGIN(scope, x, indices);
  int32_t at = 0;
  if (!emily_dtype_is_integer(indices->dtype)) return REFUSE("indices must be integers");
  if (axis == EMILY_NO_AXIS) {
    x = emily__flatten(&op, x);
    indices = emily__flatten(&op, indices);
    if (!x || !indices) return NULL;
  } else if (!emily__op_axis(&op, axis, x->ndim, &at)) {
    return NULL;
  }
  if (x->ndim != indices->ndim) return REFUSE("indices have %d axes, the array %d", indices->ndim, x->ndim);
  if (!emily__match_off_axis(&op, &x, &indices, at)) return NULL;
  if (x->dims[at] == 0 && indices->size) return REFUSE("nothing can be taken from axis %d, which is empty", at);
  emily__attrs_axis attrs = {at};
  return APPLY(take_along_axis, &attrs, x, indices);
}

/* ---- slices ---- */

typedef struct extents {
  int64_t start[EMILY__MAX_RANK], extent[EMILY__MAX_RANK], stride[EMILY__MAX_RANK];
} extents;

static int64_t clamp(int64_t value, int64_t low, int64_t high) { return value < low ? low : value > high ? high : value; }

/* NumPy's slice rules for one axis: start and stop count from the end where negative and are cut to the axis. */
static void one_axis(int64_t n, int64_t start, int64_t stop, int64_t stride, int64_t *from, int64_t *extent) {
  if (start < 0) start = start < -n ? -1 : start + n;
  if (stop < 0) stop = stop < -n ? -1 : stop + n;
  if (stride > 0) {
    start = clamp(start, 0, n);
    stop = clamp(stop, 0, n);
    *extent = stop > start ? (stop - start - 1) / stride + 1 : 0;
  } else {
    start = clamp(start, -1, n - 1);
    stop = clamp(stop, -1, n - 1);
    *extent = start > stop ? (start - stop - 1) / -stride + 1 : 0;
  }
  *from = *extent ? start : 0;
}

static bool read_slice(const emily__op *op, const emily_array *x, const int64_t *start, const int64_t *stop,
                       const int64_t *strides, extents *out) {
  if (x->ndim && (!start || !stop)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "start and stop hold one number an axis");
    return false;
  }
  for (int32_t i = 0; i < x->ndim; i++) {
    out->stride[i] = strides ? strides[i] : 1;
    if (out->stride[i] == 0 || out->stride[i] == INT64_MIN) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the stride of axis %d makes no sense", i);
      return false;
    }
    one_axis(x->dims[i], start[i], stop[i], out->stride[i], &out->start[i], &out->extent[i]);
    if (out->extent[i] <= 1) out->stride[i] = 1; /* no step is taken; a large one would wrap as bytes */
  }
  return true;
}

emily_array *emily_slice(emily_scope *scope, emily_array *x, const int64_t *start, const int64_t *stop,
                         const int64_t *strides) {
  BEGIN(scope, x);
  extents e;
  if (!read_slice(&op, x, start, stop, strides, &e)) return NULL;
  return emily__slice(&op, x, e.start, e.extent, e.stride);
}

emily_array *emily_slice_update(emily_scope *scope, emily_array *x, emily_array *update, const int64_t *start,
                                const int64_t *stop, const int64_t *strides) {
  BEGIN(scope, x, update);
  extents e;
  int64_t both[EMILY__MAX_RANK];
  int32_t ndim;
  if (!read_slice(&op, x, start, stop, strides, &e)) return NULL;
  if (!emily__broadcast_shapes(update->dims, update->ndim, e.extent, x->ndim, both, &ndim) ||
      !emily__shape_equal(both, ndim, e.extent, x->ndim))
    return REFUSE("the update does not broadcast to the slice");
  update = emily__broadcast(&op, emily__cast(&op, update, x->dtype), e.extent, x->ndim);
  emily__attrs_room attrs;
  attrs.slice.count = x->ndim;
  size_t row = (size_t)x->ndim * sizeof(int64_t);
  memcpy(attrs.slice.values, e.start, row);
  memcpy(attrs.slice.values + x->ndim, e.extent, row);
  memcpy(attrs.slice.values + 2 * x->ndim, e.stride, row);
  return emily__apply(&op, EMILY__PRIM_slice_update, &attrs, sizeof attrs.slice + 3 * row, OPERANDS(x, update), 2);
}
