/* blocks.c: see blocks.h. d and m are a block's float16 scale and minimum; products and sums are rounded to float32 one by one, as ggml's
 * reference does them. */
#include "dtype/blocks.h"

#include "dtype/half.h"

#include <math.h>
#include <string.h>

static uint16_t read16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static float half(const uint8_t *p) { return emily__f16_to_f32((emily__f16){read16(p)}); }

/* Element i of 32 four-bit numbers: the first half in the low bits of 16 bytes, the second in the high ones. */
static int nibble(const uint8_t *q, int i) { return q[i % 16] >> (i < 16 ? 0 : 4) & 15; }

/* ---- blocks of 32 ---- */

/* d, 16 bytes of q: d * (q - 8) */
static void q4_0(const uint8_t *p, float *out) {
  float d = half(p);
  for (int i = 0; i < 32; i++) out[i] = d * (float)(nibble(p + 2, i) - 8);
}

/* d, m, 16 bytes of q: d * q + m */
static void q4_1(const uint8_t *p, float *out) {
  float d = half(p), m = half(p + 2);
  for (int i = 0; i < 32; i++) out[i] = d * (float)nibble(p + 4, i) + m;
}

/* Element i of 32 five-bit numbers: 4 bytes of fifth bits, then 16 of nibbles. */
static int five(const uint8_t *q, int i) { return nibble(q + 4, i) | (q[i / 8] >> i % 8 & 1) << 4; }

/* d, 20 bytes of q: d * (q - 16) */
static void q5_0(const uint8_t *p, float *out) {
  float d = half(p);
  for (int i = 0; i < 32; i++) out[i] = d * (float)(five(p + 2, i) - 16);
}

/* d, m, 20 bytes of q: d * q + m */
static void q5_1(const uint8_t *p, float *out) {
  float d = half(p), m = half(p + 2);
  for (int i = 0; i < 32; i++) out[i] = d * (float)five(p + 4, i) + m;
}

/* d, 32 signed bytes: d * q */
static void q8_0(const uint8_t *p, float *out) {
  float d = half(p);
  for (int i = 0; i < 32; i++) out[i] = d * (float)(int8_t)p[2 + i];
}

/* ---- blocks of 256, with scales of sub-blocks ---- */

/* Element i of 256 two-bit numbers in 64 bytes: four runs of 32 share the bytes of a half. */
static int two(const uint8_t *q, int i) { return q[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3; }

/* 16 bytes of scale | minimum << 4, 64 of q, d, m: (d * scale) * q - m * minimum, sub-blocks of 16 */
static void q2_k(const uint8_t *p, float *out) {
  float d = half(p + 80), m = half(p + 82);
  for (int i = 0; i < 256; i++) {
    uint8_t scale = p[i / 16];
    out[i] = d * (float)(scale & 15) * (float)two(p + 16, i) - m * (float)(scale >> 4);
  }
}

/* Scale k of 16, of six bits: four in a nibble of 8 bytes, two in the 4 bytes behind them; 32 is zero. */
static int scale_q3(const uint8_t *s, int k) {
  return ((s[k % 8] >> (k < 8 ? 0 : 4) & 15) | (s[8 + k % 4] >> k / 4 * 2 & 3) << 4) - 32;
}

/* 32 bytes of third bits (set: nothing is taken away), 64 of q, 12 of scales, d: (d * scale) * (q - 4 where the bit is clear) */
static void q3_k(const uint8_t *p, float *out) {
  float d = half(p + 108);
  for (int i = 0; i < 256; i++) {
    int clear = ~p[i % 32] >> i / 32 & 1;
    out[i] = d * (float)scale_q3(p + 96, i / 16) * (float)(two(p + 32, i) - 4 * clear);
  }
}

/* Scale and minimum k of 8, of six bits each, in 12 bytes: those of 0 … 3 whole, those of 4 … 7 in nibbles and in the two high bits of
 * the first. */
static void scale_q4(const uint8_t *s, int k, int *scale, int *minimum) {
  if (k < 4) {
    *scale = s[k] & 63;
    *minimum = s[4 + k] & 63;
  } else {
    *scale = (s[4 + k] & 15) | (s[k - 4] >> 2 & 48);
    *minimum = s[4 + k] >> 4 | (s[k] >> 2 & 48);
  }
}

/* Element i of 256 four-bit numbers in 128 bytes: two runs of 32 share the bytes of a quarter. */
static int four(const uint8_t *q, int i) { return q[i / 64 * 32 + i % 32] >> i % 64 / 32 * 4 & 15; }

/* The rest of q4_k and q5_k: sub-blocks of 32, high: fifth bits or NULL. */
static void with_minima(const uint8_t *p, const uint8_t *high, const uint8_t *low, float *out) {
  for (int k = 0; k < 8; k++) {
    int scale, minimum;
    scale_q4(p + 4, k, &scale, &minimum);
    float d = half(p) * (float)scale, m = half(p + 2) * (float)minimum;
    for (int i = 32 * k; i < 32 * k + 32; i++) {
      int q = four(low, i) | (high ? (high[i % 32] >> k & 1) << 4 : 0);
      out[i] = d * (float)q - m;
    }
  }
}

/* d, m, 12 bytes of scales, 128 of q: (d * scale) * q - m * minimum */
static void q4_k(const uint8_t *p, float *out) { with_minima(p, NULL, p + 16, out); }

/* d, m, 12 bytes of scales, 32 of fifth bits, 128 of q */
static void q5_k(const uint8_t *p, float *out) { with_minima(p, p + 16, p + 48, out); }

/* 128 bytes of nibbles, 64 of two high bits, 16 signed scales, d: (d * scale) * (q - 32), sub-blocks of 16 */
static void q6_k(const uint8_t *p, float *out) {
  float d = half(p + 208);
  for (int i = 0; i < 256; i++) {
    int low = p[i / 128 * 64 + i % 64] >> i % 128 / 64 * 4 & 15;
    out[i] = d * (float)(int8_t)p[192 + i / 16] * (float)((low | two(p + 128, i) << 4) - 32);
  }
}

/* d as float32, 256 signed bytes, sums that nobody needs here: d * q */
static void q8_k(const uint8_t *p, float *out) {
  float d = emily__bits_to_f32(read16(p) | (uint32_t)read16(p + 2) << 16);
  for (int i = 0; i < 256; i++) out[i] = d * (float)(int8_t)p[4 + i];
}

/* ---- the table ---- */

static const emily__block_format formats[] = {
    {"Q4_0", 2, 32, 18, q4_0},     {"Q4_1", 3, 32, 20, q4_1},     {"Q5_0", 6, 32, 22, q5_0},    {"Q5_1", 7, 32, 24, q5_1},
    {"Q8_0", 8, 32, 34, q8_0},     {"Q2_K", 10, 256, 84, q2_k},   {"Q3_K", 11, 256, 110, q3_k}, {"Q4_K", 12, 256, 144, q4_k},
    {"Q5_K", 13, 256, 176, q5_k},  {"Q6_K", 14, 256, 210, q6_k},  {"Q8_K", 15, 256, 292, q8_k},
};
enum { FORMATS = sizeof formats / sizeof *formats };

const emily__block_format *emily__block_format_of(int64_t id) {
  for (int i = 0; i < FORMATS; i++)
    if (formats[i].id == id) return &formats[i];
  return NULL;
}

const emily__block_format *emily__block_format_named(const char *name) {
  for (int i = 0; i < FORMATS; i++)
    if (!strcmp(formats[i].name, name)) return &formats[i];
  return NULL;
}

const emily__block_format *emily__block_format_at(size_t index) { return index < FORMATS ? &formats[index] : NULL; }

void emily__block_unpack(const emily__block_format *format, const uint8_t *bytes, int64_t count, float *out) {
  for (int64_t b = 0; b < count; b++) format->dequantize(bytes + b * format->size, out + b * format->block);
}

/* ---- making ---- */

static void put_half(uint8_t *out, float value) {
  const uint16_t bits = emily__f32_to_f16(value).bits;
  memcpy(out, &bits, sizeof bits);
}

/* The element of the largest magnitude, with its sign. */
static float extreme(const float *x) {
  float best = 0;
  for (int i = 0; i < 32; i++) best = fabsf(x[i]) > fabsf(best) ? x[i] : best;
  return best;
}

/* d = largest / 127, q = x / d to the nearest, halves away from zero */
static void pack_q8_0(const float *x, uint8_t *out) {
  const float d = fabsf(extreme(x)) / 127, inverse = d != 0 ? 1 / d : 0;
  put_half(out, d);
  for (int i = 0; i < 32; i++) {
    const float q = roundf(x[i] * inverse);
    out[2 + i] = (uint8_t)(int8_t)(q >= -127 && q <= 127 ? q : 0); /* NaN and infinity have no place here */
  }
}

/* d = the largest / -8, q = x / d + 8.5 cut off, at most 15 */
static void pack_q4_0(const float *x, uint8_t *out) {
  const float d = extreme(x) / -8, inverse = d != 0 ? 1 / d : 0;
  put_half(out, d);
  for (int i = 0; i < 16; i++) {
    const float low = x[i] * inverse + 8.5f, high = x[16 + i] * inverse + 8.5f;
    const int q0 = low < 15 ? (int)low : 15, q1 = high < 15 ? (int)high : 15;
    out[2 + i] = (uint8_t)(q0 | q1 << 4);
  }
}

void emily__block_pack(const emily__block_format *format, const float *x, int64_t count, uint8_t *out) {
  for (int64_t b = 0; b < count; b++, x += format->block, out += format->size) {
    if (format->id == EMILY__BLOCK_Q8_0) pack_q8_0(x, out);
    else pack_q4_0(x, out);
  }
}
