/* packed_groups.c: weights as emily_quantize packs them, which is MLX's layout: data uint32 [N, K * bits / 32], scales [N, K / group_size],
 * biases like them in mode affine. Products read the packed words; nothing is widened to a matrix.
 *
 * Scales of 16 bits are taken to float32 before rows are unpacked: a row is then scale * q + bias with one rounding, the same numbers that
 * products work with.
 */
#include "nn/weight.h"

static emily_array *product(emily_scope *scope, const emily__weight *w, emily_array *x) {
  return emily_quantized_matmul(scope, x, w->data, w->scales, w->biases, true, w->group_size, w->bits, w->mode);
}

static emily_array *gather(emily_scope *scope, const emily__weight *w, emily_array *x, emily_array *indices) {
  return emily_gather_qmm(scope, x, w->data, w->scales, w->biases, NULL, indices, true, w->group_size, w->bits, w->mode, false);
}

static emily_array *unpack(emily_scope *scope, const emily__weight *w, emily_array *data, emily_array *scales, emily_array *biases) {
  if (biases) {
    scales = emily_astype(scope, scales, EMILY_FLOAT32);
    biases = emily_astype(scope, biases, EMILY_FLOAT32);
  }
  return emily_dequantize(scope, data, scales, biases, NULL, w->group_size, w->bits, w->mode, EMILY_FLOAT32);
}

static emily_array *rows(emily_scope *scope, const emily__weight *w, emily_array *ids) {
  emily_array *biases = w->biases ? emily_take(scope, w->biases, ids, 0) : NULL;
  return unpack(scope, w, emily_take(scope, w->data, ids, 0), emily_take(scope, w->scales, ids, 0), biases);
}

static emily_array *dense(emily_scope *scope, const emily__weight *w) { return unpack(scope, w, w->data, w->scales, w->biases); }

const emily__packing emily__packing_groups = {"groups", product, rows, gather, dense};
