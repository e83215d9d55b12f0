/* float8.h: numbers of four and eight bits as storage: e4m3 and e2m1 elements, e4m3 and e8m0 scales.
 *
 * The rules are those of MLX's to_fp8, from_fp8 and quantization modes. e4m3 has no infinity, and NaN where all bits but the sign are set;
 * conversion to it stops at 448, NaN and infinities included. */
#ifndef EMILY_DTYPE_FLOAT8_H
#define EMILY_DTYPE_FLOAT8_H

#include "dtype/half.h"

#include <math.h>

/* Sign, 4 bits of exponent (bias 7), 3 of mantissa: the upper bits of a float16, whose bias is 15; NaN has one bit of exponent more. */
static inline float emily__e4m3_to_f32(uint8_t code) {
  const emily__f16 half = {(uint16_t)((code & 0x80) << 8 | (code & 0x7F) << 7 | ((code & 0x7F) == 0x7F) << 14)};
  return emily__f16_to_f32(half) * 256;
}

static inline uint8_t emily__f32_to_e4m3(float x) {
  const uint32_t bits = emily__f32_to_bits(x), magnitude = bits & 0x7FFFFFFFu, sign = bits >> 24 & 0x80;
  if (magnitude >= 0x43E00000u) return (uint8_t)(sign | 0x7E); /* 448 or more, or NaN */
  if (magnitude < 0x3C800000u) { /* below 2^-6: adding 2^14 aligns the mantissa to steps of 2^-9 and rounds to even */
    const float aligned = emily__bits_to_f32(magnitude) + 16384.0f;
    return (uint8_t)(sign | (emily__f32_to_bits(aligned) - 0x46800000u));
  }
  const uint32_t odd = magnitude >> 20 & 1;
  return (uint8_t)(sign | (magnitude - 0x3C000000u + 0x7FFFF + odd) >> 20);
}

/* A power of two, 2^(code - 127); infinity for 255. */
static inline float emily__e8m0_to_f32(uint8_t code) {
  return emily__bits_to_f32(code ? (uint32_t)code << 23 : 0x00400000u);
}

/* The least power of two that is not below x > 0; infinity and NaN give 254. */
static inline uint8_t emily__f32_to_e8m0_up(float x) {
  const uint32_t bits = emily__f32_to_bits(x);
  if (bits <= 0x00400000u) return 0;
  return (uint8_t)(bits > 0x7F000000u ? 254 : (bits + 0x7FFFFF) >> 23);
}

/* The sixteen values of e2m1; the sign is bit 3. */
#define EMILY__E2M1_VALUES 0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f, -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f

/* The nearest e2m1: the first of the smallest distances in float32, so that a tie goes to the smaller magnitude, and what is too large for
 * distances to differ, or not finite, to smaller ones down to 0. */
static inline uint8_t emily__f32_to_e2m1(float x) {
  static const float values[8] = {0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f};
  const float a = fabsf(x);
  int code = (a > 0.25f) + (a > 0.75f) + (a > 1.25f) + (a > 1.75f) + (a > 2.5f) + (a > 3.5f) + (a > 5);
  while (a > 1e6f && code > 0 && !(a - values[7] < a - values[code - 1])) code--;
  return (uint8_t)(code | (code && x < 0 ? 8 : 0));
}

/* The nearest e2m1; a tie goes to the even mantissa. */
static inline uint8_t emily__f32_to_e2m1_even(float x) {
  const float a = fabsf(x);
  const int code = (a > 0.25f) + (a >= 0.75f) + (a > 1.25f) + (a >= 1.75f) + (a > 2.5f) + (a >= 3.5f) + (a > 5);
  return (uint8_t)((a != a ? 7 : code) | (signbit(x) ? 8 : 0));
}

#endif
