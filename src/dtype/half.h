/* half.h: 16-bit floats and complex numbers as storage, and their conversions.
 *
 * The types are structs so that no arithmetic happens on their bits by accident. Conversions round to nearest even, keep
 * infinities, quiet NaNs and keep denormals: the same bits as the F16C and AVX-512 BF16 instructions with default rounding. */
#ifndef EMILY_DTYPE_HALF_H
#define EMILY_DTYPE_HALF_H

#include <stdint.h>
#include <string.h>

typedef struct emily__f16 {
  uint16_t bits;
} emily__f16;
typedef struct emily__bf16 {
  uint16_t bits;
} emily__bf16;
typedef struct emily__c64 {
  float re, im;
} emily__c64;

static inline float emily__bits_to_f32(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
static inline uint32_t emily__f32_to_bits(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return bits;
}

static inline float emily__bf16_to_f32(emily__bf16 h) { return emily__bits_to_f32((uint32_t)h.bits << 16); }

static inline emily__bf16 emily__f32_to_bf16(float f) {
  uint32_t bits = emily__f32_to_bits(f);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return (emily__bf16){(uint16_t)((bits >> 16) | 0x40)}; /* NaN stays NaN */
  return (emily__bf16){(uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)};
}

static inline float emily__f16_to_f32(emily__f16 h) {
  uint32_t sign = (uint32_t)(h.bits & 0x8000) << 16;
  uint32_t rest = (uint32_t)(h.bits & 0x7FFF) << 13; /* exponent and mantissa at their float32 places */
  if (rest >= 0x0F800000u) {                         /* infinity or NaN (made quiet) */
    uint32_t mantissa = rest & 0x007FFFFFu;
    return emily__bits_to_f32(sign | 0x7F800000u | mantissa | (mantissa ? 0x00400000u : 0));
  }
  /* Multiplying by 2^112 moves the exponent bias from 15 to 127 and makes denormals normal, exactly. */
  return emily__bits_to_f32(sign | emily__f32_to_bits(emily__bits_to_f32(rest) * 0x1p112f));
}

static inline emily__f16 emily__f32_to_f16(float f) {
  uint32_t bits = emily__f32_to_bits(f);
  uint16_t sign = (uint16_t)((bits >> 16) & 0x8000);
  uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return (emily__f16){(uint16_t)(sign | 0x7E00 | ((magnitude >> 13) & 0x1FF))};
  if (magnitude >= 0x477FF000u) return (emily__f16){(uint16_t)(sign | 0x7C00)}; /* rounds past 65504 */
  if (magnitude < 0x38800000u) { /* below the smallest normal: adding 0.5 aligns the mantissa and rounds to even */
    float aligned = emily__bits_to_f32(magnitude) + 0.5f;
    return (emily__f16){(uint16_t)(sign | (emily__f32_to_bits(aligned) - 0x3F000000u))};
  }
  uint32_t odd = (magnitude >> 13) & 1;
  return (emily__f16){(uint16_t)(sign | ((magnitude - 0x38000000u + 0x0FFF + odd) >> 13))};
}

#endif
