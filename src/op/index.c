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

static emily_array *slice_update(emily_scope *scope, const char *name, int64_t how, emily_array *x, emily_array *update,
                                 const int64_t *start, const int64_t *stop, const int64_t *strides) {
  const emily__op op = {scope, name, OPERANDS(x, update), 2};
  extents e;
  int64_t both[EMILY__MAX_RANK];
  int32_t ndim;
  if (!emily__op_ready(&op) || !read_slice(&op, x, start, stop, strides, &e)) return NULL;
  if (!emily__broadcast_shapes(update->dims, update->ndim, e.extent, x->ndim, both, &ndim) ||
      !emily__shape_equal(both, ndim, e.extent, x->ndim))
    return REFUSE("the update does not broadcast to the slice");
  update = emily__broadcast(&op, emily__cast(&op, update, x->dtype), e.extent, x->ndim);
  emily__attrs_room attrs;
  attrs.slice_update.update = how;
  attrs.slice_update.count = x->ndim;
  int64_t *values = attrs.slice_update.values;
  size_t row = (size_t)x->ndim * sizeof(int64_t);
  memcpy(values, e.start, row);
  memcpy(values + x->ndim, e.extent, row);
  memcpy(values + 2 * x->ndim, e.stride, row);
  return emily__apply(&op, EMILY__PRIM_slice_update, &attrs, sizeof attrs.slice_update + 3 * row, OPERANDS(x, update), 2);
}

#define SLICE_UPDATE(op, how)                                                                                                \
  emily_array *emily_##op(emily_scope *scope, emily_array *x, emily_array *update, const int64_t *start, const int64_t *stop, \
                          const int64_t *strides) {                                                                          \
    return slice_update(scope, __func__, EMILY__UPDATE_##how, x, update, start, stop, strides);                              \
  }
SLICE_UPDATE(slice_update, PUT)
SLICE_UPDATE(slice_update_add, ADD)
SLICE_UPDATE(slice_update_prod, PROD)
SLICE_UPDATE(slice_update_max, MAX)
SLICE_UPDATE(slice_update_min, MIN)

/* ---- slices that begin where an array says ---- */

/* One 0-d index array for each axis, out of start ([] or [axes]). */
static bool read_starts(const emily__op *op, emily_array *x, emily_array *start, const int64_t *axes, int32_t count,
                        emily__indices *out) {
  emily_array *each[EMILY__MAX_RANK];
  if (start->ndim > 1 || start->size != count || count > EMILY__MAX_RANK) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "start holds one number for each of %d axes, in at most one axis of its own", count);
    return false;
  }
  for (int32_t k = 0; k < count; k++) {
    each[k] = start->ndim ? emily__reshape(op, emily__slice_axis(op, start, 0, k, 1), NULL, 0) : start;
    if (!each[k]) return false;
  }
  return emily__op_indices(op, x, each, count, axes, count, out);
}

emily_array *emily_dynamic_slice(emily_scope *scope, emily_array *x, emily_array *start, const int64_t *axes, int32_t axes_count,
                                 const int64_t *slice_size) {
  BEGIN(scope, x, start);
  emily__indices at;
  if (!read_starts(&op, x, start, axes, axes_count, &at) || !emily__op_window(&op, x, slice_size)) return NULL;
  if (at.count) return emily__gather(&op, x, &at, slice_size, true);
  return emily_gather(scope, x, NULL, 0, NULL, 0, slice_size);
}

emily_array *emily_dynamic_slice_update(emily_scope *scope, emily_array *x, emily_array *update, emily_array *start,
                                        const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x, update, start);
  emily__indices at;
  int64_t shape[EMILY__MAX_RANK], begin[EMILY__MAX_RANK] = {0};
  int32_t lead = x->ndim - update->ndim;
  if (!read_starts(&op, x, start, axes, axes_count, &at)) return NULL;
  if (lead < 0) return REFUSE("the update has more axes than the array");
  for (int32_t i = 0; i < x->ndim; i++) shape[i] = i < lead ? x->dims[i] : update->dims[i - lead];
  for (int32_t i = lead; i < x->ndim; i++)
    if (x->dims[i] == 0 && shape[i] == 1) shape[i] = 0;
  for (int32_t k = 0; k < at.count; k++)
    if (at.axes[k] < lead) shape[at.axes[k]] = x->dims[at.axes[k]] > 0;
  if (!emily__op_window(&op, x, shape)) return NULL;
  update = emily__broadcast(&op, emily__cast(&op, update, x->dtype), shape, x->ndim);
  if (at.count) return update ? emily__scatter(&op, x, update, &at, EMILY__UPDATE_PUT, true) : NULL;
  return update ? emily_slice_update(scope, x, update, begin, shape, NULL) : NULL;
}

/* ---- diagonals ---- */

emily_array *emily_diagonal(emily_scope *scope, emily_array *x, int64_t offset, int64_t axis1, int64_t axis2) {
  BEGIN(scope, x);
  int32_t first, second;
  if (x->ndim < 2) return REFUSE("a diagonal needs two axes");
  if (!emily__op_axis(&op, axis1, x->ndim, &first) || !emily__op_axis(&op, axis2, x->ndim, &second)) return NULL;
  if (first == second) return REFUSE("axis %d is named twice", first);
  emily__attrs_diagonal attrs = {first, second, offset};
  return APPLY(diagonal, &attrs, x);
}

emily_array *emily_trace(emily_scope *scope, emily_array *x, int64_t offset, int64_t axis1, int64_t axis2, emily_dtype dtype) {
  BEGIN(scope, x);
  if (dtype != -1 && !emily__dtype_valid(dtype)) return REFUSE("%d is no dtype", dtype);
  emily_array *diagonal = emily_diagonal(scope, x, offset, axis1, axis2);
  diagonal = emily__cast(&op, diagonal, dtype == -1 ? x->dtype : dtype);
  return diagonal ? emily_sum(scope, diagonal, (const int64_t[]){-1}, 1, false) : NULL;
}
