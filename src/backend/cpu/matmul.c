/* matmul.c: the primitive matmul: out = alpha · (a · b) + beta · c. Chooses between the kernels:
 *
 *   skinny.c  few rows times a matrix whose sums run along memory (a decode step): weights are streamed once, as they
 * are gemm.c    everything else in float32, float16, bfloat16 and their mixtures: packed and blocked, sums in float32
 *   naive.c   float64 and complex64
 *
 * The choice and the order of every sum depend on shapes, strides and dtypes alone.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/product.h"

/* What the skinny kernel takes: m rows, sums over k along memory. */
static bool skinny(int64_t m, int64_t k, int64_t k_stride) {
  return m <= EMILY__SKINNY_MAX && (k_stride == 1 || k == 1);
}

/* Few columns are few rows of the transposed product. */
static bool skinny_when_swapped(const emily__product *p) {
  return p->n < p->m && skinny(p->n, p->k, p->matrix[EMILY__PRODUCT_A].col);
}

emily_status emily__cpu_matmul(const emily__node_view *node) {
  emily__product p;
  if (node->outputs[0].size == 0) return EMILY_OK;
  emily__product_init(&p, node);
  if (p.matrix[EMILY__PRODUCT_A].dtype == EMILY_FLOAT64 || p.matrix[EMILY__PRODUCT_A].dtype == EMILY_COMPLEX64) {
    emily__product_naive(&p);
    return EMILY_OK;
  }
  if (skinny(p.m, p.k, p.matrix[EMILY__PRODUCT_B].row)) return emily__product_skinny(&p);
  if (!skinny_when_swapped(&p)) return emily__product_gemm(&p);
  emily__product_swap(&p);
  return emily__product_skinny(&p);
}
