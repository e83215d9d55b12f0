/* copy.h: moving elements between strided places, for the kernels that move data. */
#ifndef EMILY_BACKEND_CPU_COPY_H
#define EMILY_BACKEND_CPU_COPY_H

#include "backend/backend.h"

/* in to out, of one shape; strides in elements. The two do not overlap. Large copies use the pool. */
void emily__cpu_copy_elements(int32_t ndim, const int64_t *shape, size_t itemsize, void *out,
                              const int64_t *out_strides, const void *in, const int64_t *in_strides);

/* Every element of a tensor to one value. */
void emily__cpu_fill(const emily__tensor *out, const void *value);

#endif
