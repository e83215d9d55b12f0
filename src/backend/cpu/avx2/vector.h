/* avx2/vector.h: eight float32 lanes under the names that the *_vector.inc templates use. avx512/vector.h has the same with sixteen.
 * Sums and products of V are C's operators; a product and a sum become one multiply-add only where v_fma says so. */
#ifndef EMILY_BACKEND_CPU_AVX2_VECTOR_H
#define EMILY_BACKEND_CPU_AVX2_VECTOR_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 8 };
typedef __m256 V;
typedef __m256i VI; /* int32 lanes */
typedef __m256 M;   /* all bits or none in each lane */

static inline __m256i lanes_below(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n > 8 ? 8 : n < 0 ? 0 : (int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline V v_set(float x) { return _mm256_set1_ps(x); }
static inline V v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, V x) { _mm256_storeu_ps(p, x); }
static inline V v_load_some(const float *p, int64_t n) { return _mm256_maskload_ps(p, lanes_below(n)); } /* then zeros */
static inline void v_store_some(float *p, V x, int64_t n) { _mm256_maskstore_ps(p, lanes_below(n), x); }
/* 16-bit floats as float32 */
static inline V v_load_f16(const void *p) { return _mm256_cvtph_ps(_mm_loadu_si128(p)); }
static inline V v_load_bf16(const void *p) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(p)), 16));
}
static inline V v_load_f16_some(const void *p, int64_t n) {
  uint16_t few[8] = {0};
  memcpy(few, p, (size_t)n * sizeof *few);
  return v_load_f16(few);
}
static inline V v_load_bf16_some(const void *p, int64_t n) {
  uint16_t few[8] = {0};
  memcpy(few, p, (size_t)n * sizeof *few);
  return v_load_bf16(few);
}

/* x in the lanes below n, `rest` in the others */
static inline V v_or_rest(V x, int64_t n, V rest) { return _mm256_blendv_ps(rest, x, _mm256_castsi256_ps(lanes_below(n))); }

static inline V v_fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }   /* a · b + c */
static inline V v_fnma(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); } /* c - a · b */
static inline V v_min(V a, V b) { return _mm256_min_ps(a, b); }             /* b where one is NaN or both are zeros */
static inline V v_max(V a, V b) { return _mm256_max_ps(a, b); }
static inline V v_sqrt(V x) { return _mm256_sqrt_ps(x); }
static inline V v_round(V x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

static inline VI i_set(int32_t x) { return _mm256_set1_epi32(x); }
static inline VI i_bits(V x) { return _mm256_castps_si256(x); }
static inline V v_bits(VI x) { return _mm256_castsi256_ps(x); }
static inline VI i_nearest(V x) { return _mm256_cvtps_epi32(x); }
static inline V v_float(VI x) { return _mm256_cvtepi32_ps(x); }
static inline VI i_add(VI a, VI b) { return _mm256_add_epi32(a, b); }
static inline VI i_sub(VI a, VI b) { return _mm256_sub_epi32(a, b); }
static inline VI i_and(VI a, VI b) { return _mm256_and_si256(a, b); }
static inline VI i_or(VI a, VI b) { return _mm256_or_si256(a, b); }
static inline VI i_xor(VI a, VI b) { return _mm256_xor_si256(a, b); }
#define i_left(x, n) _mm256_slli_epi32(x, n)
#define i_right_signed(x, n) _mm256_srai_epi32(x, n)

static inline M m_less(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline M m_unordered(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_UNORD_Q); }
static inline M m_equal(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
static inline M m_bit(VI x, int32_t bit) { return v_bits(_mm256_cmpeq_epi32(i_and(x, i_set(bit)), i_set(bit))); }
static inline M m_or(M a, M b) { return _mm256_or_ps(a, b); }
static inline int m_any(M m) { return _mm256_movemask_ps(m) != 0; }
static inline V v_select(M m, V yes, V no) { return _mm256_blendv_ps(no, yes, m); }

/* x · 2ⁿ for whole n in [-150, 128] and x near 1, in two steps: only the second rounds, and only to a denormal. */
static inline V v_scale(V x, V n) {
  const VI whole = i_nearest(n), low = i_right_signed(whole, 1), high = i_sub(whole, low);
  return x * v_bits(i_left(i_add(low, i_set(127)), 23)) * v_bits(i_left(i_add(high, i_set(127)), 23));
}

static inline float v_sum(V x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
static inline float v_largest(V x) { /* no NaN among them */
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

/* a[0] b[0] a[1] b[1] …: the first half and the second; and back. */
static inline void v_interleave(V a, V b, V *first, V *second) {
  const V low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b);
  *first = _mm256_permute2f128_ps(low, high, 0x20);
  *second = _mm256_permute2f128_ps(low, high, 0x31);
}
static inline void v_separate(V first, V second, V *even, V *odd) {
  const V low = _mm256_permute2f128_ps(first, second, 0x20), high = _mm256_permute2f128_ps(first, second, 0x31);
  *even = _mm256_shuffle_ps(low, high, 0x88);
  *odd = _mm256_shuffle_ps(low, high, 0xDD);
}

#endif
