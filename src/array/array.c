/* array.c: array structs and what can be asked of them without evaluation. */
#include "array/array.h"

#include "base/alloc.h"
#include "dtype/dtype.h"

#include <string.h>

emily_array *emily__array_new(emily_dtype dtype, const int64_t *shape, int32_t ndim) {
  int64_t size = emily__shape_size(shape, ndim), bytes;
  if (size < 0 || !emily__mul_i64(size, (int64_t)emily_dtype_size(dtype), &bytes)) {
    char text[256];
    emily__fail(EMILY_INVALID_ARGUMENT, "", "an array of %s is larger than memory can ever be",
                emily__describe(text, sizeof text, dtype, shape, ndim));
    return NULL;
  }
  emily_array *array = emily__malloc(sizeof *array + 2 * (size_t)ndim * sizeof(int64_t));
  if (!array) return NULL;
  memset(array, 0, sizeof *array);
  atomic_init(&array->refs, 1);
  atomic_init(&array->state, EMILY__PENDING);
  array->dtype = dtype;
  array->ndim = ndim;
  array->size = size;
  if (ndim) memcpy(array->dims, shape, (size_t)ndim * sizeof *shape);
  return array;
}

void emily__array_publish(emily_array *array, emily__buffer *buffer, char *data, const int64_t *strides) {
  int64_t *own = emily__array_strides(array);
  if (strides) {
    if (array->ndim) memcpy(own, strides, (size_t)array->ndim * sizeof *own);
    array->dense = emily__is_dense(array->dims, own, array->ndim);
  } else {
    emily__dense_strides(array->dims, array->ndim, own);
    array->dense = true;
  }
  array->buffer = buffer;
  array->data = data;
  atomic_store_explicit(&array->state, EMILY__READY, memory_order_release);
}

emily_array *emily__array_over(emily__buffer *buffer, emily_dtype dtype, const int64_t *shape, int32_t ndim) {
  emily_array *array = emily__array_new(dtype, shape, ndim);
  if (!array) {
    emily__buffer_unref(buffer);
    return NULL;
  }
  emily__array_publish(array, buffer, buffer->data, NULL);
  return array;
}

emily_array *emily_array_retain(emily_array *array) {
  if (array) atomic_fetch_add_explicit(&array->refs, 1, memory_order_relaxed);
  return array;
}

emily_dtype emily_array_dtype(const emily_array *array) { return array ? array->dtype : -1; }
int32_t emily_array_ndim(const emily_array *array) { return array ? array->ndim : 0; }
const int64_t *emily_array_shape(const emily_array *array) { return array ? array->dims : NULL; }
int64_t emily_array_size(const emily_array *array) { return array ? array->size : 0; }
size_t emily_array_nbytes(const emily_array *array) {
  return array ? (size_t)array->size * emily_dtype_size(array->dtype) : 0;
}

int64_t emily_array_dim(const emily_array *array, int32_t axis) {
  if (!array) return -1;
  if (axis < 0) axis += array->ndim;
  return axis >= 0 && axis < array->ndim ? array->dims[axis] : -1;
}

bool emily_array_is_evaluated(const emily_array *array) { return array && emily__array_ready(array); }

const int64_t *emily_array_strides(const emily_array *array) {
  return array && emily__array_ready(array) ? emily__array_strides(array) : NULL;
}
