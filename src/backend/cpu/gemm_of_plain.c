/* gemm_of_plain.c: micro-kernels and dot products of the types that are not summed in float32, in plain C. */
#include "backend/cpu/kernels.h"
#include "dtype/dtype.h"

enum { MR = 4, NR = 8 };

#define GEMM_TEMPLATE "backend/cpu/gemm_of_plain.inc"
#include "backend/cpu/each_gemm_type.inc"
#undef GEMM_TEMPLATE
#define GEMM_TEMPLATE "backend/cpu/dots.inc"
#include "backend/cpu/each_gemm_type.inc"
#include "backend/cpu/dots_complex.inc"

/* Rows of A, B and C: the real parts, then the imaginary ones. */
static void micro_complex64(void *to, int64_t ldc, const void *a_panel, const void *b_panel, int64_t ldb, int64_t k,
                            int32_t rows, bool accumulate) {
  const float *a = a_panel, *b = b_panel;
  float *c = to, sum[MR][2 * NR] = {{0}};
  for (int64_t p = 0; p < k; p++, a += 2 * rows, b += 2 * ldb)
    for (int32_t i = 0; i < rows; i++)
      for (int j = 0; j < NR; j++) {
        sum[i][j] += a[i] * b[j] - a[rows + i] * b[NR + j];
        sum[i][NR + j] += a[i] * b[NR + j] + a[rows + i] * b[j];
      }
  for (int32_t i = 0; i < rows; i++)
    for (int j = 0; j < 2 * NR; j++) c[2 * i * ldc + j] = accumulate ? c[2 * i * ldc + j] + sum[i][j] : sum[i][j];
}

void emily__cpu_kernels_plain_gemm_of(emily__cpu_kernels *k) {
  k->gemm_of[EMILY__GEMM_FLOAT64] = (emily__gemm_member){MR, NR, micro_float64, dots_float64};
  k->gemm_of[EMILY__GEMM_COMPLEX64] = (emily__gemm_member){MR, NR, micro_complex64, dots_complex64};
  k->gemm_of[EMILY__GEMM_INT8] = (emily__gemm_member){MR, NR, micro_int8, dots_int8};
  k->gemm_of[EMILY__GEMM_INT16] = (emily__gemm_member){MR, NR, micro_int16, dots_int16};
  k->gemm_of[EMILY__GEMM_INT32] = (emily__gemm_member){MR, NR, micro_int32, dots_int32};
  k->gemm_of[EMILY__GEMM_INT64] = (emily__gemm_member){MR, NR, micro_int64, dots_int64};
  k->gemm_of[EMILY__GEMM_BOOL] = (emily__gemm_member){MR, NR, micro_bool, dots_bool};
}
