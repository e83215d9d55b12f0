/* gemv_plain.c: dot products along contiguous rows, in plain C. Sixteen partial sums, so that the error grows with k
 * / 16 and the compiler may use the vectors it has; the order is fixed by k alone. */
#include "backend/cpu/kernels.h"

enum { LANES = EMILY__SKINNY_LANES };

#define W float
#define NAME(base) base##_f32
#define F32(w) (w)
#include "backend/cpu/gemv_plain.inc"

#define W emily__f16
#define NAME(base) base##_f16
#define F32(w) emily__f16_to_f32(w)
#include "backend/cpu/gemv_plain.inc"

#define W emily__bf16
#define NAME(base) base##_bf16
#define F32(w) emily__bf16_to_f32(w)
#include "backend/cpu/gemv_plain.inc"

static float dot(const float *a, const float *b, int64_t n) { return row_f32(a, LANES, b, n); }

static void axpy(float *y, float alpha, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] += alpha * x[i];
}

void emily__cpu_kernels_plain_gemv(emily__cpu_kernels *k) {
  k->gemv_f32 = gemv_f32;
  k->gemv_f16 = gemv_f16;
  k->gemv_bf16 = gemv_bf16;
  k->skinny_f32 = skinny_f32;
  k->skinny_f16 = skinny_f16;
  k->skinny_bf16 = skinny_bf16;
  k->axpy = axpy;
  k->dot = dot;
}
