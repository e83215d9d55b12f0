/* elementwise_plain.c: elementwise float32 functions and row folds in plain C, through libm: the oracle of the faster ones. */
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
UNARY(sigmoid, sigmoid_of(x))
UNARY(silu, x *sigmoid_of(x))
UNARY(gelu, x *(1 + erff(x * 0.70710678118654752440f)) * 0.5f)
UNARY(gelu_tanh, x *(1 + tanhf(0.79788456080286535588f * (x + 0.044715f * x * x * x))) * 0.5f)
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

enum { LANES = 64, BLOCK = 512 }; /* so many lanes that the compiler vectorises over them rather than unrolls */

/* Blocks in interleaved lanes, block sums in float64. */
static float sum_plain(const float *x, int64_t n) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += BLOCK) {
    int64_t end = n - begin < BLOCK ? n : begin + BLOCK, i = begin;
    float lane[LANES] = {0};
    for (; i + LANES <= end; i += LANES)
      for (int j = 0; j < LANES; j++) lane[j] += x[i + j];
    for (int j = 0; i < end; i++, j++) lane[j] += x[i];
    for (int j = 0; j < LANES; j++) total += (double)lane[j];
  }
  return (float)total;
}

static float max_plain(const float *x, int64_t n) {
  float lane[LANES], best = x[0];
  int64_t i = 0;
  for (int j = 0; j < LANES; j++) lane[j] = best;
  for (; i + LANES <= n; i += LANES)
    for (int j = 0; j < LANES; j++) lane[j] = ((x[i + j] > lane[j]) | (x[i + j] != x[i + j])) ? x[i + j] : lane[j];
  for (; i < n; i++) lane[0] = x[i] > lane[0] || x[i] != x[i] ? x[i] : lane[0];
  for (int j = 0; j < LANES; j++) best = lane[j] > best || lane[j] != lane[j] ? lane[j] : best;
  return best;
}

void emily__cpu_kernels_plain_elementwise(emily__cpu_kernels *k) {
#define SET(name) k->name = name##_plain;
  SET(exp)
  SET(tanh)
  SET(erf)
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
  SET(sum)
  SET(max)
#undef SET
}
