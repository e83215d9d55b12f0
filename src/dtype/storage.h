/* storage.h: the dtypes that are stored and moved, and cast before anything is computed: 8-bit floats, and integers of 2 and 4 bits.
 *
 * float8_e4m3fn has 4 bits of exponent, 3 of mantissa, no infinity, and NaN where all other bits are set; float8_e5m2 is the upper half of a
 * float16. Both round to nearest even; what is too large is NaN and infinity. (P. Micikevicius et al., "FP8 formats for deep
 * learning", 2022.) The integers take a byte each, their value in its low bits and, where they are signed, its sign in the others:
 * a strided view counts whole bytes. Only the low bits are read. Wider integers wrap.
 */
#ifndef EMILY_DTYPE_STORAGE_H
#define EMILY_DTYPE_STORAGE_H

#include "dtype/float8.h"

#include <stdbool.h>

typedef struct emily__e4m3fn {
  uint8_t bits;
} emily__e4m3fn;
typedef struct emily__e5m2 {
  uint8_t bits;
} emily__e5m2;

/* float8.h stops at 448. Past 464 a number is nearer to 480, whose bits are NaN's. */
static inline emily__e4m3fn emily__f32_to_e4m3fn(float f) {
  uint32_t bits = emily__f32_to_bits(f);
  bool past = (bits & 0x7FFFFFFFu) > 0x43E80000u;
  return (emily__e4m3fn){past ? (uint8_t)((bits >> 24 & 0x80) | 0x7F) : emily__f32_to_e4m3(f)};
}

/* Adding 2^7, whose last place is the step of the denormals, rounds to it: the sum's low bits are the result. */
static inline emily__e5m2 emily__f32_to_e5m2(float f) {
  uint32_t bits = emily__f32_to_bits(f), magnitude = bits & 0x7FFFFFFFu;
  uint8_t sign = (uint8_t)(bits >> 24 & 0x80);
  uint32_t low = emily__f32_to_bits(emily__bits_to_f32(magnitude) + 0x1p7f) - 0x43000000u;
  uint32_t high = (magnitude - 0x38000000u + 0xFFFFFu + (magnitude >> 21 & 1)) >> 21;
  uint32_t result = magnitude < 0x38800000u ? low : magnitude > 0x7F800000u ? 0x7E : high > 0x7C ? 0x7C : high;
  return (emily__e5m2){(uint8_t)(sign | result)};
}

static inline float emily__e4m3fn_to_f32(emily__e4m3fn x) { return emily__e4m3_to_f32(x.bits); }
static inline float emily__e5m2_to_f32(emily__e5m2 x) { return emily__f16_to_f32((emily__f16){(uint16_t)(x.bits << 8)}); }

/* Rounded to float32 so that rounding again, to fewer bits, is right: what is lost sets the last bit. */
static inline float emily__f64_to_f32_odd(double x) {
  float f = (float)x;
  if ((double)f == x || x != x || f - f != 0) return f;
  uint32_t bits = emily__f32_to_bits(f);
  return emily__bits_to_f32((bits - (__builtin_fabs((double)f) > __builtin_fabs(x))) | 1);
}
static inline emily__e4m3fn emily__f64_to_e4m3fn(double x) { return emily__f32_to_e4m3fn(emily__f64_to_f32_odd(x)); }
static inline emily__e5m2 emily__f64_to_e5m2(double x) { return emily__f32_to_e5m2(emily__f64_to_f32_odd(x)); }

static inline int8_t emily__int2(int64_t x) { return (int8_t)((int8_t)((uint64_t)x << 6 & 0xFF) >> 6); }
static inline int8_t emily__int4(int64_t x) { return (int8_t)((int8_t)((uint64_t)x << 4 & 0xFF) >> 4); }
static inline uint8_t emily__uint2(uint64_t x) { return (uint8_t)(x & 3); }
static inline uint8_t emily__uint4(uint64_t x) { return (uint8_t)(x & 15); }

#endif
