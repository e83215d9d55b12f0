/* avx2/quant.c: reading and making quantized elements, and few rows times packed matrices. See kernels.h and quant_vector.inc. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

#define INLINED inline __attribute__((always_inline))
#define GROUP 4
#define ROWS 4
#define ROWS_OF_MANY 2
#define V __m256
#define LANES 8
#define ZERO _mm256_setzero_ps
#define LOAD _mm256_loadu_ps
#define FMA _mm256_fmadd_ps
#define REDUCE reduce

static INLINED float reduce(__m256 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* The two words of 16 elements, over and over: lane i holds word i % 2. */
static INLINED __m256i words(const uint8_t *p) {
  int64_t both;
  memcpy(&both, p, 8);
  return _mm256_set1_epi64x(both);
}
/* Elements i / 2 (part 0) or 4 + i / 2 (part 1) lowest in their lanes. */
static INLINED __m256i nibbles(__m256i q, int part) {
  const __m256i places = _mm256_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12);
  return _mm256_srlv_epi32(q, part ? _mm256_add_epi32(places, _mm256_set1_epi32(16)) : places);
}

typedef struct pair {
  __m256 scale, bias;
} pair;

static INLINED __m256 e2m1(__m256i codes) { /* the permutation reads the lowest three bits; the fourth is the sign */
  const __m256 magnitude = _mm256_permutevar8x32_ps(_mm256_setr_ps(0, 0.5f, 1, 1.5f, 2, 3, 4, 6), codes);
  const __m256i sign = _mm256_slli_epi32(_mm256_and_si256(codes, _mm256_set1_epi32(8)), 28);
  return _mm256_xor_ps(magnitude, _mm256_castsi256_ps(sign));
}

/* As float16: sign, exponent and mantissa at their places; NaN has one bit of exponent more. 2^8 is to be multiplied. */
static INLINED __m256 e4m3(__m128i codes) {
  const __m128i wide = _mm_slli_epi16(_mm_cvtepi8_epi16(codes), 7), bits = _mm_and_si128(wide, _mm_set1_epi16((short)0xBF80));
  const __m128i nan = _mm_set1_epi16(0x3F80), is_nan = _mm_cmpeq_epi16(_mm_and_si128(bits, nan), nan);
  return _mm256_cvtph_ps(_mm_or_si128(bits, _mm_and_si128(is_nan, _mm_set1_epi16(0x4000))));
}

#define NAME(base) base##_int4
#define BYTES 8
#define CONSTANTS pair
#define MAKE(s, b) (pair){_mm256_set1_ps(s), _mm256_set1_ps(b)}
#define Q __m256i
#define LOAD_Q words
#define WEIGHTS(q, part, c) \
  _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_and_si256(nibbles(q, part), _mm256_set1_epi32(15))), c.scale, c.bias)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

#define NAME(base) base##_e2m1
#define BYTES 8
#define CONSTANTS __m256
#define MAKE(scale, bias) _mm256_set1_ps(scale)
#define Q __m256i
#define LOAD_Q words
#define WEIGHTS(q, part, scale) _mm256_mul_ps(e2m1(nibbles(q, part)), scale)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

#define HALF(q, part) ((part) ? _mm_srli_si128(q, 8) : (q))

#define NAME(base) base##_int8
#define BYTES 16
#define CONSTANTS pair
#define MAKE(s, b) (pair){_mm256_set1_ps(s), _mm256_set1_ps(b)}
#define Q __m128i
#define LOAD_Q(p) _mm_loadu_si128((const void *)(p))
#define WEIGHTS(q, part, c) _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(HALF(q, part))), c.scale, c.bias)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

#define NAME(base) base##_e4m3
#define BYTES 16
#define CONSTANTS __m256
#define MAKE(scale, bias) _mm256_set1_ps((scale) * 256)
#define Q __m128i
#define LOAD_Q(p) _mm_loadu_si128((const void *)(p))
#define WEIGHTS(q, part, scale) _mm256_mul_ps(e4m3(HALF(q, part)), scale)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

/* 8 elements take as many bytes as one has bits: the eight bytes of a word, zero past those. */
static INLINED uint64_t run_of(const uint8_t *p, int32_t bits) {
  uint64_t run = 0;
  switch (bits) {
    case 2: memcpy(&run, p, 2); break;
    case 3: memcpy(&run, p, 3); break;
    case 4: memcpy(&run, p, 4); break;
    case 5: memcpy(&run, p, 5); break;
    case 6: memcpy(&run, p, 6); break;
    default: memcpy(&run, p, 8);
  }
  return run;
}

/* Each lane gathers the two bytes that its element begins in, shifts it down and masks it. */
static INLINED __m256i codes_of(uint64_t run, __m256i bytes, __m256i shifts, __m256i mask) {
  const __m256i lanes = _mm256_shuffle_epi8(_mm256_set1_epi64x((int64_t)run), bytes);
  return _mm256_and_si256(_mm256_srlv_epi32(lanes, shifts), mask);
}

#define EACH_LANE(f) f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)
#define GATHERED(i) (int)(0x80800000u | (i) * BITS / 8 | ((i) * BITS / 8 + 1) << 8)
#define SHIFTED(i) (i) * BITS % 8
#define BYTES (2 * BITS)
#define CONSTANTS pair
#define MAKE(s, b) (pair){_mm256_set1_ps(s), _mm256_set1_ps(b)}
#define Q const uint8_t *
#define LOAD_Q(p) (p)
#define WEIGHTS(q, part, c)                                                                                       \
  _mm256_fmadd_ps(_mm256_cvtepi32_ps(codes_of(run_of((q) + (part) * BITS, BITS), _mm256_setr_epi32(EACH_LANE(GATHERED)), \
                                              _mm256_setr_epi32(EACH_LANE(SHIFTED)), _mm256_set1_epi32((1 << BITS) - 1))), \
                  c.scale, c.bias)

#define BITS 2
#define NAME(base) base##_int2
#include "backend/cpu/quant_vector.inc"
#undef BITS

#define BITS 3
#define NAME(base) base##_int3
#include "backend/cpu/quant_vector.inc"
#undef BITS

#define BITS 5
#define NAME(base) base##_int5
#include "backend/cpu/quant_vector.inc"
#undef BITS

#define BITS 6
#define NAME(base) base##_int6
#include "backend/cpu/quant_vector.inc"
#undef BITS
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

/* ---- unpacking ---- */

static INLINED void unpack_as(const int32_t element, const int32_t bits, float *out, const uint8_t *packed, int32_t group,
                              const float *scales, const float *biases, int64_t n) {
  const __m256i places = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(bits));
  const __m256i down = _mm256_and_si256(places, _mm256_set1_epi32(7)), at_byte = _mm256_srli_epi32(places, 3);
  const __m256i next = _mm256_slli_epi32(_mm256_add_epi32(at_byte, _mm256_set1_epi32(1)), 8);
  const __m256i order = _mm256_or_si256(_mm256_or_si256(at_byte, next), _mm256_set1_epi32((int)0x80800000));
  const __m256i mask = _mm256_set1_epi32((1 << bits) - 1);
  for (int64_t at = 0; at < n; at += group) {
    const __m256 scale = _mm256_set1_ps(*scales++), bias = _mm256_set1_ps(biases ? *biases++ : 0);
    for (int64_t i = at; i < n && i < at + group; i += 8, packed += bits) {
      const __m256i q = codes_of(run_of(packed, bits), order, down, mask);
      __m256 x;
      if (element == EMILY__QUANT_INTEGER) x = _mm256_cvtepi32_ps(q);
      else if (element == EMILY__QUANT_E2M1) x = e2m1(q);
      else x = _mm256_mul_ps(e4m3(_mm_loadl_epi64((const void *)packed)), _mm256_set1_ps(256));
      x = _mm256_mul_ps(x, scale);
      _mm256_storeu_ps(out + i, biases ? _mm256_add_ps(x, bias) : x);
    }
  }
}

static void unpack(float *out, const uint8_t *packed, const emily__quant_form *form, const float *scales, const float *biases,
                   int64_t n) {
  const int32_t group = form->group;
  if (form->element == EMILY__QUANT_E2M1) {
    unpack_as(EMILY__QUANT_E2M1, 4, out, packed, group, scales, biases, n);
    return;
  }
  if (form->element == EMILY__QUANT_E4M3) {
    unpack_as(EMILY__QUANT_E4M3, 8, out, packed, group, scales, biases, n);
    return;
  }
  switch (form->bits) {
    case 2: unpack_as(EMILY__QUANT_INTEGER, 2, out, packed, group, scales, biases, n); break;
    case 3: unpack_as(EMILY__QUANT_INTEGER, 3, out, packed, group, scales, biases, n); break;
    case 4: unpack_as(EMILY__QUANT_INTEGER, 4, out, packed, group, scales, biases, n); break;
    case 5: unpack_as(EMILY__QUANT_INTEGER, 5, out, packed, group, scales, biases, n); break;
    case 6: unpack_as(EMILY__QUANT_INTEGER, 6, out, packed, group, scales, biases, n); break;
    default: unpack_as(EMILY__QUANT_INTEGER, 8, out, packed, group, scales, biases, n);
  }
}

static void e4m3_to_f32(float *out, const uint8_t *x, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_mul_ps(e4m3(_mm_loadl_epi64((const void *)(x + i))), _mm256_set1_ps(256)));
  for (; i < n; i++) out[i] = emily__e4m3_to_f32(x[i]);
}

static void e8m0_to_f32(float *out, const uint8_t *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = emily__e8m0_to_f32(x[i]);
}

/* ---- making ---- */

static void codes(uint8_t *out, const float *x, float bias, float scale, float top, int64_t n) {
  const __m256 b = _mm256_set1_ps(bias), s = _mm256_set1_ps(scale), most = _mm256_set1_ps(top);
  const __m256i order = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1,
                                         -1, -1, -1, -1, -1);
  for (int64_t i = 0; i < n; i += 8) { /* n is a multiple of 8 */
    __m256 q = _mm256_div_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), b), s);
    q = _mm256_round_ps(q, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    q = _mm256_min_ps(_mm256_max_ps(q, _mm256_setzero_ps()), most); /* NaN: the second, 0 */
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_cvttps_epi32(q), order);
    const int32_t low = _mm256_extract_epi32(bytes, 0), high = _mm256_extract_epi32(bytes, 4);
    memcpy(out + i, &low, 4);
    memcpy(out + i + 4, &high, 4);
  }
}

static void range(const float *x, int64_t n, float *low, float *high) {
  __m256 least = _mm256_set1_ps(INFINITY), most = _mm256_set1_ps(-INFINITY);
  for (int64_t i = 0; i < n; i += 8) { /* n is a multiple of 8; NaN: the second */
    least = _mm256_min_ps(_mm256_loadu_ps(x + i), least);
    most = _mm256_max_ps(_mm256_loadu_ps(x + i), most);
  }
  float l[8], h[8];
  _mm256_storeu_ps(l, least);
  _mm256_storeu_ps(h, most);
  *low = l[0], *high = h[0];
  for (int i = 1; i < 8; i++) {
    *low = l[i] < *low ? l[i] : *low;
    *high = h[i] > *high ? h[i] : *high;
  }
}

void emily__cpu_kernels_avx2_quant(emily__cpu_kernels *k) {
  k->quant_unpack = unpack;
  k->quant_rows_int[2] = rows_int2;
  k->quant_rows_int[3] = rows_int3;
  k->quant_rows_int[4] = rows_int4;
  k->quant_rows_int[5] = rows_int5;
  k->quant_rows_int[6] = rows_int6;
  k->quant_rows_int[8] = rows_int8;
  k->quant_rows_e2m1 = rows_e2m1;
  k->quant_rows_e4m3 = rows_e4m3;
  k->e4m3_to_f32 = e4m3_to_f32;
  k->e8m0_to_f32 = e8m0_to_f32;
  k->quant_codes = codes;
  k->quant_range = range;
}
