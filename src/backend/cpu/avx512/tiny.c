/* avx512/tiny.c: products of a few elements. See tiny.inc. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

static inline __mmask16 first(int64_t n) { return (__mmask16)((1u << n) - 1); }

#define T float
#define V __m512
#define WIDTH 16
#define NAME(base) base##_f32
#define LOAD(p, n) _mm512_maskz_loadu_ps(first(n), p)
#define STORE(p, x, n) _mm512_mask_storeu_ps(p, first(n), x)
#define SET1 _mm512_set1_ps
#define FMA _mm512_fmadd_ps
#include "backend/cpu/tiny.inc"

#define T double
#define V __m512d
#define WIDTH 8
#define NAME(base) base##_f64
#define LOAD(p, n) _mm512_maskz_loadu_pd((__mmask8)first(n), p)
#define STORE(p, x, n) _mm512_mask_storeu_pd(p, (__mmask8)first(n), x)
#define SET1 _mm512_set1_pd
#define FMA _mm512_fmadd_pd
#include "backend/cpu/tiny.inc"

void emily__cpu_kernels_avx512_tiny(emily__cpu_kernels *k) {
  k->tiny_f32 = tiny_f32;
  k->tiny_f64 = tiny_f64;
}
