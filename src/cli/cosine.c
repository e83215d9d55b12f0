/* cosine.c: see cosine.h. */
#include "cli/cosine.h"

#include <math.h>

double cli_cosine(const float *a, const float *b, size_t count) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < count; i++) {
    double x = (double)a[i], y = (double)b[i];
    dot += x * y, aa += x * x, bb += y * y;
  }
  return aa > 0 && bb > 0 ? dot / (sqrt(aa) * sqrt(bb)) : 0;
}
