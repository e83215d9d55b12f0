/* avx2/gemv.c: products of few rows, dot and axpy. See gemv_vector.inc. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

#define INLINED inline __attribute__((always_inline))
#define GROUP 4
#define V __m256
#define LANES 8
#define ZERO _mm256_setzero_ps
#define LOAD _mm256_loadu_ps
#define LOAD_TAIL(p, n) _mm256_maskload_ps(p, mask_of(n))
#define FMA _mm256_fmadd_ps
#define REDUCE reduce

static inline __m256i mask_of(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline float reduce(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline __m256 widen_bf16(__m128i x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
}

/* n < 8 elements of 16 bits, then zeros. */
static inline __m128i load_few(const void *p, int64_t n) {
  uint16_t x[8] = {0};
  memcpy(x, p, (size_t)n * sizeof *x);
  return _mm_loadu_si128((const void *)x);
}

#define W float
#define NAME(base) base##_f32
#define LOAD_W LOAD
#define LOAD_W_TAIL LOAD_TAIL
#include "backend/cpu/gemv_vector.inc"

#define W emily__f16
#define NAME(base) base##_f16
#define LOAD_W(p) _mm256_cvtph_ps(_mm_loadu_si128((const void *)(p)))
#define LOAD_W_TAIL(p, n) _mm256_cvtph_ps(load_few(p, n))
#include "backend/cpu/gemv_vector.inc"

#define W emily__bf16
#define NAME(base) base##_bf16
#define LOAD_W(p) widen_bf16(_mm_loadu_si128((const void *)(p)))
#define LOAD_W_TAIL(p, n) widen_bf16(load_few(p, n))
#include "backend/cpu/gemv_vector.inc"

static float dot(const float *a, const float *b, int64_t n) {
  float y;
  tile_f32(&y, 0, a, EMILY__SKINNY_LANES, b, 0, 0, n, 0, 1, 1);
  return y;
}

static void axpy(float *y, float alpha, const float *x, int64_t n) {
  const __m256 scale = _mm256_set1_ps(alpha);
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(y + i, _mm256_fmadd_ps(scale, _mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
  if (i == n) return;
  const __m256i mask = mask_of(n - i);
  const __m256 sum = _mm256_fmadd_ps(scale, _mm256_maskload_ps(x + i, mask), _mm256_maskload_ps(y + i, mask));
  _mm256_maskstore_ps(y + i, mask, sum);
}

void emily__cpu_kernels_avx2_gemv(emily__cpu_kernels *k) {
  k->gemv_f32 = gemv_f32;
  k->gemv_f16 = gemv_f16;
  k->gemv_bf16 = gemv_bf16;
  k->skinny_f32 = skinny_f32;
  k->skinny_f16 = skinny_f16;
  k->skinny_bf16 = skinny_bf16;
  k->axpy = axpy;
  k->dot = dot;
}
