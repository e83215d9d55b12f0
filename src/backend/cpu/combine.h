/* combine.h: out = out op update, for the primitives that write into an array: put, add, multiply, max, min in the array's dtype.
 *
 * A NaN on either side of max and min stays, integers wrap, 16-bit floats are combined in float32 and rounded each time; of bools,
 * a sum and a max are "or", a product and a min "and". */
#ifndef EMILY_BACKEND_CPU_COMBINE_H
#define EMILY_BACKEND_CPU_COMBINE_H

#include "backend/backend.h"

typedef struct emily__combine {
  /* n elements of contiguous memory that do not overlap */
  void (*row)(void *out, const void *update, int64_t n);
  /* the elements at out + offsets[i] (bytes), in the order of i; those nowhere (places.h) are dropped */
  void (*at)(char *out, const int64_t *offsets, const void *update, int64_t n);
} emily__combine;

/* update: one of EMILY__UPDATE_… (prims.h). */
const emily__combine *emily__combine_of(int64_t update, emily_dtype dtype);

/* in into out, of one shape; strides in elements. The two do not overlap. Large jobs use the pool. */
void emily__combine_elements(int64_t update, emily_dtype dtype, int32_t ndim, const int64_t *shape, void *out,
                             const int64_t *out_strides, const void *in, const int64_t *in_strides);

/* One row, any strides, in bytes. */
void emily__combine_row(const emily__combine *combine, int32_t itemsize, char *out, int64_t out_stride, const char *in,
                        int64_t in_stride, int64_t n);

#endif
