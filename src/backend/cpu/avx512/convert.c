/* avx512/convert.c: contiguous runs of 16-bit floats to and from float32. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

static inline __mmask16 mask_of(int64_t n) { return n >= 16 ? 0xFFFF : (__mmask16)((1u << n) - 1); }

static void f16_to_f32(float *out, const emily__f16 *x, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 mask = mask_of(n - i);
    _mm512_mask_storeu_ps(out + i, mask, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, x + i)));
  }
}

static void f32_to_f16(emily__f16 *out, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 mask = mask_of(n - i);
    const __m512 f = _mm512_maskz_loadu_ps(mask, x + i);
    _mm256_mask_storeu_epi16(out + i, mask, _mm512_cvtps_ph(f, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
}

static void bf16_to_f32(float *out, const emily__bf16 *x, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 mask = mask_of(n - i);
    const __m512i wide = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, x + i)), 16);
    _mm512_mask_storeu_ps(out + i, mask, _mm512_castsi512_ps(wide));
  }
}

/* Half a unit is added to the bits, less one where the kept part is even; NaNs keep their upper bits and are made
 * quiet. */
static void f32_to_bf16(emily__bf16 *out, const float *x, int64_t n) {
  const __m512i one = _mm512_set1_epi32(1), half = _mm512_set1_epi32(0x7FFF), quiet = _mm512_set1_epi32(0x400000);
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 mask = mask_of(n - i);
    const __m512 f = _mm512_maskz_loadu_ps(mask, x + i);
    const __m512i bits = _mm512_castps_si512(f);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(half, odd));
    rounded = _mm512_mask_or_epi32(rounded, _mm512_cmp_ps_mask(f, f, _CMP_UNORD_Q), bits, quiet);
    _mm256_mask_storeu_epi16(out + i, mask, _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
  }
}

void emily__cpu_kernels_avx512_convert(emily__cpu_kernels *k) {
  k->f16_to_f32 = f16_to_f32;
  k->f32_to_f16 = f32_to_f16;
  k->bf16_to_f32 = bf16_to_f32;
  k->f32_to_bf16 = f32_to_bf16;
}
