/* halves.h: 16-bit floats in contiguous runs, to float32 and back by the kernel table. */
#ifndef EMILY_BACKEND_CPU_HALVES_H
#define EMILY_BACKEND_CPU_HALVES_H

#include "backend/cpu/kernels.h"
#include "dtype/dtype.h"

static inline bool emily__is_half(emily_dtype dtype) { return dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16; }

/* dtype: one of the two. */
static inline void emily__widen(float *out, const void *x, emily_dtype dtype, int64_t n) {
  const emily__cpu_kernels *k = emily__cpu_kernels_get();
  if (dtype == EMILY_FLOAT16) k->f16_to_f32(out, (const emily__f16 *)x, n);
  else k->bf16_to_f32(out, (const emily__bf16 *)x, n);
}

static inline void emily__narrow(void *out, const float *x, emily_dtype dtype, int64_t n) {
  const emily__cpu_kernels *k = emily__cpu_kernels_get();
  if (dtype == EMILY_FLOAT16) k->f32_to_f16((emily__f16 *)out, x, n);
  else k->f32_to_bf16((emily__bf16 *)out, x, n);
}

#endif
