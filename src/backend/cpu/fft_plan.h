/* fft_plan.h: how a Fourier transform of some length is done, with the numbers that it needs.
 *
 * PASSES: radix by radix, sixteen lines at once (fft_pass.h). SPLIT: a long line is a matrix [n1, n2] whose columns are transformed
 * sixteen at once, turned by the factors exp(-2πi k1 j2 / n), and whose rows are then transformed sixteen at once (the four-step
 * algorithm, Bailey 1990). CHIRP: a length with a large prime factor is a convolution with exp(-πi k² / n), by transforms of a length
 * that has none (Bluestein 1970). The choice is by length alone, so that a line's result does not depend on its neighbours.
 * REAL: an even number of real values are half as many complex ones, taken apart by exp(-2πi k / n) behind the transform. */
#ifndef EMILY_BACKEND_CPU_FFT_PLAN_H
#define EMILY_BACKEND_CPU_FFT_PLAN_H

#include "backend/cpu/fft_pass.h"
#include "base/status.h"

typedef enum emily__fft_kind { EMILY__FFT_PASSES, EMILY__FFT_SPLIT, EMILY__FFT_CHIRP, EMILY__FFT_REAL } emily__fft_kind;
/* What a plan is for: a line of complex numbers, a step of a SPLIT (PASSES, however long), an even number of reals. */
typedef enum emily__fft_use { EMILY__FFT_LINE, EMILY__FFT_STEP, EMILY__FFT_REALS } emily__fft_use;

enum { EMILY__FFT_MAX_PASSES = 40 };

typedef struct emily__fft_plan {
  emily__fft_kind kind;
  emily__fft_use use;
  int64_t n, refs;
  uint64_t last_use;
  size_t bytes;   /* of the numbers, those of inner plans aside */
  float *numbers; /* owned; what the pointers below look at */
  /* PASSES */
  int32_t count;
  emily__fft_pass passes[EMILY__FFT_MAX_PASSES];
  /* SPLIT: columns of length n1, rows of length n2, factors [⌈n2 / 16⌉][n1][2][16] */
  const struct emily__fft_plan *columns, *rows;
  const float *factors;
  /* REAL: inner length n / 2, halves [n / 4 + 1][2] exp(-2πi k / n) */
  const float *halves;
  /* CHIRP: inner length m ≥ 2n - 1; chirp [n][2] exp(-πi k² / n), filter [m][2] the transform of its conjugate, over m */
  const struct emily__fft_plan *inner;
  const float *chirp, *filter;
} emily__fft_plan;

/* The plan of a length 1 ≤ n < 2^31, kept in a cache bounded in bytes; give it back with release. */
emily_status emily__fft_plan_get(int64_t n, emily__fft_use use, const emily__fft_plan **out);
void emily__fft_plan_release(const emily__fft_plan *plan);
/* Drop the plans that nobody uses. */
void emily__fft_plans_clear(void);

#endif
