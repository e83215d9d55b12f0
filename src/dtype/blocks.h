/* blocks.h: ggml's quantized blocks, which rows of matrices in GGUF files are cut into: how they are laid out, and the numbers in them.
 *
 * A block is 32 or 256 elements with their scales. The formulas stand beside the functions that read them. Everything is little-endian and
 * without padding, so blocks are read by bytes.
 */
#ifndef EMILY_DTYPE_BLOCKS_H
#define EMILY_DTYPE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

enum { EMILY__BLOCK_ELEMENTS_MAX = 256 };

/* The numbers that ggml gives the formats. */
enum {
  EMILY__BLOCK_Q4_0 = 2,
  EMILY__BLOCK_Q4_1 = 3,
  EMILY__BLOCK_Q5_0 = 6,
  EMILY__BLOCK_Q5_1 = 7,
  EMILY__BLOCK_Q8_0 = 8,
  EMILY__BLOCK_Q2_K = 10,
  EMILY__BLOCK_Q3_K = 11,
  EMILY__BLOCK_Q4_K = 12,
  EMILY__BLOCK_Q5_K = 13,
  EMILY__BLOCK_Q6_K = 14,
  EMILY__BLOCK_Q8_K = 15,
  EMILY__BLOCK_IDS = 16
};

typedef struct emily__block_format {
  const char *name;     /* "Q4_K" */
  int32_t id;           /* EMILY__BLOCK_… */
  uint16_t block, size; /* elements of a block, bytes of a block */
  void (*dequantize)(const uint8_t *bytes, float *out); /* one block */
} emily__block_format;

/* NULL where there is none. */
const emily__block_format *emily__block_format_of(int64_t id);
const emily__block_format *emily__block_format_named(const char *name);
const emily__block_format *emily__block_format_at(size_t index);

/* The elements of `count` blocks. */
void emily__block_unpack(const emily__block_format *format, const uint8_t *bytes, int64_t count, float *out);

/* Elements as blocks of Q8_0 or Q4_0, rounded as ggml's reference rounds them. */
void emily__block_pack(const emily__block_format *format, const float *x, int64_t count, uint8_t *out);

#endif
