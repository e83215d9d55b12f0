/* shape.c: ops that move or repeat elements and compute nothing. */
#include "base/alloc.h"
#include "op/common.h"

#include <math.h>

emily_array *emily_reshape(emily_scope *scope, emily_array *x, const int64_t *shape, int32_t shape_count) {
  BEGIN(scope, x);
  int64_t wanted[EMILY__MAX_RANK], known = 1;
  int32_t open = -1;
  if (shape_count < 0 || shape_count > EMILY__MAX_RANK || (shape_count && !shape)) return REFUSE("a shape has 0 to 64 extents");
  for (int32_t i = 0; i < shape_count; i++) {
    wanted[i] = shape[i];
    if (shape[i] == -1) {
      if (open >= 0) return REFUSE("only one extent may be -1");
      open = i;
    } else if (!emily__mul_i64(known, shape[i], &known)) {
      return REFUSE("extent %lld makes no sense", (long long)shape[i]);
    }
  }
  if (open >= 0) {
    if (known == 0 || x->size % known) return REFUSE("%lld elements do not fill the shape", (long long)x->size);
    wanted[open] = x->size / known;
    known = x->size;
  }
  if (known != x->size) return REFUSE("%lld elements do not fill a shape of %lld", (long long)x->size, (long long)known);
  return emily__reshape(&op, x, wanted, shape_count);
}

emily_array *emily_flatten(emily_scope *scope, emily_array *x, int64_t start_axis, int64_t end_axis) {
  BEGIN(scope, x);
  int32_t first, last, ndim = 0;
  int64_t shape[EMILY__MAX_RANK];
  if (x->ndim == 0) return emily__flatten(&op, x);
  if (!emily__op_axis(&op, start_axis, x->ndim, &first) || !emily__op_axis(&op, end_axis, x->ndim, &last)) return NULL;
  if (first > last) return REFUSE("start_axis comes after end_axis");
  for (int32_t i = 0; i < x->ndim; i++) {
    if (i > first && i <= last)
      shape[ndim - 1] *= x->dims[i];
    else
      shape[ndim++] = x->dims[i];
  }
  return emily__reshape(&op, x, shape, ndim);
}

emily_array *emily_unflatten(emily_scope *scope, emily_array *x, int64_t axis, const int64_t *shape, int32_t shape_count) {
  BEGIN(scope, x);
  int32_t at;
  int64_t wanted[EMILY__MAX_RANK];
  if (!emily__op_axis(&op, axis, x->ndim, &at)) return NULL;
  if (shape_count < 1 || !shape || x->ndim - 1 + shape_count > EMILY__MAX_RANK) return REFUSE("the shape is missing or too long");
  memcpy(wanted, x->dims, (size_t)at * sizeof *wanted);
  memcpy(wanted + at, shape, (size_t)shape_count * sizeof *wanted);
  memcpy(wanted + at + shape_count, x->dims + at + 1, (size_t)(x->ndim - at - 1) * sizeof *wanted);
  int64_t known = 1, open = -1;
  for (int32_t i = 0; i < shape_count; i++) {
    if (shape[i] == -1 && open < 0)
      open = at + i;
    else if (!emily__mul_i64(known, shape[i], &known))
      return REFUSE("extent %lld makes no sense", (long long)shape[i]);
  }
  if (open >= 0 && known > 0) {
    wanted[open] = x->dims[at] / known;
    known *= wanted[open];
  }
  if (known != x->dims[at]) return REFUSE("the shape does not fill axis %d", at);
  return emily__reshape(&op, x, wanted, x->ndim - 1 + shape_count);
}

emily_array *emily_squeeze(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x);
  emily__axes set;
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim = 0, next = 0;
  if (!emily__op_axes(&op, axes, axes_count, x->ndim, &set)) return NULL;
  for (int32_t i = 0; i < x->ndim; i++) {
    bool named = next < set.count && set.axis[next] == i;
    next += named;
    if (named && axes && x->dims[i] != 1) return REFUSE("axis %d has extent %lld, not 1", i, (long long)x->dims[i]);
    if (!named || x->dims[i] != 1) shape[ndim++] = x->dims[i];
  }
  return emily__reshape(&op, x, shape, ndim);
}

emily_array *emily_expand_dims(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x);
  emily__axes set;
  int64_t shape[EMILY__MAX_RANK];
  if (axes_count < 0 || (axes_count && !axes) || axes_count > EMILY__MAX_RANK - x->ndim) return REFUSE("the axes are missing or too many");
  if (axes_count == 0) return x;
  int32_t ndim = x->ndim + axes_count;
  if (!emily__op_axes(&op, axes, axes_count, ndim, &set)) return NULL;
  for (int32_t i = 0, next = 0, from = 0; i < ndim; i++) {
    bool added = next < set.count && set.axis[next] == i;
    next += added;
    shape[i] = added ? 1 : x->dims[from++];
  }
  return emily__reshape(&op, x, shape, ndim);
}

emily_array *emily_transpose(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x);
  int32_t order[EMILY__MAX_RANK];
  uint64_t seen = 0;
  if (axes && axes_count != x->ndim) return REFUSE("a permutation of %d axes names %d", x->ndim, axes_count);
  for (int32_t i = 0; i < x->ndim; i++) {
    order[i] = x->ndim - 1 - i;
    if (axes && !emily__op_axis(&op, axes[i], x->ndim, &order[i])) return NULL;
    if (seen >> order[i] & 1) return REFUSE("axis %d is named twice", order[i]);
    seen |= (uint64_t)1 << order[i];
  }
  return emily__transpose(&op, x, order);
}

emily_array *emily_swapaxes(emily_scope *scope, emily_array *x, int64_t axis1, int64_t axis2) {
  BEGIN(scope, x);
  int32_t a, b, order[EMILY__MAX_RANK];
  if (!emily__op_axis(&op, axis1, x->ndim, &a) || !emily__op_axis(&op, axis2, x->ndim, &b)) return NULL;
  for (int32_t i = 0; i < x->ndim; i++) order[i] = i == a ? b : i == b ? a : i;
  return emily__transpose(&op, x, order);
}

emily_array *emily_moveaxis(emily_scope *scope, emily_array *x, int64_t source, int64_t destination) {
  BEGIN(scope, x);
  int32_t from, to, order[EMILY__MAX_RANK];
  if (!emily__op_axis(&op, source, x->ndim, &from) || !emily__op_axis(&op, destination, x->ndim, &to)) return NULL;
  for (int32_t i = 0, next = 0; i < x->ndim; i++) {
    if (next == from) next++;
    order[i] = i == to ? from : next++;
  }
  return emily__transpose(&op, x, order);
}

emily_array *emily_broadcast_to(emily_scope *scope, emily_array *x, const int64_t *shape, int32_t shape_count) {
  BEGIN(scope, x);
  if (!emily__op_shape(&op, shape, shape_count)) return NULL;
  return emily__broadcast(&op, x, shape, shape_count);
}

/* ---- several arrays ---- */

emily_status emily_broadcast_arrays(emily_scope *scope, emily_array *const *xs, int32_t xs_count, emily_array **out,
                                    size_t capacity, size_t *count) {
  const emily__op op = {scope, __func__, xs, xs_count > 0 ? xs_count : 0};
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim = 0;
  if (!emily__op_ready(&op)) return emily_scope_status(scope);
  if ((size_t)op.count > capacity) return emily__give(&op, NULL, (size_t)op.count, out, capacity, count);
  for (int32_t i = 0; i < op.count; i++)
    if (!emily__broadcast_shapes(shape, ndim, xs[i]->dims, xs[i]->ndim, shape, &ndim)) {
      REFUSE("the shapes do not broadcast");
      return EMILY_INVALID_ARGUMENT;
    }
  emily_array **results = emily__alloc_array((size_t)op.count, sizeof *results);
  if (!results) {
    emily_scope_fail(scope);
    return EMILY_OUT_OF_MEMORY;
  }
  for (int32_t i = 0; i < op.count; i++) results[i] = emily__broadcast(&op, xs[i], shape, ndim);
  emily_status status = emily__give(&op, results, (size_t)op.count, out, capacity, count);
  emily__free(results);
  return status;
}

/* All operands cast to their common dtype and joined; NULL operands were refused. */
static emily_array *join(const emily__op *op, emily_array *const *xs, int32_t n, int32_t axis) {
  emily_dtype dtype = xs[0]->dtype;
  for (int32_t i = 1; i < n; i++) dtype = emily_promote_types(dtype, xs[i]->dtype);
  emily_array **parts = emily__alloc_array((size_t)n, sizeof *parts);
  if (!parts) return emily_scope_fail(op->scope);
  for (int32_t i = 0; i < n; i++) parts[i] = emily__cast(op, xs[i], dtype);
  emily__attrs_axis attrs = {axis};
  emily_array *y = n == 1 ? parts[0] : emily__apply(op, EMILY__PRIM_concatenate, &attrs, sizeof attrs, parts, n);
  emily__free(parts);
  return y;
}

static bool several_ready(const emily__op *op) {
  if (!emily__op_ready(op)) return false;
  if (op->count > 0) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "at least one array is needed");
  return false;
}

emily_array *emily_concatenate(emily_scope *scope, emily_array *const *xs, int32_t xs_count, int64_t axis) {
  const emily__op op = {scope, __func__, xs, xs_count > 0 ? xs_count : 0};
  int32_t at;
  if (!several_ready(&op) || !emily__op_axis(&op, axis, xs[0]->ndim, &at)) return NULL;
  for (int32_t i = 1; i < xs_count; i++) {
    if (xs[i]->ndim != xs[0]->ndim) return REFUSE("array %d has %d axes, the first %d", i, xs[i]->ndim, xs[0]->ndim);
    for (int32_t k = 0; k < xs[0]->ndim; k++)
      if (k != at && xs[i]->dims[k] != xs[0]->dims[k]) return REFUSE("array %d differs from the first on axis %d", i, k);
  }
  return join(&op, xs, xs_count, at);
}

emily_array *emily_stack(emily_scope *scope, emily_array *const *xs, int32_t xs_count, int64_t axis) {
  const emily__op op = {scope, __func__, xs, xs_count > 0 ? xs_count : 0};
  int32_t at;
  if (!several_ready(&op) || !emily__op_axis(&op, axis, xs[0]->ndim + 1, &at)) return NULL;
  emily_array **parts = emily__alloc_array((size_t)xs_count, sizeof *parts);
  if (!parts) return emily_scope_fail(scope);
  for (int32_t i = 0; i < xs_count; i++) {
    parts[i] = emily_expand_dims(scope, xs[i], (int64_t[]){at}, 1);
    if (!emily__shape_equal(xs[i]->dims, xs[i]->ndim, xs[0]->dims, xs[0]->ndim)) REFUSE("array %d differs in shape from the first", i);
  }
  emily_array *y = emily__scope_ok(scope) ? join(&op, parts, xs_count, at) : NULL;
  emily__free(parts);
  return y;
}

/* Pieces [border[i], border[i + 1]) of an axis. */
static emily_status pieces(const emily__op *op, emily_array *x, int32_t axis, const int64_t *border, size_t n,
                           emily_array **out, size_t *count) {
  for (size_t i = 0; i < n; i++) {
    int64_t extent = border[i + 1] > border[i] ? border[i + 1] - border[i] : 0;
    emily_array *piece = emily__slice_axis(op, x, axis, extent ? border[i] : 0, extent);
    if (!piece) return emily_scope_status(op->scope);
    out[i] = piece;
  }
  if (count) *count = n;
  return EMILY_OK;
}

emily_status emily_split(emily_scope *scope, emily_array *x, const int64_t *parts, int32_t parts_count, int64_t axis,
                         emily_array **out, size_t capacity, size_t *count) {
  const emily__op op = {scope, __func__, OPERANDS(x), 1};
  int32_t at;
  if (!emily__op_ready(&op) || !emily__op_axis(&op, axis, x->ndim, &at)) return emily_scope_status(scope);
  int64_t extent = x->dims[at], n = parts_count == 1 && parts ? parts[0] : (int64_t)parts_count + 1;
  if (parts_count < 1 || !parts || n < 1 || n > INT32_MAX || (parts_count == 1 && extent % n)) {
    REFUSE("axis %d of extent %lld is not cut in %lld equal parts", at, (long long)extent, (long long)n);
    return EMILY_INVALID_ARGUMENT;
  }
  if ((uint64_t)n > capacity) return emily__give(&op, NULL, (size_t)n, out, capacity, count);
  int64_t *border = emily__alloc_array((size_t)n + 1, sizeof *border);
  if (!border) {
    emily_scope_fail(scope);
    return EMILY_OUT_OF_MEMORY;
  }
  for (int64_t i = 0; i <= n; i++) {
    int64_t cut = parts_count == 1 ? i * (extent / n) : i == 0 ? 0 : i == n ? extent : parts[i - 1];
    if (cut < 0) cut += extent;
    border[i] = cut < 0 ? 0 : cut > extent ? extent : cut;
  }
  emily_status status = pieces(&op, x, at, border, (size_t)n, out, count);
  emily__free(border);
  return status;
}

emily_status emily_unstack(emily_scope *scope, emily_array *x, int64_t axis, emily_array **out, size_t capacity,
                           size_t *count) {
  const emily__op op = {scope, __func__, OPERANDS(x), 1};
  int32_t at;
  if (!emily__op_ready(&op) || !emily__op_axis(&op, axis, x->ndim, &at)) return emily_scope_status(scope);
  int64_t n = x->dims[at];
  if ((uint64_t)n > capacity) return emily__give(&op, NULL, (size_t)n, out, capacity, count);
  for (int64_t i = 0; i < n; i++) {
    out[i] = emily_squeeze(scope, emily__slice_axis(&op, x, at, i, 1), (int64_t[]){at}, 1);
    if (!out[i]) return emily_scope_status(scope);
  }
  if (count) *count = (size_t)n;
  return EMILY_OK;
}

/* ---- repetition ---- */

emily_array *emily_repeat(emily_scope *scope, emily_array *x, int64_t repeats, int64_t axis) {
  BEGIN(scope, x);
  int32_t at = 0;
  if (repeats < 0) return REFUSE("repeats is %lld; it must not be negative", (long long)repeats);
  if (axis == EMILY_NO_AXIS)
    x = emily__flatten(&op, x);
  else if (!emily__op_axis(&op, axis, x->ndim, &at))
    return NULL;
  if (!x || repeats == 1) return x;
  if (x->ndim == EMILY__MAX_RANK) return REFUSE("an array of 64 axes can't be repeated");
  int64_t wide[EMILY__MAX_RANK], joined[EMILY__MAX_RANK];
  memcpy(joined, x->dims, (size_t)x->ndim * sizeof *joined);
  for (int32_t i = 0; i <= x->ndim; i++) wide[i] = i <= at ? x->dims[i] : i == at + 1 ? repeats : x->dims[i - 1];
  if (!emily__mul_i64(x->dims[at], repeats, &joined[at]) || !emily__op_shape(&op, joined, x->ndim)) return REFUSE("the result is too large");
  emily_array *column = emily_expand_dims(scope, x, (int64_t[]){at + 1}, 1);
  return emily__reshape(&op, emily__broadcast(&op, column, wide, x->ndim + 1), joined, x->ndim);
}

emily_array *emily_tile(emily_scope *scope, emily_array *x, const int64_t *reps, int32_t reps_count) {
  BEGIN(scope, x);
  int32_t ndim = reps_count > x->ndim ? reps_count : x->ndim;
  int64_t one[2 * EMILY__MAX_RANK], wide[2 * EMILY__MAX_RANK], joined[EMILY__MAX_RANK];
  if (reps_count < 0 || (reps_count && !reps) || 2 * ndim > EMILY__MAX_RANK) return REFUSE("tile takes up to 32 axes");
  for (int32_t i = 0; i < ndim; i++) {
    int64_t extent = i < ndim - x->ndim ? 1 : x->dims[i - (ndim - x->ndim)];
    int64_t times = i < ndim - reps_count ? 1 : reps[i - (ndim - reps_count)];
    if (!emily__mul_i64(extent, times, &joined[i])) return REFUSE("%lld repetitions make no sense", (long long)times);
    one[2 * i] = 1, wide[2 * i] = times;
    one[2 * i + 1] = wide[2 * i + 1] = extent;
  }
  if (!emily__op_shape(&op, joined, ndim)) return NULL;
  emily_array *split = emily__reshape(&op, x, one, 2 * ndim);
  return emily__reshape(&op, emily__broadcast(&op, split, wide, 2 * ndim), joined, ndim);
}

/* ---- borders, order, strides ---- */

/* One axis of a padding: how many elements go before, after and between (with what is cropped taken off), and which of x's stay. */
typedef struct padding {
  int64_t low[EMILY__MAX_RANK], high[EMILY__MAX_RANK], interior[EMILY__MAX_RANK], from[EMILY__MAX_RANK], kept[EMILY__MAX_RANK];
} padding;

/* Element i of n stands at low + i * (interior + 1); the result ends `high` after the last. Where low or high is negative, elements at
 * negative places and past the end fall off. */
static bool pad_axis(int64_t n, int64_t low, int64_t high, int64_t interior, int32_t axis, padding *out) {
  int64_t step, span, extent;
  if (!emily__add_i64(interior, 1, &step) || !emily__mul_i64(n > 0 ? n - 1 : 0, step, &span) || !emily__add_i64(span, n > 0, &span) ||
      __builtin_add_overflow(span, low, &extent) || __builtin_add_overflow(extent, high, &extent) || extent < 0)
    return false;
  bool some = n > 0 && extent > low && low > -span;
  int64_t first = some && low < 0 ? (-low - 1) / step + 1 : 0;        /* the first at place 0 or later */
  int64_t past = !some ? 0 : low >= 0 || extent < span + low ? (extent - low - 1) / step + 1 : n; /* how many are before the end */
  if (past > n) past = n;
  some = first < past;
  out->interior[axis] = interior;
  out->from[axis] = some ? first : 0;
  out->kept[axis] = some ? past - first : 0;
  out->low[axis] = some ? low + first * step : extent;
  out->high[axis] = some ? extent - out->low[axis] - (out->kept[axis] - 1) * step - 1 : 0;
  return true;
}

emily_array *emily_pad(emily_scope *scope, emily_array *x, const int64_t *low, const int64_t *high, emily_array *value,
                       const int64_t *interior, const char *mode) {
  BEGIN(scope, x);
  static const char *const modes[] = {"constant", "edge", "reflect", "symmetric", NULL}; /* as emily__pad_mode */
  emily__attrs_room attrs;
  padding p;
  int64_t ones[EMILY__MAX_RANK];
  attrs.pad.count = x->ndim;
  attrs.pad.mode = emily__op_choice(&op, "mode", mode, modes);
  if (attrs.pad.mode < 0) return NULL;
  if (x->ndim && (!low || !high)) return REFUSE("low and high hold one count an axis");
  for (int32_t i = 0; i < x->ndim; i++) {
    if (attrs.pad.mode != EMILY__PAD_CONSTANT && (low[i] < 0 || high[i] < 0 || (interior && interior[i])))
      return REFUSE("mode \"%s\" takes no interior padding and no negative counts", mode);
    if (!pad_axis(x->dims[i], low[i], high[i], interior ? interior[i] : 0, i, &p))
      return REFUSE("the padding of axis %d leaves less than nothing, or more than 2^63 elements", i);
    ones[i] = 1;
  }
  size_t row = (size_t)x->ndim * sizeof(int64_t);
  memcpy(attrs.pad.values, p.low, row);
  memcpy(attrs.pad.values + x->ndim, p.high, row);
  memcpy(attrs.pad.values + 2 * x->ndim, p.interior, row);
  emily_array *inner = emily__slice(&op, x, p.from, p.kept, ones);
  value = value ? emily__cast(&op, value, x->dtype) : emily__scalar(&op, 0, x->dtype);
  return emily__apply(&op, EMILY__PRIM_pad, &attrs, sizeof attrs.pad + 3 * row, OPERANDS(inner, value), 2);
}

emily_array *emily_flip(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x);
  emily__axes set;
  int64_t start[EMILY__MAX_RANK] = {0}, stride[EMILY__MAX_RANK];
  if (!emily__op_axes(&op, axes, axes_count, x->ndim, &set)) return NULL;
  if (x->size == 0) return x;
  for (int32_t i = 0; i < x->ndim; i++) stride[i] = 1;
  for (int32_t i = 0; i < set.count; i++) {
    start[set.axis[i]] = x->dims[set.axis[i]] - 1;
    stride[set.axis[i]] = -1;
  }
  return emily__slice(&op, x, start, x->dims, stride);
}

static emily_array *roll_axis(const emily__op *op, emily_array *x, int64_t shift, int32_t axis) {
  int64_t n = x ? x->dims[axis] : 0;
  if (n == 0) return x;
  int64_t by = shift % n;
  if (by < 0) by += n;
  if (by == 0) return x;
  emily_array *tail = emily__slice_axis(op, x, axis, n - by, by), *head = emily__slice_axis(op, x, axis, 0, n - by);
  return emily_concatenate(op->scope, OPERANDS(tail, head), 2, axis);
}

emily_array *emily_roll(emily_scope *scope, emily_array *x, const int64_t *shift, int32_t shift_count, const int64_t *axes,
                        int32_t axes_count) {
  BEGIN(scope, x);
  if (shift_count < 1 || !shift) return REFUSE("a shift is needed");
  if (!axes) {
    int64_t total = 0;
    for (int32_t i = 0; i < shift_count; i++) total = x->size ? (total + shift[i] % x->size) % x->size : 0;
    return emily__reshape(&op, roll_axis(&op, emily__flatten(&op, x), total, 0), x->dims, x->ndim);
  }
  if (shift_count != 1 && shift_count != axes_count) return REFUSE("%d shifts for %d axes", shift_count, axes_count);
  for (int32_t i = 0; i < axes_count; i++) {
    int32_t axis;
    if (!emily__op_axis(&op, axes[i], x ? x->ndim : 0, &axis)) return NULL;
    x = roll_axis(&op, x, shift[shift_count == 1 ? 0 : i], axis);
    if (!x) return NULL;
  }
  return x;
}

emily_array *emily_as_strided(emily_scope *scope, emily_array *x, const int64_t *shape, int32_t shape_count,
                              const int64_t *strides, int32_t strides_count, int64_t offset) {
  BEGIN(scope, x);
  emily__attrs_room attrs;
  if (!emily__op_shape(&op, shape, shape_count)) return NULL;
  if (strides_count != shape_count || (shape_count && !strides)) return REFUSE("%d strides for %d axes", strides_count, shape_count);
  bool empty = emily__shape_size(shape, shape_count) == 0;
  attrs.as_strided.offset = empty ? 0 : offset;
  attrs.as_strided.count = shape_count;
  for (int32_t i = 0; i < shape_count; i++) {
    attrs.as_strided.values[i] = shape[i];
    attrs.as_strided.values[shape_count + i] = empty || shape[i] == 1 ? 0 : strides[i]; /* unused ones may wrap as bytes */
  }
  return emily__apply(&op, EMILY__PRIM_as_strided, &attrs, sizeof attrs.as_strided + 2 * (size_t)shape_count * sizeof(int64_t), &x, 1);
}

emily_array *emily_matrix_transpose(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return x->ndim < 2 ? REFUSE("a matrix has two axes") : emily_swapaxes(scope, x, -1, -2);
}

/* The extents of x from axis `before` of `ndim`, 1 elsewhere. */
static emily_array *atleast(const emily__op *op, emily_array *x, int32_t ndim, int32_t before) {
  int64_t shape[] = {1, 1, 1};
  if (x->ndim >= ndim) return x;
  for (int32_t i = 0; i < x->ndim; i++) shape[before + i] = x->dims[i];
  return emily__reshape(op, x, shape, ndim);
}

emily_array *emily_atleast_1d(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return atleast(&op, x, 1, 0);
}

emily_array *emily_atleast_2d(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return atleast(&op, x, 2, 1);
}

emily_array *emily_atleast_3d(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return atleast(&op, x, 3, x->ndim == 1);
}

emily_array *emily_number_of_elements(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count, bool inverted,
                                      emily_dtype dtype) {
  BEGIN(scope, x);
  emily__axes set;
  double count = 1;
  if (!emily__dtype_valid(dtype)) return REFUSE("%d is no dtype", dtype);
  if (!emily__op_axes(&op, axes, axes_count, x->ndim, &set)) return NULL;
  for (int32_t i = 0; i < set.count; i++) count *= (double)x->dims[set.axis[i]];
  return emily__scalar(&op, inverted ? 1 / count : count, dtype);
}

emily_array *emily_hadamard_transform(emily_scope *scope, emily_array *x, double scale) {
  BEGIN(scope, x);
  if (x->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  if (emily_dtype_is_storage(x->dtype)) return REFUSE("%s is for storage; cast it first", emily_dtype_name(x->dtype));
  x = emily__cast(&op, x, emily__dtype_to_inexact(x->dtype));
  double length = x && x->ndim ? (double)x->dims[x->ndim - 1] : 1;
  emily__attrs_scale attrs = {isnan(scale) ? 1 / sqrt(length) : scale};
  emily_array *y = emily_atleast_1d(scope, x);
  return y ? emily__reshape(&op, APPLY(hadamard, &attrs, y), x->dims, x->ndim) : NULL;
}
