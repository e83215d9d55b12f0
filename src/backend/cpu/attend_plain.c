/* attend_plain.c: what attention needs beside products, in plain C: the running softmax and the weighted sum of values. */
#include "backend/cpu/kernels.h"

#include <math.h>

static float soften_row(float *s, float shift, int64_t n) {
  float sum = 0;
  for (int64_t j = 0; j < n; j++) sum += s[j] = expf(s[j] - shift);
  return sum;
}

/* One column. A top of -inf says that nothing was seen: 0 then stands for it, so that weights come out as 0 rather than NaN. */
static void soften_column(float *s, int64_t keys, int64_t columns, float *top, float *sum, float *o, int64_t width) {
  float most = *top, total = 0;
  for (int64_t j = 0; j < keys; j++) most = s[j * columns] > most ? s[j * columns] : most;
  const float shift = most == -INFINITY ? 0 : most, shrink = expf(*top - shift);
  for (int64_t j = 0; j < keys; j++) total += s[j * columns] = expf(s[j * columns] - shift);
  for (int64_t d = 0; d < width; d++) o[d * columns] *= shrink;
  *sum = *sum * shrink + total;
  *top = most;
}

static void soften_columns(float *s, int64_t keys, int64_t columns, float *top, float *sum, float *o, int64_t width) {
  for (int64_t c = 0; c < columns; c++) soften_column(s + c, keys, columns, top + c, sum + c, o + c, width);
}

#define MIX(name, W, F32)                                                                                                \
  static void name(float *o, int64_t ldo, const float *p, int64_t ldp, int64_t m, const W *v, int64_t stride, int64_t keys, \
                   int64_t n) {                                                                                          \
    for (int64_t i = 0; i < m; i++)                                                                                      \
      for (int64_t j = 0; j < keys; j++) {                                                                               \
        const float weight = p[i * ldp + j];                                                                             \
        for (int64_t c = 0; weight != 0 && c < n; c++) o[i * ldo + c] += weight * F32(v[j * stride + c]);                \
      }                                                                                                                  \
  }
MIX(mix_f32, float, )
MIX(mix_f16, emily__f16, emily__f16_to_f32)
MIX(mix_bf16, emily__bf16, emily__bf16_to_f32)

void emily__cpu_kernels_plain_attend(emily__cpu_kernels *k) {
  k->soften_row = soften_row;
  k->soften_columns = soften_columns;
  k->mix_f32 = mix_f32;
  k->mix_f16 = mix_f16;
  k->mix_bf16 = mix_bf16;
}
