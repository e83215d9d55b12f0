/* rows_plain.c: folds, softmax, norms and rotations of one float32 row in plain C: the oracle of the faster ones.
 *
 * Sums run in interleaved float32 lanes over blocks of 512, and over the blocks in float64: their order depends on n alone.
 * Norms whose squares leave float32's range (rows of 1e30, or of 1e-30 with a tiny eps) are done over in float64.
 */
#include "backend/cpu/kernels.h"
#include "backend/cpu/rows_wide.h"

#include <math.h>

enum { LANES = 64, BLOCK = 512 }; /* so many lanes that the compiler vectorises over them rather than unrolls */

/* Σ of an expression of x[i] */
#define FOLD(name, expression)                                                   \
  static double name(const float *x, float shift, int64_t n) {                   \
    double total = 0;                                                            \
    (void)shift;                                                                 \
    for (int64_t begin = 0; begin < n; begin += BLOCK) {                         \
      int64_t end = n - begin < BLOCK ? n : begin + BLOCK, i = begin;            \
      float lane[LANES] = {0};                                                   \
      for (; i + LANES <= end; i += LANES)                                       \
        for (int j = 0; j < LANES; j++) lane[j] += expression(x[i + j]);         \
      for (int j = 0; i < end; i++, j++) lane[j] += expression(x[i]);            \
      for (int j = 0; j < LANES; j++) total += (double)lane[j];                  \
    }                                                                            \
    return total;                                                                \
  }
#define ITSELF(x) (x)
#define SHIFTED(x) (x - shift)
#define SHIFTED_SQUARE(x) ((x - shift) * (x - shift))
#define SHIFTED_EXP(x) expf(x - shift)
FOLD(fold_sum, ITSELF)
FOLD(fold_shifted, SHIFTED)
FOLD(fold_squares, SHIFTED_SQUARE)
FOLD(fold_exp, SHIFTED_EXP)

static float sum_plain(const float *x, int64_t n) { return (float)fold_sum(x, 0, n); }

static float max_plain(const float *x, int64_t n) {
  float lane[LANES], best = x[0];
  int64_t i = 0;
  for (int j = 0; j < LANES; j++) lane[j] = best;
  for (; i + LANES <= n; i += LANES)
    for (int j = 0; j < LANES; j++) lane[j] = ((x[i + j] > lane[j]) | (x[i + j] != x[i + j])) ? x[i + j] : lane[j];
  for (; i < n; i++) lane[0] = x[i] > lane[0] || x[i] != x[i] ? x[i] : lane[0];
  for (int j = 0; j < LANES; j++) best = lane[j] > best || lane[j] != lane[j] ? lane[j] : best;
  return best;
}

static void softmax_plain(float *out, const float *x, int64_t n) {
  const float most = max_plain(x, n);
  for (int64_t i = 0; i < n; i++) out[i] = expf(x[i] - most);
  const float scale = (float)(1 / fold_sum(out, 0, n));
  for (int64_t i = 0; i < n; i++) out[i] *= scale;
}

static float logsumexp_plain(const float *x, int64_t n) {
  const float most = max_plain(x, n);
  return isinf(most) ? most : (float)((double)most + log(fold_exp(x, most, n)));
}

static void rms_norm_plain(float *out, const float *x, const float *weight, float eps, int64_t n) {
  const float squares = (float)fold_squares(x, 0, n);
  if (!emily__squares_in_range(squares)) {
    emily__rms_norm_wide(out, x, weight, eps, n);
    return;
  }
  const float scale = (float)(1 / sqrt((double)squares / (double)n + (double)eps));
  for (int64_t i = 0; i < n; i++) out[i] = x[i] * scale * (weight ? weight[i] : 1);
}

/* The mean is rough + rest: the first pass finds it to float32, and the second what is left of it, which a row whose mean is
 * far larger than its spread needs. */
static void layer_norm_plain(float *out, const float *x, const float *weight, const float *bias, float eps, int64_t n) {
  const float rough = (float)(fold_sum(x, 0, n) / (double)n), squares = (float)fold_squares(x, rough, n);
  const double rest = fold_shifted(x, rough, n) / (double)n;
  if (!emily__squares_in_range(squares)) {
    emily__layer_norm_wide(out, x, weight, bias, eps, n);
    return;
  }
  const float scale = (float)(1 / sqrt((double)squares / (double)n - rest * rest + (double)eps)), shift = (float)rest;
  for (int64_t i = 0; i < n; i++)
    out[i] = (x[i] - rough - shift) * scale * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
}

static void rope_plain(float *out, const float *x, const float *cos, const float *sin, int64_t half, bool traditional) {
  for (int64_t i = 0; i < half; i++) {
    const int64_t first = traditional ? 2 * i : i, second = traditional ? 2 * i + 1 : half + i;
    const float a = x[first], b = x[second];
    out[first] = a * cos[i] - b * sin[i];
    out[second] = a * sin[i] + b * cos[i];
  }
}

void emily__cpu_kernels_plain_rows(emily__cpu_kernels *k) {
  k->sum = sum_plain;
  k->max = max_plain;
  k->softmax = softmax_plain;
  k->logsumexp = logsumexp_plain;
  k->rms_norm = rms_norm_plain;
  k->layer_norm = layer_norm_plain;
  k->rope = rope_plain;
}
