/* gemm_plain.c: the micro-kernel of the blocked product and the transposes of packing, in plain C. */
#include "backend/cpu/kernels.h"

enum { MR = 4, NR = 8 };

static void micro(void *to, int64_t ldc, const void *a, const void *b, int64_t ldb, int64_t k, int32_t rows,
                  bool accumulate) {
  const float *a_panel = a, *b_panel = b;
  float *c = to;
  float sum[MR][NR] = {{0}};
  for (int64_t p = 0; p < k; p++)
    for (int32_t i = 0; i < rows; i++)
      for (int j = 0; j < NR; j++) sum[i][j] += a_panel[p * rows + i] * b_panel[p * ldb + j];
  for (int32_t i = 0; i < rows; i++)
    for (int j = 0; j < NR; j++) c[i * ldc + j] = accumulate ? c[i * ldc + j] + sum[i][j] : sum[i][j];
}

#define TRANSPOSE(name, W, F32)                                                                 \
  static void name(float *out, int64_t ldo, const W *x, int64_t ldx, int64_t rows, int64_t k) { \
    for (int64_t j = 0; j < k; j++)                                                             \
      for (int64_t i = 0; i < rows; i++) out[j * ldo + i] = F32(x[i * ldx + j]);                \
  }
TRANSPOSE(transpose_f32, float, )
TRANSPOSE(transpose_f16, emily__f16, emily__f16_to_f32)
TRANSPOSE(transpose_bf16, emily__bf16, emily__bf16_to_f32)

void emily__cpu_kernels_plain_gemm(emily__cpu_kernels *k) {
  k->gemm_mr = MR;
  k->gemm_nr = NR;
  k->gemm_micro = micro;
  k->transpose_f32 = transpose_f32;
  k->transpose_f16 = transpose_f16;
  k->transpose_bf16 = transpose_bf16;
}
