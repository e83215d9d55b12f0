/* window.c: see window.h. */
#include "graph/window.h"

#include <stddef.h>

/* From the first of n elements, `dilation` apart, to the last: 1 + (n - 1) · dilation, 0 for none; -1 where it wraps. */
static int64_t reach(int64_t n, int64_t dilation) {
  int64_t steps;
  if (n == 0) return 0;
  if (__builtin_mul_overflow(n - 1, dilation, &steps) || __builtin_add_overflow(steps, 1, &steps)) return -1;
  return steps;
}

const char *emily__window_places(const emily__window *w, int64_t *places) {
  if (w->stride < 1) return "a stride is at least 1";
  if (w->dilation < 1 || w->tap_dilation < 1) return "a dilation is at least 1";
  if (w->taps < 1) return "a window has at least one element an axis";
  int64_t padded = reach(w->extent, w->dilation), window = reach(w->taps, w->tap_dilation);
  /* dilated + high bounds the positions in the axis, dilated + low the distance to its end, whatever the other one takes away */
  int64_t unused;
  if (padded < 0 || window < 0 || __builtin_add_overflow(padded, w->low, &unused) ||
      __builtin_add_overflow(padded, w->high, &padded) || __builtin_add_overflow(padded, w->low, &padded))
    return "dilations and padding make an axis of more than 2^63 elements";
  if (window > padded) return "the window is larger than the padded axis";
  *places = (padded - window) / w->stride + 1;
  return NULL;
}
