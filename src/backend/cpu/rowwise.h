/* rowwise.h: running a kernel that knows one contiguous row over a tensor's last axis.
 *
 * Rows of x (any strides, any float dtype) are handed over as contiguous float32, or float64 where the result is float64, and
 * results are rounded once to the output's dtype. Rows that are such already are read and written where they stand. Blocks
 * of rows, cut by the shape alone, are shared over the pool.
 */
#ifndef EMILY_BACKEND_CPU_ROWWISE_H
#define EMILY_BACKEND_CPU_ROWWISE_H

#include "backend/backend.h"

/* out: as many elements as the output has a row; it may be x. n: extent of x's last axis, ≥ 1. */
typedef void emily__row_f32(const void *context, float *out, const float *x, int64_t n);
typedef void emily__row_f64(const void *context, double *out, const double *x, int64_t n);

typedef struct emily__rowwise {
  emily__row_f32 *f32;
  emily__row_f64 *f64;
  const void *context;
} emily__rowwise;

/* x has at least one axis; out is row-contiguous, with x's leading axes and any last one. EMILY_OUT_OF_MEMORY. */
emily_status emily__rowwise_run(const emily__tensor *x, const emily__tensor *out, const emily__rowwise *kernel);

/* n elements of any float dtype, `stride` elements apart, as float64 and back. */
void emily__gather_f64(double *out, const char *x, int64_t stride, emily_dtype dtype, int64_t n);
void emily__scatter_f64(char *out, int64_t stride, emily_dtype dtype, const double *x, int64_t n);

#endif
