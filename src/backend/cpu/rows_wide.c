/* rows_wide.c: see rows_wide.h. */
#include "backend/cpu/rows_wide.h"

#include <math.h>
#include <stddef.h>

void emily__rms_norm_wide(float *out, const float *x, const float *weight, float eps, int64_t n) {
  double squares = 0;
  for (int64_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
  const double scale = 1 / sqrt(squares / (double)n + (double)eps);
  for (int64_t i = 0; i < n; i++) out[i] = (float)((double)x[i] * scale * (double)(weight ? weight[i] : 1));
}

void emily__layer_norm_wide(float *out, const float *x, const float *weight, const float *bias, float eps, int64_t n) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)x[i];
  const double mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) squares += ((double)x[i] - mean) * ((double)x[i] - mean);
  const double scale = 1 / sqrt(squares / (double)n + (double)eps);
  for (int64_t i = 0; i < n; i++)
    out[i] = (float)(((double)x[i] - mean) * scale * (double)(weight ? weight[i] : 1) + (double)(bias ? bias[i] : 0));
}
