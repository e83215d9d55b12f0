/* unary.c: the unary primitives. A row of functions by dtype for each; float32 goes through the kernel table where it
 * has the function, through libm else. 16-bit floats are computed in float32 and rounded once. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/rows.h"

#include <string.h>

/* erf⁻¹ as x · P(w), w = -log(1 - x²), with two polynomials: M. Giles, "Approximating the erfinv function" (GPU
 * Computing Gems, 2011), table 5. Relative error below 7e-7. */
static float erfinvf(float x) {
  static const float centre[] = {2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f, 0.00021858087f,
                                 -0.00125372503f, -0.00417768164f, 0.246640727f,    1.50140941f};
  static const float tail[] = {-0.000200214257f, 0.000100950558f, 0.00134934322f, -0.00367342844f, 0.00573950773f,
                               -0.0076224613f,   0.00943887047f,  1.00167406f,    2.83297682f};
  if (fabsf(x) >= 1) return fabsf(x) == 1 ? copysignf(INFINITY, x) : NAN;
  float w = -logf((1 - x) * (1 + x));
  const float *c = w < 5 ? centre : tail;
  w = w < 5 ? w - 2.5f : sqrtf(w) - 3;
  float p = c[0];
  for (int i = 1; i < 9; i++) p = c[i] + p * w;
  return p * x;
}

/* The float32 value, mended by one step of Halley's method on erf(y) - x; the tail is measured by erfc, where 1 - |x|
 * is exact. */
static double erfinv(double x) {
  double a = fabs(x);
  if (!(a < 1)) return a == 1 ? copysign(INFINITY, x) : NAN;
  if (a < 1e-20) return x * 0.88622692545275801365; /* √π / 2 */
  double w = -log1p(-a * a);
  double y = w < 16 ? fabs((double)erfinvf((float)a)) : sqrt(w - 0.5 * log(w * 3.14159265358979323846));
  if (isinf(y)) y = sqrt(w - 0.5 * log(w * 3.14159265358979323846));
  for (int i = 0; i < 3; i++) {
    double error = a < 0.5 ? erf(y) - a : (1 - a) - erfc(y);
    double step = error / (1.12837916709551257390 * exp(-y * y)); /* 2 / √π */
    y -= step / (1 + y * step);
  }
  return copysign(y, x);
}

#define INT_TEMPLATE "backend/cpu/unary_int.inc"
#include "backend/cpu/each_int.inc"

#define T float
#define NAME(op) op##_float32
#define M(function) function##f
#include "backend/cpu/unary_real.inc"
#define T double
#define NAME(op) op##_float64
#define M(function) function
#define DOUBLE
#include "backend/cpu/unary_real.inc"

#include "backend/cpu/unary_complex.inc"

/* float32 from the kernel table */
#define TABLE(name) \
  static void name##_float32(void *const *p, int64_t n) { emily__cpu_kernels_get()->name(p[0], p[1], n); }
TABLE(negative)
TABLE(abs)
TABLE(square)
TABLE(exp)
TABLE(log)
TABLE(sqrt)
TABLE(rsqrt)
TABLE(sin)
TABLE(cos)
TABLE(tanh)
TABLE(erf)
TABLE(erfc)
TABLE(cbrt)
TABLE(sigmoid)
TABLE(silu)
TABLE(gelu)
TABLE(gelu_tanh)

/* By size alone. memmove: the output may be the input. */
#define SIZED(size)                                                                              \
  static void same_##size(void *const *p, int64_t n) { memmove(p[0], p[1], (size_t)n *(size)); } \
  static void zero_##size(void *const *p, int64_t n) { memset(p[0], 0, (size_t)n *(size)); }
SIZED(1)
SIZED(2)
SIZED(4)
SIZED(8)

static void one_1(void *const *p, int64_t n) { memset(p[0], 1, (size_t)n); }
static void not_1(void *const *p, int64_t n) {
  uint8_t *out = p[0];
  const uint8_t *in = p[1];
  for (int64_t i = 0; i < n; i++) out[i] = in[i] == 0;
}

/* name_1 … name_8 for bool and integers; and for the floats and the two 16-bit ones as well */
#define BY_SIZE_INTEGRAL(name)                                                                             \
  [EMILY_BOOL] = name##_1, [EMILY_UINT8] = name##_1, [EMILY_UINT16] = name##_2, [EMILY_UINT32] = name##_4, \
  [EMILY_UINT64] = name##_8, [EMILY_INT8] = name##_1, [EMILY_INT16] = name##_2, [EMILY_INT32] = name##_4,  \
  [EMILY_INT64] = name##_8
#define BY_SIZE_REAL(name)                                                                                     \
  BY_SIZE_INTEGRAL(name), [EMILY_FLOAT16] = name##_2, [EMILY_BFLOAT16] = name##_2, [EMILY_FLOAT32] = name##_4, \
                          [EMILY_FLOAT64] = name##_8
/* one constant answer for bool and integers */
#define ALWAYS(name)                                                                                              \
  [EMILY_BOOL] = name, [EMILY_UINT8] = name, [EMILY_UINT16] = name, [EMILY_UINT32] = name, [EMILY_UINT64] = name, \
  [EMILY_INT8] = name, [EMILY_INT16] = name, [EMILY_INT32] = name, [EMILY_INT64] = name

#define UNARY(name, grain, ...)                                          \
  emily_status emily__cpu_##name(const emily__node_view *node) {         \
    static emily__block_fn *const of[EMILY_DTYPE_COUNT] = {__VA_ARGS__}; \
    return emily__elementwise_run(node, of, NULL, grain);                \
  }
#define CHEAP EMILY__GRAIN_CHEAP
#define COSTLY EMILY__GRAIN_COSTLY

UNARY(negative, CHEAP, OF_INTEGER(negative), OF_FLOAT(negative), OF_COMPLEX(negative))
UNARY(sign, CHEAP, [EMILY_BOOL] = same_1, OF_INTEGER(sign), OF_FLOAT(sign), OF_COMPLEX(sign))
UNARY(floor, CHEAP, BY_SIZE_INTEGRAL(same), OF_FLOAT(floor))
UNARY(ceil, CHEAP, BY_SIZE_INTEGRAL(same), OF_FLOAT(ceil))
UNARY(trunc, CHEAP, BY_SIZE_INTEGRAL(same), OF_FLOAT(trunc))
UNARY(round, CHEAP, BY_SIZE_INTEGRAL(same), OF_FLOAT(round), OF_COMPLEX(round))
UNARY(square, CHEAP, [EMILY_BOOL] = same_1, OF_INTEGER(square), OF_FLOAT(square), OF_COMPLEX(square))
UNARY(exp, COSTLY, OF_FLOAT(exp), OF_COMPLEX(exp))
UNARY(expm1, COSTLY, OF_FLOAT(expm1))
UNARY(log, COSTLY, OF_FLOAT(log), OF_COMPLEX(log))
UNARY(log2, COSTLY, OF_FLOAT(log2), OF_COMPLEX(log2))
UNARY(log10, COSTLY, OF_FLOAT(log10), OF_COMPLEX(log10))
UNARY(log1p, COSTLY, OF_FLOAT(log1p), OF_COMPLEX(log1p))
UNARY(sqrt, CHEAP, OF_FLOAT(sqrt), OF_COMPLEX(sqrt))
UNARY(rsqrt, CHEAP, OF_FLOAT(rsqrt), OF_COMPLEX(rsqrt))
UNARY(sin, COSTLY, OF_FLOAT(sin), OF_COMPLEX(sin))
UNARY(cos, COSTLY, OF_FLOAT(cos), OF_COMPLEX(cos))
UNARY(tan, COSTLY, OF_FLOAT(tan), OF_COMPLEX(tan))
UNARY(arcsin, COSTLY, OF_FLOAT(arcsin), OF_COMPLEX(arcsin))
UNARY(arccos, COSTLY, OF_FLOAT(arccos), OF_COMPLEX(arccos))
UNARY(arctan, COSTLY, OF_FLOAT(arctan), OF_COMPLEX(arctan))
UNARY(sinh, COSTLY, OF_FLOAT(sinh), OF_COMPLEX(sinh))
UNARY(cosh, COSTLY, OF_FLOAT(cosh), OF_COMPLEX(cosh))
UNARY(tanh, COSTLY, OF_FLOAT(tanh), OF_COMPLEX(tanh))
UNARY(arcsinh, COSTLY, OF_FLOAT(arcsinh), OF_COMPLEX(arcsinh))
UNARY(arccosh, COSTLY, OF_FLOAT(arccosh), OF_COMPLEX(arccosh))
UNARY(arctanh, COSTLY, OF_FLOAT(arctanh), OF_COMPLEX(arctanh))
UNARY(sigmoid, COSTLY, OF_FLOAT(sigmoid))
UNARY(erf, COSTLY, OF_FLOAT(erf))
UNARY(erfinv, COSTLY, OF_FLOAT(erfinv))
UNARY(erfc, COSTLY, OF_FLOAT(erfc))
UNARY(cbrt, COSTLY, OF_FLOAT(cbrt))
UNARY(round_half_away, CHEAP, OF_FLOAT(round_half_away))
UNARY(count_leading_zeros, CHEAP, OF_INTEGER(count_leading_zeros))
UNARY(population_count, CHEAP, OF_INTEGER(population_count))
UNARY(silu, COSTLY, OF_FLOAT(silu))
UNARY(gelu, COSTLY, OF_FLOAT(gelu))
UNARY(gelu_tanh, COSTLY, OF_FLOAT(gelu_tanh))
UNARY(bitwise_invert, CHEAP, [EMILY_BOOL] = not_1, OF_INTEGER(bitwise_invert))
UNARY(conjugate, CHEAP, BY_SIZE_REAL(same), OF_COMPLEX(conjugate))
UNARY(abs, CHEAP, [EMILY_BOOL] = same_1, OF_INTEGER(abs), OF_FLOAT(abs), OF_COMPLEX(abs))
UNARY(real, CHEAP, BY_SIZE_REAL(same), OF_COMPLEX(real))
UNARY(imag, CHEAP, BY_SIZE_REAL(zero), OF_COMPLEX(imag))
UNARY(logical_not, CHEAP, [EMILY_BOOL] = not_1, OF_INTEGER(logical_not), OF_FLOAT(logical_not),
      OF_COMPLEX(logical_not))
UNARY(to_fp8, CHEAP, OF_FLOAT(to_fp8))
UNARY(isnan, CHEAP, ALWAYS(zero_1), OF_FLOAT(isnan), OF_COMPLEX(isnan))
UNARY(isinf, CHEAP, ALWAYS(zero_1), OF_FLOAT(isinf), OF_COMPLEX(isinf))
UNARY(isfinite, CHEAP, ALWAYS(one_1), OF_FLOAT(isfinite), OF_COMPLEX(isfinite))
