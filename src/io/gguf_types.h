/* gguf_types.h: the types of tensors in GGUF files, and what becomes of them as arrays. The blocks of quantized types are dtype/blocks.h's. */
#ifndef EMILY_IO_GGUF_TYPES_H
#define EMILY_IO_GGUF_TYPES_H

#include "dtype/blocks.h"
#include "emily/dtype.h"

typedef enum emily__gguf_use {
  EMILY__GGUF_DIRECT,      /* the elements of `dtype` */
  EMILY__GGUF_AFFINE,      /* weight, scales and biases as emily_quantize packs them */
  EMILY__GGUF_DEQUANTIZED, /* float16 */
  EMILY__GGUF_REFUSED      /* sizes are known, no more */
} emily__gguf_use;

typedef struct emily__gguf_type {
  const char *name;     /* "Q4_K" */
  uint32_t id;          /* as in the file */
  uint16_t block, size; /* elements of a block, bytes of a block */
  emily__gguf_use use;
  emily_dtype dtype; /* DIRECT */
} emily__gguf_type;

const emily__gguf_type *emily__gguf_type_of(uint32_t id); /* NULL where unknown */

/* The type that holds the elements of a dtype as they are; NULL where there is none. */
const emily__gguf_type *emily__gguf_type_for(emily_dtype dtype);

/* Elements of `count` blocks, rounded to float16 (its bits). */
void emily__gguf_dequantize(const emily__gguf_type *type, const uint8_t *bytes, int64_t count, uint16_t *out);

/* Blocks of an AFFINE type, packed: element i is scale * q + bias, q of 4 or 8 bits, low bits first. `weight` has as many bytes as
 * the blocks have elements (a half of it where q has 4 bits), scales and biases one float16 a block. */
void emily__gguf_pack(const emily__gguf_type *type, const uint8_t *bytes, int64_t count, uint8_t *weight, uint16_t *scales,
                      uint16_t *biases);
int emily__gguf_bits(const emily__gguf_type *type); /* of AFFINE: 4 or 8 */

#endif
