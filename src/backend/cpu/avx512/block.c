/* avx512/block.c: matrices in ggml's blocks. See block_vector.inc.
 *
 * Elements of four bits are looked up: the sixteen that a sub-block may have stand in a register, and the permutation reads the lowest four
 * bits of a lane alone, so that nibbles need no mask. A fifth bit chooses between two such registers.
 */
#include "backend/cpu/kernels.h"

#include <immintrin.h>
#include <string.h>

#define INLINED inline __attribute__((always_inline))
#include "backend/cpu/block_codes.inc"

#define ROWS 4
#define ROWS_OF_MANY 2
#define MOST_ROWS 8
#define V __m512
#define LANES 16
#define ZERO _mm512_setzero_ps
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define FMA _mm512_fmadd_ps
#define REDUCE _mm512_reduce_add_ps

static INLINED __m512 scaled(__m128i codes, int part, float scale) {
  (void)part;
  return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes)), _mm512_set1_ps(scale));
}

#define FROM_CODES scaled
#define WITH_OFFSET(codes, part, scale, offset) _mm512_add_ps(scaled(codes, part, scale), _mm512_set1_ps(offset))
#define TABLES
#include "backend/cpu/block_formats.inc"

/* first, first + 1, … first + 15: scaled, with an offset. */
static INLINED __m512 table(float first, float scale, float offset) {
  const __m512 codes = _mm512_add_ps(_mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_ps(first));
  return _mm512_add_ps(_mm512_mul_ps(codes, _mm512_set1_ps(scale)), _mm512_set1_ps(offset));
}

/* The nibbles of 16 bytes as the lowest bits of lanes: the low ones, or the high ones. */
static INLINED __m512i nibbles(const uint8_t *p, bool high) {
  const __m512i wide = _mm512_cvtepu8_epi32(bytes_at(p));
  return high ? _mm512_srli_epi32(wide, 4) : wide;
}

static INLINED __m512 looked_up(__m512i nibbles, __m512 low) { return _mm512_permutexvar_ps(nibbles, low); }

static INLINED __m512 looked_up_fifth(__m512i nibbles, __mmask16 fifth, __m512 low, __m512 high) {
  return _mm512_mask_permutexvar_ps(_mm512_permutexvar_ps(nibbles, low), fifth, nibbles, high);
}

/* One table a block of 32 (or two). */
typedef struct tables {
  __m512 low, high;
} tables;

/* Without an offset, 0 would turn a product of -0 into 0. */
static INLINED void centred(float first, const uint8_t *p, tables *t) {
  t->low = table(first, half_at(p), -0.0f);
  t->high = table(first + 16, half_at(p), -0.0f);
}

static INLINED void prepare_q4_0(const uint8_t *p, tables *t) { centred(-8, p, t); }
static INLINED void prepare_q5_0(const uint8_t *p, tables *t) { centred(-16, p, t); }
static INLINED void prepare_with_minimum(const uint8_t *p, tables *t) {
  t->low = table(0, half_at(p), half_at(p + 2));
  t->high = table(16, half_at(p), half_at(p + 2));
}

#define CONSTANTS tables
#define ELEMENTS 32
#define UNROLLED 2

#define NAME(base) base##_q4_0
#define BYTES 18
#define PREPARE prepare_q4_0
#define WEIGHTS(p, c, first, i, part) looked_up(nibbles((p) + 2, i), (c).low)
#include "backend/cpu/block_vector.inc"
#undef BYTES
#undef PREPARE
#undef WEIGHTS

#define NAME(base) base##_q4_1
#define BYTES 20
#define PREPARE prepare_with_minimum
#define WEIGHTS(p, c, first, i, part) looked_up(nibbles((p) + 4, i), (c).low)
#include "backend/cpu/block_vector.inc"
#undef BYTES
#undef WEIGHTS

#define NAME(base) base##_q5_1
#define BYTES 24
#define WEIGHTS(p, c, first, i, part) looked_up_fifth(nibbles((p) + 8, i), (__mmask16)(bits_at((p) + 4) >> 16 * (i)), (c).low, (c).high)
#include "backend/cpu/block_vector.inc"
#undef BYTES
#undef PREPARE
#undef WEIGHTS

#define NAME(base) base##_q5_0
#define BYTES 22
#define PREPARE prepare_q5_0
#define WEIGHTS(p, c, first, i, part) looked_up_fifth(nibbles((p) + 6, i), (__mmask16)(bits_at((p) + 2) >> 16 * (i)), (c).low, (c).high)
#include "backend/cpu/block_vector.inc"
#undef BYTES
#undef PREPARE
#undef WEIGHTS
#undef CONSTANTS
#undef ELEMENTS
#undef UNROLLED

#define CONSTANTS block_constants
#define ELEMENTS 256
#define UNROLLED 4
#define PREPARE constants_k
#define SUB(c, first, i, from) table(from, (c).scale[((first) + (i)) / 2], (c).offset[((first) + (i)) / 2])

#define NAME(base) base##_q4_k
#define BYTES 144
#define WEIGHTS(p, c, first, i, part) looked_up(nibbles((p) + 16 + (first) * 8 + (i) % 2 * 16, (i) & 2), SUB(c, first, i, 0))
#include "backend/cpu/block_vector.inc"
#undef BYTES
#undef WEIGHTS

static INLINED __mmask16 fifth_bits_k(const uint8_t *p, int first, int i) {
  return _mm_test_epi8_mask(bytes_at(p + 16 + i % 2 * 16), _mm_set1_epi8((char)(1 << (first + i) / 2)));
}

#define NAME(base) base##_q5_k
#define BYTES 176
#define WEIGHTS(p, c, first, i, part)                                                                                      \
  looked_up_fifth(nibbles((p) + 48 + (first) * 8 + (i) % 2 * 16, (i) & 2), fifth_bits_k(p, first, i), SUB(c, first, i, 0), \
                  SUB(c, first, i, 16))
#include "backend/cpu/block_vector.inc"
#undef BYTES
#undef WEIGHTS

void emily__cpu_kernels_avx512_block(emily__cpu_kernels *k) {
  k->block[EMILY__BLOCK_Q4_0] = (emily__block_kernels){rows_q4_0, unpack_q4_0};
  k->block[EMILY__BLOCK_Q4_1] = (emily__block_kernels){rows_q4_1, unpack_q4_1};
  k->block[EMILY__BLOCK_Q5_0] = (emily__block_kernels){rows_q5_0, unpack_q5_0};
  k->block[EMILY__BLOCK_Q5_1] = (emily__block_kernels){rows_q5_1, unpack_q5_1};
  k->block[EMILY__BLOCK_Q8_0] = (emily__block_kernels){rows_q8_0, unpack_q8_0};
  k->block[EMILY__BLOCK_Q4_K] = (emily__block_kernels){rows_q4_k, unpack_q4_k};
  k->block[EMILY__BLOCK_Q5_K] = (emily__block_kernels){rows_q5_k, unpack_q5_k};
  k->block[EMILY__BLOCK_Q6_K] = (emily__block_kernels){rows_q6_k, unpack_q6_k};
}
