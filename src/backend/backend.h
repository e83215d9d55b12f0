/* backend.h: the narrow waist between the graph and the machines that run it.
 *
 * The graph hands a backend one node at a time through a read-only view: a primitive, its attributes, the inputs as strided
 * tensors, the outputs as tensors whose memory the graph has taken from the backend's allocator. A backend knows nothing of
 * arrays, scopes or evaluation order. registry.c is the only file that names the backends.
 */
#ifndef EMILY_BACKEND_BACKEND_H
#define EMILY_BACKEND_BACKEND_H

#include "base/status.h"
#include "dtype/dtype.h"
#include "graph/prims.h"

/* A strided window on memory of the backend. Strides count elements; they may be zero or negative for inputs.
 * Outputs are row-contiguous unless the node's donated input was taken over (then they have its strides). */
typedef struct emily__tensor {
  void *data;             /* the element [0, 0, …]; inputs are read only */
  const int64_t *shape;   /* ndim of them */
  const int64_t *strides; /* ndim of them, in elements */
  int64_t size;           /* product of shape; 0 where one is 0, 1 for ndim 0 */
  int32_t ndim;
  emily_dtype dtype;
  bool dense; /* row-contiguous: strides are those of a C array (size-1 axes aside) */
} emily__tensor;

typedef struct emily__node_view {
  emily__prim prim;
  const void *attrs; /* the struct that prims.def names */
  int32_t n_inputs, n_outputs;
  const emily__tensor *inputs;
  const emily__tensor *outputs;
  int32_t donated; /* index of the input whose memory outputs[0] is, or -1 */
  uint32_t debug;  /* EMILY__DEBUG_… flags in force */
} emily__node_view;

enum { EMILY__DEBUG_INDICES = 1 << 0, EMILY__DEBUG_NAN = 1 << 1 };

typedef struct emily__memory_stats {
  uint64_t active, peak, cache, limit, cache_limit;
} emily__memory_stats;

typedef struct emily__backend {
  const char *name; /* "cpu", "cuda" */
  bool host;        /* memory is the host's, and work runs on the calling thread */

  int32_t (*device_count)(void);

  /* Threads that share the work, and their number set (n < 1: the default). NULL where the host has no say. */
  int32_t (*threads)(void);
  void (*set_threads)(int32_t n);

  /* Run one node to completion (host) or enqueue it. On failure the outputs' content is undefined, inputs are untouched: a kernel
   * takes its scratch memory before it writes to a donated input. */
  emily_status (*run)(const emily__node_view *node);
  bool (*supports)(emily__prim prim, emily_dtype dtype);

  /* Tensor memory, aligned to 64 bytes. `release` is given the size that was asked for. Both are thread-safe. */
  emily_status (*allocate)(size_t bytes, void **data);
  void (*release)(void *data, size_t bytes);
  void (*memory_stats)(emily__memory_stats *out);
  void (*memory_reset_peak)(void);
  void (*memory_set_limit)(uint64_t bytes);       /* 0: none */
  void (*memory_set_cache_limit)(uint64_t bytes);
  void (*memory_clear_cache)(void);

  /* True where every float of a dense tensor is finite. For the debug flag. */
  bool (*all_finite)(const emily__tensor *tensor);
} emily__backend;

/* The backend of a kind ("cpu"); NULL with a recorded failure that says why it is not there. */
const emily__backend *emily__backend_find(const char *name);
const emily__backend *emily__backend_default(void); /* the same, for who names none */
const emily__backend *emily__backend_host(void); /* the one whose memory is the host's; never NULL */

#endif
