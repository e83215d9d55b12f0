/* complex.h: complex64 as C's own complex type, whose multiplication and division follow C17 annex G, as MLX's do. */
#ifndef EMILY_BACKEND_CPU_COMPLEX_H
#define EMILY_BACKEND_CPU_COMPLEX_H

#include <complex.h>
#include <math.h>
#include <stdbool.h>

typedef float _Complex emily__complex; /* the layout of emily__c64 */
typedef double _Complex emily__complex_sum; /* what folds of it accumulate in */

/* CMPLXF, which not every compiler has: re + im · I would spoil infinities and NaN. */
static inline emily__complex emily__complex_of(float re, float im) {
  union {
    float parts[2];
    emily__complex z;
  } u = {{re, im}};
  return u.z;
}

static inline bool emily__complex_isnan(emily__complex z) { return isnan(crealf(z)) || isnan(cimagf(z)); }

/* Lexicographic order: real parts first. False where a NaN decides. */
static inline bool emily__complex_less(emily__complex a, emily__complex b) {
  return crealf(a) < crealf(b) || (crealf(a) == crealf(b) && cimagf(a) < cimagf(b));
}
static inline bool emily__complex_less_equal(emily__complex a, emily__complex b) {
  return crealf(a) < crealf(b) || (crealf(a) == crealf(b) && cimagf(a) <= cimagf(b));
}

/* The extremes of a fold, in that order; the accumulator where they are equal, and once NaN, always NaN. */
static inline emily__complex emily__complex_larger(emily__complex a, emily__complex x) {
  return !emily__complex_isnan(a) && (emily__complex_isnan(x) || emily__complex_less(a, x)) ? x : a;
}
static inline emily__complex emily__complex_smaller(emily__complex a, emily__complex x) {
  return !emily__complex_isnan(a) && (emily__complex_isnan(x) || emily__complex_less(x, a)) ? x : a;
}

/* log(1 + z) without cancellation near 0: re = log1p(x(2 + x) + y²) / 2, im = atan2(y, x + 1). */
static inline emily__complex emily__complex_log1p(emily__complex z) {
  float x = crealf(z), y = cimagf(z), angle = atan2f(y, x + 1);
  if (cabsf(z) >= 0.5f) return emily__complex_of(logf(hypotf(x + 1, y)), angle);
  float r = x * (2 + x) + y * y;
  return emily__complex_of(r == 0 ? x : 0.5f * log1pf(r), angle); /* r underflows: log(1 + x) ≈ x */
}

#endif
