/* host.c: data between host memory and arrays. */
#include "array/array.h"
#include "base/alloc.h"
#include "dtype/dtype.h"
#include "graph/eval.h"
#include "graph/runtime.h"

#include <math.h>
#include <string.h>

static emily_status check_shape(const char *where, const void *data, const int64_t *shape, int32_t ndim, emily_dtype dtype,
                                size_t *bytes) {
  if (ndim < 0 || ndim > EMILY__MAX_RANK || (ndim > 0 && !shape))
    return emily__fail(EMILY_INVALID_ARGUMENT, where, "ndim is %d; an array has 0 to %d axes and a shape", ndim, EMILY__MAX_RANK);
  if (!emily__dtype_valid(dtype)) return emily__fail(EMILY_INVALID_ARGUMENT, where, "%d is no dtype", dtype);
  int64_t size = emily__shape_size(shape, ndim), total;
  if (size < 0 || !emily__mul_i64(size, (int64_t)emily_dtype_size(dtype), &total))
    return emily__fail(EMILY_INVALID_ARGUMENT, where, "the shape has a negative extent or more bytes than memory can hold");
  if (!data && total) return emily__fail(EMILY_INVALID_ARGUMENT, where, "data is NULL");
  *bytes = (size_t)total;
  return EMILY_OK;
}

static void release_to_host(void *data, size_t bytes, void *context) {
  (void)context;
  emily__backend_host()->release(data, bytes);
}

emily_array *emily_array_from_data(const void *data, const int64_t *shape, int32_t ndim, emily_dtype dtype) {
  size_t bytes;
  void *own;
  if (check_shape("emily_array_from_data", data, shape, ndim, dtype, &bytes) != EMILY_OK) return NULL;
  const emily__backend *host = emily__backend_host();
  if (host->allocate(bytes, &own) != EMILY_OK) return NULL;
  emily__buffer *buffer = emily__buffer_new(own, bytes, false, release_to_host, NULL);
  if (!buffer) {
    host->release(own, bytes);
    return NULL;
  }
  if (bytes) memcpy(own, data, bytes);
  return emily__array_over(buffer, dtype, shape, ndim);
}

/* What emily_array_wrap was given, called back when the buffer goes. */
typedef struct wrapped {
  void (*release)(void *context);
  void *context;
} wrapped;

static void release_wrapped(void *data, size_t bytes, void *context) {
  (void)data, (void)bytes;
  wrapped *w = context;
  if (w->release) w->release(w->context);
  emily__free(w);
}

emily_array *emily_array_wrap(const void *data, const int64_t *shape, int32_t ndim, emily_dtype dtype,
                              void (*release)(void *context), void *context) {
  size_t bytes, alignment = emily_dtype_size(dtype);
  if (check_shape("emily_array_wrap", data, shape, ndim, dtype, &bytes) != EMILY_OK) return NULL;
  if (dtype == EMILY_COMPLEX64) alignment = 4;
  if ((uintptr_t)data & (alignment - 1)) {
    emily__fail(EMILY_INVALID_ARGUMENT, "emily_array_wrap", "data is not aligned to its %zu-byte elements", alignment);
    return NULL;
  }
  wrapped *w = emily__malloc(sizeof *w);
  if (!w) return NULL;
  *w = (wrapped){NULL, context}; /* until the array stands: on failure the caller keeps its memory */
  emily__buffer *buffer = emily__buffer_new((void *)data, bytes, true, release_wrapped, w);
  if (!buffer) {
    emily__free(w);
    return NULL;
  }
  emily_array *array = emily__array_over(buffer, dtype, shape, ndim);
  if (array) w->release = release;
  return array;
}

/* ---- one element ---- */

static void store_float(void *out, double value, emily_dtype dtype) {
  switch (dtype) {
    case EMILY_FLOAT16: *(emily__f16 *)out = emily__f32_to_f16((float)value); break;
    case EMILY_BFLOAT16: *(emily__bf16 *)out = emily__f32_to_bf16((float)value); break;
    case EMILY_FLOAT32: *(float *)out = (float)value; break;
    case EMILY_FLOAT64: *(double *)out = value; break;
    case EMILY_COMPLEX64: *(emily__c64 *)out = (emily__c64){(float)value, 0}; break;
    default: break;
  }
}

static void store_int(void *out, int64_t value, emily_dtype dtype) {
  switch (emily__dtype_kind(dtype)) {
    case 'b': *(uint8_t *)out = value != 0; break;
    case 'i':
    case 'u': memcpy(out, &value, emily_dtype_size(dtype)); break; /* little-endian: the low bytes, as a C cast wraps */
    case 's': *(uint8_t *)out = emily__storage_of_int(value, dtype); break;
    default: store_float(out, (double)value, dtype);
  }
}

emily_array *emily_array_from_float(double value, emily_dtype dtype) {
  uint64_t bits[1] = {0};
  if (emily_dtype_is_storage(dtype))
    *(uint8_t *)bits = emily__storage_of_float(value, dtype);
  else if (emily_dtype_is_inexact(dtype))
    store_float(bits, value, dtype);
  else
    store_int(bits, isnan(value) ? 0 : value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : (int64_t)value, dtype);
  return emily_array_from_data(bits, NULL, 0, dtype);
}

emily_array *emily_array_from_int(int64_t value, emily_dtype dtype) {
  uint64_t bits[1] = {0};
  store_int(bits, value, dtype);
  return emily_array_from_data(bits, NULL, 0, dtype);
}

/* ---- reading ---- */

emily_status emily_array_data(emily_array *array, bool contiguous, const void **out) {
  EMILY__TRY(emily_eval(&array, 1));
  if (contiguous && !array->dense)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_array_data",
                       "the array is a strided view; use emily_contiguous, or emily_array_read to copy it out");
  *out = array->data;
  return EMILY_OK;
}

static emily_status copy_strided(emily_array *array, void *out) {
  int64_t strides[EMILY__MAX_RANK];
  emily__dense_strides(array->dims, array->ndim, strides);
  emily__tensor from = {array->data,  array->dims,  emily__array_strides(array), array->size,
                        array->ndim, array->dtype, array->dense};
  emily__tensor to = from;
  to.data = out;
  to.strides = strides;
  to.dense = true;
  emily__node_view view = {.prim = EMILY__PRIM_copy, .n_inputs = 1, .n_outputs = 1, .inputs = &from, .outputs = &to, .donated = -1};
  return emily__backend_host()->run(&view);
}

emily_status emily_array_read(emily_array *array, void *out, size_t bytes) {
  EMILY__TRY(emily_eval(&array, 1));
  if (bytes != emily_array_nbytes(array))
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_array_read", "room for %zu bytes was given; the array has %zu", bytes,
                       emily_array_nbytes(array));
  uint64_t begin = emily__telemetry_begin();
  if (array->dense && bytes)
    memcpy(out, array->data, bytes);
  else if (bytes)
    EMILY__TRY(copy_strided(array, out));
  emily__telemetry_end(EMILY_SPAN_READ, "read", begin, bytes);
  return EMILY_OK;
}

static emily_status only_element(emily_array *array, const char *where) {
  EMILY__TRY(emily_eval(&array, 1));
  if (array->size != 1 || array->dtype == EMILY_COMPLEX64)
    return emily__fail(EMILY_INVALID_ARGUMENT, where, "the array holds %lld elements of %s; one real number is wanted",
                       (long long)array->size, emily_dtype_name(array->dtype));
  return EMILY_OK;
}

static int64_t load_int(const emily_array *array) {
  switch (array->dtype) {
    case EMILY_BOOL:
    case EMILY_UINT8: return *(const uint8_t *)array->data;
    case EMILY_UINT16: return *(const uint16_t *)array->data;
    case EMILY_UINT32: return *(const uint32_t *)array->data;
    case EMILY_INT8: return *(const int8_t *)array->data;
    case EMILY_INT16: return *(const int16_t *)array->data;
    case EMILY_INT32: return *(const int32_t *)array->data;
    default: return *(const int64_t *)array->data;
  }
}

static double load_float(const emily_array *array) {
  switch (array->dtype) {
    case EMILY_FLOAT16: return emily__f16_to_f32(*(const emily__f16 *)array->data);
    case EMILY_BFLOAT16: return emily__bf16_to_f32(*(const emily__bf16 *)array->data);
    case EMILY_FLOAT32: return *(const float *)array->data;
    case EMILY_FLOAT64: return *(const double *)array->data;
    case EMILY_UINT64: return (double)*(const uint64_t *)array->data;
    case EMILY_INT2:
    case EMILY_INT4:
    case EMILY_UINT2:
    case EMILY_UINT4:
    case EMILY_FLOAT8_E4M3FN:
    case EMILY_FLOAT8_E5M2: return emily__storage_value(*(const uint8_t *)array->data, array->dtype);
    default: return (double)load_int(array);
  }
}

emily_status emily_array_item_float(emily_array *array, double *out) {
  EMILY__TRY(only_element(array, "emily_array_item_float"));
  *out = load_float(array);
  return EMILY_OK;
}

emily_status emily_array_item_int(emily_array *array, int64_t *out) {
  EMILY__TRY(only_element(array, "emily_array_item_int"));
  if (!emily_dtype_is_inexact(array->dtype) && !emily_dtype_is_storage(array->dtype)) {
    *out = load_int(array);
    return EMILY_OK;
  }
  double value = load_float(array);
  *out = isnan(value) ? 0 : value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : (int64_t)value;
  return EMILY_OK;
}
