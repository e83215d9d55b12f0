/* places.c: see places.h. */
#include "backend/cpu/places.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where places go: base + i · step + place · stride for the i-th index. */
typedef struct line {
  int64_t base, step, stride;
} line;

static inline int64_t place_of(int64_t i, int64_t extent, int64_t limit) {
  i += i < 0 ? extent : 0;
  return (uint64_t)i < (uint64_t)limit ? i : EMILY__NOWHERE;
}

static inline int64_t clamped(int64_t i, int64_t limit) { return i < 0 || limit == 0 ? 0 : i < limit ? i : limit - 1; }

#define PUT(place_expression)                                                      \
  for (int64_t i = 0; i < n; i++, base += step) {                                  \
    int64_t place = (place_expression), offset = (int64_t)((uint64_t)base + (uint64_t)place * stride);           \
    out[i] = place == EMILY__NOWHERE ? EMILY__NOWHERE : offset;                    \
  }
#define RESOLVE(type)                                       \
  do {                                                      \
    const type *p = in;                                     \
    if (clamp) PUT(clamped((int64_t)p[i], limit))           \
    else PUT(place_of((int64_t)p[i], extent, limit))        \
  } while (0)

/* Past the largest int64 there is no negative index to mistake one for. */
static inline int64_t place_of_uint64(uint64_t i, int64_t limit, bool clamp) {
  if (clamp) return clamped(i > INT64_MAX ? INT64_MAX : (int64_t)i, limit);
  return i < (uint64_t)limit ? (int64_t)i : EMILY__NOWHERE;
}

static void resolve(const emily__index *index, const void *in, int64_t n, line to, int64_t *out) {
  const int64_t extent = index->extent, limit = index->limit, step = to.step;
  const uint64_t stride = (uint64_t)to.stride; /* the product with a place that is nowhere wraps, and is not used */
  int64_t base = to.base;
  const bool clamp = index->clamp;
  switch (index->dtype) {
    case EMILY_UINT16: RESOLVE(uint16_t); break;
    case EMILY_UINT32: RESOLVE(uint32_t); break;
    case EMILY_UINT64: PUT(place_of_uint64(((const uint64_t *)in)[i], limit, clamp)) break;
    case EMILY_INT8: RESOLVE(int8_t); break;
    case EMILY_INT16: RESOLVE(int16_t); break;
    case EMILY_INT32: RESOLVE(int32_t); break;
    case EMILY_INT64: RESOLVE(int64_t); break;
    default: RESOLVE(uint8_t); break;
  }
}

void emily__index_init(emily__index *index, const emily__tensor *indices, int64_t extent, int64_t window, int64_t stride,
                       bool clamp) {
  index->dtype = indices->dtype;
  index->clamp = clamp;
  index->extent = extent;
  index->limit = extent - window + 1;
  index->stride = stride;
  emily__iterate_one(&index->it, indices);
}

/* n raw indices: in place where they are one run of memory, else gathered into `room`. */
static const void *raw_indices(const emily__index *index, int64_t first, int64_t n, void *room) {
  const emily__iterate *it = &index->it;
  if (it->ndim == 1 && it->strides[0][0] == it->itemsize[0]) return it->data[0] + first * it->itemsize[0];
  emily__walk walk;
  emily__walk_begin(&walk, it->ndim, it->shape, it->strides[0], it->itemsize[0], it->data[0], first);
  emily__walk_gather(&walk, room, n);
  return room;
}

void emily__index_places(const emily__index *index, int64_t first, int64_t n, int64_t *places) {
  uint64_t room[EMILY__BLOCK];
  if (n > 0) resolve(index, raw_indices(index, first, n, room), n, (line){0, 0, 1}, places);
}

void emily__index_offsets_from(const emily__index *index, int64_t first, int64_t n, int64_t base, int64_t step, int64_t *offsets) {
  uint64_t room[EMILY__BLOCK];
  if (n > 0) resolve(index, raw_indices(index, first, n, room), n, (line){base, step, index->stride}, offsets);
}

void emily__index_offsets(const emily__index *indices, int32_t count, int64_t first, int64_t n, int64_t *offsets) {
  int64_t places[EMILY__BLOCK];
  emily__index_offsets_from(indices, first, n, 0, 0, offsets);
  for (int32_t k = 1; k < count; k++) {
    const int64_t stride = indices[k].stride;
    emily__index_places(&indices[k], first, n, places);
    for (int64_t i = 0; i < n; i++) {
      bool nowhere = places[i] == EMILY__NOWHERE || offsets[i] == EMILY__NOWHERE;
      offsets[i] = nowhere ? EMILY__NOWHERE : offsets[i] + places[i] * stride;
    }
  }
}

typedef uint64_t word8 __attribute__((aligned(4))); /* complex64 is aligned to 4 */

#define ELEMENTS(type)                                                              \
  do {                                                                              \
    type *o = out;                                                                  \
    for (int64_t i = 0; i < n; i++)                                                 \
      o[i] = offsets[i] == EMILY__NOWHERE ? 0 : *(const type *)(base + offsets[i]); \
  } while (0)

void emily__index_gather(void *out, const char *base, const int64_t *offsets, int64_t n, int32_t itemsize) {
  switch (itemsize) {
    case 1: ELEMENTS(uint8_t); break;
    case 2: ELEMENTS(uint16_t); break;
    case 4: ELEMENTS(uint32_t); break;
    default: ELEMENTS(word8); break;
  }
}

/* ---- the debug flag ---- */

/* The index at `position` as text: uint64 goes further than int64. */
static void describe_index(const emily__index *index, int64_t position, char text[24]) {
  uint64_t room[1];
  int64_t raw = 0;
  memcpy(&raw, raw_indices(index, position, 1, room), (size_t)index->it.itemsize[0]);
  if (index->dtype == EMILY_INT8) raw = (int8_t)raw;
  if (index->dtype == EMILY_INT16) raw = (int16_t)raw;
  if (index->dtype == EMILY_INT32) raw = (int32_t)raw;
  snprintf(text, 24, index->dtype == EMILY_UINT64 ? "%" PRIu64 : "%" PRId64, raw);
}

static emily_status fail_index(const emily__node_view *node, const emily__index *index, int64_t position) {
  char text[24];
  describe_index(index, position, text);
  return emily__fail(EMILY_DEBUG_CHECK, emily__prim_name(node->prim),
                     "%s: index %s (element %lld of the indices) is out of range for an axis of %lld", emily__prim_name(node->prim),
                     text, (long long)position, (long long)index->extent);
}

emily_status emily__index_check(const emily__node_view *node, const emily__index *indices, int32_t count) {
  int64_t places[EMILY__BLOCK];
  if (!(node->debug & EMILY__DEBUG_INDICES)) return EMILY_OK;
  for (int32_t k = 0; k < count; k++)
    for (int64_t at = 0; at < indices[k].it.size; at += EMILY__BLOCK) {
      int64_t n = indices[k].it.size - at < EMILY__BLOCK ? indices[k].it.size - at : EMILY__BLOCK;
      emily__index_places(&indices[k], at, n, places);
      for (int64_t i = 0; i < n; i++)
        if (places[i] == EMILY__NOWHERE) return fail_index(node, &indices[k], at + i);
    }
  return EMILY_OK;
}
