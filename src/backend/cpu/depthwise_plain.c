/* depthwise_plain.c: channels filtered each on its own, in plain C. */
#include "backend/cpu/kernels.h"

static void depthwise(float *out, int64_t ldo, const float *x, int64_t ldx, const float *w, const int64_t *x_at, const int64_t *w_at,
                      int64_t taps, int64_t pixels, int64_t channels) {
  for (int64_t i = 0; i < pixels; i++, out += ldo) {
    for (int64_t c = 0; c < channels; c++) out[c] = 0;
    for (int64_t t = 0; t < taps; t++) {
      const float *from = x + x_at[t] + i * ldx, *weights = w + w_at[t];
      for (int64_t c = 0; c < channels; c++) out[c] += from[c] * weights[c];
    }
  }
}

void emily__cpu_kernels_plain_depthwise(emily__cpu_kernels *k) { k->depthwise = depthwise; }
