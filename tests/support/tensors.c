/* tensors.c: see tensors.h. */
#include "support/tensors.h"

#include "support/arrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct owned {
  struct owned *next;
  emily__tensor tensor;
  int64_t shape[EMILY__MAX_RANK], strides[EMILY__MAX_RANK];
  void *memory;
} owned;

static owned *all;

static owned *own(emily_dtype dtype, int ndim, const int64_t *shape) {
  owned *o = calloc(1, sizeof *o);
  if (!o) abort();
  o->next = all;
  all = o;
  if (ndim) memcpy(o->shape, shape, (size_t)ndim * sizeof *shape);
  int64_t size = 1;
  for (int i = 0; i < ndim; i++) size *= shape[i];
  o->tensor = (emily__tensor){.shape = o->shape, .strides = o->strides, .size = size, .ndim = ndim, .dtype = dtype};
  return o;
}

void tensors_free(void) {
  while (all) {
    owned *next = all->next;
    free(all->memory);
    free(all);
    all = next;
  }
}

static bool is_dense(const emily__tensor *t) {
  int64_t stride = 1;
  for (int i = t->ndim - 1; i >= 0; i--) {
    if (t->shape[i] != 1 && t->strides[i] != stride) return t->size == 0;
    stride *= t->shape[i];
  }
  return true;
}

emily__tensor *tensor_new(emily_dtype dtype, int ndim, const int64_t *shape) {
  owned *o = own(dtype, ndim, shape);
  int64_t stride = 1;
  for (int i = ndim - 1; i >= 0; i--) {
    o->strides[i] = stride;
    stride *= shape[i];
  }
  size_t bytes = (size_t)o->tensor.size * emily_dtype_size(dtype);
  o->memory = malloc(bytes ? bytes : 1);
  if (!o->memory) abort();
  memset(o->memory, 0xA5, bytes);
  o->tensor.data = o->memory;
  o->tensor.dense = true;
  return &o->tensor;
}

emily__tensor *tensor_of(emily_dtype dtype, int ndim, const int64_t *shape, const double *values) {
  emily__tensor *t = tensor_new(dtype, ndim, shape);
  for (int64_t i = 0; i < t->size; i++) tensor_set(t, i, values[i]);
  return t;
}

emily__tensor *tensor_random(emily_dtype dtype, int ndim, const int64_t *shape, double low, double high) {
  emily__tensor *t = tensor_new(dtype, ndim, shape);
  for (int64_t i = 0; i < t->size; i++) {
    if (dtype == EMILY_BOOL) tensor_set(t, i, (double)(tensor_bits() & 1));
    else if (dtype == EMILY_COMPLEX64) tensor_set_complex(t, i, tensor_uniform(low, high), tensor_uniform(low, high));
    else tensor_set(t, i, tensor_uniform(low, high));
  }
  return t;
}

emily__tensor *tensor_view(const emily__tensor *t, int64_t offset, int ndim, const int64_t *shape,
                           const int64_t *strides) {
  owned *o = own(t->dtype, ndim, shape);
  if (ndim) memcpy(o->strides, strides, (size_t)ndim * sizeof *strides);
  o->tensor.data = (char *)t->data + offset * (int64_t)emily_dtype_size(t->dtype);
  o->tensor.dense = is_dense(&o->tensor);
  return &o->tensor;
}

emily__tensor *tensor_laid_out(const emily__tensor *t, int layout) {
  int64_t strides[EMILY__MAX_RANK], total = 1, offset = 0;
  int64_t pad = layout == LAYOUT_PADDED || layout == LAYOUT_MIXED;
  bool reverse = layout == LAYOUT_PERMUTED || layout == LAYOUT_MIXED;
  for (int k = 0; k < t->ndim; k++) {
    int i = reverse ? k : t->ndim - 1 - k; /* from the axis stored innermost outwards */
    strides[i] = total * (k == 0 && pad ? 2 : 1);
    total = (t->shape[i] + pad) * strides[i];
  }
  emily__tensor *memory = tensor_new(t->dtype, 1, &total);
  for (int i = 0; i < t->ndim; i++) {
    if (layout != LAYOUT_NEGATIVE && !(layout == LAYOUT_MIXED && i == 0)) continue;
    if (t->shape[i] > 0) offset += strides[i] * (t->shape[i] - 1);
    strides[i] = -strides[i];
  }
  emily__tensor *view = tensor_view(memory, offset, t->ndim, t->shape, strides);
  for (int64_t i = 0; i < t->size; i++) memcpy(tensor_at(view, i), tensor_at(t, i), emily_dtype_size(t->dtype));
  return view;
}

void *tensor_at(const emily__tensor *t, int64_t index) {
  int64_t offset = 0;
  for (int i = t->ndim - 1; i >= 0; i--) {
    offset += index % t->shape[i] * t->strides[i];
    index /= t->shape[i];
  }
  return (char *)t->data + offset * (int64_t)emily_dtype_size(t->dtype);
}

double tensor_get(const emily__tensor *t, int64_t index) {
  const void *p = tensor_at(t, index);
  switch (t->dtype) {
    case EMILY_BOOL:
    case EMILY_UINT8: return *(const uint8_t *)p;
    case EMILY_UINT16: return *(const uint16_t *)p;
    case EMILY_UINT32: return *(const uint32_t *)p;
    case EMILY_UINT64: return (double)*(const uint64_t *)p;
    case EMILY_INT8: return *(const int8_t *)p;
    case EMILY_INT16: return *(const int16_t *)p;
    case EMILY_INT32: return *(const int32_t *)p;
    case EMILY_INT64: return (double)*(const int64_t *)p;
    case EMILY_FLOAT16: return emily__f16_to_f32(*(const emily__f16 *)p);
    case EMILY_BFLOAT16: return emily__bf16_to_f32(*(const emily__bf16 *)p);
    case EMILY_FLOAT64: return *(const double *)p;
    case EMILY_FLOAT32:
    case EMILY_COMPLEX64: return *(const float *)p;
    default: return emily__storage_value(*(const uint8_t *)p, t->dtype);
  }
}

double tensor_get_imag(const emily__tensor *t, int64_t index) {
  return t->dtype == EMILY_COMPLEX64 ? ((const emily__c64 *)tensor_at(t, index))->im : 0;
}

int64_t tensor_get_int(const emily__tensor *t, int64_t index) {
  if (t->dtype == EMILY_INT64 || t->dtype == EMILY_UINT64) return *(const int64_t *)tensor_at(t, index);
  return (int64_t)tensor_get(t, index);
}

void tensor_set_int(emily__tensor *t, int64_t index, int64_t value) {
  memcpy(tensor_at(t, index), &value, emily_dtype_size(t->dtype)); /* little-endian */
}

void tensor_set_complex(emily__tensor *t, int64_t index, double re, double im) {
  *(emily__c64 *)tensor_at(t, index) = (emily__c64){(float)re, (float)im};
}

void tensor_set(emily__tensor *t, int64_t index, double value) {
  void *p = tensor_at(t, index);
  switch (t->dtype) {
    case EMILY_BOOL: *(uint8_t *)p = value != 0; break;
    case EMILY_FLOAT16: *(emily__f16 *)p = emily__f32_to_f16((float)value); break;
    case EMILY_BFLOAT16: *(emily__bf16 *)p = emily__f32_to_bf16((float)value); break;
    case EMILY_FLOAT32: *(float *)p = (float)value; break;
    case EMILY_FLOAT64: *(double *)p = value; break;
    case EMILY_COMPLEX64: tensor_set_complex(t, index, value, 0); break;
    case EMILY_UINT64: *(uint64_t *)p = (uint64_t)value; break;
    case EMILY_INT2:
    case EMILY_INT4:
    case EMILY_UINT2:
    case EMILY_UINT4:
    case EMILY_FLOAT8_E4M3FN:
    case EMILY_FLOAT8_E5M2: *(uint8_t *)p = emily__storage_of_float(value, t->dtype); break;
    default: tensor_set_int(t, index, (int64_t)value); break;
  }
}

emily_status tensor_run_donated(emily__prim prim, const void *attrs, emily__tensor *out, int n_inputs,
                                const emily__tensor *const *inputs, int donated, uint32_t debug) {
  emily__tensor in[8];
  for (int i = 0; i < n_inputs && i < 8; i++) in[i] = *inputs[i];
  emily__node_view node = {.prim = prim,
                           .attrs = attrs,
                           .n_inputs = n_inputs,
                           .n_outputs = 1,
                           .inputs = in,
                           .outputs = out,
                           .donated = donated,
                           .debug = debug};
  return emily__backend_default()->run(&node);
}

emily_status tensor_run(emily__prim prim, const void *attrs, emily__tensor *out, int n_inputs,
                        const emily__tensor *const *inputs) {
  return tensor_run_donated(prim, attrs, out, n_inputs, inputs, -1, 0);
}

bool tensors_same(const emily__tensor *a, const emily__tensor *b) {
  if (a->size != b->size || a->dtype != b->dtype) return false;
  for (int64_t i = 0; i < a->size; i++) {
    if (memcmp(tensor_at(a, i), tensor_at(b, i), emily_dtype_size(a->dtype)) == 0) continue;
    fprintf(stderr, "%s: element %lld is %.17g, not %.17g\n", emily_dtype_name(a->dtype), (long long)i,
            tensor_get(a, i), tensor_get(b, i));
    return false;
  }
  return true;
}

uint64_t tensor_bits(void) {
  static uint64_t state;
  if (!state) state = test_seed() | 1;
  return test_random(&state);
}

double tensor_uniform(double low, double high) {
  return low + (high - low) * (double)(tensor_bits() >> 11) * 0x1p-53;
}
