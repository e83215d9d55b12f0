/* softmax.c: softmax and logsumexp along the last axis.
 *
 *     softmax: y[i] = exp(x[i] - m) / Σ exp(x - m),   logsumexp: m + log Σ exp(x - m),   m = max x
 *
 * float32 inside for 16-bit floats and float32. As in MLX a row of -inf alone gives NaN, and its logsumexp is -inf.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/rowwise.h"

#include <math.h>

static void softmax_f32(const void *context, float *out, const float *x, int64_t n) {
  ((const emily__cpu_kernels *)context)->softmax(out, x, n);
}

static void logsumexp_f32(const void *context, float *out, const float *x, int64_t n) {
  *out = ((const emily__cpu_kernels *)context)->logsumexp(x, n);
}

static double max_f64(const double *x, int64_t n) {
  double most = x[0];
  for (int64_t i = 1; i < n; i++) most = x[i] > most || x[i] != x[i] ? x[i] : most;
  return most;
}

static void softmax_f64(const void *context, double *out, const double *x, int64_t n) {
  (void)context;
  const double most = max_f64(x, n);
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += out[i] = exp(x[i] - most);
  for (int64_t i = 0; i < n; i++) out[i] /= sum;
}

static void logsumexp_f64(const void *context, double *out, const double *x, int64_t n) {
  (void)context;
  const double most = max_f64(x, n);
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += exp(x[i] - most);
  *out = isinf(most) ? most : most + log(sum);
}

emily_status emily__cpu_softmax(const emily__node_view *node) {
  const emily__rowwise kernel = {softmax_f32, softmax_f64, emily__cpu_kernels_get()};
  return emily__rowwise_run(&node->inputs[0], &node->outputs[0], &kernel);
}

emily_status emily__cpu_logsumexp(const emily__node_view *node) {
  const emily__rowwise kernel = {logsumexp_f32, logsumexp_f64, emily__cpu_kernels_get()};
  return emily__rowwise_run(&node->inputs[0], &node->outputs[0], &kernel);
}
