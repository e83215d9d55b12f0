/* quant_blocks.c: the primitive dequantize of ggml's blocks: the numbers of the format, in float32, then rounded to the result's dtype. Runs of
 * whole blocks are shared over the pool. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "backend/cpu/quant.h"

enum {
  RUN = 1024,     /* elements in the buffer at a time: a multiple of every block */
  GRAIN = 1 << 15 /* elements that are worth a block of work */
};

typedef struct job {
  const emily__block_format *format;
  const emily__block_kernels *kernels;
  const uint8_t *packed;
  const emily__tensor *out;
} job;

static void run(const job *j, int64_t at, int64_t n) {
  const int64_t blocks = n / j->format->block, itemsize = (int64_t)emily_dtype_size(j->out->dtype);
  const uint8_t *packed = j->packed + at / j->format->block * j->format->size;
  float values[RUN];
  if (j->out->dtype == EMILY_FLOAT32) {
    j->kernels->unpack((float *)j->out->data + at, packed, blocks);
    return;
  }
  j->kernels->unpack(values, packed, blocks);
  emily__scatter_f32((char *)j->out->data + at * itemsize, 1, j->out->dtype, values, n);
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  const int64_t from = block * GRAIN, to = from + GRAIN < j->out->size ? from + GRAIN : j->out->size;
  for (int64_t at = from; at < to; at += RUN) run(j, at, to - at < RUN ? to - at : RUN);
}

emily_status emily__quant_unpack_blocks(const emily__node_view *node) {
  const emily__attrs_quantize *attrs = node->attrs;
  const char *data = NULL;
  emily__quant_copy copy = {0};
  job j = {.format = emily__block_format_of(attrs->bits), .out = &node->outputs[0]};
  j.kernels = &emily__cpu_kernels_get()->block[j.format->id];
  EMILY__TRY(emily__quant_dense(&node->inputs[0], &data, &copy));
  j.packed = (const uint8_t *)data;
  emily__pool_run(run_block, &j, (j.out->size + GRAIN - 1) / GRAIN);
  emily__quant_done(&copy);
  return EMILY_OK;
}
