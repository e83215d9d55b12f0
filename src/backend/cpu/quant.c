/* quant.c: see quant.h. */
#include "backend/cpu/quant.h"

#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/product.h"

emily__quant_form emily__quant_form_of(const emily__attrs_quantize *attrs) {
  const bool affine = attrs->mode == EMILY__QUANT_AFFINE;
  const int32_t fp = attrs->bits == 4 ? EMILY__QUANT_E2M1 : EMILY__QUANT_E4M3;
  return (emily__quant_form){affine ? EMILY__QUANT_INTEGER : fp, attrs->bits, attrs->group_size};
}

void emily__quant_scales(float *out, const char *scales, int32_t mode, emily_dtype dtype, int64_t n) {
  const emily__cpu_kernels *kernels = emily__cpu_kernels_get();
  if (mode == EMILY__QUANT_FLOAT8) memcpy(out, scales, (size_t)n * sizeof *out);
  else if (mode == EMILY__QUANT_AFFINE) emily__gather_f32(out, scales, 1, dtype, n);
  else if (mode == EMILY__QUANT_NVFP4) kernels->e4m3_to_f32(out, (const uint8_t *)scales, n);
  else kernels->e8m0_to_f32(out, (const uint8_t *)scales, n);
}

static bool row_major(const emily__tensor *x) {
  int64_t step = 1;
  for (int32_t i = x->ndim - 1; i >= 0; step *= x->shape[i], i--)
    if (x->shape[i] != 1 && x->strides[i] != step) return false;
  return true;
}

emily_status emily__quant_dense(const emily__tensor *x, const char **data, emily__quant_copy *copy) {
  const size_t itemsize = emily_dtype_size(x->dtype);
  int64_t strides[EMILY__MAX_RANK], step = 1;
  *copy = (emily__quant_copy){0};
  *data = x->data;
  if (x->size == 0 || row_major(x)) return EMILY_OK;
  copy->bytes = (size_t)x->size * itemsize;
  EMILY__TRY(emily__cpu_allocate(copy->bytes, &copy->data));
  for (int32_t i = x->ndim - 1; i >= 0; step *= x->shape[i], i--) strides[i] = step;
  emily__cpu_copy_elements(x->ndim, x->shape, itemsize, copy->data, strides, x->data, x->strides);
  *data = copy->data;
  return EMILY_OK;
}

void emily__quant_done(emily__quant_copy *copy) {
  if (copy->data) emily__cpu_release(copy->data, copy->bytes);
  copy->data = NULL;
}
