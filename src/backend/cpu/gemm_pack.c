/* gemm_pack.c: copies a strip of a matrix, widened to float32, into the order in which the micro-kernel reads it. */
#include "backend/cpu/gemm.h"

/* The strip's k axis is contiguous: a transpose. */
static void pack_transposed(const emily__cpu_kernels *kernels, float *panel, int64_t ldo, const void *x,
                            emily_dtype dtype, int64_t along, int64_t rows, int64_t k) {
  if (dtype == EMILY_FLOAT32) kernels->transpose_f32(panel, ldo, x, along, rows, k);
  else if (dtype == EMILY_FLOAT16) kernels->transpose_f16(panel, ldo, x, along, rows, k);
  else kernels->transpose_bf16(panel, ldo, x, along, rows, k);
}

void emily__gemm_pack(const emily__cpu_kernels *kernels, float *panel, int64_t ldo, const char *x, emily_dtype dtype,
                      int64_t along, int64_t k_stride, int64_t rows, int64_t k) {
  const int64_t step = k_stride * (int64_t)emily_dtype_size(dtype);
  if (k_stride == 1 && along != 1) {
    pack_transposed(kernels, panel, ldo, x, dtype, along, rows, k);
    return;
  }
  for (int64_t p = 0; p < k; p++) emily__gather_f32(panel + p * ldo, x + p * step, along, dtype, rows);
}
