/* execute.c: running one node: inputs as tensors, memory for outputs, the backend, publication.
 *
 * Donation: an input that only this node refers to, whose buffer nobody else looks at, gives its memory to the output. Elementwise
 * primitives take any such dense input of the output's itemsize; update primitives take inputs[0] so that only the update is
 * written. With the NaN check on nothing is donated: a failing node must leave its inputs whole. */
#include "graph/eval.h"
#include "graph/runtime.h"
#include "graph/view.h"

#include "base/alloc.h"

#include <string.h>

static void release_to_backend(void *data, size_t bytes, void *backend) {
  ((const emily__backend *)backend)->release(data, bytes);
}

/* Memory for `bytes`, one reference; NULL with the failure recorded. */
static emily__buffer *allocate(const emily__backend *backend, size_t bytes) {
  void *data;
  if (backend->allocate(bytes, &data) != EMILY_OK) return NULL;
  emily__buffer *buffer = emily__buffer_new(data, bytes, false, release_to_backend, (void *)backend);
  if (!buffer) backend->release(data, bytes);
  return buffer;
}

static emily__tensor tensor_of(const emily_array *array) {
  return (emily__tensor){array->data,  emily__array_shape(array), emily__array_strides(array), array->size,
                         array->ndim, array->dtype,              array->dense};
}

/* An output that is not there yet: row-major over `data`. Its strides are written into the array already; publication repeats it. */
static emily__tensor tensor_to_be(emily_array *array, void *data) {
  emily__dense_strides(array->dims, array->ndim, emily__array_strides(array));
  return (emily__tensor){data,        emily__array_shape(array), emily__array_strides(array), array->size,
                         array->ndim, array->dtype,              true};
}

/* ---- views ---- */

/* A dense copy of `input` in a buffer of its own. */
static emily_status copy_dense(const emily__backend *backend, const emily_array *input, emily__buffer **out) {
  emily__buffer *buffer = allocate(backend, emily_array_nbytes(input));
  if (!buffer) return emily_last_error()->status;
  int64_t strides[EMILY__MAX_RANK];
  emily__dense_strides(input->dims, input->ndim, strides);
  emily__tensor from = tensor_of(input), to = from;
  to.data = buffer->data;
  to.strides = strides;
  to.dense = true;
  emily__node_view view = {.prim = EMILY__PRIM_copy, .n_inputs = 1, .n_outputs = 1, .inputs = &from, .outputs = &to, .donated = -1};
  emily_status status = backend->run(&view);
  if (status != EMILY_OK) {
    emily__buffer_unref(buffer);
    return status;
  }
  *out = buffer;
  return EMILY_OK;
}

static emily_status run_view(emily__node *node) {
  emily_array *input = node->inputs[0], *output = node->outputs[0];
  int64_t strides[EMILY__MAX_RANK], dense[EMILY__MAX_RANK], offset;
  if (emily__view(node->prim, node->attrs, input, input->data, emily__array_strides(input), output, strides, &offset)) {
    emily__array_publish(output, emily__buffer_retain(input->buffer), input->data + offset, strides);
    return EMILY_OK;
  }
  emily__buffer *copy = NULL;
  EMILY__TRY(copy_dense(node->stream->backend, input, &copy));
  emily__dense_strides(input->dims, input->ndim, dense);
  if (!emily__view(node->prim, node->attrs, input, copy->data, dense, output, strides, &offset)) {
    emily__buffer_unref(copy);
    return emily__fail(EMILY_INTERNAL, emily__prim_name(node->prim), "a dense array could not be viewed");
  }
  emily__array_publish(output, copy, (char *)copy->data + offset, strides);
  return EMILY_OK;
}

/* ---- kernels ---- */

static bool may_take(const emily_array *input, const emily_array *output) {
  if (!input->dense || input->size != output->size) return false;
  size_t itemsize = emily_dtype_size(output->dtype), needed = (size_t)output->size * itemsize;
  return emily_dtype_size(input->dtype) == itemsize && input->size > 0 &&
         atomic_load_explicit(&((emily_array *)input)->refs, memory_order_acquire) == 1 &&
         emily__buffer_exclusive(input->buffer) && input->buffer->bytes / 2 <= needed;
}

/* The input whose buffer the first output takes over, or -1. */
static int32_t choose_donor(const emily__node *node, uint32_t debug) {
  uint32_t flags = emily__prims[node->prim].flags;
  if (!node->outputs[0] || (debug & EMILY_DEBUG_NAN)) return -1;
  if (flags & EMILY__PRIM_UPDATE) return may_take(node->inputs[0], node->outputs[0]) ? 0 : -1;
  if (flags & EMILY__PRIM_ELEMENTWISE)
    for (int32_t i = 0; i < node->n_inputs; i++)
      if (may_take(node->inputs[i], node->outputs[0])) return i;
  return -1;
}

/* The debug flag's look at what a node made. */
static emily_status check_finite(const emily__node *node, const emily__tensor *output) {
  const emily__backend *backend = node->stream->backend;
  if (!emily_dtype_is_inexact(output->dtype) || backend->all_finite(output)) return EMILY_OK;
  char text[256];
  return emily__fail(EMILY_DEBUG_CHECK, emily__prim_name(node->prim), "%s gave NaN or infinity in a result of %s",
                     emily__prim_name(node->prim),
                     emily__describe(text, sizeof text, output->dtype, output->shape, output->ndim));
}

enum { INLINE_INPUTS = 8, MAX_OUTPUTS = 4 };

static emily_status allocate_outputs(emily__node *node, int32_t donor, emily__buffer **buffers, emily__tensor *tensors,
                                     emily_array **scratch) {
  for (int32_t i = 0; i < node->n_outputs; i++) {
    emily_array *output = node->outputs[i];
    if (!output) { /* nobody wants it, and the kernel writes it all the same */
      emily__aval avals[MAX_OUTPUTS];
      EMILY__TRY(emily__prims[node->prim].infer(node->attrs, node->n_inputs, node->inputs, avals));
      output = scratch[i] = emily__array_new(avals[i].dtype, avals[i].shape, avals[i].ndim);
      if (!output) return emily_last_error()->status;
    }
    bool take = i == 0 && donor >= 0;
    if (take)
      buffers[i] = emily__buffer_retain(node->inputs[donor]->buffer);
    else
      buffers[i] = allocate(node->stream->backend, emily_array_nbytes(output));
    if (!buffers[i]) return emily_last_error()->status;
    tensors[i] = tensor_to_be(output, take ? node->inputs[donor]->data : buffers[i]->data);
  }
  return EMILY_OK;
}

static emily_status run_kernel(emily__node *node, emily__tensor *inputs) {
  uint32_t debug = emily_debug();
  emily__tensor outputs[MAX_OUTPUTS];
  emily__buffer *buffers[MAX_OUTPUTS] = {0};
  emily_array *scratch[MAX_OUTPUTS] = {0};
  int32_t donor = choose_donor(node, debug);
  for (int32_t i = 0; i < node->n_inputs; i++) inputs[i] = tensor_of(node->inputs[i]);
  emily__node_view view = {node->prim, node->attrs, node->n_inputs, node->n_outputs, inputs, outputs, donor, debug};
  emily_status status = allocate_outputs(node, donor, buffers, outputs, scratch);
  if (status == EMILY_OK) status = node->stream->backend->run(&view);
  for (int32_t i = 0; status == EMILY_OK && (debug & EMILY_DEBUG_NAN) && i < node->n_outputs; i++)
    status = check_finite(node, &outputs[i]);
  for (int32_t i = 0; i < node->n_outputs; i++) {
    if (status == EMILY_OK && node->outputs[i])
      emily__array_publish(node->outputs[i], buffers[i], outputs[i].data, NULL);
    else
      emily__buffer_unref(buffers[i]);
    emily_array_release(scratch[i]);
  }
  return status;
}

static emily_status check_inputs(const emily__node *node) {
  for (int32_t i = 0; i < node->n_inputs; i++)
    if (!emily__array_ready(node->inputs[i]))
      return emily__fail(EMILY_INTERNAL, emily__prim_name(node->prim), "input %d was not computed before its use", i);
  return EMILY_OK;
}

emily_status emily__node_execute(emily__node *node) {
  EMILY__TRY(check_inputs(node));
  if (emily__prims[node->prim].flags & EMILY__PRIM_VIEW) return run_view(node);
  emily__tensor few[INLINE_INPUTS], *inputs = few;
  if (node->n_inputs > INLINE_INPUTS) {
    inputs = emily__alloc_array((size_t)node->n_inputs, sizeof *inputs);
    if (!inputs) return EMILY_OUT_OF_MEMORY;
  }
  emily_status status = run_kernel(node, inputs);
  if (inputs != few) emily__free(inputs);
  return status;
}
