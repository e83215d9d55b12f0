/* reducers.h: a reduction for one dtype as functions on contiguous runs. reduce.c walks, reducers.c folds. */
#ifndef EMILY_BACKEND_CPU_REDUCERS_H
#define EMILY_BACKEND_CPU_REDUCERS_H

#include "backend/backend.h"

typedef struct reducer {
  void (*start)(void *acc, int64_t n);
  void (*row)(void *acc, const void *x, int64_t n);
  void (*column)(void *acc, const void *x, int64_t n);
  void (*merge)(void *acc, const void *from, int64_t n);
  void (*store)(void *out, const void *acc, int64_t n);
  size_t size; /* bytes of an accumulator, at most 16 */
} reducer;

/* For sum, prod, max, min, all, any. 16-bit floats have none: they are widened to float32. */
const reducer *emily__cpu_reducer(emily__prim prim, emily_dtype dtype);

#endif
