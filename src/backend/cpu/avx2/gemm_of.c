/* avx2/gemm_of.c: micro-kernels of the types that are not summed in float32. See gemm_of_levels.inc. */
#include <immintrin.h>

#define BYTES 32
#define MR 6
#define TALL 0
#define SET1_PD _mm256_set1_pd
#define SET1_PS _mm256_set1_ps
#define FMA_PD _mm256_fmadd_pd
#define FMA_PS _mm256_fmadd_ps
#define FNMA_PS _mm256_fnmadd_ps
#include "backend/cpu/gemm_of_levels.inc"

void emily__cpu_kernels_avx2_gemm_of(emily__cpu_kernels *k) { fill(k); }
