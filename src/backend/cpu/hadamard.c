/* hadamard.c: y = scale · H x along the last axis, of m · n elements, n = 2^k: H = H_m ⊗ H_n.
 *
 * H_n is Sylvester's: k passes of sums and differences. A pass takes two steps at once where it can, which halves the trips through memory.
 * H_12, H_20 and H_28 are those of N. Sloane's library of Hadamard matrices (had.12, had.20.will, had.28.will), a bit an element, least
 * significant first, 1 where it is -1; they act on the m runs of n elements. float32 inside for 16-bit floats.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/rowwise.h"

static const uint32_t h12[] = {0x002, 0xAAB, 0x3C8, 0x96E, 0xF20, 0x5BA, 0xC8C, 0x6E6, 0x23C, 0xB96, 0x8F0, 0xE5A};
static const uint32_t h20[] = {0x933DE, 0x2E3BD, 0x5477B, 0xA0EF7, 0x499EF, 0x637C1, 0xC6BA2, 0x8D764, 0x1AEE8, 0x359F0,
                               0x0FA53, 0x174A7, 0x26D4E, 0x45E9C, 0x83D39, 0xF7A6D, 0xEF4FA, 0xDEDD5, 0xBDF8B, 0x7BF36};
static const uint32_t h28[] = {0xCD69E7E, 0x9AD7C7D, 0x37AB8FB, 0x6D571F7, 0xD8AE3EF, 0xB3587DF, 0x66B4F3F,
                               0xB467F43, 0x6ACBE87, 0xD593D8E, 0xAB27B9C, 0x564F7B8, 0xAC9AFF0, 0x5B31FE1,
                               0x87FB325, 0x0FF66CA, 0x1DECD95, 0x39DDB2A, 0x71BF654, 0xE17ECA9, 0xC2FD9D2,
                               0xFCF1299, 0xFBE2532, 0xF7C4AE4, 0xEF8D549, 0xDF1EA13, 0xBE3D4A6, 0x7E7A94C};

typedef struct plan {
  int64_t m, n;
  const uint32_t *matrix; /* NULL for m = 1 */
  double scale;
} plan;

#define T float
#define NAME(op) op##_f32
#include "backend/cpu/hadamard.inc"
#define T double
#define NAME(op) op##_f64
#include "backend/cpu/hadamard.inc"

emily_status emily__cpu_hadamard(const emily__node_view *node) {
  const emily__tensor *x = &node->inputs[0];
  int64_t length = x->shape[x->ndim - 1], odd = length;
  while (odd % 2 == 0) odd /= 2;
  plan p = {.m = odd == 1 ? 1 : 4 * odd, .scale = ((const emily__attrs_scale *)node->attrs)->scale};
  p.n = length / p.m;
  p.matrix = odd == 3 ? h12 : odd == 5 ? h20 : odd == 7 ? h28 : NULL;
  return emily__rowwise_run(x, &node->outputs[0], &(emily__rowwise){row_f32, row_f64, &p});
}
