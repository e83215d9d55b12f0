/* avx512/gemm.c: the micro-kernel of the blocked product, and the transposes of packing.
 *
 * A tile of 12 x 32 sums takes 24 registers, a row of B's panel two more; A's elements are broadcast from memory
 * within the multiply-add. Heights below 12 have code of their own, so that a short tile costs no more than its rows.
 */
#include "backend/cpu/kernels.h"

#include <immintrin.h>

enum { MR = 12, NR = 32 };
#define INLINED inline __attribute__((always_inline))

static INLINED void tile(float *c, int64_t ldc, const float *a, const float *b, int64_t ldb, int64_t k,
                         const int rows, bool accumulate) {
  __m512 low[MR], high[MR];
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) low[i] = high[i] = _mm512_setzero_ps();
  for (int64_t p = 0; p < k; p++, a += rows, b += ldb) {
    const __m512 b_low = _mm512_loadu_ps(b), b_high = _mm512_loadu_ps(b + 16);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      const __m512 x = _mm512_set1_ps(a[i]);
      low[i] = _mm512_fmadd_ps(x, b_low, low[i]);
      high[i] = _mm512_fmadd_ps(x, b_high, high[i]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++, c += ldc) {
    if (accumulate) {
      low[i] = _mm512_add_ps(_mm512_loadu_ps(c), low[i]);
      high[i] = _mm512_add_ps(_mm512_loadu_ps(c + 16), high[i]);
    }
    _mm512_storeu_ps(c, low[i]);
    _mm512_storeu_ps(c + 16, high[i]);
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
    case 6: tile(c, ldc, a, b, ldb, k, 6, accumulate); break;
    case 7: tile(c, ldc, a, b, ldb, k, 7, accumulate); break;
    case 8: tile(c, ldc, a, b, ldb, k, 8, accumulate); break;
    case 9: tile(c, ldc, a, b, ldb, k, 9, accumulate); break;
    case 10: tile(c, ldc, a, b, ldb, k, 10, accumulate); break;
    case 11: tile(c, ldc, a, b, ldb, k, 11, accumulate); break;
    default: tile(c, ldc, a, b, ldb, k, 12, accumulate); break;
  }
}

/* 16 x 16: pairs of rows are interleaved, then pairs of pairs, then 128-bit quarters change places in two rounds. */
static INLINED void transpose_16(__m512 r[16]) {
  __m512 t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4)
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
      const __m512d x = _mm512_castps_pd(t[i + j]), y = _mm512_castps_pd(t[i + j + 2]);
      r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
      r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
    }
#pragma GCC unroll 2
  for (int i = 0; i < 16; i += 8)
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      t[i + j] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0x88);
      t[i + j + 4] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0xDD);
    }
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) {
    r[j] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0x88);
    r[j + 8] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0xDD);
  }
}

static inline __mmask16 mask_of(int64_t n) { return n >= 16 ? 0xFFFF : (__mmask16)((1u << n) - 1); }

static inline __m512 load_f32(const float *x, __mmask16 mask) { return _mm512_maskz_loadu_ps(mask, x); }
static inline __m512 load_f16(const emily__f16 *x, __mmask16 mask) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, x));
}
static inline __m512 load_bf16(const emily__bf16 *x, __mmask16 mask) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, x)), 16));
}

#define TRANSPOSE(kind, W)                                                                                      \
  static INLINED void block_##kind(float *out, int64_t ldo, const W *x, int64_t ldx, int64_t rows, int64_t k) { \
    const __mmask16 along_k = mask_of(k), along_rows = mask_of(rows);                                           \
    __m512 r[16];                                                                                               \
    _Pragma("GCC unroll 16") for (int i = 0; i < 16; i++) r[i] =                                                \
        i < rows ? load_##kind(x + i * ldx, along_k) : _mm512_setzero_ps();                                     \
    transpose_16(r);                                                                                            \
    _Pragma("GCC unroll 16") for (int j = 0; j < 16; j++) if (j < k)                                            \
        _mm512_mask_storeu_ps(out + j * ldo, along_rows, r[j]);                                                 \
  }                                                                                                             \
  static void transpose_##kind(float *out, int64_t ldo, const W *x, int64_t ldx, int64_t rows, int64_t k) {     \
    for (int64_t i = 0; i < rows; i += 16, x += 16 * ldx, out += 16) {                                          \
      int64_t j = 0;                                                                                            \
      for (; j + 16 <= k && i + 16 <= rows; j += 16) block_##kind(out + j * ldo, ldo, x + j, ldx, 16, 16);      \
      for (; j < k; j += 16) block_##kind(out + j * ldo, ldo, x + j, ldx, rows - i, k - j);                     \
    }                                                                                                           \
  }
TRANSPOSE(f32, float)
TRANSPOSE(f16, emily__f16)
TRANSPOSE(bf16, emily__bf16)

void emily__cpu_kernels_avx512_gemm(emily__cpu_kernels *k) {
  k->gemm_mr = MR;
  k->gemm_nr = NR;
  k->gemm_micro = micro;
  k->transpose_f32 = transpose_f32;
  k->transpose_f16 = transpose_f16;
  k->transpose_bf16 = transpose_bf16;
}
