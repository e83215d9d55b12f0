/* layers.h: the layers that model families share, as expressions of the public API.
 *
 * A layer's struct holds borrowed weights; whoever loaded them keeps them alive. Activations are float32, weights
 * stay in the dtype of their file (float32, float16, bfloat16). A failure is the scope's.
 */
#ifndef EMILY_NN_LAYERS_H
#define EMILY_NN_LAYERS_H

#include "emily/ops.h"
#include "nn/activation.h"

typedef struct emily__linear {
  emily_array *weight; /* [out, in] */
  emily_array *bias;   /* [out], or NULL */
} emily__linear;

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

/* x [..., in]: [..., out] */
emily_array *emily__linear_apply(emily_scope *scope, const emily__linear *layer, emily_array *x);

/* ids int32 [B, T], table [V, D]: float32 [B, T, D] */
emily_array *emily__embed(emily_scope *scope, emily_array *table, emily_array *ids);

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
