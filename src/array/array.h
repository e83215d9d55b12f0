/* array.h: what a handle points to.
 *
 * An array is PENDING (its node says how to make it), SCHEDULED (some evaluation has taken it on) or READY (buffer, data and strides
 * are set and never change again). The state is the only field another thread may see change: it is stored with release order
 * after the data, loaded with acquire order before it. An array holds a reference to its node until it is freed; a node holds
 * references to its input arrays until it has run. See graph/node.h for the node's side.
 */
#ifndef EMILY_ARRAY_ARRAY_H
#define EMILY_ARRAY_ARRAY_H

#include "array/buffer.h"
#include "array/shape.h"
#include "emily/array.h"

enum { EMILY__PENDING = 0, EMILY__SCHEDULED = 1, EMILY__READY = 2 };

struct emily_array {
  _Atomic int32_t refs;
  _Atomic int32_t state;
  emily_dtype dtype;
  int32_t ndim;
  int64_t size;
  struct emily__node *node; /* NULL for arrays that were made from data */
  int32_t output_index;     /* which output of the node */
  bool dense;               /* READY: row-contiguous */
  emily__buffer *buffer;    /* READY: one reference */
  char *data;               /* READY: element [0, …] */
  struct emily_array *next_dead; /* worklist of emily_array_release */
  int64_t dims[];           /* shape[ndim], then strides[ndim] */
};

static inline int64_t *emily__array_shape(const emily_array *array) { return (int64_t *)array->dims; }
static inline int64_t *emily__array_strides(const emily_array *array) { return (int64_t *)array->dims + array->ndim; }
static inline bool emily__array_ready(const emily_array *array) {
  return atomic_load_explicit(&((emily_array *)array)->state, memory_order_acquire) == EMILY__READY;
}

/* A PENDING array with one reference, without a node yet. NULL when memory is out or the size wraps. */
emily_array *emily__array_new(emily_dtype dtype, const int64_t *shape, int32_t ndim);

/* Make it READY: takes over the reference to `buffer`. strides NULL: row-major. */
void emily__array_publish(emily_array *array, emily__buffer *buffer, char *data, const int64_t *strides);

/* A READY array over a buffer, whose reference it takes over (on failure too). */
emily_array *emily__array_over(emily__buffer *buffer, emily_dtype dtype, const int64_t *shape, int32_t ndim);

#endif
