/* layers.h: the layers that model families share, as expressions of the public API.
 *
 * A layer's struct holds borrowed weights; whoever loaded them keeps them alive. Activations are float32, weights
 * stay as their file has them: float32, float16, bfloat16, or packed (weight.h). A failure is the scope's.
 */
#ifndef EMILY_NN_LAYERS_H
#define EMILY_NN_LAYERS_H

#include "emily/ops.h"
#include "nn/activation.h"
#include "nn/weight.h"

typedef struct emily__linear {
  emily__weight weight; /* [out, in] */
  emily_array *bias;    /* [out], or NULL */
} emily__linear;

/* A table of vectors that ids choose from. */
typedef struct emily__embedding {
  emily__weight weight; /* [V, D] */
} emily__embedding;

/* One linear layer an expert, stacked; in several stacks where the experts lie apart in their files. */
typedef struct emily__experts {
  emily__weight weight; /* [n, out, in] */
  emily_array *order;   /* int32 [E]: where an expert stands in the stack, or EMILY__EXPERT_ELSEWHERE; NULL: at its number */
  const struct emily__experts *next; /* a further stack, of other experts; NULL: there is none */
} emily__experts;

enum { EMILY__EXPERT_ELSEWHERE = INT32_MAX };

typedef struct emily__norm {
  emily_array *weight; /* [D] */
  emily_array *bias;   /* [D]; NULL for rms_norm */
  double eps;
} emily__norm;

/* down(act(gate(x)) * up(x)) */
typedef struct emily__gated_mlp {
  emily__linear gate, up, down;
  emily__activation *act;
} emily__gated_mlp;

/* out(act(in(x))) */
typedef struct emily__mlp {
  emily__linear in, out;
  emily__activation *act;
} emily__mlp;

/* A 0-d float32 that the scope owns. */
emily_array *emily__constant(emily_scope *scope, double value);

/* Whether there is such a layer: families leave out what a checkpoint need not have. */
bool emily__linear_present(const emily__linear *layer);

/* x [..., in]: [..., out] */
emily_array *emily__linear_apply(emily_scope *scope, const emily__linear *layer, emily_array *x);

/* ids int32 [B, T]: float32 [B, T, D] */
emily_array *emily__embed(emily_scope *scope, const emily__embedding *table, emily_array *ids);

/* The dtype of what the table's numbers are stored in, or, packed, of their scales; float32 where those are no floats. */
emily_dtype emily__embedding_dtype(const emily__embedding *table);

/* The table as the head that is tied to it, [V, D]: x @ table^T. */
emily__linear emily__embedding_as_linear(const emily__embedding *table);

/* The experts that indices choose, int [..., k]: x [..., 1, in] (the same x for all k) or [..., k, in]: [..., k, out]. */
emily_array *emily__experts_apply(emily_scope *scope, const emily__experts *experts, emily_array *x, emily_array *indices);

emily_array *emily__rms_norm_apply(emily_scope *scope, const emily__norm *norm, emily_array *x);
emily_array *emily__layer_norm_apply(emily_scope *scope, const emily__norm *norm, emily_array *x);

emily_array *emily__gated_mlp_apply(emily_scope *scope, const emily__gated_mlp *mlp, emily_array *x);
emily_array *emily__mlp_apply(emily_scope *scope, const emily__mlp *mlp, emily_array *x);

/* x [B, T, H * D] with its heads told apart: [B, T, H, D]. */
emily_array *emily__to_heads(emily_scope *scope, emily_array *x, int64_t heads);

/* x [B, T, H * D] as heads [B, H, T, D], and back. */
emily_array *emily__split_heads(emily_scope *scope, emily_array *x, int64_t heads);
emily_array *emily__merge_heads(emily_scope *scope, emily_array *x);

/* bool [B, S] (true: a real token) as a mask of attention, [B, 1, 1, S]. NULL stays NULL. */
emily_array *emily__key_mask(emily_scope *scope, emily_array *mask);

#endif
