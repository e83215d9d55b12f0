/* pooling.h: from one vector a token to one vector a text. Definitions as in sentence-transformers. */
#ifndef EMILY_NN_POOLING_H
#define EMILY_NN_POOLING_H

#include "emily/ops.h"

/* A way to pool: h float32 [B, T, D], mask bool [B, T] (true: a real token): [B, D]. */
typedef emily_array *emily__pooling(emily_scope *scope, emily_array *h, emily_array *mask);

emily_array *emily__pool_cls(emily_scope *scope, emily_array *h, emily_array *mask);  /* the first position */
emily_array *emily__pool_mean(emily_scope *scope, emily_array *h, emily_array *mask); /* sum / count */
emily_array *emily__pool_max(emily_scope *scope, emily_array *h, emily_array *mask);
emily_array *emily__pool_mean_sqrt(emily_scope *scope, emily_array *h, emily_array *mask); /* sum / sqrt(count) */
emily_array *emily__pool_weighted_mean(emily_scope *scope, emily_array *h, emily_array *mask); /* weights 1, 2, 3 … */
emily_array *emily__pool_last(emily_scope *scope, emily_array *h, emily_array *mask); /* the last real token */

/* The name as a pooling's config has it after "pooling_mode_" ("mean_tokens"), or as "pooling_mode" has it ("mean").
 * NULL for others. */
emily__pooling *emily__pooling_find(const char *name);

/* Rows divided by their Euclidean length (at least 1e-12). */
emily_array *emily__l2_normalize(emily_scope *scope, emily_array *x);

#endif
