/* avx512/vector.h: sixteen float32 lanes under the names that the *_vector.inc templates use; see avx2/vector.h. */
#ifndef EMILY_BACKEND_CPU_AVX512_VECTOR_H
#define EMILY_BACKEND_CPU_AVX512_VECTOR_H

#include <immintrin.h>
#include <stdint.h>

enum { LANES = 16 };
typedef __m512 V;
typedef __m512i VI; /* int32 lanes */
typedef __mmask16 M;

static inline __mmask16 lanes_below(int64_t n) { return n >= 16 ? 0xFFFF : n <= 0 ? 0 : (__mmask16)((1u << n) - 1); }

static inline V v_set(float x) { return _mm512_set1_ps(x); }
static inline V v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, V x) { _mm512_storeu_ps(p, x); }
static inline V v_load_some(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(lanes_below(n), p); } /* then zeros */
static inline void v_store_some(float *p, V x, int64_t n) { _mm512_mask_storeu_ps(p, lanes_below(n), x); }
/* 16-bit floats as float32 */
static inline V v_widen_bf16(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }
static inline V v_load_f16(const void *p) { return _mm512_cvtph_ps(_mm256_loadu_si256(p)); }
static inline V v_load_bf16(const void *p) { return v_widen_bf16(_mm256_loadu_si256(p)); }
static inline V v_load_f16_some(const void *p, int64_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes_below(n), p));
}
static inline V v_load_bf16_some(const void *p, int64_t n) {
  return v_widen_bf16(_mm256_maskz_loadu_epi16(lanes_below(n), p));
}

/* x in the lanes below n, `rest` in the others */
static inline V v_or_rest(V x, int64_t n, V rest) { return _mm512_mask_blend_ps(lanes_below(n), rest, x); }

static inline V v_fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }   /* a · b + c */
static inline V v_fnma(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); } /* c - a · b */
static inline V v_min(V a, V b) { return _mm512_min_ps(a, b); }             /* b where one is NaN or both are zeros */
static inline V v_max(V a, V b) { return _mm512_max_ps(a, b); }
static inline V v_sqrt(V x) { return _mm512_sqrt_ps(x); }
static inline V v_round(V x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

static inline VI i_set(int32_t x) { return _mm512_set1_epi32(x); }
static inline VI i_bits(V x) { return _mm512_castps_si512(x); }
static inline V v_bits(VI x) { return _mm512_castsi512_ps(x); }
static inline VI i_nearest(V x) { return _mm512_cvtps_epi32(x); }
static inline V v_float(VI x) { return _mm512_cvtepi32_ps(x); }
static inline VI i_add(VI a, VI b) { return _mm512_add_epi32(a, b); }
static inline VI i_sub(VI a, VI b) { return _mm512_sub_epi32(a, b); }
static inline VI i_and(VI a, VI b) { return _mm512_and_si512(a, b); }
static inline VI i_or(VI a, VI b) { return _mm512_or_si512(a, b); }
static inline VI i_xor(VI a, VI b) { return _mm512_xor_si512(a, b); }
#define i_left(x, n) _mm512_slli_epi32(x, n)
#define i_right_signed(x, n) _mm512_srai_epi32(x, n)

static inline M m_less(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline M m_unordered(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q); }
static inline M m_equal(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
static inline M m_bit(VI x, int32_t bit) { return _mm512_test_epi32_mask(x, i_set(bit)); }
static inline M m_or(M a, M b) { return (M)(a | b); }
static inline int m_any(M m) { return m != 0; }
static inline V v_select(M m, V yes, V no) { return _mm512_mask_blend_ps(m, no, yes); }

static inline V v_scale(V x, V n) { return _mm512_scalef_ps(x, n); } /* x · 2ⁿ, rounded once */

static inline float v_sum(V x) { return _mm512_reduce_add_ps(x); }
static inline float v_largest(V x) { return _mm512_reduce_max_ps(x); } /* no NaN among them */

/* a[0] b[0] a[1] b[1] …: the first half and the second; and back. */
static inline void v_interleave(V a, V b, V *first, V *second) {
  const VI low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  *first = _mm512_permutex2var_ps(a, low, b);
  *second = _mm512_permutex2var_ps(a, i_add(low, i_set(8)), b);
}
static inline void v_separate(V first, V second, V *even, V *odd) {
  const VI evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  *even = _mm512_permutex2var_ps(first, evens, second);
  *odd = _mm512_permutex2var_ps(first, i_add(evens, i_set(1)), second);
}

#endif
