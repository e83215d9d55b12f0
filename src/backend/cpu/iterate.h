/* iterate.h: walking strided tensors together.
 *
 * An emily__iterate holds up to four operands of one shape. Axes of extent 1 are dropped, axes that are one run of
 * memory for every operand are merged, and where operand 0 (the output) is a permuted array, axes are reordered to
 * follow it. Any tensors with plain layouts so become one axis, and most others two.
 *
 * An emily__walk is a cursor over one operand's elements in row-major order, that gathers them into contiguous memory
 * or scatters them from it.
 *
 * emily__for_each_element runs a kernel that knows contiguous runs only: rows where every operand is contiguous or
 * constant along the last axis are handed over as they are, everything else goes through small buffers. Large jobs
 * are cut into fixed blocks over the pool.
 */
#ifndef EMILY_BACKEND_CPU_ITERATE_H
#define EMILY_BACKEND_CPU_ITERATE_H

#include "backend/backend.h"

enum {
  EMILY__OPERANDS = 4,
  EMILY__BLOCK = 512 /* elements in a buffer: 4 KiB at most, a few of them fit in the first-level cache */
};

typedef struct emily__iterate {
  int32_t ndim, operands; /* ndim ≥ 1 */
  int64_t size;
  int64_t shape[EMILY__MAX_RANK];
  int64_t strides[EMILY__OPERANDS][EMILY__MAX_RANK]; /* in bytes */
  int32_t itemsize[EMILY__OPERANDS];
  char *data[EMILY__OPERANDS];
} emily__iterate;

/* All operands have operand 0's shape. */
void emily__iterate_init(emily__iterate *it, const emily__tensor *const *operands, int32_t count);

/* One operand, its axes in their own order: for a walk in row-major order. */
void emily__iterate_one(emily__iterate *it, const emily__tensor *tensor);

/* Two operands from loose parts; strides in elements. */
void emily__iterate_pair(emily__iterate *it, int32_t ndim, const int64_t *shape, size_t itemsize, void *out,
                         const int64_t *out_strides, const void *in, const int64_t *in_strides);

typedef struct emily__walk {
  const int64_t *shape, *strides; /* of the iterate, or another's; strides in bytes */
  int32_t ndim, itemsize;
  char *row;      /* the current row's first element */
  int64_t column; /* how far into it */
  int64_t index[EMILY__MAX_RANK];
} emily__walk;

/* ndim ≥ 1; `position` counts elements in row-major order. The shape and strides must outlive the walk. */
void emily__walk_begin(emily__walk *walk, int32_t ndim, const int64_t *shape, const int64_t *strides,
                       int32_t itemsize, void *data, int64_t position);
char *emily__walk_next(emily__walk *walk); /* the next element's address */
char *emily__walk_row(emily__walk *walk);  /* from a row's start: its first element; on to the next row */
void emily__walk_gather(emily__walk *walk, void *out, int64_t n);
void emily__walk_scatter(emily__walk *walk, const void *in, int64_t n);

/* n elements of 1, 2, 4 or 8 bytes, strides in bytes. */
void emily__copy_strided(void *out, int64_t out_stride, const void *in, int64_t in_stride, int64_t n,
                         int32_t itemsize);

/* n elements from contiguous operands: p[0] is the output and may be one of p[1 …], the inputs. */
typedef void emily__block_fn(void *const *p, int64_t n);
/* float32: x op value, where one operand is one number for the whole row. */
typedef void emily__scalar_fn(float *out, const float *x, float value, int64_t n);

typedef struct emily__elementwise {
  emily__block_fn *fn;
  emily__scalar_fn *scalar; /* or NULL; used where the last operand is constant along a row */
  emily_dtype widen;        /* EMILY_FLOAT16 or EMILY_BFLOAT16: inputs are widened to float32 for fn, else -1 */
  bool narrow;              /* … and its result is rounded back */
  int64_t grain;            /* elements worth a thread */
} emily__elementwise;

void emily__for_each_element(const emily__iterate *it, const emily__elementwise *op);

enum {
  EMILY__GRAIN_CHEAP = 32768, /* memory-bound work: some 10 µs */
  EMILY__GRAIN_COSTLY = 4096  /* transcendental functions */
};

/* Run a node whose operands all have the result's shape. `of` holds a function for each dtype; 16-bit floats use
 * float32's where they have none of their own. */
emily_status emily__elementwise_run(const emily__node_view *node, emily__block_fn *const of[EMILY_DTYPE_COUNT],
                                    emily__scalar_fn *scalar, int64_t grain);

/* binary.c: add, multiply, maximum or minimum on contiguous runs; NULL for 16-bit floats. p: out, a, b. */
emily__block_fn *emily__binary_block(emily__prim prim, emily_dtype dtype);

#endif
