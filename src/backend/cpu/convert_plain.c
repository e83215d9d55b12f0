/* convert_plain.c: contiguous runs of 16-bit floats to and from float32, in plain C (dtype/half.h). */
#include "backend/cpu/kernels.h"

static void f16_to_f32(float *out, const emily__f16 *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = emily__f16_to_f32(x[i]);
}

static void f32_to_f16(emily__f16 *out, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = emily__f32_to_f16(x[i]);
}

static void bf16_to_f32(float *out, const emily__bf16 *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = emily__bf16_to_f32(x[i]);
}

static void f32_to_bf16(emily__bf16 *out, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = emily__f32_to_bf16(x[i]);
}

void emily__cpu_kernels_plain_convert(emily__cpu_kernels *k) {
  k->f16_to_f32 = f16_to_f32;
  k->f32_to_f16 = f32_to_f16;
  k->bf16_to_f32 = bf16_to_f32;
  k->f32_to_bf16 = f32_to_bf16;
}
