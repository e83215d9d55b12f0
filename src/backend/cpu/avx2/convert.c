/* avx2/convert.c: contiguous runs of 16-bit floats to and from float32; tails through a buffer of one vector. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

static inline __m256 widen_f16(const void *x) { return _mm256_cvtph_ps(_mm_loadu_si128(x)); }

static inline __m256 widen_bf16(const void *x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(x)), 16));
}

static inline __m128i narrow_f16(__m256 f) {
  return _mm256_cvtps_ph(f, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* Half a unit is added to the bits, less one where the kept part is even; NaNs keep their upper bits and are made
 * quiet. */
static inline __m128i narrow_bf16(__m256 f) {
  const __m256i bits = _mm256_castps_si256(f);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(_mm256_set1_epi32(0x7FFF), odd));
  const __m256i nan = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256 is_nan = _mm256_cmp_ps(f, f, _CMP_UNORD_Q);
  const __m256i kept = _mm256_blendv_epi8(rounded, nan, _mm256_castps_si256(is_nan));
  const __m256i high = _mm256_srli_epi32(kept, 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
}

#define CONVERSIONS(kind, W)                                                                               \
  static void kind##_to_f32(float *out, const W *x, int64_t n) {                                           \
    int64_t i = 0;                                                                                         \
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, widen_##kind(x + i));                             \
    if (i == n) return;                                                                                    \
    W tail[8] = {{0}};                                                                                     \
    float wide[8];                                                                                         \
    memcpy(tail, x + i, (size_t)(n - i) * sizeof *x);                                                      \
    _mm256_storeu_ps(wide, widen_##kind(tail));                                                            \
    memcpy(out + i, wide, (size_t)(n - i) * sizeof *out);                                                  \
  }                                                                                                        \
  static void f32_to_##kind(W *out, const float *x, int64_t n) {                                           \
    int64_t i = 0;                                                                                         \
    for (; i + 8 <= n; i += 8) _mm_storeu_si128((void *)(out + i), narrow_##kind(_mm256_loadu_ps(x + i))); \
    if (i == n) return;                                                                                    \
    float tail[8] = {0};                                                                                   \
    W narrow[8];                                                                                           \
    memcpy(tail, x + i, (size_t)(n - i) * sizeof *x);                                                      \
    _mm_storeu_si128((void *)narrow, narrow_##kind(_mm256_loadu_ps(tail)));                                \
    memcpy(out + i, narrow, (size_t)(n - i) * sizeof *out);                                                \
  }
CONVERSIONS(f16, emily__f16)
CONVERSIONS(bf16, emily__bf16)

void emily__cpu_kernels_avx2_convert(emily__cpu_kernels *k) {
  k->f16_to_f32 = f16_to_f32;
  k->f32_to_f16 = f32_to_f16;
  k->bf16_to_f32 = bf16_to_f32;
  k->f32_to_bf16 = f32_to_bf16;
}
