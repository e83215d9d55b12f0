/* weight.h: a matrix of weights as it is stored: dense, or packed to fewer bits, as its packing says.
 *
 * Layers hold an emily__weight and use it through the functions below, so that no family knows how its weights are stored.
 * A way to pack is one row of functions (emily__packing) in a file of its own; loaders (models/weights.h) choose it. Arrays are borrowed
 * and stay as they lie in their file; products and rows come out as float32.
 */
#ifndef EMILY_NN_WEIGHT_H
#define EMILY_NN_WEIGHT_H

#include "emily/ops.h"

typedef struct emily__packing emily__packing;

typedef struct emily__weight {
  emily_array *data;             /* dense: floats [N, K] (experts: [E, N, K]); NULL: no weight at all; packed: as the packing says */
  const emily__packing *packing; /* NULL: dense */
  emily_array *scales, *biases;  /* what else the packing needs */
  int64_t group_size, bits;
  const char *mode;              /* static */
} emily__weight;

/* w below is [N, K] in what it stands for. */
struct emily__packing {
  const char *name; /* for messages: "affine" */
  emily_array *(*product)(emily_scope *scope, const emily__weight *w, emily_array *x); /* x [..., K]: x @ w^T, [..., N] */
  emily_array *(*rows)(emily_scope *scope, const emily__weight *w, emily_array *ids);  /* ids [...]: [..., K] */
  /* w [E, N, K], x [..., M, K], indices [...], broadcast with x's batch: x @ w[indices]^T, [..., M, N] */
  emily_array *(*gather)(emily_scope *scope, const emily__weight *w, emily_array *x, emily_array *indices);
  emily_array *(*dense)(emily_scope *scope, const emily__weight *w); /* [N, K] or [E, N, K] */
};

extern const emily__packing emily__packing_groups; /* packed_groups.c: emily_quantize's modes, MLX's layout */
extern const emily__packing emily__packing_blocks; /* packed_blocks.c: GGUF's quantized types */

emily_array *emily__weight_product(emily_scope *scope, const emily__weight *w, emily_array *x);
emily_array *emily__weight_rows(emily_scope *scope, const emily__weight *w, emily_array *ids);
emily_array *emily__weight_gather(emily_scope *scope, const emily__weight *w, emily_array *x, emily_array *indices);
emily_array *emily__weight_dense(emily_scope *scope, const emily__weight *w); /* as float32 */

#endif
