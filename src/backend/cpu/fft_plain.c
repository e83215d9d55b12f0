/* fft_plain.c: the pass of fft_pass.h as its formula says it. */
#include "backend/cpu/kernels.h"

enum { LANES = EMILY__FFT_LANES, POINT = EMILY__FFT_POINT };

/* One output point: Σ_k in[k] roots[j k mod radix], times the twiddle. */
static void output_point(float *out, const float *in, const emily__fft_pass *pass, int64_t j, const float *w, int32_t re) {
  const int32_t im = LANES - re;
  float sum_re[LANES] = {0}, sum_im[LANES] = {0};
  for (int64_t k = 0; k < pass->radix; k++) {
    const float *x = in + k * pass->s * pass->m * POINT, *root = pass->roots + 2 * (j * k % pass->radix);
    for (int32_t l = 0; l < LANES; l++) {
      sum_re[l] += x[re + l] * root[0] - x[im + l] * root[1];
      sum_im[l] += x[re + l] * root[1] + x[im + l] * root[0];
    }
  }
  for (int32_t l = 0; l < LANES; l++) {
    out[re + l] = sum_re[l] * w[0] - sum_im[l] * w[1];
    out[im + l] = sum_re[l] * w[1] + sum_im[l] * w[0];
  }
}

static void fft_pass(float *out, const float *in, const emily__fft_pass *pass, int32_t re) {
  static const float one[2] = {1, 0};
  const int64_t r = pass->radix;
  for (int64_t p = 0; p < pass->m; p++)
    for (int64_t q = 0; q < pass->s; q++)
      for (int64_t j = 0; j < r; j++)
        output_point(out + (q + pass->s * (r * p + j)) * POINT, in + (q + pass->s * p) * POINT, pass, j,
                     j ? pass->twiddles + 2 * (p * (r - 1) + j - 1) : one, re);
}

void emily__cpu_kernels_plain_fft(emily__cpu_kernels *k) { k->fft_pass = fft_pass; }
