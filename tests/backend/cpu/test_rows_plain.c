/* test_rows_plain.c: the row kernels of each level against float64: extents around the vectors' widths, tails, special rows. What
 * the primitives do with them is in test_softmax.c, test_norm.c and test_rope.c, which run at the level in use. */
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
enum { LEVELS = 3, MOST = 5000 };
static float x[MOST + 8], y[MOST + 8], weight[MOST], bias[MOST];

/* Every extent to 140, and some beyond. */
static int64_t next_extent(int64_t n) { return n < 140 ? n + 1 : n < 1000 ? n + 211 : n + 1333; }

static void fill(float low, float high) {
  for (int64_t i = 0; i < MOST; i++) {
    x[i] = (float)tensor_uniform((double)low, (double)high);
    weight[i] = (float)tensor_uniform(-2, 2);
    bias[i] = (float)tensor_uniform(-2, 2);
  }
}

static bool near(double got, double want, double relative, double absolute) {
  if (fabs(got - want) <= fmax(relative * fabs(want), absolute)) return true;
  fprintf(stderr, "%.9g, not %.9g\n", got, want);
  return false;
}

/* Sums of n float32 in blocks: a few roundings of what each lane holds, 2^-24 of Σ |x| at most some 16 times. */
static const double few = 16 * 0x1p-24;

static void for_each_level(void (*check)(const emily__cpu_kernels *, int64_t n), float low, float high) {
  emily__cpu_kernels k;
  fill(low, high);
  for (int l = 0; l < LEVELS; l++)
    if (emily__cpu_kernels_at(levels[l], &k))
      for (int64_t n = 1; n <= MOST; n = next_extent(n)) check(&k, n);
}

static void check_folds(const emily__cpu_kernels *k, int64_t n) {
  double sum = 0, size = 0, most = -INFINITY, exps = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)x[i], size += fabs((double)x[i]), most = fmax(most, (double)x[i]);
  for (int64_t i = 0; i < n; i++) exps += exp((double)x[i] - most);
  assert_true(near((double)k->sum(x, n), sum, 0, few * size));
  assert_true((double)k->max(x, n) == most);
  assert_true(near((double)k->logsumexp(x, n), most + log(exps), few, few));
}
static void folds(void **state) {
  (void)state;
  for_each_level(check_folds, -5, 3);
  for_each_level(check_folds, -90, -80); /* zeros of a tail's other lanes would be the largest */
}

static void check_softmax(const emily__cpu_kernels *k, int64_t n) {
  double most = -INFINITY, sum = 0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, (double)x[i]);
  for (int64_t i = 0; i < n; i++) sum += exp((double)x[i] - most);
  y[n] = 7;
  k->softmax(y, x, n);
  for (int64_t i = 0; i < n; i++) assert_true(near((double)y[i], exp((double)x[i] - most) / sum, few, 0x1p-140));
  assert_true(y[n] == 7);
  static float in_place[MOST];
  memcpy(in_place, x, (size_t)n * sizeof *x);
  k->softmax(in_place, in_place, n);
  assert_memory_equal(in_place, y, (size_t)n * sizeof *y);
}
static void softmax(void **state) {
  (void)state;
  for_each_level(check_softmax, -8, 8);
  for_each_level(check_softmax, -2000, -1900);
}

static void check_norms(const emily__cpu_kernels *k, int64_t n) {
  double sum = 0, squares = 0, moment = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)x[i], squares += (double)x[i] * (double)x[i];
  const double mean = sum / (double)n, eps = (double)1e-5f;
  for (int64_t i = 0; i < n; i++) moment += pow((double)x[i] - mean, 2);
  const double rms = 1 / sqrt(squares / (double)n + eps), scale = 1 / sqrt(moment / (double)n + eps);
  for (int kind = 0; kind < 4; kind++) {
    const float *w = kind & 1 ? weight : NULL, *b = kind & 2 ? bias : NULL;
    y[n] = 7;
    k->rms_norm(y, x, w, 1e-5f, n);
    for (int64_t i = 0; i < n; i++) assert_true(near((double)y[i], (double)x[i] * rms * (double)(w ? w[i] : 1), few, 0));
    k->layer_norm(y, x, w, b, 1e-5f, n);
    for (int64_t i = 0; i < n; i++) {
      const double want = ((double)x[i] - mean) * scale * (double)(w ? w[i] : 1) + (double)(b ? b[i] : 0);
      assert_true(near((double)y[i], want, few, 8 * few)); /* terms of size 8 may cancel */
    }
    assert_true(y[n] == 7);
  }
}
static void norms(void **state) {
  (void)state;
  for_each_level(check_norms, -3, 3);
}
static void norms_large_float32(void **state) {
  (void)state;
  for_each_level(check_norms, -1e30f, 1e30f);
}

static void check_rope(const emily__cpu_kernels *k, int64_t half) {
  if (half > 200) return;
  for (int kind = 0; kind < 4; kind++) {
    const bool traditional = kind & 1, in_place = kind & 2;
    if (in_place) memcpy(y, x, (size_t)(2 * half) * sizeof *x);
    y[2 * half] = 7;
    k->rope(y, in_place ? y : x, weight, bias, half, traditional);
    for (int64_t i = 0; i < half; i++) {
      const int64_t first = traditional ? 2 * i : i, second = traditional ? 2 * i + 1 : half + i;
      const double a = (double)x[first], b = (double)x[second], c = (double)weight[i], s = (double)bias[i];
      assert_true(near((double)y[first], a * c - b * s, 0, 8 * 0x1p-23));
      assert_true(near((double)y[second], a * s + b * c, 0, 8 * 0x1p-23));
    }
    assert_true(y[2 * half] == 7);
  }
}
static void rope(void **state) {
  (void)state;
  for_each_level(check_rope, -3, 3);
}

static void check_nan(const emily__cpu_kernels *k, int64_t n) {
  if (n > 140) return;
  for (int64_t at = 0; at < n; at++) {
    const float kept = x[at];
    x[at] = NAN;
    assert_true(isnan(k->max(x, n)) && isnan(k->sum(x, n)) && isnan(k->logsumexp(x, n)));
    k->softmax(y, x, n);
    for (int64_t i = 0; i < n; i++) assert_true(isnan(y[i]));
    x[at] = kept;
  }
}
static void nan_at_each_lane_and_in_the_tail(void **state) {
  (void)state;
  for_each_level(check_nan, -3, 3);
}

static void check_infinite(const emily__cpu_kernels *k, int64_t n) {
  if (n > 140) return;
  for (int64_t i = 0; i < n; i++) x[i] = -INFINITY;
  assert_true(k->max(x, n) == -INFINITY && k->logsumexp(x, n) == -INFINITY);
  k->softmax(y, x, n);
  for (int64_t i = 0; i < n; i++) assert_true(isnan(y[i]));
  x[n / 2] = 3;
  k->softmax(y, x, n);
  for (int64_t i = 0; i < n; i++) assert_true(y[i] == (i == n / 2));
  x[n / 2] = INFINITY;
  assert_true(k->max(x, n) == INFINITY && k->logsumexp(x, n) == INFINITY);
}
static void infinite_rows(void **state) {
  (void)state;
  for_each_level(check_infinite, -3, 3);
}

static void a_sum_of_65536_ones(void **state) {
  (void)state;
  enum { N = 65536 };
  float *ones = malloc(N * 256 * sizeof *ones);
  emily__cpu_kernels k;
  for (int i = 0; i < N * 256; i++) ones[i] = 1;
  for (int l = 0; l < LEVELS; l++) {
    if (!emily__cpu_kernels_at(levels[l], &k)) continue;
    assert_true(k.sum(ones, N) == N);
    assert_true(k.sum(ones, N * 256) == (float)N * 256); /* 2^24 */
  }
  free(ones);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folds),
      cmocka_unit_test(softmax),
      cmocka_unit_test(norms),
      cmocka_unit_test(norms_large_float32),
      cmocka_unit_test(rope),
      cmocka_unit_test(nan_at_each_lane_and_in_the_tail),
      cmocka_unit_test(infinite_rows),
      cmocka_unit_test(a_sum_of_65536_ones),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
