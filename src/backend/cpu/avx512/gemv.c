/* avx512/gemv.c: products of few rows, dot and axpy. See gemv_vector.inc. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

#define INLINED inline __attribute__((always_inline))
#define GROUP 8
#define V __m512
#define LANES 16
#define ZERO _mm512_setzero_ps
#define LOAD _mm512_loadu_ps
#define LOAD_TAIL(p, n) _mm512_maskz_loadu_ps(mask_of(n), p)
#define FMA _mm512_fmadd_ps
#define REDUCE _mm512_reduce_add_ps

static inline __mmask16 mask_of(int64_t n) { return (__mmask16)((1u << n) - 1); }

static inline __m512 widen_bf16(__m256i x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}

#define W float
#define NAME(base) base##_f32
#define LOAD_W LOAD
#define LOAD_W_TAIL LOAD_TAIL
#include "backend/cpu/gemv_vector.inc"

#define W emily__f16
#define NAME(base) base##_f16
#define LOAD_W(p) _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(p)))
#define LOAD_W_TAIL(p, n) _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask_of(n), p))
#include "backend/cpu/gemv_vector.inc"

#define W emily__bf16
#define NAME(base) base##_bf16
#define LOAD_W(p) widen_bf16(_mm256_loadu_si256((const void *)(p)))
#define LOAD_W_TAIL(p, n) widen_bf16(_mm256_maskz_loadu_epi16(mask_of(n), p))
#include "backend/cpu/gemv_vector.inc"

static float dot(const float *a, const float *b, int64_t n) {
  float y;
  tile_f32(&y, 0, a, EMILY__SKINNY_LANES, b, 0, 0, n, 0, 1, 1);
  return y;
}

static void axpy(float *y, float alpha, const float *x, int64_t n) {
  const __m512 scale = _mm512_set1_ps(alpha);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    _mm512_storeu_ps(y + i, _mm512_fmadd_ps(scale, _mm512_loadu_ps(x + i), _mm512_loadu_ps(y + i)));
  if (i == n) return;
  const __mmask16 mask = mask_of(n - i);
  const __m512 sum = _mm512_fmadd_ps(scale, _mm512_maskz_loadu_ps(mask, x + i), _mm512_maskz_loadu_ps(mask, y + i));
  _mm512_mask_storeu_ps(y + i, mask, sum);
}

void emily__cpu_kernels_avx512_gemv(emily__cpu_kernels *k) {
  k->gemv_f32 = gemv_f32;
  k->gemv_f16 = gemv_f16;
  k->gemv_bf16 = gemv_bf16;
  k->skinny_f32 = skinny_f32;
  k->skinny_f16 = skinny_f16;
  k->skinny_bf16 = skinny_bf16;
  k->axpy = axpy;
  k->dot = dot;
}
