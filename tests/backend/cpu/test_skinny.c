/* test_skinny.c: the products of few rows, dot and axpy at each level that this machine has, against float64. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>

enum { ROWS = 23, DEPTH = 100, GAP = 3, STRIDE = DEPTH + GAP };

static const char *const levels[] = {"plain", "avx2", "avx512"};
static const int64_t depths[] = {0, 1, 7, 8, 15, 16, 17, 31, 33, 64, 99, 100};
static float x[EMILY__SKINNY_MAX][DEPTH];
static float w32[ROWS * STRIDE], widened[2][ROWS * STRIDE]; /* float16's and bfloat16's values */
static emily__f16 w16[ROWS * STRIDE];
static emily__bf16 wb16[ROWS * STRIDE];

static void fill(void) {
  for (int i = 0; i < EMILY__SKINNY_MAX; i++)
    for (int k = 0; k < DEPTH; k++) x[i][k] = (float)rand() / (float)RAND_MAX - 0.5f;
  for (int i = 0; i < ROWS * STRIDE; i++) {
    w32[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    widened[0][i] = emily__f16_to_f32(w16[i] = emily__f32_to_f16(w32[i]));
    widened[1][i] = emily__bf16_to_f32(wb16[i] = emily__f32_to_bf16(w32[i]));
  }
}

/* Any order of k roundings of 2^-24 errs by at most k · 2^-24 · Σ|x w|. */
static void check(float y, const float *a, const float *b, int64_t k) {
  double sum = 0, absolutes = 0;
  for (int64_t i = 0; i < k; i++) {
    sum += (double)a[i] * (double)b[i];
    absolutes += fabs((double)a[i] * (double)b[i]);
  }
  assert_true(fabs((double)y - sum) <= (double)(k + 1) * 0x1p-24 * absolutes);
}

static void skinny(const emily__cpu_kernels *kernels, int dtype, float *y, int64_t ldy, int64_t m, int64_t rows,
                   int64_t k) {
  float packed[EMILY__SKINNY_MAX * (DEPTH + EMILY__SKINNY_LANES)], *to = packed;
  for (int64_t i = 0; i < m; i += EMILY__SKINNY_GROUP) {
    const int64_t together = m - i < EMILY__SKINNY_GROUP ? m - i : EMILY__SKINNY_GROUP;
    const emily__matrix a = {(char *)x[i], DEPTH, 1, EMILY_FLOAT32};
    emily__skinny_pack(to, &a, together, k);
    to += together * ((k + EMILY__SKINNY_LANES - 1) / EMILY__SKINNY_LANES * EMILY__SKINNY_LANES);
  }
  if (dtype == 0) kernels->skinny_f32(y, ldy, packed, m, w32, STRIDE, rows, k);
  if (dtype == 1) kernels->skinny_f16(y, ldy, packed, m, w16, STRIDE, rows, k);
  if (dtype == 2) kernels->skinny_bf16(y, ldy, packed, m, wb16, STRIDE, rows, k);
}

static void check_skinny(const emily__cpu_kernels *kernels, int dtype, int64_t m, int64_t rows, int64_t k) {
  float y[EMILY__SKINNY_MAX][ROWS + 1];
  const float *w = dtype ? widened[dtype - 1] : w32;
  for (int i = 0; i < EMILY__SKINNY_MAX; i++)
    for (int j = 0; j <= ROWS; j++) y[i][j] = 1e30f;
  skinny(kernels, dtype, y[0], ROWS + 1, m, rows, k);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < rows; j++) check(y[i][j], x[i], w + j * STRIDE, k);
  for (int64_t i = 0; i < EMILY__SKINNY_MAX; i++)
    for (int64_t j = i < m ? rows : 0; j <= ROWS; j++) assert_true(y[i][j] == 1e30f);
}

/* A row's sums do not depend on how many rows there are: the same bits as one row alone. */
static void check_gemv(const emily__cpu_kernels *kernels, int dtype, int64_t rows, int64_t k) {
  float y[ROWS], many[EMILY__SKINNY_MAX][ROWS];
  if (dtype == 0) kernels->gemv_f32(y, x[0], w32, STRIDE, rows, k);
  if (dtype == 1) kernels->gemv_f16(y, x[0], w16, STRIDE, rows, k);
  if (dtype == 2) kernels->gemv_bf16(y, x[0], wb16, STRIDE, rows, k);
  for (int64_t m = 1; m <= EMILY__SKINNY_MAX; m += 5) {
    skinny(kernels, dtype, many[0], ROWS, m, rows, k);
    assert_memory_equal(many[0], y, (size_t)rows * sizeof *y);
  }
}

static void products_of_few_rows(void **state) {
  (void)state;
  for (size_t level = 0; level < 3; level++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[level], &kernels)) {
      print_message("%s: not on this machine, skipped\n", levels[level]);
      continue;
    }
    for (int dtype = 0; dtype < 3; dtype++)
      for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
        for (int64_t rows = 0; rows <= ROWS; rows += rows < 8 ? 1 : 5) {
          for (int64_t m = 1; m <= EMILY__SKINNY_MAX; m += m < 18 ? 1 : 7)
            check_skinny(&kernels, dtype, m, rows, depths[d]);
          check_gemv(&kernels, dtype, rows, depths[d]);
        }
  }
}

static void dot_and_axpy(void **state) {
  (void)state;
  for (size_t level = 0; level < 3; level++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[level], &kernels)) continue;
    for (int64_t k = 0; k <= DEPTH; k++) {
      float y[DEPTH + 1];
      check(kernels.dot(x[0], w32, k), x[0], w32, k);
      for (int i = 0; i <= DEPTH; i++) y[i] = w32[i];
      kernels.axpy(y, 0.3f, x[0], k);
      for (int i = 0; i <= DEPTH; i++) { /* one or two roundings */
        const double exact = (double)w32[i] + (i < k ? (double)0.3f * (double)x[0][i < DEPTH ? i : 0] : 0);
        assert_true(fabs((double)y[i] - exact) <= 0x1p-23);
      }
    }
  }
}

int main(void) {
  const char *given = getenv("EMILY_TEST_SEED");
  const unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : 20261121;
  printf("seed %u\n", seed);
  srand(seed);
  fill();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_of_few_rows),
      cmocka_unit_test(dot_and_axpy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
