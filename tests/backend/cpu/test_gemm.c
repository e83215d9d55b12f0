/* test_gemm.c: packing, the micro-kernels at each level that this machine has, and how products are cut. */
#include "backend/cpu/gemm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>

enum { DEPTH = 70, NR_MAX = 64, LDC = NR_MAX + 5, SIZE = 100 };

static const char *const levels[] = {"plain", "avx2", "avx512"};

static float uniform(void) { return (float)rand() / (float)RAND_MAX - 0.5f; }

/* One tile: k roundings of 2^-24 in some order, one more to add to what was there. */
static void check_tile(const emily__cpu_kernels *kernels, int32_t rows, int64_t k, int64_t ldb, bool accumulate) {
  static float a[DEPTH * EMILY__GEMM_MR_MAX], b[DEPTH * (NR_MAX + 3)], before[EMILY__GEMM_MR_MAX * LDC],
      c[EMILY__GEMM_MR_MAX * LDC];
  const int32_t nr = kernels->gemm_nr;
  for (int64_t i = 0; i < k * rows; i++) a[i] = uniform();
  for (int64_t i = 0; i < k * ldb; i++) b[i] = uniform();
  for (int i = 0; i < EMILY__GEMM_MR_MAX * LDC; i++) before[i] = c[i] = accumulate ? uniform() : NAN;
  kernels->gemm_micro(c, LDC, a, b, ldb, k, rows, accumulate);
  for (int32_t i = 0; i < EMILY__GEMM_MR_MAX; i++)
    for (int32_t j = 0; j < LDC; j++) {
      const float was = before[i * LDC + j], is = c[i * LDC + j];
      double sum = accumulate ? (double)was : 0, absolutes = fabs(sum);
      if (i >= rows || j >= nr) {
        assert_true(is == was || (is != is && was != was));
        continue;
      }
      for (int64_t p = 0; p < k; p++) {
        const double term = (double)a[p * rows + i] * (double)b[p * ldb + j];
        sum += term;
        absolutes += fabs(term);
      }
      assert_true(fabs((double)is - sum) <= (double)(k + 2) * 0x1p-24 * absolutes);
    }
}

static void micro_kernels(void **state) {
  (void)state;
  for (size_t level = 0; level < 3; level++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[level], &kernels)) {
      print_message("%s: not on this machine, skipped\n", levels[level]);
      continue;
    }
    assert_in_range(kernels.gemm_mr, 1, EMILY__GEMM_MR_MAX);
    assert_in_range(kernels.gemm_nr, 1, NR_MAX);
    for (int32_t rows = 1; rows <= kernels.gemm_mr; rows++)
      for (int64_t k = 0; k <= DEPTH; k = 2 * k + 1)
        for (int i = 0; i < 4; i++) check_tile(&kernels, rows, k, kernels.gemm_nr + (i & 1 ? 3 : 0), i & 2);
  }
}

/* Every element of a strip, at its place and nowhere else, for any strides and dtype. */
static void check_pack(const emily__cpu_kernels *kernels, emily_dtype dtype, int64_t along, int64_t k_stride,
                       int64_t rows, int64_t k) {
  static float source[SIZE * SIZE * 2], panel[SIZE * SIZE];
  static uint16_t narrow[SIZE * SIZE * 2];
  const int64_t ldo = rows + rand() % 3;
  for (int i = 0; i < SIZE * SIZE * 2; i++) {
    source[i] = (float)(rand() % 255); /* exact in all three dtypes */
    if (dtype == EMILY_FLOAT16) narrow[i] = emily__f32_to_f16(source[i]).bits;
    if (dtype == EMILY_BFLOAT16) narrow[i] = emily__f32_to_bf16(source[i]).bits;
  }
  for (int i = 0; i < SIZE * SIZE; i++) panel[i] = -1;
  emily__gemm_pack(kernels, panel, ldo, dtype == EMILY_FLOAT32 ? (char *)source : (char *)narrow, dtype, along,
                   k_stride, rows, k);
  for (int64_t p = 0; p < SIZE * SIZE / ldo; p++)
    for (int64_t i = 0; i < ldo; i++)
      assert_true(panel[p * ldo + i] == (p < k && i < rows ? source[i * along + p * k_stride] : -1));
}

static void packing(void **state) {
  (void)state;
  const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16};
  for (size_t level = 0; level < 3; level++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[level], &kernels)) continue;
    for (int d = 0; d < 3; d++)
      for (int64_t rows = 1; rows <= 35; rows += 1 + rows / 9)
        for (int64_t k = 0; k <= 40; k += 1 + k / 5) {
          check_pack(&kernels, dtypes[d], 50, 1, rows, k);
          check_pack(&kernels, dtypes[d], 1, 50, rows, k);
          check_pack(&kernels, dtypes[d], 2, 90, rows, k);
          check_pack(&kernels, dtypes[d], 0, 1, rows, k);
        }
  }
}

/* Blocks of k and tiles, which decide bits, do not know of threads; blocks of rows are whole tiles and not too large.
 */
static void cutting(void **state) {
  (void)state;
  emily__cpu_kernels kernels;
  assert_true(emily__cpu_kernels_at("plain", &kernels));
  const emily__gemm_type type = emily__gemm_type_of(&kernels, EMILY_FLOAT32);
  for (int64_t m = 1; m < 5000; m = m * 3 + 1)
    for (int64_t n = 1; n < 5000; n = n * 3 + 1)
      for (int64_t k = 0; k < 5000; k = k * 3 + 1) {
        emily__gemm_cut one, many;
        emily__gemm_cut_product(&one, &type, m, n, k, 1, 384, 1);
        emily__gemm_cut_product(&many, &type, m, n, k, 1, 384, 16);
        assert_int_equal(one.k_blocks, many.k_blocks);
        assert_int_equal(one.tiles, many.tiles);
        assert_true(many.width % kernels.gemm_nr == 0 && many.width * many.column_blocks >= n);
        assert_true(many.row_blocks >= 1 && many.row_blocks <= many.tiles);
        for (int64_t i = 0; i < many.row_blocks; i++) {
          const int64_t first = emily__gemm_border(many.tiles, many.row_blocks, i);
          const int64_t last = emily__gemm_border(many.tiles, many.row_blocks, i + 1);
          assert_true(last > first);
          assert_true(emily__gemm_border(m, many.tiles, last) - emily__gemm_border(m, many.tiles, first) <=
                      384 + 2 * EMILY__GEMM_MR_MAX);
        }
      }
}

int main(void) {
  const char *given = getenv("EMILY_TEST_SEED");
  const unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : 20261121;
  printf("seed %u\n", seed);
  srand(seed);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(micro_kernels),
      cmocka_unit_test(packing),
      cmocka_unit_test(cutting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
