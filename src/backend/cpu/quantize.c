/* quantize.c: the primitives quantize_affine and quantize_fp. The order of every rounding is MLX's on the CPU, whose bits these are.
 *
 * affine: scale = (max - min) / (2^bits - 1), negative unless min is the larger in magnitude; that larger one, the edge, is made to fall on
 * a whole code, and is the bias:
 *
 *     q = rint((w - bias) / scale) in [0, 2^bits - 1],    w ≈ scale · q + bias
 *
 * in float32; scale and bias are rounded to w's dtype only where they are stored.
 *
 * fp: scale = max |w| / largest element, as e8m0 (the power of two not below it, mx modes) or e4m3 (nvfp4); elements are w / scale. Each step is rounded to
 * w's dtype, but nvfp4's global scale works in float32. A group is at most 128 elements; runs of groups are shared over the pool. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "backend/cpu/quant.h"

enum { GRAIN = 1 << 14, GROUP_MAX = 128 };

typedef struct job {
  const emily__attrs_quantize *attrs;
  const emily__cpu_kernels *kernels;
  const char *w;
  emily_dtype dtype;
  int64_t groups, per_block;
  uint8_t *packed;
  char *scales, *biases;
  float encode; /* nvfp4: what scales and elements are multiplied by */
} job;

static float rounded(emily_dtype dtype, float x) {
  if (dtype == EMILY_FLOAT16) return emily__f16_to_f32(emily__f32_to_f16(x));
  return dtype == EMILY_BFLOAT16 ? emily__bf16_to_f32(emily__f32_to_bf16(x)) : x;
}

/* n codes of a byte each to `bits` bits each; n is a multiple of 8, which take as many bytes as one has bits. */
static void pack(uint8_t *to, const uint8_t *codes, int32_t bits, int64_t n) {
  if (bits == 8) {
    memcpy(to, codes, (size_t)n);
    return;
  }
  const uint64_t bytes = 0x00FF00FF00FF00FFu, shorts = 0x0000FFFF0000FFFFu;
  for (int64_t i = 0; i < n; i += 8, to += bits) {
    uint64_t run;
    memcpy(&run, codes + i, 8);
    run = (run & bytes) | (run >> 8 & bytes) << bits;
    run = (run & shorts) | (run >> 16 & shorts) << 2 * bits;
    run = (run & 0xFFFFFFFFu) | (run >> 32 << 4 * bits);
    for (int32_t b = 0; b < bits; b++) to[b] = (uint8_t)(run >> 8 * b);
  }
}

static void affine_group(const job *j, int64_t g, const float *x, uint8_t *codes) {
  const int32_t n = j->attrs->group_size;
  const float top = (float)((1 << j->attrs->bits) - 1);
  float low, high, bias = 0;
  j->kernels->quant_range(x, n, &low, &high);
  const bool below = fabsf(low) > fabsf(high);
  float scale = (high - low) / top;
  scale = scale > 1e-7f ? scale : 1e-7f;
  scale = below ? scale : -scale;
  const float edge = below ? low : high, q0 = rintf(edge / scale);
  if (q0 != 0) {
    scale = edge / q0;
    bias = edge;
  }
  j->kernels->quant_codes(codes, x, bias, scale, top, n);
  const int64_t itemsize = (int64_t)emily_dtype_size(j->dtype);
  emily__scatter_f32(j->scales + g * itemsize, 1, j->dtype, &scale, 1);
  emily__scatter_f32(j->biases + g * itemsize, 1, j->dtype, &bias, 1);
}

/* The scale's code, and the number that elements are divided by. */
static uint8_t fp_scale(const job *j, const float *x, float *divisor) {
  float low, high;
  j->kernels->quant_range(x, j->attrs->group_size, &low, &high);
  const float most = fabsf(-low > high ? low : high);
  const float scale = rounded(j->dtype, most / (j->attrs->bits == 4 ? 6.0f : 448.0f));
  if (j->attrs->mode == EMILY__QUANT_NVFP4) {
    const uint8_t code = emily__f32_to_e4m3(scale * j->encode);
    *divisor = rounded(j->dtype, emily__e4m3_to_f32(code));
    return code;
  }
  const uint8_t code = scale > 0 ? emily__f32_to_e8m0_up(scale) : 127;
  *divisor = rounded(j->dtype, emily__e8m0_to_f32(code));
  return code;
}

static void fp_group(const job *j, int64_t g, const float *x, uint8_t *codes) {
  float divisor;
  const float encode = j->attrs->mode == EMILY__QUANT_NVFP4 ? j->encode : 1;
  j->scales[g] = (char)fp_scale(j, x, &divisor);
  for (int32_t i = 0; i < j->attrs->group_size; i++) {
    const float v = rounded(j->dtype, x[i] / divisor) * encode;
    if (j->attrs->bits == 8) codes[i] = emily__f32_to_e4m3(v);
    else if (j->attrs->ties_to_even) codes[i] = divisor == 0 ? 0 : emily__f32_to_e2m1_even(v);
    else codes[i] = emily__f32_to_e2m1(v);
  }
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  const int32_t n = j->attrs->group_size;
  const int64_t itemsize = (int64_t)emily_dtype_size(j->dtype), from = block * j->per_block;
  const int64_t to = from + j->per_block < j->groups ? from + j->per_block : j->groups;
  float wide[GROUP_MAX];
  uint8_t codes[GROUP_MAX];
  for (int64_t g = from; g < to; g++) {
    const char *at = j->w + g * n * itemsize;
    const float *x = j->dtype == EMILY_FLOAT32 ? (const float *)at : wide;
    if (x == wide) emily__gather_f32(wide, at, 1, j->dtype, n);
    if (j->biases) affine_group(j, g, x, codes);
    else fp_group(j, g, x, codes);
    pack(j->packed + g * (n / 8 * j->attrs->bits), codes, j->attrs->bits, n);
  }
}

static emily_status quantize(const emily__node_view *node, bool affine) {
  const emily__attrs_quantize *attrs = node->attrs;
  const emily__tensor *w = &node->inputs[0];
  emily__quant_copy copy;
  job j = {.attrs = attrs, .kernels = emily__cpu_kernels_get(), .dtype = w->dtype, .groups = w->size / attrs->group_size,
           .per_block = GRAIN / attrs->group_size, .packed = node->outputs[0].data, .scales = node->outputs[1].data, .encode = 1};
  if (affine) j.biases = node->outputs[2].data;
  if (attrs->has_global) j.encode = (448.0f * 6.0f) / *(const float *)node->inputs[1].data;
  EMILY__TRY(emily__quant_dense(w, &j.w, &copy));
  emily__pool_run(run_block, &j, (j.groups + j.per_block - 1) / j.per_block);
  emily__quant_done(&copy);
  return EMILY_OK;
}

emily_status emily__cpu_quantize_affine(const emily__node_view *node) { return quantize(node, true); }
emily_status emily__cpu_quantize_fp(const emily__node_view *node) { return quantize(node, false); }
