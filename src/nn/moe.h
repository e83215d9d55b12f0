/* moe.h: a mixture of experts (Shazeer et al. 2017): each token goes through the few MLPs that a router chooses for it.
 *
 *     p = softmax(router(x)) over all experts;  the top_k largest are chosen, their p made to sum to 1 where `normalize`
 *     y = Σ p[e] · down[e](act(gate[e](x)) * up[e](x))  over the chosen
 *
 * Products by index take the tokens of an expert together: each chosen matrix is read once.
 */
#ifndef EMILY_NN_MOE_H
#define EMILY_NN_MOE_H

#include "nn/layers.h"

typedef struct emily__moe {
  emily__linear router;          /* [E, D] */
  emily__experts gate, up, down; /* [E, inner, D] twice, [E, D, inner] */
  int64_t top_k;
  bool normalize;
  emily__activation *act;
} emily__moe;

/* x [B, T, D]: [B, T, D] */
emily_array *emily__moe_apply(emily_scope *scope, const emily__moe *moe, emily_array *x);

#endif
