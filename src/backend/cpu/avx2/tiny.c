/* avx2/tiny.c: products of a few elements. See tiny.inc. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

static inline __m256i first32(int64_t n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
static inline __m256i first64(int64_t n) { return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)); }

#define T float
#define V __m256
#define WIDTH 8
#define NAME(base) base##_f32
#define LOAD(p, n) _mm256_maskload_ps(p, first32(n))
#define STORE(p, x, n) _mm256_maskstore_ps(p, first32(n), x)
#define SET1 _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#include "backend/cpu/tiny.inc"

#define T double
#define V __m256d
#define WIDTH 4
#define NAME(base) base##_f64
#define LOAD(p, n) _mm256_maskload_pd(p, first64(n))
#define STORE(p, x, n) _mm256_maskstore_pd(p, first64(n), x)
#define SET1 _mm256_set1_pd
#define FMA _mm256_fmadd_pd
#include "backend/cpu/tiny.inc"

void emily__cpu_kernels_avx2_tiny(emily__cpu_kernels *k) {
  k->tiny_f32 = tiny_f32;
  k->tiny_f64 = tiny_f64;
}
