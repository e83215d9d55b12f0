/* linalg_small.c: see linalg_small.h. */
#include "backend/cpu/linalg_small.h"

#include "backend/cpu/complex.h"

#define NAME(function) function##_f32
#define T float
#define R float
#define WIDE double
#define SIZE(x) fabsf(x)
#define REAL(x) (x)
#define CONJ(x) (x)
#define ROOT(x) sqrtf(x)
#define PARTS(out, x) ((out)[0] = (x), (out)[1] = 0)
#include "backend/cpu/linalg_small.inc"
#undef NAME
#undef T
#undef R
#undef SIZE
#undef ROOT

#define NAME(function) function##_f64
#define T double
#define R double
#define SIZE(x) fabs(x)
#define ROOT(x) sqrt(x)
#include "backend/cpu/linalg_small.inc"
#undef NAME
#undef T
#undef R
#undef WIDE
#undef SIZE
#undef REAL
#undef CONJ
#undef ROOT
#undef PARTS

#define NAME(function) function##_c64
#define T emily__complex
#define R float
#define WIDE double _Complex
#define SIZE(x) (fabsf(crealf(x)) + fabsf(cimagf(x)))
#define REAL(x) crealf(x)
#define CONJ(x) conjf(x)
#define ROOT(x) sqrtf(x)
#define PARTS(out, x) ((out)[0] = creal(x), (out)[1] = cimag(x))
#include "backend/cpu/linalg_small.inc"

#define SET(kind) {lu_##kind, lu_solve_##kind, cholesky_##kind, det_##kind}
const emily__small emily__small_of[3] = {SET(f32), SET(f64), SET(c64)};
