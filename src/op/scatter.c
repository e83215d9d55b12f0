/* scatter.c: ops that write where indices point, and gather, which reads there. Each is one primitive; x may be updated in place. */
#include "op/indices.h"

/* ---- index arrays and axes ---- */

bool emily__op_indices(const emily__op *op, emily_array *x, emily_array *const *indices, int32_t count, const int64_t *axes,
                       int32_t axes_count, emily__indices *out) {
  uint64_t seen = 0;
  if (count < 0 || count != axes_count || count > x->ndim || (count && !axes)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%d index arrays for %d axes of %d", count, axes_count, x->ndim);
    return false;
  }
  out->count = count;
  out->ndim = 0;
  for (int32_t k = 0; k < count; k++) {
    if (!emily__op_axis(op, axes[k], x->ndim, &out->axes[k])) return false;
    if (seen >> out->axes[k] & 1 || !emily_dtype_is_integer(indices[k]->dtype)) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, seen >> out->axes[k] & 1 ? "axis %d is named twice" : "the indices of axis %d must be integers", out->axes[k]);
      return false;
    }
    seen |= (uint64_t)1 << out->axes[k];
    int64_t shape[EMILY__MAX_RANK];
    int32_t ndim;
    if (!emily__broadcast_shapes(out->shape, out->ndim, indices[k]->dims, indices[k]->ndim, shape, &ndim)) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the index arrays do not broadcast");
      return false;
    }
    out->ndim = ndim;
    if (ndim) memcpy(out->shape, shape, (size_t)ndim * sizeof *shape);
  }
  for (int32_t k = 0; k < count; k++) out->arrays[k] = emily__broadcast(op, indices[k], out->shape, out->ndim);
  return true;
}

emily_array *emily__gather(const emily__op *op, emily_array *x, const emily__indices *at, const int64_t *sizes, bool clamp) {
  emily_array *inputs[1 + EMILY__MAX_RANK] = {x};
  emily__attrs_room attrs;
  attrs.gather.clamp = clamp;
  attrs.gather.count = at->count;
  for (int32_t k = 0; k < at->count; k++) {
    attrs.gather.values[k] = at->axes[k];
    inputs[k + 1] = at->arrays[k];
  }
  for (int32_t i = 0; i < x->ndim; i++) attrs.gather.values[at->count + i] = sizes[i];
  size_t bytes = sizeof attrs.gather + (size_t)(at->count + x->ndim) * sizeof(int64_t);
  return emily__apply(op, EMILY__PRIM_gather, &attrs, bytes, inputs, at->count + 1);
}

emily_array *emily__scatter(const emily__op *op, emily_array *x, emily_array *updates, const emily__indices *at, int64_t update,
                            bool clamp) {
  emily_array *inputs[2 + EMILY__MAX_RANK] = {x, emily__cast(op, updates, x->dtype)};
  emily__attrs_room attrs;
  attrs.scatter.update = update;
  attrs.scatter.clamp = clamp;
  attrs.scatter.count = at->count;
  for (int32_t k = 0; k < at->count; k++) {
    attrs.scatter.axes[k] = at->axes[k];
    inputs[k + 2] = at->arrays[k];
  }
  return emily__apply(op, EMILY__PRIM_scatter, &attrs, sizeof attrs.scatter + (size_t)at->count * sizeof(int64_t), inputs,
                      at->count + 2);
}

bool emily__op_window(const emily__op *op, const emily_array *x, const int64_t *sizes) {
  if (x->ndim && !sizes) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a window holds one extent an axis");
    return false;
  }
  for (int32_t i = 0; i < x->ndim; i++)
    if (sizes[i] < 0 || sizes[i] > x->dims[i]) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a window of %lld does not fit into axis %d", (long long)sizes[i], i);
      return false;
    }
  return true;
}

/* ---- gather ---- */

/* x and others before the index arrays, all of them operands. */
#define BEGIN_INDEXED(count, ...)                                                           \
  const emily__op op = {scope, __func__, OPERANDS(__VA_ARGS__), sizeof(OPERANDS(__VA_ARGS__)) / sizeof(void *)}; \
  const emily__op listed = {scope, __func__, indices, (count) > 0 && indices ? (count) : 0};  \
  if (!emily__op_ready(&op) || !emily__op_ready(&listed)) return NULL

emily_array *emily_gather(emily_scope *scope, emily_array *x, emily_array *const *indices, int32_t indices_count,
                          const int64_t *axes, int32_t axes_count, const int64_t *slice_sizes) {
  BEGIN_INDEXED(indices_count, x);
  emily__indices at;
  static const int64_t zeros[EMILY__MAX_RANK];
  if (!emily__op_indices(&op, x, indices, listed.count, axes, axes_count, &at) || !emily__op_window(&op, x, slice_sizes))
    return NULL;
  if (at.count) return emily__gather(&op, x, &at, slice_sizes, false);
  int64_t ones[EMILY__MAX_RANK];
  for (int32_t i = 0; i < x->ndim; i++) ones[i] = 1;
  return emily__slice(&op, x, zeros, slice_sizes, ones);
}

/* ---- scatter ---- */

/* Leading axes of 1 put in, and the axes of the indices broadcast. */
static emily_array *fit_updates(const emily__op *op, emily_array *updates, const emily_array *x, const emily__indices *at) {
  int64_t shape[2 * EMILY__MAX_RANK], both[EMILY__MAX_RANK];
  int32_t ndim = at->ndim + x->ndim, n;
  if (updates->ndim < x->ndim || updates->ndim > ndim || ndim > EMILY__MAX_RANK) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "updates have %d axes; %d of the indices and %d of the array are wanted", updates->ndim,
                   at->ndim, x->ndim);
    return NULL;
  }
  const int64_t *window = updates->dims + updates->ndim - x->ndim;
  if (!emily__op_window(op, x, window)) return NULL;
  if (at->ndim) memcpy(shape, at->shape, (size_t)at->ndim * sizeof *shape);
  if (x->ndim) memcpy(shape + at->ndim, window, (size_t)x->ndim * sizeof *shape);
  if (!emily__broadcast_shapes(updates->dims, updates->ndim, shape, ndim, both, &n) || !emily__shape_equal(both, n, shape, ndim)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "updates do not broadcast to the shape of the indices");
    return NULL;
  }
  return emily__broadcast(op, emily__cast(op, updates, x->dtype), shape, ndim);
}

static emily_array *scatter(emily_scope *scope, const char *name, int64_t update, emily_array *x, emily_array *updates,
                            emily_array *const *indices, int32_t count, const int64_t *axes, int32_t axes_count) {
  const emily__op op = {scope, name, OPERANDS(x, updates), 2};
  const emily__op listed = {scope, name, indices, count > 0 && indices ? count : 0};
  emily__indices at;
  if (!emily__op_ready(&op) || !emily__op_ready(&listed)) return NULL;
  if (!emily__op_indices(&op, x, indices, listed.count, axes, axes_count, &at)) return NULL;
  if (!at.count) return REFUSE("an index array is needed; slice_update writes at fixed places");
  updates = fit_updates(&op, updates, x, &at);
  return updates ? emily__scatter(&op, x, updates, &at, update, false) : NULL;
}

#define SCATTER(op, update)                                                                                                \
  emily_array *emily_##op(emily_scope *scope, emily_array *x, emily_array *updates, emily_array *const *indices,          \
                          int32_t indices_count, const int64_t *axes, int32_t axes_count) {                               \
    return scatter(scope, __func__, EMILY__UPDATE_##update, x, updates, indices, indices_count, axes, axes_count);         \
  }
SCATTER(scatter, PUT)
SCATTER(scatter_add, ADD)
SCATTER(scatter_prod, PROD)
SCATTER(scatter_max, MAX)
SCATTER(scatter_min, MIN)

/* ---- along one axis ---- */

/* values to the rank of indices, both to one shape; leading axes of 1 too many are dropped. */
static bool match_values(const emily__op *op, emily_array **indices, emily_array **values) {
  int32_t extra = (*values)->ndim - (*indices)->ndim;
  for (int32_t i = 0; i < extra; i++)
    if ((*values)->dims[i] != 1) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the values have more axes than the indices");
      return false;
    }
  if (extra > 0) *values = emily__reshape(op, *values, (*values)->dims + extra, (*indices)->ndim);
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim;
  if (!*values) return false;
  if (!emily__broadcast_shapes((*values)->dims, (*values)->ndim, (*indices)->dims, (*indices)->ndim, shape, &ndim)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the values do not broadcast with the indices");
    return false;
  }
  *values = emily__broadcast(op, *values, shape, ndim);
  *indices = emily__broadcast(op, *indices, shape, ndim);
  return *values && *indices;
}

static emily_array *scatter_along(const emily__op *op, emily_array *x, emily_array *indices, emily_array *values, int32_t axis,
                                  int64_t update) {
  values = emily__cast(op, values, x->dtype);
  if (!values || !match_values(op, &indices, &values)) return NULL;
  emily_array *whole = x;
  if (!emily__match_off_axis(op, &whole, &indices, axis)) return NULL;
  values = emily__broadcast(op, values, indices->dims, indices->ndim);
  emily__attrs_scatter_axis attrs = {update, axis};
  return emily__apply(op, EMILY__PRIM_scatter_axis, &attrs, sizeof attrs, OPERANDS(whole, values, indices), 3);
}

static emily_array *scatter_axis(emily_scope *scope, const char *name, int64_t update, emily_array *x, emily_array *indices,
                                 emily_array *values, int64_t axis) {
  const emily__op op = {scope, name, OPERANDS(x, indices, values), 3};
  int32_t at = 0;
  if (!emily__op_ready(&op)) return NULL;
  if (!emily_dtype_is_integer(indices->dtype)) return REFUSE("indices must be integers");
  if (axis == EMILY_NO_AXIS) {
    emily_array *flat = emily__flatten(&op, x);
    indices = emily__flatten(&op, indices);
    if (values->ndim > 1) values = emily__flatten(&op, values);
    if (!flat || !indices || !values) return NULL;
    return emily__reshape(&op, scatter_along(&op, flat, indices, values, 0, update), x->dims, x->ndim);
  }
  if (!emily__op_axis(&op, axis, x->ndim, &at)) return NULL;
  if (x->ndim != indices->ndim) return REFUSE("indices have %d axes, the array %d", indices->ndim, x->ndim);
  return scatter_along(&op, x, indices, values, at, update);
}

emily_array *emily_put_along_axis(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *values, int64_t axis) {
  return scatter_axis(scope, __func__, EMILY__UPDATE_PUT, x, indices, values, axis);
}

emily_array *emily_scatter_add_axis(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *values, int64_t axis) {
  return scatter_axis(scope, __func__, EMILY__UPDATE_ADD, x, indices, values, axis);
}

/* ---- tuples of indices in the last axis, as Nx has them ---- */

typedef struct tuples {
  emily__indices at;
  int32_t ndim;
  int64_t window[EMILY__MAX_RANK]; /* 1 on the axes, all of the others */
  int64_t shape[2 * EMILY__MAX_RANK]; /* indices.shape[:-1], then the other axes */
} tuples;

static bool read_tuples(const emily__op *op, emily_array *x, emily_array *indices, const int64_t *axes, int32_t count, tuples *out) {
  emily_array *each[EMILY__MAX_RANK];
  int64_t first[EMILY__MAX_RANK];
  const int32_t last = indices->ndim - 1;
  if (last < 0 || indices->dims[last] < 1 || indices->dims[last] > x->ndim || (axes && count != indices->dims[last])) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the last axis of the indices holds one index for each axis that is named");
    return false;
  }
  count = (int32_t)indices->dims[last];
  for (int32_t k = 0; k < count; k++) {
    first[k] = k;
    each[k] = emily__slice_axis(op, indices, last, k, 1);
    if (each[k]) each[k] = emily__reshape(op, each[k], indices->dims, last);
    if (!each[k]) return false;
  }
  if (!emily__op_indices(op, x, each, count, axes ? axes : first, count, &out->at)) return false;
  for (int32_t i = 0; i < x->ndim; i++) out->window[i] = x->dims[i];
  for (int32_t k = 0; k < count; k++) out->window[out->at.axes[k]] = -1;
  out->ndim = last;
  memcpy(out->shape, indices->dims, (size_t)last * sizeof *out->shape);
  for (int32_t i = 0; i < x->ndim; i++)
    if (out->window[i] >= 0) out->shape[out->ndim++] = out->window[i];
    else out->window[i] = x->dims[i] > 0; /* nothing can be read from, or written to, an empty axis */
  return true;
}

emily_array *emily_gather_nd(emily_scope *scope, emily_array *x, emily_array *indices, const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x, indices);
  tuples t;
  if (!read_tuples(&op, x, indices, axes, axes_count, &t)) return NULL;
  for (int32_t k = 0; k < t.at.count; k++)
    if (x->dims[t.at.axes[k]] == 0 && t.at.arrays[0]->size) return REFUSE("nothing can be taken from axis %d, which is empty", t.at.axes[k]);
  if (x->size == 0) return emily__full(&op, 0, x->dtype, t.shape, t.ndim);
  return emily__reshape(&op, emily__gather(&op, x, &t.at, t.window, false), t.shape, t.ndim);
}

static emily_array *indexed(emily_scope *scope, const char *name, int64_t update, emily_array *x, emily_array *indices,
                            emily_array *updates, const int64_t *axes, int32_t axes_count) {
  const emily__op op = {scope, name, OPERANDS(x, indices, updates), 3};
  tuples t;
  int64_t shape[2 * EMILY__MAX_RANK], both[EMILY__MAX_RANK];
  int32_t ndim;
  if (!emily__op_ready(&op) || !read_tuples(&op, x, indices, axes, axes_count, &t)) return NULL;
  if (x->size == 0) return x;
  if (t.at.ndim + x->ndim > EMILY__MAX_RANK) return REFUSE("an array has at most 64 axes");
  if (!emily__broadcast_shapes(updates->dims, updates->ndim, t.shape, t.ndim, both, &ndim) ||
      !emily__shape_equal(both, ndim, t.shape, t.ndim))
    return REFUSE("updates do not broadcast to the shape of the indices and of what they point at");
  updates = emily__broadcast(&op, emily__cast(&op, updates, x->dtype), t.shape, t.ndim);
  if (t.at.ndim) memcpy(shape, t.at.shape, (size_t)t.at.ndim * sizeof *shape);
  memcpy(shape + t.at.ndim, t.window, (size_t)x->ndim * sizeof *shape);
  updates = emily__reshape(&op, updates, shape, t.at.ndim + x->ndim);
  return updates ? emily__scatter(&op, x, updates, &t.at, update, false) : NULL;
}

emily_array *emily_indexed_put(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *updates, const int64_t *axes,
                               int32_t axes_count) {
  return indexed(scope, __func__, EMILY__UPDATE_PUT, x, indices, updates, axes, axes_count);
}

emily_array *emily_indexed_add(emily_scope *scope, emily_array *x, emily_array *indices, emily_array *updates, const int64_t *axes,
                               int32_t axes_count) {
  return indexed(scope, __func__, EMILY__UPDATE_ADD, x, indices, updates, axes, axes_count);
}
