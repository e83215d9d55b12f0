/* move.c: pad, concatenate, slice_update: copies into windows of the output. */
#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"

/* Copy `in` to the window of `out` that begins at start and steps by step along each axis. */
static void copy_into(const emily__tensor *out, const int64_t *start, const int64_t *step, const emily__tensor *in) {
  int64_t strides[EMILY__MAX_RANK], offset = 0;
  size_t itemsize = emily_dtype_size(out->dtype);
  for (int32_t i = 0; i < out->ndim; i++) {
    offset += start[i] * out->strides[i];
    strides[i] = out->strides[i] * (step ? step[i] : 1);
  }
  emily__cpu_copy_elements(out->ndim, in->shape, itemsize, (char *)out->data + offset * (int64_t)itemsize, strides,
                           in->data, in->strides);
}

emily_status emily__cpu_pad(const emily__node_view *node) {
  const emily__attrs_pad *attrs = node->attrs;
  const emily__tensor *out = &node->outputs[0];
  emily__cpu_fill(out, node->inputs[1].data);
  if (node->inputs[0].size > 0) copy_into(out, attrs->values, NULL, &node->inputs[0]);
  return EMILY_OK;
}

emily_status emily__cpu_concatenate(const emily__node_view *node) {
  const emily__attrs_axis *attrs = node->attrs;
  int64_t start[EMILY__MAX_RANK] = {0};
  for (int32_t i = 0; i < node->n_inputs; i++) {
    const emily__tensor *in = &node->inputs[i];
    if (in->size > 0) copy_into(&node->outputs[0], start, NULL, in);
    start[attrs->axis] += in->shape[attrs->axis];
  }
  return EMILY_OK;
}

emily_status emily__cpu_slice_update(const emily__node_view *node) {
  const emily__attrs_slice *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *update = &node->inputs[1], *out = &node->outputs[0];
  if (node->donated != 0)
    emily__cpu_copy_elements(out->ndim, out->shape, emily_dtype_size(out->dtype), out->data, out->strides, x->data,
                             x->strides);
  if (update->size > 0) copy_into(out, attrs->values, attrs->values + 2 * attrs->count, update);
  return EMILY_OK;
}
