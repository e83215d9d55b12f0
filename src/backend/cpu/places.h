/* places.h: where indices point.
 *
 * An index counts from the end where it is negative. It is in range where the window that begins at it fits in its axis; out
 * of range is defined (a read gives 0, a write is dropped), and an error under EMILY__DEBUG_INDICES. Clamped indices are moved
 * into range instead, and do not count from the end. */
#ifndef EMILY_BACKEND_CPU_PLACES_H
#define EMILY_BACKEND_CPU_PLACES_H

#include "backend/cpu/iterate.h"

#define EMILY__NOWHERE INT64_MIN /* the place or offset of an index out of range */

/* A tensor of indices into one axis. */
typedef struct emily__index {
  emily__iterate it;
  emily_dtype dtype;
  bool clamp;
  int64_t extent, limit; /* of the axis; valid places are 0 … limit - 1 */
  int64_t stride;        /* of the axis, in bytes */
} emily__index;

void emily__index_init(emily__index *index, const emily__tensor *indices, int64_t extent, int64_t window, int64_t stride,
                       bool clamp);

/* The places of n ≤ EMILY__BLOCK indices, from the first-th in row-major order. */
void emily__index_places(const emily__index *index, int64_t first, int64_t n, int64_t *places);

/* Byte offsets of the windows that `count` tensors of one shape point at together; count ≥ 1, n ≤ EMILY__BLOCK. */
void emily__index_offsets(const emily__index *indices, int32_t count, int64_t first, int64_t n, int64_t *offsets);

/* out[i] = the element at base + offsets[i]; 0 where that is nowhere. */
void emily__index_gather(void *out, const char *base, const int64_t *offsets, int64_t n, int32_t itemsize);

/* The same for one tensor, and index i from base + i · step on (bytes). */
void emily__index_offsets_from(const emily__index *index, int64_t first, int64_t n, int64_t base, int64_t step, int64_t *offsets);

/* Under EMILY__DEBUG_INDICES: an error that names the first index out of range. Clamped ones never are. */
emily_status emily__index_check(const emily__node_view *node, const emily__index *indices, int32_t count);

#endif
