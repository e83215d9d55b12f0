/* tiny_plain.c: products of a few elements, in plain C: a vector is one number. See tiny.inc. */
#include "backend/cpu/kernels.h"

#define T float
#define V float
#define WIDTH 1
#define NAME(base) base##_f32
#define LOAD(p, n) ((void)(n), *(p))
#define STORE(p, x, n) (*(p) = (x))
#define SET1(x) (x)
#define FMA(a, b, c) ((c) + (a) * (b))
#include "backend/cpu/tiny.inc"

#define T double
#define V double
#define WIDTH 1
#define NAME(base) base##_f64
#define LOAD(p, n) ((void)(n), *(p))
#define STORE(p, x, n) (*(p) = (x))
#define SET1(x) (x)
#define FMA(a, b, c) ((c) + (a) * (b))
#include "backend/cpu/tiny.inc"

void emily__cpu_kernels_plain_tiny(emily__cpu_kernels *k) {
  k->tiny_f32 = tiny_f32;
  k->tiny_f64 = tiny_f64;
}
