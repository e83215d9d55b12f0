/* packed_blocks.c: weights in ggml's blocks, as GGUF files have them: data uint8 [N, bytes of a row] (experts: [E, N, bytes]), mode the format
 * ("Q4_K"). Products read the blocks; nothing is widened to a matrix.
 */
#include "nn/weight.h"

static emily_array *product(emily_scope *scope, const emily__weight *w, emily_array *x) {
  return emily_block_matmul(scope, x, w->data, w->mode);
}

static emily_array *gather(emily_scope *scope, const emily__weight *w, emily_array *x, emily_array *indices) {
  return emily_gather_block_mm(scope, x, w->data, NULL, indices, w->mode);
}

static emily_array *rows(emily_scope *scope, const emily__weight *w, emily_array *ids) {
  return emily_block_dequantize(scope, emily_take(scope, w->data, ids, 0), w->mode, EMILY_FLOAT32);
}

static emily_array *dense(emily_scope *scope, const emily__weight *w) {
  return emily_block_dequantize(scope, w->data, w->mode, EMILY_FLOAT32);
}

const emily__packing emily__packing_blocks = {"blocks", product, rows, gather, dense};
