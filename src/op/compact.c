/* compact.c: ops whose shape depends on data, and their kin. What decides the shape is evaluated when the op is built. */
#include "op/indices.h"

/* x != 0. */
static emily_array *mask_of(const emily__op *op, emily_array *x) { return emily__cast(op, x, EMILY_BOOL); }

/* The number that an array of one integer holds, evaluated now; a failure becomes the scope's. */
static bool read_now(const emily__op *op, emily_array *x, int64_t *out) {
  if (!x) return false;
  if (emily_array_item_int(x, out) == EMILY_OK) return true;
  emily_scope_fail(op->scope);
  return false;
}

static bool count_now(const emily__op *op, emily_array *mask, int64_t *out) {
  return mask && read_now(op, emily__apply(op, EMILY__PRIM_count_true, NULL, 0, &mask, 1), out);
}

/* ---- nonzero ---- */

/* int64 [axes, count] */
static emily_array *coordinates(const emily__op *op, emily_array *x) {
  emily__attrs_room attrs;
  emily_array *mask = mask_of(op, x);
  attrs.ints.count = 1;
  if (!count_now(op, mask, attrs.ints.values)) return NULL;
  return emily__apply(op, EMILY__PRIM_nonzero, &attrs, sizeof attrs.ints + sizeof(int64_t), &mask, 1);
}

emily_status emily_nonzero(emily_scope *scope, emily_array *x, emily_array **out, size_t capacity, size_t *count) {
  BEGIN_STATUS(scope, x);
  emily_array *axes[EMILY__MAX_RANK];
  if (x->ndim == 0) return REFUSE_STATUS("a 0-d array has no axes");
  emily_array *all = coordinates(&op, x);
  for (int32_t i = 0; all && i < x->ndim; i++) {
    axes[i] = emily__slice_axis(&op, all, 0, i, 1);
    if (axes[i]) axes[i] = emily__reshape(&op, axes[i], &all->dims[1], 1);
  }
  return emily__give(&op, axes, (size_t)x->ndim, out, capacity, count);
}

emily_array *emily_flatnonzero(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  emily_array *all = coordinates(&op, emily__flatten(&op, x));
  return all ? emily__reshape(&op, all, &all->dims[1], 1) : NULL;
}

emily_array *emily_argwhere(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return emily__transpose(&op, coordinates(&op, x), (const int32_t[]){1, 0});
}

/* ---- masks ---- */

static bool mask_fits(const emily__op *op, const emily_array *x, const emily_array *mask) {
  if (mask->dtype == EMILY_BOOL && mask->ndim <= x->ndim && emily__shape_equal(mask->dims, mask->ndim, x->dims, mask->ndim))
    return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the mask must be of bools and have the shape of the array's leading axes");
  return false;
}

emily_array *emily_masked_select(emily_scope *scope, emily_array *x, emily_array *mask) {
  BEGIN(scope, x, mask);
  emily__attrs_room attrs;
  attrs.ints.count = 1;
  if (!mask_fits(&op, x, mask) || !count_now(&op, mask, attrs.ints.values)) return NULL;
  return emily__apply(&op, EMILY__PRIM_masked_select, &attrs, sizeof attrs.ints + sizeof(int64_t), OPERANDS(x, mask), 2);
}

emily_array *emily_masked_scatter(emily_scope *scope, emily_array *x, emily_array *mask, emily_array *src) {
  BEGIN(scope, x, mask, src);
  int64_t shape[1 + EMILY__MAX_RANK], both[EMILY__MAX_RANK];
  int32_t ndim;
  if (!mask_fits(&op, x, mask)) return NULL;
  const int32_t rest = x->ndim - mask->ndim;
  if (src->ndim > rest + 1 || rest + 1 > EMILY__MAX_RANK) return REFUSE("the values have more axes than rows of the array and one");
  shape[0] = src->ndim == rest + 1 ? src->dims[0] : mask->size;
  if (rest) memcpy(shape + 1, x->dims + mask->ndim, (size_t)rest * sizeof *shape);
  if (!emily__broadcast_shapes(src->dims, src->ndim, shape, rest + 1, both, &ndim) || !emily__shape_equal(both, ndim, shape, rest + 1))
    return REFUSE("the values do not broadcast to rows of the array");
  src = emily__broadcast(&op, emily__cast(&op, src, x->dtype), shape, rest + 1);
  return emily__apply(&op, EMILY__PRIM_masked_scatter, NULL, 0, OPERANDS(x, mask, src), 3);
}

/* ---- unique ---- */

enum { STARTS, EACH, LENGTHS, FOUND };

static bool runs(const emily__op *op, emily_array *sorted, int64_t size, bool each, emily_array *out[4]) {
  emily__attrs_runs attrs = {size, each};
  return sorted && emily__apply_many(op, EMILY__PRIM_runs, &attrs, sizeof attrs, &sorted, 1, out) == EMILY_OK;
}

/* The run of each element in the order of x: what `run` says of sorted ones, put where they came from. */
static emily_array *unsort(const emily__op *op, emily_array *run, emily_array *order, const emily_array *x) {
  emily_array *y = emily__full(op, 0, EMILY_UINT32, &x->size, 1);
  if (!y || !order) return NULL;
  emily__attrs_scatter_axis attrs = {EMILY__UPDATE_PUT, 0};
  y = emily__apply(op, EMILY__PRIM_scatter_axis, &attrs, sizeof attrs, OPERANDS(y, run, order), 3);
  return emily__reshape(op, y, x->dims, x->ndim);
}

static emily_array *pick(const emily__op *op, emily_array *x, emily_array *starts) {
  emily__attrs_axis attrs = {0};
  return emily__apply(op, EMILY__PRIM_take, &attrs, sizeof attrs, OPERANDS(x, starts), 2);
}

/* What follows the last run: fill_value, or the first run's element. */
static emily_array *filled(const emily__op *op, emily_array *values, emily_array *lengths, emily_array *fill_value) {
  if (!fill_value || !values || !lengths) return values;
  emily_array *missing = emily_equal(op->scope, lengths, emily__scalar(op, 0, EMILY_INT32));
  return emily_where(op->scope, missing, emily__cast(op, fill_value, values->dtype), values);
}

emily_status emily_unique(emily_scope *scope, emily_array *x, emily_array *fill_value, int64_t size, bool return_index,
                          bool return_inverse, bool return_counts, emily_array **out, size_t capacity, size_t *count) {
  BEGIN_STATUS(scope, x);
  emily_array *order = NULL, *flat = emily__flatten(&op, x), *sorted, *found[4], *results[4];
  size_t n = 0;
  if (size < -1) return REFUSE_STATUS("a size of %lld", (long long)size);
  if (fill_value && fill_value->size != 1) return REFUSE_STATUS("fill_value must be one element");
  if (x->size > UINT32_MAX) return REFUSE_STATUS("positions past 2^32 do not fit into uint32");
  if (fill_value) fill_value = emily__reshape(&op, fill_value, NULL, 0);
  if (return_index || return_inverse) order = emily_argsort(scope, flat, 0, false);
  sorted = order ? pick(&op, flat, order) : emily_sort(scope, flat, 0, false);
  if (size < 0 && (!runs(&op, sorted, 0, false, found) || !read_now(&op, found[FOUND], &size))) return emily_scope_status(scope);
  if (x->size == 0 && size > 0 && !fill_value) return REFUSE_STATUS("an empty array needs a fill_value");
  if (!runs(&op, sorted, size, return_inverse, found)) return emily_scope_status(scope);
  results[n++] = x->size ? filled(&op, pick(&op, sorted, found[STARTS]), found[LENGTHS], fill_value)
                         : size ? emily__broadcast(&op, emily__cast(&op, fill_value, x->dtype), &size, 1) : flat;
  if (return_index) results[n++] = x->size ? pick(&op, order, found[STARTS]) : found[STARTS];
  if (return_inverse) results[n++] = x->size ? unsort(&op, found[EACH], order, x) : emily__reshape(&op, found[EACH], x->dims, x->ndim);
  if (return_counts) results[n++] = found[LENGTHS];
  return emily__give(&op, results, n, out, capacity, count);
}
