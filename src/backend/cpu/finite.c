/* finite.c: the NaN/Inf check of the debug flag. */
#include "backend/cpu/cpu.h"

#include <math.h>

/* An exponent of all ones is infinity or NaN. The loops have no early exit: they vectorise, and the answer is mostly
 * yes. */
static bool finite16(const uint16_t *x, int64_t n, uint16_t exponent) {
  bool bad = false;
  for (int64_t i = 0; i < n; i++) bad |= (x[i] & exponent) == exponent;
  return !bad;
}
static bool finite32(const uint32_t *x, int64_t n) {
  bool bad = false;
  for (int64_t i = 0; i < n; i++) bad |= (x[i] & 0x7F800000u) == 0x7F800000u;
  return !bad;
}
static bool finite64(const double *x, int64_t n) {
  bool bad = false;
  for (int64_t i = 0; i < n; i++) bad |= !(fabs(x[i]) < INFINITY);
  return !bad;
}

bool emily__cpu_all_finite(const emily__tensor *tensor) {
  switch (tensor->dtype) {
    case EMILY_FLOAT16: return finite16(tensor->data, tensor->size, 0x7C00);
    case EMILY_BFLOAT16: return finite16(tensor->data, tensor->size, 0x7F80);
    case EMILY_FLOAT32: return finite32(tensor->data, tensor->size);
    case EMILY_FLOAT64: return finite64(tensor->data, tensor->size);
    case EMILY_COMPLEX64: return finite32(tensor->data, 2 * tensor->size);
    default: return true;
  }
}
