/* infer_indexing.c: inference of the primitives that read and write where indices point. */
#include "graph/infer.h"

#include <string.h>

/* Index arrays of one shape, each for an axis of its own. */
static emily_status check_indices(const emily_array *x, int64_t count, const int64_t *axes, int32_t n, emily_array *const *indices) {
  uint64_t seen = 0;
  if (count < 1 || count > x->ndim || n != count) return emily__infer_refuse("there is one index array for each axis that is named");
  for (int64_t k = 0; k < count; k++) {
    if (axes[k] < 0 || axes[k] >= x->ndim || (seen >> axes[k] & 1)) return emily__infer_refuse("axes are in range and distinct");
    seen |= (uint64_t)1 << axes[k];
    if (!emily_dtype_is_integer(indices[k]->dtype)) return emily__infer_refuse("indices are integers");
    if (!emily__shape_equal(indices[k]->dims, indices[k]->ndim, indices[0]->dims, indices[0]->ndim))
      return emily__infer_refuse("index arrays have one shape");
  }
  return EMILY_OK;
}

static emily_status check_window(const emily_array *x, const int64_t *window) {
  for (int32_t i = 0; i < x->ndim; i++)
    if (window[i] < 0 || window[i] > x->dims[i]) return emily__infer_refuse("a window does not fit into its array");
  return EMILY_OK;
}

EMILY__INFER(gather) {
  const emily__attrs_gather *a = attrs;
  const emily_array *x = in[0];
  EMILY__TRY(check_indices(x, a->count, a->values, n - 1, in + 1));
  const int64_t *sizes = a->values + a->count;
  EMILY__TRY(check_window(x, sizes));
  if (in[1]->ndim + x->ndim > EMILY__MAX_RANK) return emily__infer_refuse("an array has at most 64 axes");
  emily__infer_like(out, in[1]);
  out->dtype = x->dtype;
  memcpy(out->shape + out->ndim, sizes, (size_t)x->ndim * sizeof *sizes);
  out->ndim += x->ndim;
  return emily__shape_size(out->shape, out->ndim) < 0 ? emily__infer_refuse("a shape has more than 2^63 elements") : EMILY_OK;
}

EMILY__INFER(scatter) {
  const emily__attrs_scatter *a = attrs;
  const emily_array *x = in[0], *updates = in[1];
  if (a->update < 0 || a->update >= EMILY__UPDATE_COUNT) return emily__infer_refuse("there is no such update");
  EMILY__TRY(check_indices(x, a->count, a->axes, n - 2, in + 2));
  const int32_t lead = in[2]->ndim;
  if (updates->dtype != x->dtype || updates->ndim != lead + x->ndim || !emily__shape_equal(updates->dims, lead, in[2]->dims, lead))
    return emily__infer_refuse("updates have their array's dtype, and the shape of the indices and then that of a window");
  EMILY__TRY(check_window(x, updates->dims + lead));
  emily__infer_like(out, x);
  return EMILY_OK;
}

EMILY__INFER(scatter_axis) {
  (void)n;
  const emily__attrs_scatter_axis *a = attrs;
  const emily_array *x = in[0], *updates = in[1], *indices = in[2];
  if (a->update < 0 || a->update >= EMILY__UPDATE_COUNT) return emily__infer_refuse("there is no such update");
  if (a->axis < 0 || a->axis >= x->ndim) return emily__infer_refuse("an axis is out of range");
  if (!emily_dtype_is_integer(indices->dtype)) return emily__infer_refuse("indices are integers");
  if (indices->ndim != x->ndim || updates->dtype != x->dtype ||
      !emily__shape_equal(updates->dims, updates->ndim, indices->dims, indices->ndim))
    return emily__infer_refuse("indices have the rank of their array, updates its dtype and the indices' shape");
  for (int32_t i = 0; i < x->ndim; i++)
    if (i != a->axis && indices->dims[i] != x->dims[i]) return emily__infer_refuse("indices differ from their array off the axis");
  emily__infer_like(out, x);
  return EMILY_OK;
}

EMILY__INFER(diagonal) {
  (void)n;
  const emily__attrs_diagonal *a = attrs;
  const emily_array *x = in[0];
  if (a->axis1 < 0 || a->axis1 >= x->ndim || a->axis2 < 0 || a->axis2 >= x->ndim || a->axis1 == a->axis2)
    return emily__infer_refuse("the axes of a diagonal are in range and distinct");
  out->dtype = x->dtype;
  out->ndim = 0;
  for (int32_t i = 0; i < x->ndim; i++)
    if (i != a->axis1 && i != a->axis2) out->shape[out->ndim++] = x->dims[i];
  int64_t rows = x->dims[a->axis1], columns = x->dims[a->axis2];
  if (a->offset < 0) rows = a->offset <= -rows ? 0 : rows + a->offset;
  else columns = a->offset >= columns ? 0 : columns - a->offset;
  out->shape[out->ndim++] = rows < columns ? rows : columns;
  return EMILY_OK;
}

/* ---- masks ---- */

EMILY__INFER(count_true) {
  (void)attrs, (void)n;
  if (in[0]->dtype != EMILY_BOOL) return emily__infer_refuse("a mask is of bools");
  out->dtype = EMILY_INT64;
  out->ndim = 0;
  return EMILY_OK;
}

static emily_status check_count(const emily__attrs_ints *a, const emily_array *mask) {
  if (mask->dtype != EMILY_BOOL) return emily__infer_refuse("a mask is of bools");
  return a->count == 1 && a->values[0] >= 0 && a->values[0] <= mask->size ? EMILY_OK : emily__infer_refuse("a mask has not so many elements");
}

EMILY__INFER(nonzero) {
  (void)n;
  const emily__attrs_ints *a = attrs;
  EMILY__TRY(check_count(a, in[0]));
  out->dtype = EMILY_INT64;
  out->ndim = 2;
  out->shape[0] = in[0]->ndim;
  out->shape[1] = a->values[0];
  return EMILY_OK;
}

static emily_status check_mask(const emily_array *x, const emily_array *mask) {
  if (mask->dtype != EMILY_BOOL || mask->ndim > x->ndim || !emily__shape_equal(mask->dims, mask->ndim, x->dims, mask->ndim))
    return emily__infer_refuse("a mask is of bools and has the shape of leading axes");
  return EMILY_OK;
}

EMILY__INFER(masked_select) {
  (void)n;
  const emily__attrs_ints *a = attrs;
  const emily_array *x = in[0], *mask = in[1];
  EMILY__TRY(check_mask(x, mask));
  EMILY__TRY(check_count(a, mask));
  if (x->ndim - mask->ndim + 1 > EMILY__MAX_RANK) return emily__infer_refuse("an array has at most 64 axes");
  out->dtype = x->dtype;
  out->ndim = 1;
  out->shape[0] = a->values[0];
  for (int32_t i = mask->ndim; i < x->ndim; i++) out->shape[out->ndim++] = x->dims[i];
  return EMILY_OK;
}

EMILY__INFER(masked_scatter) {
  (void)attrs, (void)n;
  const emily_array *x = in[0], *mask = in[1], *rows = in[2];
  EMILY__TRY(check_mask(x, mask));
  const int32_t rest = x->ndim - mask->ndim;
  if (rows->dtype != x->dtype || rows->ndim != rest + 1 || rest + 1 > EMILY__MAX_RANK ||
      !emily__shape_equal(rows->dims + 1, rest, x->dims + mask->ndim, rest))
    return emily__infer_refuse("rows have their array's dtype and the shape of its axes past the mask's");
  emily__infer_like(out, x);
  return EMILY_OK;
}

EMILY__INFER(runs) {
  (void)n;
  const emily__attrs_runs *a = attrs;
  if (in[0]->ndim != 1 || a->size < 0) return emily__infer_refuse("runs are of one axis, and not fewer than none");
  const emily_dtype dtypes[] = {EMILY_UINT32, EMILY_UINT32, EMILY_INT32, EMILY_INT64};
  const int64_t sizes[] = {a->size, a->each ? in[0]->size : 0, a->size};
  for (int32_t k = 0; k < 4; k++) {
    out[k].dtype = dtypes[k];
    out[k].ndim = k < 3;
    if (k < 3) out[k].shape[0] = sizes[k];
  }
  return EMILY_OK;
}
