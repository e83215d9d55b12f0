/* node.c: building and freeing the graph.
 *
 * Freeing walks by a worklist threaded through the arrays themselves (next_dead), so that dropping the end of a chain of a
 * million nodes needs neither stack nor memory. */
#include "graph/node.h"

#include "base/alloc.h"
#include "base/status.h"
#include "graph/eval.h"
#include "graph/stream.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t graph_mutex = PTHREAD_MUTEX_INITIALIZER;

void emily__graph_lock(void) { pthread_mutex_lock(&graph_mutex); }
void emily__graph_unlock(void) { pthread_mutex_unlock(&graph_mutex); }

/* One block: node, inputs, outputs, attributes. */
static emily__node *node_new(emily_stream *stream, emily__prim prim, const void *attrs, size_t attrs_size, int32_t n_inputs) {
  int32_t n_outputs = emily__prims[prim].n_outputs;
  size_t pointers = (size_t)(n_inputs + n_outputs) * sizeof(emily_array *);
  emily__node *node = emily__malloc(sizeof *node + pointers + attrs_size);
  if (!node) return NULL;
  *node = (emily__node){.prim = prim, .n_inputs = n_inputs, .n_outputs = n_outputs};
  atomic_init(&node->refs, 1);
  node->stream = emily_stream_retain(stream);
  node->inputs = (emily_array **)(node + 1);
  node->outputs = node->inputs + n_inputs;
  memset(node->inputs, 0, pointers);
  node->attrs = node->outputs + n_outputs;
  if (attrs_size) memcpy(node->attrs, attrs, attrs_size);
  return node;
}

emily_status emily__node_build(emily_stream *stream, emily__prim prim, const void *attrs, size_t attrs_size,
                               emily_array *const *inputs, int32_t n_inputs, emily_array **outs) {
  enum { MAX_OUTPUTS = 4 };
  int32_t n_outputs = emily__prims[prim].n_outputs;
  emily__aval avals[MAX_OUTPUTS];
  emily_array *made[MAX_OUTPUTS] = {0};
  EMILY__TRY(emily__prims[prim].infer(attrs, n_inputs, inputs, avals));
  emily__node *node = node_new(stream, prim, attrs, attrs_size, n_inputs);
  if (!node) return EMILY_OUT_OF_MEMORY;
  for (int32_t i = 0; i < n_outputs; i++) {
    made[i] = emily__array_new(avals[i].dtype, avals[i].shape, avals[i].ndim);
    if (!made[i]) {
      emily_status status = emily_last_error()->status;
      for (int32_t k = 0; k < i; k++) emily_array_release(made[k]);
      emily__node_unref(node);
      return status;
    }
    made[i]->node = node;
    made[i]->output_index = i;
    node->outputs[i] = made[i];
    emily__node_retain(node);
  }
  for (int32_t i = 0; i < n_inputs; i++) node->inputs[i] = emily_array_retain(inputs[i]);
  emily__node_unref(node);
  memcpy(outs, made, (size_t)n_outputs * sizeof *outs);
  return EMILY_OK;
}

void emily__node_retain(emily__node *node) { atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed); }

/* Put an array whose last reference went on the worklist. */
static void bury(emily_array *array, emily_array **dead) {
  array->next_dead = *dead;
  *dead = array;
}

static void drop_reference(emily_array *array, emily_array **dead) {
  if (array && atomic_fetch_sub_explicit(&array->refs, 1, memory_order_acq_rel) == 1) bury(array, dead);
}

static void drop_node(emily__node *node, emily_array **dead) {
  if (atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) != 1) return;
  for (int32_t i = 0; i < node->n_inputs; i++) drop_reference(node->inputs[i], dead);
  if (node->task) emily__task_unref(node->task);
  emily_stream_release(node->stream);
  emily__free(node);
}

static void free_array(emily_array *array, emily_array **dead) {
  emily__node *node = array->node;
  if (node) {
    if (node->n_outputs > 1) {
      emily__graph_lock();
      node->outputs[array->output_index] = NULL;
      emily__graph_unlock();
    }
    drop_node(node, dead);
  }
  emily__buffer_unref(array->buffer);
  emily__free(array);
}

static void free_all(emily_array *dead) {
  while (dead) {
    emily_array *next = dead->next_dead, *array = dead;
    dead = next;
    free_array(array, &dead);
  }
}

void emily_array_release(emily_array *array) {
  emily_array *dead = NULL;
  drop_reference(array, &dead);
  free_all(dead);
}

void emily__node_unref(emily__node *node) {
  emily_array *dead = NULL;
  drop_node(node, &dead);
  free_all(dead);
}

void emily__node_drop_inputs(emily__node *node) {
  emily_array *dead = NULL;
  for (int32_t i = 0; i < node->n_inputs; i++) {
    emily_array *input = node->inputs[i];
    node->inputs[i] = NULL;
    drop_reference(input, &dead);
  }
  free_all(dead);
}
