/* test_attend_plain.c: attention's own kernels at each level against float64: the running softmax by row and by column, the weighted
 * sum of values. What attention makes of them is in test_attention.c. */
#include "backend/cpu/kernels.h"
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

static const char *const levels[] = {"plain", "avx2", "avx512"};
enum { LEVELS = 3, KEYS = 130, COLUMNS = 64, WIDTH = 37, MOST = 150 };

static void for_each_level(void (*check)(const emily__cpu_kernels *)) {
  emily__cpu_kernels k;
  for (int l = 0; l < LEVELS; l++)
    if (emily__cpu_kernels_at(levels[l], &k)) check(&k);
}

static bool near(double got, double want, double absolute) {
  if (fabs(got - want) <= absolute) return true;
  fprintf(stderr, "%.9g, not %.9g\n", got, want);
  return false;
}

static void check_rows(const emily__cpu_kernels *k) {
  for (int64_t n = 1; n <= MOST; n++) {
    float s[MOST + 1], before[MOST];
    for (int64_t j = 0; j < n; j++) before[j] = s[j] = j % 5 == 3 ? -INFINITY : (float)tensor_uniform(-6, 2);
    s[n] = 7;
    double sum = 0;
    const double got = (double)k->soften_row(s, 2, n);
    for (int64_t j = 0; j < n; j++) {
      sum += exp((double)before[j] - 2);
      assert_true(near((double)s[j], exp((double)before[j] - 2), 0x1p-23));
      if (j % 5 == 3) assert_true(s[j] == 0);
    }
    assert_true(near(got, sum, 0x1p-22 * (double)n) && s[n] == 7);
  }
}
static void weights_of_a_row(void **state) {
  (void)state;
  for_each_level(check_rows);
}

/* Two tiles of keys one after the other come to the same as both at once; columns of -inf alone stay empty. */
static void check_columns(const emily__cpu_kernels *k) {
  const int64_t columns = k->gemm_nr;
  static float s[KEYS * COLUMNS], o[WIDTH * COLUMNS], top[COLUMNS], sum[COLUMNS];
  static double scores[KEYS * COLUMNS];
  for (int64_t cut = 0; cut <= KEYS; cut += 1 + cut / 2) {
    for (int64_t i = 0; i < KEYS * columns; i++) {
      const int64_t c = i % columns;
      s[i] = c == 3 || (c == 5 && i < cut * columns) || i % 7 == 2 ? -INFINITY : (float)tensor_uniform(-30, 30);
      scores[i] = (double)s[i];
    }
    for (int64_t c = 0; c < columns; c++) top[c] = -INFINITY, sum[c] = 0;
    for (int64_t i = 0; i < WIDTH * columns; i++) o[i] = 0;
    k->soften_columns(s, cut, columns, top, sum, o, WIDTH);
    float before[COLUMNS];
    memcpy(before, top, sizeof before);
    for (int64_t i = 0; i < WIDTH * columns; i++) o[i] = before[i % columns] == -INFINITY ? 0 : 1;
    k->soften_columns(s + cut * columns, KEYS - cut, columns, top, sum, o, WIDTH);
    for (int64_t c = 0; c < columns; c++) {
      double most = -INFINITY, total = 0;
      for (int64_t j = 0; j < KEYS; j++) most = fmax(most, scores[j * columns + c]);
      assert_true((double)top[c] == most);
      for (int64_t j = 0; j < KEYS && most > -INFINITY; j++) total += exp(scores[j * columns + c] - most);
      assert_true(near((double)sum[c], total, 0x1p-20 * total));
      for (int64_t j = cut; j < KEYS; j++)
        assert_true(near((double)s[j * columns + c], most > -INFINITY ? exp(scores[j * columns + c] - most) : 0, 0x1p-23));
      const double shrink = before[c] == -INFINITY ? 0 : exp((double)before[c] - most);
      for (int64_t d = 0; d < WIDTH; d++) assert_true(near((double)o[d * columns + c], shrink, 0x1p-23));
    }
  }
}
static void a_running_softmax_of_columns(void **state) {
  (void)state;
  for_each_level(check_columns);
}

static void check_nan_columns(const emily__cpu_kernels *k) {
  const int64_t columns = k->gemm_nr;
  float s[5 * COLUMNS], o[COLUMNS], top[COLUMNS], sum[COLUMNS];
  for (int64_t i = 0; i < 5 * columns; i++) s[i] = 1;
  for (int64_t c = 0; c < columns; c++) top[c] = -INFINITY, sum[c] = o[c] = 0;
  s[2 * columns + 1] = NAN;
  k->soften_columns(s, 5, columns, top, sum, o, 1);
  for (int64_t c = 0; c < columns; c++) assert_true(c == 1 ? isnan(sum[c]) : sum[c] == 5);
}
static void a_nan_stays_in_its_column(void **state) {
  (void)state;
  for_each_level(check_nan_columns);
}

/* v in three dtypes with the same values; keys whose weight is 0 hold NaN. Up to 18 additions to sums below 16, each off by half a
 * unit of 2^-20 at the most, in whatever order: 2^-17 covers them. */
static void check_mix(const emily__cpu_kernels *k) {
  enum { N = 300, J = 19, STRIDE = N + 5 };
  static float v32[J * STRIDE], p[4 * J], o[4 * (N + 3)], want[4 * (N + 3)];
  static emily__f16 v16[J * STRIDE];
  static emily__bf16 vb16[J * STRIDE];
  static const int64_t widths[] = {1, 7, 8, 15, 16, 17, 31, 64, 96, 128, 129, 200, 256, 300};
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
    for (int64_t m = 1; m <= 4; m++)
      for (int kind = 0; kind < 3; kind++) {
        const int64_t n = widths[w];
        for (int64_t i = 0; i < J * STRIDE; i++) {
          vb16[i] = emily__f32_to_bf16((float)tensor_uniform(-1, 1));
          v32[i] = i / STRIDE == 4 ? NAN : emily__bf16_to_f32(vb16[i]);
          vb16[i] = emily__f32_to_bf16(v32[i]);
          v16[i] = emily__f32_to_f16(v32[i]);
        }
        for (int64_t i = 0; i < m * J; i++) p[i] = i % J == 4 || i % 6 == 5 ? 0 : (float)tensor_uniform(0, 1);
        for (int64_t i = 0; i < 4 * (N + 3); i++) o[i] = want[i] = 0.5f;
        for (int64_t i = 0; i < m; i++)
          for (int64_t c = 0; c < n; c++) {
            double sum = 0.5;
            for (int64_t j = 0; j < J; j++)
              if (p[i * J + j] != 0) sum += (double)p[i * J + j] * (double)(kind == 1 ? emily__f16_to_f32(v16[j * STRIDE + c]) : v32[j * STRIDE + c]);
            want[i * (N + 3) + c] = (float)sum;
          }
        if (kind == 0) k->mix_f32(o, N + 3, p, J, m, v32, STRIDE, J, n);
        if (kind == 1) k->mix_f16(o, N + 3, p, J, m, v16, STRIDE, J, n);
        if (kind == 2) k->mix_bf16(o, N + 3, p, J, m, vb16, STRIDE, J, n);
        for (int64_t i = 0; i < 4 * (N + 3); i++) assert_true(near((double)o[i], (double)want[i], 0x1p-17));
      }
}
static void weighted_sums_of_values(void **state) {
  (void)state;
  for_each_level(check_mix);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_of_a_row),
      cmocka_unit_test(a_running_softmax_of_columns),
      cmocka_unit_test(a_nan_stays_in_its_column),
      cmocka_unit_test(weighted_sums_of_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
