/* node.h: one application of a primitive: the edge between input arrays and output arrays.
 *
 * Lifetimes: each output array holds a reference to the node; the node holds references to its inputs until it has run (or
 * is freed); its pointers to outputs are weak. A node with one output cannot outlive it unseen: whoever runs the node got to it through
 * that array. For nodes with several, an output that is freed early takes itself out under the graph lock (node.c), and the
 * evaluator retains those it finds.
 * `task` and `mark` belong to the evaluator, under the graph lock (eval.c).
 */
#ifndef EMILY_GRAPH_NODE_H
#define EMILY_GRAPH_NODE_H

#include "array/array.h"
#include "graph/prims.h"

typedef struct emily__node {
  _Atomic int32_t refs;
  emily__prim prim;
  int32_t n_inputs, n_outputs;
  emily_stream *stream;
  struct emily__task *task;
  uint64_t mark;
  emily_array **inputs;  /* an entry is NULL once it was given up */
  emily_array **outputs; /* weak */
  void *attrs;           /* 8-byte aligned */
} emily__node;

/* The rows of prims.def as data. */
typedef emily_status emily__infer_fn(const void *attrs, int32_t n_inputs, emily_array *const *inputs, emily__aval *outputs);
typedef struct emily__prim_info {
  const char *name;
  emily__infer_fn *infer;
  int32_t n_outputs;
  uint32_t flags;
} emily__prim_info;
extern const emily__prim_info emily__prims[EMILY__PRIM_COUNT];

/* Infer, make the node and its output arrays; outs[i] gets one reference each. attrs are copied. */
emily_status emily__node_build(emily_stream *stream, emily__prim prim, const void *attrs, size_t attrs_size,
                               emily_array *const *inputs, int32_t n_inputs, emily_array **outs);

void emily__node_retain(emily__node *node);
void emily__node_unref(emily__node *node);
void emily__node_drop_inputs(emily__node *node);

/* The lock that the evaluator's walk and the weak pointers share. */
void emily__graph_lock(void);
void emily__graph_unlock(void);

#endif
