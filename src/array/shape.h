/* shape.h: shapes and strides as plain lists of int64. Strides count elements. */
#ifndef EMILY_ARRAY_SHAPE_H
#define EMILY_ARRAY_SHAPE_H

#include "base/status.h"
#include "emily/dtype.h"
#include "graph/prims.h"

/* What is known of an array before it is computed. */
typedef struct emily__aval {
  emily_dtype dtype;
  int32_t ndim;
  int64_t shape[EMILY__MAX_RANK];
} emily__aval;

/* Elements of a shape; -1 where an extent is negative or the product wraps. */
int64_t emily__shape_size(const int64_t *shape, int32_t ndim);

/* Row-major strides: strides[ndim - 1] = 1. All 0 for an empty array: in bytes its other extents might wrap. */
void emily__dense_strides(const int64_t *shape, int32_t ndim, int64_t *strides);

/* Whether strides are row-major, axes of extent 1 and empty arrays aside. */
bool emily__is_dense(const int64_t *shape, const int64_t *strides, int32_t ndim);

bool emily__shape_equal(const int64_t *a, int32_t a_ndim, const int64_t *b, int32_t b_ndim);

/* NumPy broadcasting of two shapes into out[EMILY__MAX_RANK]; false where they do not fit. */
bool emily__broadcast_shapes(const int64_t *a, int32_t a_ndim, const int64_t *b, int32_t b_ndim, int64_t *out,
                             int32_t *out_ndim);

/* "float32 [2, 3]" into text[capacity], cut where it is longer. Returns text. */
char *emily__describe(char *text, size_t capacity, emily_dtype dtype, const int64_t *shape, int32_t ndim);

#endif
