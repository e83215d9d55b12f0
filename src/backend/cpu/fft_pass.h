/* fft_pass.h: one pass of a Fourier transform over sixteen lines at once, the micro-kernel of fft.c.
 *
 * A point of sixteen lines is 32 floats: sixteen real parts, then sixteen imaginary ones. With the two exchanged (`re` 16 instead of 0)
 * the same pass is one of the inverse transform, since swap(DFT(swap(x))) is it. */
#ifndef EMILY_BACKEND_CPU_FFT_PASS_H
#define EMILY_BACKEND_CPU_FFT_PASS_H

#include <stdint.h>

enum {
  EMILY__FFT_LANES = 16,
  EMILY__FFT_POINT = 2 * EMILY__FFT_LANES, /* floats */
  EMILY__FFT_RADIX_MAX = 61
};

/* A decimation in frequency that sorts as it goes (Stockham): with n = radix · m points left, each of s interleaved transforms,
 *     out[q + s (radix p + j)] = w^(p j) Σ_k in[q + s (p + m k)] exp(-2πi j k / radix),   w = exp(-2πi / n),
 * for p < m, q < s, j < radix. Passes run with growing s; the next has n / radix points left and s · radix transforms. */
typedef struct emily__fft_pass {
  int64_t radix, m, s;
  const float *twiddles; /* [m][radix - 1][2]: w^(p j) for j ≥ 1 */
  const float *roots;    /* [radix][2]: exp(-2πi t / radix) */
} emily__fft_pass;

typedef void emily__fft_pass_fn(float *out, const float *in, const emily__fft_pass *pass, int32_t re); /* out is not in */

#endif
