/* attention.h: one call of scaled dot-product attention as its two implementations see it. */
#ifndef EMILY_BACKEND_CPU_ATTENTION_H
#define EMILY_BACKEND_CPU_ATTENTION_H

#include "backend/backend.h"
#include "backend/cpu/kernels.h"

typedef struct emily__attention {
  const emily__tensor *q, *k, *v, *out;
  const emily__tensor *mask, *sinks; /* NULL: none */
  const emily__cpu_kernels *kernels;
  int64_t B, H, Hk, group, Tq, Tk, D, Dv; /* group: query heads that share a key head */
  int64_t window;                         /* 0: none */
  float scale;
  bool causal;
} emily__attention;

/* The keys [first, end) that query i may see by causality and window; the mask may take more away. */
static inline void emily__attention_range(const emily__attention *a, int64_t i, int64_t *first, int64_t *end) {
  const int64_t last = i + a->Tk - a->Tq; /* aligned at the bottom right */
  *first = 0;
  *end = a->Tk;
  if (!a->causal) return;
  *end = last + 1 < 0 ? 0 : last + 1;
  if (a->window && last - a->window + 1 > 0) *first = last - a->window + 1;
}

/* Address of element [b, h, t, 0]. */
static inline char *emily__attention_at(const emily__tensor *x, int64_t b, int64_t h, int64_t t) {
  return (char *)x->data + (b * x->strides[0] + h * x->strides[1] + t * x->strides[2]) * (int64_t)emily_dtype_size(x->dtype);
}

/* Row by row, in float64: the oracle of the fast one, and what float64 itself takes. */
emily_status emily__attention_plain(const emily__attention *a);

/* Tiles of queries and keys with a running softmax, in float32: float32, float16, bfloat16. Few queries (a decode step) are
 * attention_few.c's. */
emily_status emily__attention_tiled(const emily__attention *a);
enum { EMILY__ATTENTION_FEW = 8 }; /* rows: queries · group */
emily_status emily__attention_few(const emily__attention *a);

/* What head h's sink adds to a row's sum of exp(score - top): 0 where there are none. */
float emily__attention_sink(const emily__attention *a, int64_t h, float top);

#endif
