/* move.c: pad, concatenate, slice_update: windows of the output written. */
#include "backend/cpu/combine.h"
#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"

/* Put `in` into the window of `out` that begins at start and steps by step along each axis, or combine them there. */
static void write_into(const emily__tensor *out, const int64_t *start, const int64_t *step, const emily__tensor *in,
                       int64_t update) {
  int64_t strides[EMILY__MAX_RANK], offset = 0;
  size_t itemsize = emily_dtype_size(out->dtype);
  for (int32_t i = 0; i < out->ndim; i++) {
    offset += start[i] * out->strides[i];
    strides[i] = out->strides[i] * (step ? step[i] : 1);
  }
  emily__combine_elements(update, out->dtype, out->ndim, in->shape, (char *)out->data + offset * (int64_t)itemsize, strides,
                          in->data, in->strides);
}

/* A box of `out`, from `start`, gets the box from `from`, which is read backwards along `axis`, or stands still there (turn 0). */
static void copy_within(const emily__tensor *out, const int64_t *shape, const int64_t *start, int32_t axis, int64_t from, int64_t turn) {
  int64_t strides[EMILY__MAX_RANK], to = 0;
  size_t itemsize = emily_dtype_size(out->dtype);
  for (int32_t i = 0; i < out->ndim; i++) {
    to += start[i] * out->strides[i];
    strides[i] = out->strides[i];
  }
  int64_t source = to + (from - start[axis]) * out->strides[axis];
  strides[axis] *= turn;
  emily__cpu_copy_elements(out->ndim, shape, itemsize, (char *)out->data + to * (int64_t)itemsize, out->strides,
                           (char *)out->data + source * (int64_t)itemsize, strides);
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* The borders of one axis, whose n elements stand from `low` on, within the box of the others. A mirrored row is symmetric about each of its
 * mirrors, so that what is filled on one side of a mirror is copied to the other: each copy doubles the length. */
static void fill_borders(const emily__tensor *out, const emily__attrs_pad *attrs, int32_t axis, int64_t n, int64_t *start, int64_t *shape) {
  int64_t low = attrs->values[axis], high = attrs->values[attrs->count + axis], end = low + n;
  int64_t skip = attrs->mode == EMILY__PAD_REFLECT && n > 1, turn = attrs->mode == EMILY__PAD_EDGE || n == 1 ? 0 : -1;
  for (int64_t done = 0, run = n - skip, piece; done < low; done += piece, run *= 2) {
    piece = turn ? smaller(run, low - done) : low;
    start[axis] = low - done - piece, shape[axis] = piece;
    copy_within(out, shape, start, axis, turn ? low - done + skip + piece - 1 : low, turn);
  }
  for (int64_t done = 0, run = n - skip, piece; done < high; done += piece, run *= 2) {
    piece = turn ? smaller(run, high - done) : high;
    start[axis] = end + done, shape[axis] = piece;
    copy_within(out, shape, start, axis, end + done - 1 - (turn ? skip : 0), turn);
  }
  start[axis] = 0, shape[axis] = low + n + high;
}

emily_status emily__cpu_pad(const emily__node_view *node) {
  const emily__attrs_pad *attrs = node->attrs;
  const emily__tensor *out = &node->outputs[0], *x = &node->inputs[0];
  int64_t start[EMILY__MAX_RANK], shape[EMILY__MAX_RANK], step[EMILY__MAX_RANK];
  for (int32_t i = 0; i < x->ndim; i++) {
    start[i] = attrs->values[i];
    shape[i] = x->shape[i];
    step[i] = attrs->values[2 * attrs->count + i] + 1;
  }
  if (attrs->mode == EMILY__PAD_CONSTANT) emily__cpu_fill(out, node->inputs[1].data);
  if (x->size > 0) write_into(out, attrs->values, step, x, EMILY__UPDATE_PUT);
  if (attrs->mode == EMILY__PAD_CONSTANT || x->size == 0) return EMILY_OK;
  for (int32_t i = 0; i < x->ndim; i++) fill_borders(out, attrs, i, x->shape[i], start, shape);
  return EMILY_OK;
}

emily_status emily__cpu_concatenate(const emily__node_view *node) {
  const emily__attrs_axis *attrs = node->attrs;
  int64_t start[EMILY__MAX_RANK] = {0};
  for (int32_t i = 0; i < node->n_inputs; i++) {
    const emily__tensor *in = &node->inputs[i];
    if (in->size > 0) write_into(&node->outputs[0], start, NULL, in, EMILY__UPDATE_PUT);
    start[attrs->axis] += in->shape[attrs->axis];
  }
  return EMILY_OK;
}

emily_status emily__cpu_slice_update(const emily__node_view *node) {
  const emily__attrs_slice_update *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *update = &node->inputs[1], *out = &node->outputs[0];
  if (node->donated != 0)
    emily__cpu_copy_elements(out->ndim, out->shape, emily_dtype_size(out->dtype), out->data, out->strides, x->data,
                             x->strides);
  if (update->size > 0) write_into(out, attrs->values, attrs->values + 2 * attrs->count, update, attrs->update);
  return EMILY_OK;
}
