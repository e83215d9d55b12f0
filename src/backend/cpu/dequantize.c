/* dequantize.c: the primitive dequantize: out = q · scale (+ bias), rounded to the result's dtype after each of the two steps, as MLX's
 * composition of ops does: codes and scales are numbers of that dtype before they meet. Runs of whole groups are shared over the pool. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "backend/cpu/quant.h"

enum {
  RUN = 1024,     /* elements in the buffers at a time: a multiple of every group */
  GRAIN = 1 << 15 /* elements that are worth a block */
};

typedef struct job {
  const emily__attrs_quantize *attrs;
  emily__quant_form form;
  const emily__cpu_kernels *kernels;
  const char *packed, *scales, *biases; /* biases: NULL for none */
  const emily__tensor *out;
  emily_dtype scale_dtype;
  float global; /* factor of nvfp4's scales */
} job;

/* To what the dtype can hold, and back. */
static void round_to(emily_dtype dtype, float *x, int64_t n) {
  uint16_t narrow[RUN];
  if (dtype == EMILY_FLOAT32) return;
  emily__scatter_f32((char *)narrow, 1, dtype, x, n);
  emily__gather_f32(x, (const char *)narrow, 1, dtype, n);
}

static void run(const job *j, int64_t at, int64_t n) {
  const emily_dtype dtype = j->out->dtype;
  const int32_t group = j->form.group;
  const int64_t first = at / group, groups = n / group, itemsize = (int64_t)emily_dtype_size(dtype);
  const bool affine = j->biases, fused = affine && dtype == EMILY_FLOAT32;
  const int64_t scale_size = emily__quant_scale_bytes(j->attrs->mode, j->scale_dtype);
  float scales[RUN / 16], biases[RUN / 16], values[RUN];
  emily__quant_scales(scales, j->scales + first * scale_size, j->attrs->mode, j->scale_dtype, groups);
  if (!affine) round_to(dtype, scales, groups);
  for (int64_t i = 0; j->attrs->has_global && i < groups; i++) scales[i] *= j->global;
  if (affine) emily__quant_scales(biases, j->biases + first * scale_size, j->attrs->mode, j->scale_dtype, groups);
  float *to = dtype == EMILY_FLOAT32 ? (float *)j->out->data + at : values;
  const uint8_t *packed = (const uint8_t *)j->packed + at / 8 * j->form.bits;
  j->kernels->quant_unpack(to, packed, &j->form, scales, fused ? biases : NULL, n);
  if (dtype == EMILY_FLOAT32) return;
  if (affine) {
    round_to(dtype, values, n);
    for (int64_t g = 0; g < groups; g++)
      for (int64_t i = g * group; i < (g + 1) * group; i++) values[i] += biases[g];
  }
  emily__scatter_f32((char *)j->out->data + at * itemsize, 1, dtype, values, n);
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  const int64_t from = block * GRAIN, to = from + GRAIN < j->out->size ? from + GRAIN : j->out->size;
  for (int64_t at = from; at < to; at += RUN) run(j, at, to - at < RUN ? to - at : RUN);
}

emily_status emily__cpu_dequantize(const emily__node_view *node) {
  const emily__attrs_quantize *attrs = node->attrs;
  if (attrs->mode == EMILY__QUANT_BLOCKS) return emily__quant_unpack_blocks(node);
  const bool affine = attrs->mode == EMILY__QUANT_AFFINE;
  emily__quant_copy copies[3] = {{0}};
  const char *data[3] = {NULL};
  job j = {.attrs = attrs, .form = emily__quant_form_of(attrs), .kernels = emily__cpu_kernels_get(),
           .out = &node->outputs[0], .scale_dtype = node->inputs[1].dtype};
  emily_status status = EMILY_OK;
  for (int32_t i = 0; status == EMILY_OK && i < 2 + affine; i++)
    status = emily__quant_dense(&node->inputs[i], &data[i], &copies[i]);
  if (status == EMILY_OK) {
    j.packed = data[0], j.scales = data[1], j.biases = affine ? data[2] : NULL;
    if (attrs->has_global) j.global = *(const float *)node->inputs[node->n_inputs - 1].data / (448.0f * 6.0f);
    emily__pool_run(run_block, &j, (j.out->size + GRAIN - 1) / GRAIN);
  }
  for (int i = 0; i < 3; i++) emily__quant_done(&copies[i]);
  return status;
}
