/* indices.h: what the ops on indices share: index arrays and their axes checked, gathers and scatters applied. */
#ifndef EMILY_OP_INDICES_H
#define EMILY_OP_INDICES_H

#include "op/common.h"

/* Index arrays, broadcast to one shape, and the axis of each. */
typedef struct emily__indices {
  int32_t count, ndim;
  int32_t axes[EMILY__MAX_RANK];
  int64_t shape[EMILY__MAX_RANK];
  emily_array *arrays[EMILY__MAX_RANK];
} emily__indices;

/* False where the op has failed: other numbers of arrays and axes, an axis twice, no integers, shapes that do not broadcast. */
bool emily__op_indices(const emily__op *op, emily_array *x, emily_array *const *indices, int32_t count, const int64_t *axes,
                       int32_t axes_count, emily__indices *out);

/* A window's extents: one an axis, each fits. */
bool emily__op_window(const emily__op *op, const emily_array *x, const int64_t *sizes);

/* The primitives. at->count ≥ 1; updates have the shape of the indices and that of a window and are cast to x's dtype. */
emily_array *emily__gather(const emily__op *op, emily_array *x, const emily__indices *at, const int64_t *sizes, bool clamp);
emily_array *emily__scatter(const emily__op *op, emily_array *x, emily_array *updates, const emily__indices *at, int64_t update,
                            bool clamp);

/* Broadcast an array and indices of its rank to one shape off the axis. */
bool emily__match_off_axis(const emily__op *op, emily_array **x, emily_array **indices, int32_t axis);

#endif
