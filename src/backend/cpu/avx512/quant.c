/* avx512/quant.c: reading and making quantized elements, and few rows times packed matrices. See kernels.h and quant_vector.inc.
 *
 * Elements of four bits are looked up: a group's sixteen weights stand in a register, and the permutation's index is the code, of which it
 * reads the lowest four bits alone. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

#define INLINED inline __attribute__((always_inline))
#define GROUP 8
#define ROWS 4
#define ROWS_OF_MANY 3
#define V __m512
#define LANES 16
#define ZERO _mm512_setzero_ps
#define LOAD _mm512_loadu_ps
#define FMA _mm512_fmadd_ps
#define REDUCE _mm512_reduce_add_ps

static INLINED __m512 whole_numbers(void) { return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }
static INLINED __m512 e2m1_values(void) {
  static const float values[16] = {EMILY__E2M1_VALUES};
  return _mm512_loadu_ps(values);
}

static INLINED __m512 scaled(__m512 x, float scale, float bias) {
  return _mm512_add_ps(_mm512_mul_ps(x, _mm512_set1_ps(scale)), _mm512_set1_ps(bias));
}

/* The two words of 16 elements, over and over: lane i holds word i % 2, of which it shows element i / 2 lowest. */
static INLINED __m512i nibbles(const uint8_t *p) {
  int64_t words;
  memcpy(&words, p, 8);
  const __m512i places = _mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28);
  return _mm512_srlv_epi32(_mm512_set1_epi64(words), places);
}

#define NAME(base) base##_int4
#define BYTES 8
#define CONSTANTS __m512
#define MAKE(scale, bias) scaled(whole_numbers(), scale, bias)
#define Q __m512i
#define LOAD_Q nibbles
#define WEIGHTS(q, part, table) _mm512_permutexvar_ps(q, table)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

#define NAME(base) base##_e2m1
#define BYTES 8
#define CONSTANTS __m512
#define MAKE(scale, bias) _mm512_mul_ps(e2m1_values(), _mm512_set1_ps(scale))
#define Q __m512i
#define LOAD_Q nibbles
#define WEIGHTS(q, part, table) _mm512_permutexvar_ps(q, table)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

typedef struct pair {
  __m512 scale, bias;
} pair;

#define NAME(base) base##_int8
#define BYTES 16
#define CONSTANTS pair
#define MAKE(s, b) (pair){_mm512_set1_ps(s), _mm512_set1_ps(b)}
#define Q __m128i
#define LOAD_Q(p) _mm_loadu_si128((const void *)(p))
#define WEIGHTS(q, part, c) _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(q)), c.scale, c.bias)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

/* Whole numbers of any width: 16 take 2 · bits bytes; each lane gathers the two bytes that its element begins in, shifts and masks. */
#define EACH_LANE(f) f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9), f(10), f(11), f(12), f(13), f(14), f(15)
#define GATHERED(i) (int)(0x80800000u | (i) * BITS / 8 | ((i) * BITS / 8 + 1) << 8)
#define SHIFTED(i) (i) * BITS % 8
#define BYTES (2 * BITS)
#define CONSTANTS pair
#define MAKE(s, b) (pair){_mm512_set1_ps(s), _mm512_set1_ps(b)}
#define Q __m512i
#define LOAD_Q(p)                                                                                                                    \
  _mm512_srlv_epi32(_mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_maskz_loadu_epi8((__mmask16)((1 << BYTES) - 1), p)),              \
                                        (__m512i)(__v16si){EACH_LANE(GATHERED)}),                                                      \
                    (__m512i)(__v16si){EACH_LANE(SHIFTED)})
#define WEIGHTS(q, part, c) \
  _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_and_si512(q, _mm512_set1_epi32((1 << BITS) - 1))), c.scale, c.bias)

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

/* As float16: sign, exponent and mantissa at their places; NaN has one bit of exponent more. 2^8 is to be multiplied. */
static INLINED __m512 e4m3(__m128i codes) {
  const __m256i wide = _mm256_slli_epi16(_mm256_cvtepi8_epi16(codes), 7), bits = _mm256_and_si256(wide, _mm256_set1_epi16((short)0xBF80));
  const __m256i nan = _mm256_set1_epi16(0x3F80);
  const __m256i is_nan = _mm256_cmpeq_epi16(_mm256_and_si256(bits, nan), nan);
  return _mm512_cvtph_ps(_mm256_or_si256(bits, _mm256_and_si256(is_nan, _mm256_set1_epi16(0x4000))));
}

#define NAME(base) base##_e4m3
#define BYTES 16
#define CONSTANTS __m512
#define MAKE(scale, bias) _mm512_set1_ps((scale) * 256)
#define Q __m128i
#define LOAD_Q(p) _mm_loadu_si128((const void *)(p))
#define WEIGHTS(q, part, scale) _mm512_mul_ps(e4m3(q), scale)
#include "backend/cpu/quant_vector.inc"
#undef BYTES
#undef CONSTANTS
#undef MAKE
#undef Q
#undef LOAD_Q
#undef WEIGHTS

/* ---- unpacking ---- */

/* 16 elements take 2 · bits bytes. Each lane gathers the two bytes that its element begins in, shifts it down and masks it. */
typedef struct layout {
  __m512i bytes, shifts, mask;
  int32_t bits;
} layout;

static INLINED layout layout_of(int32_t bits) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i places = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(bits)), first = _mm512_srli_epi32(places, 3);
  const __m512i second = _mm512_slli_epi32(_mm512_add_epi32(first, _mm512_set1_epi32(1)), 8), none = _mm512_set1_epi32((int)0x80800000);
  return (layout){_mm512_or_si512(_mm512_or_si512(first, second), none), _mm512_and_si512(places, _mm512_set1_epi32(7)),
                  _mm512_set1_epi32((1 << bits) - 1), bits};
}

static INLINED __m512i codes_of(const layout *l, const uint8_t *p, int64_t n) {
  const __m128i packed = _mm_maskz_loadu_epi8((__mmask16)((1u << (n < 16 ? l->bits : 2 * l->bits)) - 1), p);
  const __m512i lanes = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(packed), l->bytes);
  return _mm512_and_si512(_mm512_srlv_epi32(lanes, l->shifts), l->mask);
}

static INLINED void unpack_as(const int32_t element, float *out, const uint8_t *packed, const emily__quant_form *form,
                              const float *scales, const float *biases, int64_t n) {
  const layout l = layout_of(form->bits);
  for (int64_t at = 0; at < n; at += form->group) {
    const __m512 scale = _mm512_set1_ps(*scales++), bias = _mm512_set1_ps(biases ? *biases++ : 0);
    const int64_t end = n - at < form->group ? n : at + form->group;
    for (int64_t i = at; i < end; i += 16, packed += 2 * l.bits) {
      const __mmask16 some = end - i < 16 ? 0xFF : 0xFFFF;
      const __m512i q = codes_of(&l, packed, end - i);
      __m512 x;
      if (element == EMILY__QUANT_INTEGER) x = _mm512_cvtepi32_ps(q);
      else if (element == EMILY__QUANT_E2M1) x = _mm512_permutexvar_ps(q, e2m1_values());
      else x = _mm512_mul_ps(e4m3(_mm512_cvtepi32_epi8(q)), _mm512_set1_ps(256));
      x = _mm512_mul_ps(x, scale);
      _mm512_mask_storeu_ps(out + i, some, biases ? _mm512_add_ps(x, bias) : x);
    }
  }
}

static void unpack(float *out, const uint8_t *packed, const emily__quant_form *form, const float *scales, const float *biases,
                   int64_t n) {
  switch (form->element) {
    case EMILY__QUANT_INTEGER: unpack_as(EMILY__QUANT_INTEGER, out, packed, form, scales, biases, n); break;
    case EMILY__QUANT_E2M1: unpack_as(EMILY__QUANT_E2M1, out, packed, form, scales, biases, n); break;
    default: unpack_as(EMILY__QUANT_E4M3, out, packed, form, scales, biases, n);
  }
}

static void e4m3_to_f32(float *out, const uint8_t *x, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    _mm512_storeu_ps(out + i, _mm512_mul_ps(e4m3(_mm_loadu_si128((const void *)(x + i))), _mm512_set1_ps(256)));
  for (; i < n; i++) out[i] = emily__e4m3_to_f32(x[i]);
}

static void e8m0_to_f32(float *out, const uint8_t *x, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m512i codes = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)(x + i))), bits = _mm512_slli_epi32(codes, 23);
    _mm512_storeu_si512(out + i, _mm512_mask_mov_epi32(bits, _mm512_testn_epi32_mask(codes, codes), _mm512_set1_epi32(0x00400000)));
  }
  for (; i < n; i++) out[i] = emily__e8m0_to_f32(x[i]);
}

/* ---- making ---- */

static void codes(uint8_t *out, const float *x, float bias, float scale, float top, int64_t n) {
  const __m512 b = _mm512_set1_ps(bias), s = _mm512_set1_ps(scale), most = _mm512_set1_ps(top);
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 some = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : 0xFFFF;
    __m512 q = _mm512_div_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(some, x + i), b), s);
    q = _mm512_roundscale_ps(q, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    q = _mm512_min_ps(_mm512_max_ps(q, _mm512_setzero_ps()), most); /* NaN: the second, 0 */
    _mm512_mask_cvtepi32_storeu_epi8(out + i, some, _mm512_cvttps_epi32(q));
  }
}

static void range(const float *x, int64_t n, float *low, float *high) {
  __m512 least = _mm512_set1_ps(INFINITY), most = _mm512_set1_ps(-INFINITY);
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 some = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : 0xFFFF;
    least = _mm512_min_ps(_mm512_mask_loadu_ps(least, some, x + i), least); /* NaN: the second */
    most = _mm512_max_ps(_mm512_mask_loadu_ps(most, some, x + i), most);
  }
  *low = _mm512_reduce_min_ps(least);
  *high = _mm512_reduce_max_ps(most);
}

void emily__cpu_kernels_avx512_quant(emily__cpu_kernels *k) {
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
