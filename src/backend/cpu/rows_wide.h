/* rows_wide.h: norms of float32 rows whose squares float32 cannot hold, in float64. What every level falls back to. */
#ifndef EMILY_BACKEND_CPU_ROWS_WIDE_H
#define EMILY_BACKEND_CPU_ROWS_WIDE_H

#include <stdbool.h>
#include <stdint.h>

/* Does a float32 sum of squares stand for what it is? Not where it overflowed, or where squares below the smallest
 * normal number (2⁻¹²⁶) may have lost their bits. Zero is exact only where every element is, so it goes the long way too. */
static inline bool emily__squares_in_range(float squares) { return squares >= 0x1p-80f && squares <= 0x1p127f; }

void emily__rms_norm_wide(float *out, const float *x, const float *weight_or_null, float eps, int64_t n);
void emily__layer_norm_wide(float *out, const float *x, const float *weight_or_null, const float *bias_or_null, float eps,
                            int64_t n);

#endif
