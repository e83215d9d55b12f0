/* matmul.c: the primitive matmul: out = alpha · (a · b) + beta · c. Chooses between the kernels:
 *
 *   skinny.c  few rows times a matrix whose sums run along memory (a decode step), summed in float32: weights are streamed once, as they are
 *   dots.c    the same for float64, complex64, integers and bools
 *   tiny.c    batches of products of a few elements, whose rows of b are contiguous
 *   gemm.c    everything else, packed and blocked
 *
 * The choice and the order of every sum depend on shapes, strides and dtypes alone.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/product.h"

/* What the skinny kernels take: at most `most` rows, sums over k along memory. */
static bool skinny(int64_t most, int64_t m, int64_t k, int64_t k_stride) {
  return m <= most && (k_stride == 1 || k == 1);
}

emily_status emily__product_run(const emily__product *given) {
  emily__product p = *given;
  const bool floats = emily__gemm_member_of(p.matrix[EMILY__PRODUCT_A].dtype) < 0;
  const int64_t most = floats ? EMILY__SKINNY_MAX : EMILY__DOTS_MAX;
  if (!skinny(most, p.m, p.k, p.matrix[EMILY__PRODUCT_B].row)) {
    /* few columns are few rows of the transposed product */
    const bool swapped = p.n < p.m && skinny(most, p.n, p.k, p.matrix[EMILY__PRODUCT_A].col);
    if (emily__product_is_tiny(&p)) return emily__product_tiny(&p);
    if (!swapped) return emily__product_gemm(&p);
    emily__product_swap(&p);
  }
  return floats ? emily__product_skinny(&p) : emily__product_dots(&p);
}

emily_status emily__cpu_matmul(const emily__node_view *node) {
  emily__product p;
  if (node->outputs[0].size == 0) return EMILY_OK;
  emily__product_init(&p, node);
  return emily__product_run(&p);
}
