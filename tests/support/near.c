/* near.c: see near.h. */
#include "support/near.h"

#include "backend/cpu/pool.h"
#include "support/tensors.h"

#include <math.h>
#include <stdio.h>

double rounding_of(emily_dtype dtype) {
  switch (dtype) {
    case EMILY_FLOAT16: return 0x1p-11;
    case EMILY_BFLOAT16: return 0x1p-8;
    case EMILY_FLOAT32: return 0x1p-24;
    default: return 0x1p-53;
  }
}

bool tensor_near(const emily__tensor *got, const double *want, double relative, double absolute) {
  for (int64_t i = 0; i < got->size; i++) {
    const double g = tensor_get(got, i), w = want[i];
    if (g == w || (isnan(g) && isnan(w))) continue;
    if (isfinite(g) && isfinite(w) && fabs(g - w) <= fmax(relative * fabs(w), absolute)) continue;
    fprintf(stderr, "%s: element %lld is %.9g, not %.9g (relative error %.3g, allowed %.3g)\n",
            emily_dtype_name(got->dtype), (long long)i, g, w, fabs(g - w) / fabs(w), relative);
    return false;
  }
  return true;
}

double ulps(float got, double want) {
  const float rounded = (float)want;
  if (got == rounded || (isnan(got) && isnan(want))) return 0;
  if (isnan(got) || isnan(want) || isinf(got) || isinf(want)) return INFINITY;
  int exponent;
  frexp(want, &exponent); /* |want| in [2^(exponent - 1), 2^exponent) */
  return fabs((double)got - want) / ldexp(1, exponent - 24 > -149 ? exponent - 24 : -149);
}

void with_threads(void (*fn)(void *context, int threads), void *context) {
  for (int threads = 1; threads <= 3; threads++) {
    emily__pool_set_threads(threads);
    fn(context, threads);
  }
  emily__pool_set_threads(0);
}
