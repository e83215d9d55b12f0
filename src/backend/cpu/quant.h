/* quant.h: what the kernels of quantized matrices share: their form, and their scales as float32. */
#ifndef EMILY_BACKEND_CPU_QUANT_H
#define EMILY_BACKEND_CPU_QUANT_H

#include "backend/backend.h"
#include "backend/cpu/kernels.h"

emily__quant_form emily__quant_form_of(const emily__attrs_quantize *attrs);

/* Bytes of a scale; dtype: of the array of scales. */
static inline int64_t emily__quant_scale_bytes(int32_t mode, emily_dtype dtype) {
  return mode == EMILY__QUANT_AFFINE || mode == EMILY__QUANT_FLOAT8 ? (int64_t)emily_dtype_size(dtype) : 1;
}

/* n scales (or biases) of a mode as float32; dtype: theirs, of mode affine. */
void emily__quant_scales(float *out, const char *scales, int32_t mode, emily_dtype dtype, int64_t n);

/* A tensor's elements as a C array: its own memory where that is one, else a copy, which *copy names (emily__quant_done gives it
 * back). */
typedef struct emily__quant_copy {
  void *data;
  size_t bytes;
} emily__quant_copy;
emily_status emily__quant_dense(const emily__tensor *x, const char **data, emily__quant_copy *copy);
void emily__quant_done(emily__quant_copy *copy);

/* The primitive dequantize of mode blocks. */
emily_status emily__quant_unpack_blocks(const emily__node_view *node);

#endif
