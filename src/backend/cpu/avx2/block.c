/* avx2/block.c: matrices in ggml's blocks. See block_vector.inc. */
#include "backend/cpu/kernels.h"

#include <immintrin.h>
#include <string.h>

#define INLINED inline __attribute__((always_inline))
#include "backend/cpu/block_codes.inc"

#define ROWS 4
#define ROWS_OF_MANY 2
#define MOST_ROWS 4
#define V __m256
#define LANES 8
#define ZERO _mm256_setzero_ps
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define FMA _mm256_fmadd_ps

static INLINED float REDUCE(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

static INLINED __m256 scaled(__m128i codes, int part, float scale) {
  const __m128i half = part ? _mm_unpackhi_epi64(codes, codes) : codes;
  return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(half)), _mm256_set1_ps(scale));
}

#define FROM_CODES scaled
#define WITH_OFFSET(codes, part, scale, offset) _mm256_add_ps(scaled(codes, part, scale), _mm256_set1_ps(offset))
#include "backend/cpu/block_formats.inc"

void emily__cpu_kernels_avx2_block(emily__cpu_kernels *k) {
  k->block[EMILY__BLOCK_Q4_0] = (emily__block_kernels){rows_q4_0, unpack_q4_0};
  k->block[EMILY__BLOCK_Q4_1] = (emily__block_kernels){rows_q4_1, unpack_q4_1};
  k->block[EMILY__BLOCK_Q5_0] = (emily__block_kernels){rows_q5_0, unpack_q5_0};
  k->block[EMILY__BLOCK_Q5_1] = (emily__block_kernels){rows_q5_1, unpack_q5_1};
  k->block[EMILY__BLOCK_Q8_0] = (emily__block_kernels){rows_q8_0, unpack_q8_0};
  k->block[EMILY__BLOCK_Q4_K] = (emily__block_kernels){rows_q4_k, unpack_q4_k};
  k->block[EMILY__BLOCK_Q5_K] = (emily__block_kernels){rows_q5_k, unpack_q5_k};
  k->block[EMILY__BLOCK_Q6_K] = (emily__block_kernels){rows_q6_k, unpack_q6_k};
}
