/* infer_fft.c: shape and dtype of Fourier transforms. */
#include "graph/infer.h"

#include "dtype/dtype.h"

EMILY__INFER(fft) {
  (void)n;
  const emily__attrs_fft *a = attrs;
  const emily_array *x = in[0];
  const bool from_real = a->mode == EMILY__FFT_FROM_REAL, to_real = a->mode == EMILY__FFT_TO_REAL;
  if (a->axis < 0 || a->axis >= x->ndim) return emily__fail(EMILY_INVALID_ARGUMENT, "", "an axis is out of range");
  if (a->n < 1 || a->n > INT32_MAX) return emily__fail(EMILY_INVALID_ARGUMENT, "", "a transform has 1 to 2^31 - 1 points");
  if (x->dtype != (from_real ? EMILY_FLOAT32 : EMILY_COMPLEX64)) return emily__fail(EMILY_INVALID_ARGUMENT, "", "a transform of another dtype");
  if (x->dims[a->axis] != (to_real ? a->n / 2 + 1 : a->n))
    return emily__fail(EMILY_INVALID_ARGUMENT, "", "the transformed axis has another extent than the transform");
  out->dtype = to_real ? EMILY_FLOAT32 : EMILY_COMPLEX64;
  out->ndim = x->ndim;
  for (int32_t i = 0; i < x->ndim; i++) out->shape[i] = x->dims[i];
  out->shape[a->axis] = from_real ? a->n / 2 + 1 : a->n;
  return EMILY_OK;
}
