/* shape.c: see shape.h. */
#include "array/shape.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

int64_t emily__shape_size(const int64_t *shape, int32_t ndim) {
  int64_t size = 1;
  bool empty = false;
  for (int32_t i = 0; i < ndim; i++) {
    if (shape[i] < 0) return -1;
    if (shape[i] == 0)
      empty = true;
    else if (!emily__mul_i64(size, shape[i], &size))
      return -1;
  }
  return empty ? 0 : size;
}

void emily__dense_strides(const int64_t *shape, int32_t ndim, int64_t *strides) {
  int64_t stride = emily__shape_size(shape, ndim) > 0; /* 0 for an empty array, whose other extents may be any size */
  for (int32_t i = ndim - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
}

bool emily__is_dense(const int64_t *shape, const int64_t *strides, int32_t ndim) {
  int64_t stride = 1;
  bool dense = true;
  for (int32_t i = ndim - 1; i >= 0; i--) {
    if (shape[i] == 0) return true;
    if (shape[i] == 1) continue;
    if (strides[i] != stride) dense = false;
    stride *= shape[i];
  }
  return dense;
}

bool emily__shape_equal(const int64_t *a, int32_t a_ndim, const int64_t *b, int32_t b_ndim) {
  return a_ndim == b_ndim && (a_ndim == 0 || memcmp(a, b, (size_t)a_ndim * sizeof *a) == 0);
}

bool emily__broadcast_shapes(const int64_t *a, int32_t a_ndim, const int64_t *b, int32_t b_ndim, int64_t *out,
                             int32_t *out_ndim) {
  int32_t ndim = a_ndim > b_ndim ? a_ndim : b_ndim;
  for (int32_t i = 1; i <= ndim; i++) {
    int64_t x = i <= a_ndim ? a[a_ndim - i] : 1;
    int64_t y = i <= b_ndim ? b[b_ndim - i] : 1;
    if (x != y && x != 1 && y != 1) return false;
    out[ndim - i] = x == 1 ? y : x;
  }
  *out_ndim = ndim;
  return true;
}

char *emily__describe(char *text, size_t capacity, emily_dtype dtype, const int64_t *shape, int32_t ndim) {
  size_t used = (size_t)snprintf(text, capacity, "%s [", emily_dtype_name(dtype));
  for (int32_t i = 0; i < ndim && used + 24 < capacity; i++)
    used += (size_t)snprintf(text + used, capacity - used, i ? ", %lld" : "%lld", (long long)shape[i]);
  if (used + 1 < capacity) snprintf(text + used, capacity - used, "]");
  return text;
}
