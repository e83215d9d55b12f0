/* elementwise_plain.c: elementwise float32 functions in plain C, through libm: the oracle of the faster ones. */
#include "backend/cpu/kernels.h"

#include <math.h>

#define UNARY(name, expression)                                    \
  static void name##_plain(float *out, const float *in, int64_t n) { \
    for (int64_t i = 0; i < n; i++) {                              \
      float x = in[i];                                             \
      out[i] = (expression);                                       \
    }                                                              \
  }

/* of e^-x for positive and eˣ for negative x, which do not overflow */
static inline float sigmoid_of(float x) { return x < 0 ? expf(x) / (1 + expf(x)) : 1 / (1 + expf(-x)); }

UNARY(exp, expf(x))
UNARY(tanh, tanhf(x))
UNARY(erf, erff(x))
UNARY(erfc, erfcf(x))
UNARY(cbrt, cbrtf(x))
UNARY(sigmoid, sigmoid_of(x))
UNARY(silu, x *sigmoid_of(x))
UNARY(gelu, x * (0.5f * erfcf(x * -0.70710678118654752440f)))
UNARY(gelu_tanh, x *sigmoid_of(x * (1.59576912161f + 0.0713548162726f * x * x))) /* (1 + tanh y) / 2 = sigmoid(2y) */
UNARY(sqrt, sqrtf(x))
UNARY(rsqrt, 1 / sqrtf(x))
UNARY(log, logf(x))
UNARY(sin, sinf(x))
UNARY(cos, cosf(x))
UNARY(negative, -x)
UNARY(abs, fabsf(x))
UNARY(square, x *x)

#define BINARY(name, expression)                                                        \
  static void name##_plain(float *out, const float *in_a, const float *in_b, int64_t n) { \
    for (int64_t i = 0; i < n; i++) {                                                   \
      float a = in_a[i], b = in_b[i];                                                   \
      out[i] = (expression);                                                            \
    }                                                                                   \
  }

BINARY(add, a + b)
BINARY(subtract, a - b)
BINARY(multiply, a *b)
BINARY(divide, a / b)
BINARY(maximum, a != a || a > b ? a : b) /* NaN where one is NaN; of equals (0 and -0) the second */
BINARY(minimum, a != a || a < b ? a : b)

static void add_scalar_plain(float *out, const float *x, float value, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = x[i] + value;
}
static void multiply_scalar_plain(float *out, const float *x, float value, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = x[i] * value;
}

void emily__cpu_kernels_plain_elementwise(emily__cpu_kernels *k) {
#define SET(name) k->name = name##_plain;
  SET(exp)
  SET(tanh)
  SET(erf)
  SET(erfc)
  SET(cbrt)
  SET(sigmoid)
  SET(silu)
  SET(gelu)
  SET(gelu_tanh)
  SET(sqrt)
  SET(rsqrt)
  SET(log)
  SET(sin)
  SET(cos)
  SET(negative)
  SET(abs)
  SET(square)
  SET(add)
  SET(subtract)
  SET(multiply)
  SET(divide)
  SET(maximum)
  SET(minimum)
  SET(add_scalar)
  SET(multiply_scalar)
#undef SET
}
