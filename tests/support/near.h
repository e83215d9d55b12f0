/* near.h: comparing results with a float64 reference. */
#ifndef EMILY_TESTS_SUPPORT_NEAR_H
#define EMILY_TESTS_SUPPORT_NEAR_H

#include "backend/backend.h"

/* The largest relative error of rounding once to a float dtype. */
double rounding_of(emily_dtype dtype);

/* Every element within `relative` of want[i] or within `absolute`, row-major; infinities equal, NaN where NaN is wanted.
 * Says which element is not. */
bool tensor_near(const emily__tensor *got, const double *want, double relative, double absolute);

/* Distance of two float32 numbers in units of the last place of `want`, a float64 (of the smallest denormal at least). 0 where
 * both are NaN, or `got` is what want rounds to; infinity where only one is NaN or infinite. */
double ulps(float got, double want);

/* Run fn(context) at 1, 2 and 3 threads; the thread count is then as it was. */
void with_threads(void (*fn)(void *context, int threads), void *context);

#endif
