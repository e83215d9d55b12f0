/* moe.c: see moe.h. */
#include "nn/moe.h"

static const int64_t LAST = -1;

/* tokens [N, D]: the chosen experts [N, k], best first, and their weights, [N, k] */
static emily_array *route(emily_scope *s, const emily__moe *moe, emily_array *tokens, emily_array **weights) {
  emily_array *p = emily_softmax(s, emily__linear_apply(s, &moe->router, tokens), &LAST, 1, true); /* [N, E] */
  emily_array *order = emily_argsort(s, p, -1, true);
  if (!order) return NULL;
  const int64_t from[] = {0, 0}, to[] = {emily_array_dim(order, 0), moe->top_k};
  emily_array *chosen = emily_slice(s, order, from, to, NULL);
  *weights = emily_take_along_axis(s, p, chosen, -1);
  if (moe->normalize) *weights = emily_divide(s, *weights, emily_sum(s, *weights, &LAST, 1, true));
  return chosen;
}

emily_array *emily__moe_apply(emily_scope *s, const emily__moe *moe, emily_array *x) {
  if (!x) return NULL;
  const int64_t shape[] = {emily_array_dim(x, 0), emily_array_dim(x, 1), emily_array_dim(x, 2)}, second = 1;
  emily_array *weights = NULL, *tokens = emily_reshape(s, x, (const int64_t[]){shape[0] * shape[1], shape[2]}, 2);
  emily_array *chosen = route(s, moe, tokens, &weights);                             /* [N, k] */
  emily_array *one = emily_expand_dims(s, tokens, &second, 1);                       /* [N, 1, D] */
  emily_array *gate = moe->act(s, emily__experts_apply(s, &moe->gate, one, chosen)); /* [N, k, inner] */
  emily_array *up = emily__experts_apply(s, &moe->up, one, chosen);                  /* [N, k, inner] */
  emily_array *y = emily__experts_apply(s, &moe->down, emily_multiply(s, gate, up), chosen); /* [N, k, D] */
  y = emily_multiply(s, y, emily_expand_dims(s, weights, &LAST, 1));
  return emily_reshape(s, emily_sum(s, y, &second, 1, false), shape, 3);
}
