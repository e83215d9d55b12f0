/* quant_plain.c: reading and making quantized elements, in plain C: the oracle of the levels above. See kernels.h. */
#include "backend/cpu/kernels.h"

static const float e2m1[16] = {EMILY__E2M1_VALUES};

static float value(int32_t element, uint8_t code) {
  return element == EMILY__QUANT_E2M1 ? e2m1[code] : element == EMILY__QUANT_E4M3 ? emily__e4m3_to_f32(code) : (float)code;
}

/* Eight elements take as many bytes as one has bits. */
static void unpack(float *out, const uint8_t *packed, const emily__quant_form *form, const float *scales, const float *biases,
                   int64_t n) {
  const int32_t bits = form->bits;
  const uint64_t mask = (1u << bits) - 1;
  for (int64_t i = 0; i < n; i += 8, packed += bits) {
    const float scale = scales[i / form->group], bias = biases ? biases[i / form->group] : 0;
    uint64_t run = 0;
    for (int32_t b = 0; b < bits; b++) run |= (uint64_t)packed[b] << (8 * b);
    for (int32_t j = 0; j < 8; j++, run >>= bits) {
      const float product = value(form->element, (uint8_t)(run & mask)) * scale;
      out[i + j] = biases ? product + bias : product;
    }
  }
}

static void e4m3_to_f32(float *out, const uint8_t *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = emily__e4m3_to_f32(x[i]);
}

static void e8m0_to_f32(float *out, const uint8_t *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = emily__e8m0_to_f32(x[i]);
}

static void codes(uint8_t *out, const float *x, float bias, float scale, float top, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    float q = rintf((x[i] - bias) / scale);
    q = q > 0 ? q : 0; /* NaN too */
    out[i] = (uint8_t)(q < top ? q : top);
  }
}

static void range(const float *x, int64_t n, float *low, float *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (int64_t i = 0; i < n; i++) {
    *low = x[i] < *low ? x[i] : *low;
    *high = x[i] > *high ? x[i] : *high;
  }
}

void emily__cpu_kernels_plain_quant(emily__cpu_kernels *k) {
  k->quant_unpack = unpack;
  k->e4m3_to_f32 = e4m3_to_f32;
  k->e8m0_to_f32 = e8m0_to_f32;
  k->quant_codes = codes;
  k->quant_range = range;
}
