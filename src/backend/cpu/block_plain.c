/* block_plain.c: matrices in ggml's blocks in plain C: the oracle of the levels above. Rows are unpacked and meet dense kernels (quant_few.c):
 * there is no product of its own. */
#include "backend/cpu/kernels.h"

#define UNPACK(name, format)                                            \
  static void name(float *out, const uint8_t *p, int64_t blocks) {      \
    emily__block_unpack(emily__block_format_of(format), p, blocks, out); \
  }
UNPACK(q4_0, EMILY__BLOCK_Q4_0)
UNPACK(q4_1, EMILY__BLOCK_Q4_1)
UNPACK(q5_0, EMILY__BLOCK_Q5_0)
UNPACK(q5_1, EMILY__BLOCK_Q5_1)
UNPACK(q8_0, EMILY__BLOCK_Q8_0)
UNPACK(q2_k, EMILY__BLOCK_Q2_K)
UNPACK(q3_k, EMILY__BLOCK_Q3_K)
UNPACK(q4_k, EMILY__BLOCK_Q4_K)
UNPACK(q5_k, EMILY__BLOCK_Q5_K)
UNPACK(q6_k, EMILY__BLOCK_Q6_K)
UNPACK(q8_k, EMILY__BLOCK_Q8_K)

void emily__cpu_kernels_plain_block(emily__cpu_kernels *k) {
  k->block[EMILY__BLOCK_Q4_0].unpack = q4_0;
  k->block[EMILY__BLOCK_Q4_1].unpack = q4_1;
  k->block[EMILY__BLOCK_Q5_0].unpack = q5_0;
  k->block[EMILY__BLOCK_Q5_1].unpack = q5_1;
  k->block[EMILY__BLOCK_Q8_0].unpack = q8_0;
  k->block[EMILY__BLOCK_Q2_K].unpack = q2_k;
  k->block[EMILY__BLOCK_Q3_K].unpack = q3_k;
  k->block[EMILY__BLOCK_Q4_K].unpack = q4_k;
  k->block[EMILY__BLOCK_Q5_K].unpack = q5_k;
  k->block[EMILY__BLOCK_Q6_K].unpack = q6_k;
  k->block[EMILY__BLOCK_Q8_K].unpack = q8_k;
}
