/* scanners.h: a scan for one dtype as functions on contiguous runs (scan.inc says which). scan.c walks, scanners.c folds. */
#ifndef EMILY_BACKEND_CPU_SCANNERS_H
#define EMILY_BACKEND_CPU_SCANNERS_H

#include "backend/backend.h"

enum { EMILY__SCAN_ACCUMULATOR = 16 }; /* bytes of an accumulator at most */

typedef struct emily__scanner {
  void (*start)(void *acc, int64_t n, bool inclusive);
  void (*fold)(void *acc, const void *x, int64_t n);
  void (*columns)(void *acc, const void *x, int64_t n, int64_t steps);
  void (*merge)(void *acc, const void *from, int64_t n);
  void (*scan)(void *out, const void *x, int64_t n, int64_t step, bool inclusive, void *acc); /* out is not x */
  void (*step)(void *out, void *acc, const void *x, int64_t n, int64_t steps, int64_t stride, bool inclusive);
  size_t size; /* bytes of an accumulator */
} emily__scanner;

/* For cumsum, cumprod, cummax, cummin, logcumsumexp. 16-bit floats have none: they are widened to float32. */
const emily__scanner *emily__cpu_scanner(emily__prim prim, emily_dtype dtype);

#endif
