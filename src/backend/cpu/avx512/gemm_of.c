/* avx512/gemm_of.c: micro-kernels of the types that are not summed in float32. See gemm_of_levels.inc. */
#include <immintrin.h>

#define BYTES 64
#define MR 12
#define TALL 1
#define SET1_PD _mm512_set1_pd
#define SET1_PS _mm512_set1_ps
#define FMA_PD _mm512_fmadd_pd
#define FMA_PS _mm512_fmadd_ps
#define FNMA_PS _mm512_fnmadd_ps
#include "backend/cpu/gemm_of_levels.inc"

void emily__cpu_kernels_avx512_gemm_of(emily__cpu_kernels *k) { fill(k); }
