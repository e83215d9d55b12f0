/* gguf_types.c: see gguf_types.h. */
#include "io/gguf_types.h"

#include "dtype/half.h"

#include <string.h>

static uint16_t read16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static float half(const uint8_t *p) { return emily__f16_to_f32((emily__f16){read16(p)}); }
static uint16_t to_half(float f) { return emily__f32_to_f16(f).bits; }

/* ---- the table ---- */

#define DIRECT(name, id, size, dtype) {name, id, 1, size, EMILY__GGUF_DIRECT, dtype}
#define AFFINE(name, id, size) {name, id, 32, size, EMILY__GGUF_AFFINE, -1}
#define BLOCKS(name, id, block, size) {name, id, block, size, EMILY__GGUF_DEQUANTIZED, -1}
#define REFUSED(name, id, block, size) {name, id, block, size, EMILY__GGUF_REFUSED, -1}

static const emily__gguf_type types[] = {
    DIRECT("F32", 0, 4, EMILY_FLOAT32),
    DIRECT("F16", 1, 2, EMILY_FLOAT16),
    AFFINE("Q4_0", 2, 18),
    AFFINE("Q4_1", 3, 20),
    BLOCKS("Q5_0", 6, 32, 22),
    BLOCKS("Q5_1", 7, 32, 24),
    AFFINE("Q8_0", 8, 34),
    REFUSED("Q8_1", 9, 32, 36),
    BLOCKS("Q2_K", 10, 256, 84),
    BLOCKS("Q3_K", 11, 256, 110),
    BLOCKS("Q4_K", 12, 256, 144),
    BLOCKS("Q5_K", 13, 256, 176),
    BLOCKS("Q6_K", 14, 256, 210),
    BLOCKS("Q8_K", 15, 256, 292),
    REFUSED("IQ2_XXS", 16, 256, 66),
    REFUSED("IQ2_XS", 17, 256, 74),
    REFUSED("IQ3_XXS", 18, 256, 98),
    REFUSED("IQ1_S", 19, 256, 50),
    REFUSED("IQ4_NL", 20, 32, 18),
    REFUSED("IQ3_S", 21, 256, 110),
    REFUSED("IQ2_S", 22, 256, 82),
    REFUSED("IQ4_XS", 23, 256, 136),
    DIRECT("I8", 24, 1, EMILY_INT8),
    DIRECT("I16", 25, 2, EMILY_INT16),
    DIRECT("I32", 26, 4, EMILY_INT32),
    DIRECT("I64", 27, 8, EMILY_INT64),
    DIRECT("F64", 28, 8, EMILY_FLOAT64),
    REFUSED("IQ1_M", 29, 256, 56),
    DIRECT("BF16", 30, 2, EMILY_BFLOAT16),
    REFUSED("TQ1_0", 34, 256, 54),
    REFUSED("TQ2_0", 35, 256, 66),
    REFUSED("MXFP4", 39, 32, 17),
    REFUSED("NVFP4", 40, 64, 36),
};
enum { TYPES = sizeof types / sizeof *types };

const emily__gguf_type *emily__gguf_type_of(uint32_t id) {
  for (int i = 0; i < TYPES; i++)
    if (types[i].id == id) return &types[i];
  return NULL;
}

const emily__gguf_type *emily__gguf_type_for(emily_dtype dtype) {
  for (int i = 0; i < TYPES; i++)
    if (types[i].use == EMILY__GGUF_DIRECT && types[i].dtype == dtype) return &types[i];
  return NULL;
}

void emily__gguf_dequantize(const emily__gguf_type *type, const uint8_t *bytes, int64_t count, uint16_t *out) {
  float block[EMILY__BLOCK_ELEMENTS_MAX];
  const emily__block_format *format = emily__block_format_of(type->id);
  for (int64_t b = 0; b < count; b++, bytes += type->size, out += type->block) {
    format->dequantize(bytes, block);
    for (int i = 0; i < type->block; i++) out[i] = to_half(block[i]);
  }
}

int emily__gguf_bits(const emily__gguf_type *type) { return type->id == EMILY__BLOCK_Q8_0 ? 8 : 4; }

/* Signed bytes become q = byte + 128, so the bias is -128 * d. Eight bytes at a time. */
static void pack_q8_0(const uint8_t *p, uint8_t *weight) {
  uint64_t word;
  for (int i = 0; i < 32; i += 8) {
    memcpy(&word, p + 2 + i, sizeof word);
    word ^= 0x8080808080808080u;
    memcpy(weight + i, &word, sizeof word);
  }
}

/* The low nibbles of eight bytes, two a byte. */
static uint32_t join_nibbles(uint64_t word) {
  word &= 0x0F0F0F0F0F0F0F0Fu;
  word = (word | word >> 4) & 0x00FF00FF00FF00FFu;
  word = (word | word >> 8) & 0x0000FFFF0000FFFFu;
  return (uint32_t)(word | word >> 16);
}

/* Elements 0 … 15 stand in the low nibbles of 16 bytes, the others in the high ones. */
static void pack_q4(const uint8_t *q, uint8_t *weight) {
  for (int half_block = 0; half_block < 2; half_block++) {
    uint64_t word;
    memcpy(&word, q + 8 * half_block, sizeof word);
    uint32_t low = join_nibbles(word), high = join_nibbles(word >> 4);
    memcpy(weight + 4 * half_block, &low, sizeof low);
    memcpy(weight + 8 + 4 * half_block, &high, sizeof high);
  }
}

void emily__gguf_pack(const emily__gguf_type *type, const uint8_t *bytes, int64_t count, uint8_t *weight, uint16_t *scales,
                      uint16_t *biases) {
  bool eight = type->id == EMILY__BLOCK_Q8_0, minimum = type->id == EMILY__BLOCK_Q4_1;
  for (int64_t b = 0; b < count; b++, bytes += type->size, weight += eight ? 32 : 16) {
    scales[b] = read16(bytes);
    biases[b] = minimum ? read16(bytes + 2) : to_half((eight ? -128.f : -8.f) * half(bytes));
    if (eight) pack_q8_0(bytes, weight);
    else pack_q4(bytes + (minimum ? 4 : 2), weight);
  }
}
