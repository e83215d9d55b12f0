/* avx2/gemm.c: the micro-kernel of the blocked product, and the transposes of packing.
 *
 * A tile of 6 x 16 sums takes 12 of the 16 registers, a row of B's panel two, a broadcast element of A one. Lower
 * heights have code of their own, so that a short tile costs no more than its rows.
 */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

enum { MR = 6, NR = 16 };
#define INLINED inline __attribute__((always_inline))

static INLINED void tile(float *c, int64_t ldc, const float *a, const float *b, int64_t ldb, int64_t k,
                         const int rows, bool accumulate) {
  __m256 low[MR], high[MR];
#pragma GCC unroll 6
  for (int i = 0; i < rows; i++) low[i] = high[i] = _mm256_setzero_ps();
  for (int64_t p = 0; p < k; p++, a += rows, b += ldb) {
    const __m256 b_low = _mm256_loadu_ps(b), b_high = _mm256_loadu_ps(b + 8);
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
      const __m256 x = _mm256_broadcast_ss(a + i);
      low[i] = _mm256_fmadd_ps(x, b_low, low[i]);
      high[i] = _mm256_fmadd_ps(x, b_high, high[i]);
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < rows; i++, c += ldc) {
    if (accumulate) {
      low[i] = _mm256_add_ps(_mm256_loadu_ps(c), low[i]);
      high[i] = _mm256_add_ps(_mm256_loadu_ps(c + 8), high[i]);
    }
    _mm256_storeu_ps(c, low[i]);
    _mm256_storeu_ps(c + 8, high[i]);
  }
}

static void micro(void *c, int64_t ldc, const void *a, const void *b, int64_t ldb, int64_t k, int32_t rows,
                  bool accumulate) {
  switch (rows) {
    case 1: tile(c, ldc, a, b, ldb, k, 1, accumulate); break;
    case 2: tile(c, ldc, a, b, ldb, k, 2, accumulate); break;
    case 3: tile(c, ldc, a, b, ldb, k, 3, accumulate); break;
    case 4: tile(c, ldc, a, b, ldb, k, 4, accumulate); break;
    case 5: tile(c, ldc, a, b, ldb, k, 5, accumulate); break;
    default: tile(c, ldc, a, b, ldb, k, 6, accumulate); break;
  }
}

/* 8 x 8: pairs of rows are interleaved, then pairs of pairs, then the halves change places. */
static INLINED void transpose_8(__m256 r[8]) {
  __m256 t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
      r[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      r[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xEE);
    }
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    t[j] = _mm256_permute2f128_ps(r[j], r[j + 4], 0x20);
    t[j + 4] = _mm256_permute2f128_ps(r[j], r[j + 4], 0x31);
  }
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) r[j] = t[j];
}

static inline __m256 load_f32(const float *x) { return _mm256_loadu_ps(x); }
static inline __m256 load_f16(const emily__f16 *x) { return _mm256_cvtph_ps(_mm_loadu_si128((const void *)x)); }
static inline __m256 load_bf16(const emily__bf16 *x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)x)), 16));
}
static inline float one_f32(float x) { return x; }
static inline float one_f16(emily__f16 x) { return _cvtsh_ss(x.bits); }
static inline float one_bf16(emily__bf16 x) { return emily__bf16_to_f32(x); }

/* Eight of k; of the rows, those past the last are read as zero and not stored. */
#define TRANSPOSE(kind, W)                                                                                  \
  static INLINED void block_##kind(float *out, int64_t ldo, const W *x, int64_t ldx, const int rows) {      \
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);                                        \
    const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(rows), lanes);                                \
    __m256 r[8];                                                                                            \
    _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) r[i] =                                              \
        i < rows ? load_##kind(x + i * ldx) : _mm256_setzero_ps();                                          \
    transpose_8(r);                                                                                         \
    _Pragma("GCC unroll 8") for (int j = 0; j < 8; j++) {                                                   \
      if (rows >= 8) _mm256_storeu_ps(out + j * ldo, r[j]);                                                 \
      else _mm256_maskstore_ps(out + j * ldo, mask, r[j]);                                                  \
    }                                                                                                       \
  }                                                                                                         \
  static void transpose_##kind(float *out, int64_t ldo, const W *x, int64_t ldx, int64_t rows, int64_t k) { \
    int64_t j = 0;                                                                                          \
    for (; j + 8 <= k; j += 8) {                                                                            \
      int64_t i = 0;                                                                                        \
      for (; i + 8 <= rows; i += 8) block_##kind(out + j * ldo + i, ldo, x + i * ldx + j, ldx, 8);          \
      if (rows - i == 6) block_##kind(out + j * ldo + i, ldo, x + i * ldx + j, ldx, 6);                     \
      else if (i < rows) block_##kind(out + j * ldo + i, ldo, x + i * ldx + j, ldx, (int)(rows - i));       \
    }                                                                                                       \
    for (; j < k; j++)                                                                                      \
      for (int64_t i = 0; i < rows; i++) out[j * ldo + i] = one_##kind(x[i * ldx + j]);                     \
  }
TRANSPOSE(f32, float)
TRANSPOSE(f16, emily__f16)
TRANSPOSE(bf16, emily__bf16)

void emily__cpu_kernels_avx2_gemm(emily__cpu_kernels *k) {
  k->gemm_mr = MR;
  k->gemm_nr = NR;
  k->gemm_micro = micro;
  k->transpose_f32 = transpose_f32;
  k->transpose_f16 = transpose_f16;
  k->transpose_bf16 = transpose_bf16;
}
