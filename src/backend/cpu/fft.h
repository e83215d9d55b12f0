/* fft.h: transforms of contiguous lines by a plan. A line is n complex numbers: pairs of floats. */
#ifndef EMILY_BACKEND_CPU_FFT_H
#define EMILY_BACKEND_CPU_FFT_H

#include "backend/cpu/fft_plan.h"

#include <stdbool.h>

/* Floats of scratch for emily__fft_transform. */
int64_t emily__fft_scratch(const emily__fft_plan *plan);

/* Lines 0 … count - 1 (count ≤ 16) from in to out, `ld` complex numbers apart; out may be in. Not scaled, forwards or backwards. */
void emily__fft_transform(const emily__fft_plan *plan, int64_t count, const float *in, int64_t in_ld, float *out, int64_t out_ld, bool inverse,
                          float *scratch);

/* One line in place, forwards, with scratch of its own. */
emily_status emily__fft_transform_alone(const emily__fft_plan *plan, float *line);

/* One long line of a SPLIT plan by all threads of the pool; the same bits. */
emily_status emily__fft_transform_wide(const emily__fft_plan *plan, const float *in, float *out, bool inverse);

#endif
