/* view.c: see view.h. */
#include "graph/view.h"

#include "dtype/dtype.h"

#include <string.h>

/* Reshape without a copy: groups of input axes that are contiguous among themselves are cut anew into groups of output
 * axes of the same product. Axes of extent 1 take part in no group. */
static bool view_reshape(const emily_array *in, const int64_t *in_strides, const emily_array *out, int64_t *strides) {
  int64_t shape[EMILY__MAX_RANK], step[EMILY__MAX_RANK];
  int32_t n = 0;
  for (int32_t i = 0; i < in->ndim; i++) {
    if (in->dims[i] == 1) continue;
    shape[n] = in->dims[i];
    step[n++] = in_strides[i];
  }
  int32_t i = 0, k = 0;
  while (i < n) {
    int32_t i_end = i + 1, k_begin = k;
    int64_t in_size = shape[i], out_size = 1;
    while (k < out->ndim && out->dims[k] == 1) k++;
    if (k < out->ndim) out_size = out->dims[k++];
    while (in_size != out_size) {
      if (in_size < out_size) {
        if (i_end == n) return false;
        in_size *= shape[i_end++];
      } else {
        if (k == out->ndim) return false;
        out_size *= out->dims[k++];
      }
    }
    for (int32_t j = i; j + 1 < i_end; j++)
      if (step[j] != step[j + 1] * shape[j + 1]) return false;
    int64_t stride = step[i_end - 1];
    for (int32_t j = k - 1; j >= k_begin; j--) {
      strides[j] = stride;
      stride *= out->dims[j];
    }
    i = i_end;
  }
  for (; k < out->ndim; k++) strides[k] = 1; /* only axes of extent 1 are left */
  return true;
}

static void view_broadcast(const emily_array *in, const int64_t *in_strides, const emily_array *out, int64_t *strides) {
  int32_t lead = out->ndim - in->ndim;
  for (int32_t i = 0; i < out->ndim; i++)
    strides[i] = i < lead || in->dims[i - lead] == 1 ? 0 : in_strides[i - lead];
}

static bool view_bitcast(const emily_array *in, const int64_t *in_strides, const emily_array *out, int64_t *strides) {
  int64_t from = (int64_t)emily_dtype_size(in->dtype), to = (int64_t)emily_dtype_size(out->dtype);
  for (int32_t i = 0; i < in->ndim; i++) {
    bool last = i == in->ndim - 1;
    if (from != to && last && in_strides[i] != 1 && in->dims[i] != 1) return false;
    if (from != to && !last && in->dims[i] != 1 && in_strides[i] * from % to) return false;
    strides[i] = from == to ? in_strides[i] : last ? 1 : in_strides[i] * from / to;
  }
  return true;
}

/* Returns the offset in elements; the diagonal is not empty. */
static int64_t view_diagonal(const emily__attrs_diagonal *a, const int64_t *in_strides, const emily_array *out, int64_t *strides) {
  int32_t k = 0;
  for (int64_t i = 0; i <= out->ndim; i++)
    if (i != a->axis1 && i != a->axis2) strides[k++] = in_strides[i];
  strides[k] = in_strides[a->axis1] + in_strides[a->axis2];
  return a->offset < 0 ? -a->offset * in_strides[a->axis1] : a->offset * in_strides[a->axis2];
}

bool emily__view(emily__prim prim, const void *attrs, const emily_array *input, const void *data,
                 const int64_t *input_strides, const emily_array *output, int64_t *strides, int64_t *offset) {
  int64_t itemsize = (int64_t)emily_dtype_size(input->dtype);
  *offset = 0;
  if (output->size == 0) {
    emily__dense_strides(output->dims, output->ndim, strides);
    return true;
  }
  switch (prim) {
    case EMILY__PRIM_reshape: return view_reshape(input, input_strides, output, strides);
    case EMILY__PRIM_broadcast: view_broadcast(input, input_strides, output, strides); return true;
    case EMILY__PRIM_bitcast: {
      if (!view_bitcast(input, input_strides, output, strides)) return false;
      return ((uintptr_t)data & (emily_dtype_size(output->dtype) - 1)) == 0; /* a wider element wants its alignment */
    }
    case EMILY__PRIM_transpose: {
      const emily__attrs_ints *a = attrs;
      for (int32_t i = 0; i < output->ndim; i++) strides[i] = input_strides[a->values[i]];
      return true;
    }
    case EMILY__PRIM_slice: {
      const emily__attrs_slice *a = attrs;
      for (int32_t i = 0; i < output->ndim; i++) {
        *offset += a->values[i] * input_strides[i] * itemsize;
        strides[i] = a->values[2 * a->count + i] * input_strides[i];
      }
      return true;
    }
    case EMILY__PRIM_as_strided: {
      const emily__attrs_as_strided *a = attrs;
      if (!emily__is_dense(input->dims, input_strides, input->ndim)) return false;
      *offset = a->offset * itemsize;
      memcpy(strides, a->values + a->count, (size_t)a->count * sizeof *strides);
      return true;
    }
    case EMILY__PRIM_diagonal: *offset = itemsize * view_diagonal(attrs, input_strides, output, strides); return true;
    default: return false;
  }
}
