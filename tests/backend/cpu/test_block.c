/* test_block.c: kernels of ggml's blocks at each cpu level beside plain C and sums in float64. */
#include "backend/cpu/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { K = 768, ROWS = 9, M = 19, LEVELS = 2 };
static const char *const levels[LEVELS] = {"avx2", "avx512"};

/* Any bytes, but scales that are numbers: float16 with a small exponent. */
static uint8_t *make(const emily__block_format *format, int64_t blocks) {
  static const int places[EMILY__BLOCK_IDS][2] = {[EMILY__BLOCK_Q4_1] = {0, 2}, [EMILY__BLOCK_Q5_1] = {0, 2}, [EMILY__BLOCK_Q2_K] = {80, 82},
                                                  [EMILY__BLOCK_Q3_K] = {108, 108}, [EMILY__BLOCK_Q4_K] = {0, 2},
                                                  [EMILY__BLOCK_Q5_K] = {0, 2}, [EMILY__BLOCK_Q6_K] = {208, 208}};
  uint8_t *bytes = malloc((size_t)blocks * format->size);
  for (int64_t i = 0; i < blocks * format->size; i++) bytes[i] = (uint8_t)(rand() >> 7);
  for (int64_t b = 0; b < blocks; b++)
    for (int k = 0; k < 2; k++) {
      uint8_t *at = bytes + b * format->size + places[format->id][k] + 1;
      *at = (uint8_t)((*at & 0x83) | 0x20);
    }
  return bytes;
}

static void unpacking_is_plain_c_to_the_bit(void **state) {
  (void)state;
  static float want[ROWS * K], got[ROWS * K];
  emily__cpu_kernels kernels;
  for (size_t f = 0; emily__block_format_at(f); f++) {
    const emily__block_format *format = emily__block_format_at(f);
    const int64_t blocks = ROWS * K / format->block;
    uint8_t *bytes = make(format, blocks);
    emily__block_unpack(format, bytes, blocks, want);
    for (int l = 0; l < LEVELS; l++) {
      if (!emily__cpu_kernels_at(levels[l], &kernels)) continue;
      memset(got, 0, sizeof got);
      kernels.block[format->id].unpack(got, bytes, blocks);
      assert_memory_equal(want, got, sizeof want);
    }
    free(bytes);
  }
}

/* x as the kernels take it. */
static void pack(float *to, const float *x, int64_t m) {
  for (int64_t first = 0; first < m; first += EMILY__SKINNY_GROUP) {
    const int64_t rows = m - first < EMILY__SKINNY_GROUP ? m - first : EMILY__SKINNY_GROUP;
    for (int64_t piece = 0; piece < K / 16; piece++)
      for (int64_t i = 0; i < rows; i++, to += 16) memcpy(to, x + (first + i) * K + piece * 16, 16 * sizeof *to);
  }
}

/* Sums of K products in float32, in LANES partial sums: far below 1e-5 of the sum of magnitudes. */
static void expect_sums(const float *y, const float *x, const float *w, int64_t m, int64_t rows) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < rows; j++) {
      double sum = 0, size = 0;
      for (int64_t k = 0; k < K; k++) {
        const double product = (double)x[i * K + k] * (double)w[j * K + k];
        sum += product;
        size += fabs(product);
      }
      assert_true(fabs((double)y[i * rows + j] - sum) <= 1e-5 * size + 1e-30);
    }
}

/* Every number of rows of x, and of the matrix around the rows of a tile; a row's bits do not depend on the others. */
static void rows_meet_blocks(void **state) {
  (void)state;
  static float x[M * K], packed[M * K], w[ROWS * K], y[M * ROWS], first[ROWS];
  emily__cpu_kernels k;
  for (int i = 0; i < M * K; i++) x[i] = (float)(rand() % 2001 - 1000) / 1000;
  for (int l = 0; l < LEVELS; l++)
    for (size_t f = 0; emily__cpu_kernels_at(levels[l], &k) && emily__block_format_at(f); f++) {
      const emily__block_format *format = emily__block_format_at(f);
      emily__block_rows *run = k.block[format->id].rows;
      if (!run) continue;
      uint8_t *bytes = make(format, ROWS * K / format->block);
      emily__block_unpack(format, bytes, ROWS * K / format->block, w);
      for (int64_t m = 1; m <= M; m++)
        for (int64_t rows = 1; rows <= ROWS; rows++) {
          pack(packed, x, m);
          run(y, rows, packed, m, bytes, K / format->block * format->size, rows, K / format->block);
          expect_sums(y, x, w, m, rows);
          if (m == 1 && rows == ROWS) memcpy(first, y, sizeof first);
          if (m > 1 && rows == ROWS) assert_memory_equal(first, y, sizeof first);
        }
      free(bytes);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(unpacking_is_plain_c_to_the_bit), cmocka_unit_test(rows_meet_blocks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
