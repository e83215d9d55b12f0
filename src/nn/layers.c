/* layers.c: see layers.h. */
#include "nn/layers.h"

emily_array *emily__constant(emily_scope *scope, double value) {
  emily_array *array = emily_array_from_float(value, EMILY_FLOAT32);
  return array ? emily_scope_adopt(scope, array) : emily_scope_fail(scope);
}

emily_array *emily__linear_apply(emily_scope *scope, const emily__linear *layer, emily_array *x) {
  return emily_linear(scope, x, layer->weight, layer->bias);
}

emily_array *emily__embed(emily_scope *scope, emily_array *table, emily_array *ids) {
  return emily_astype(scope, emily_take(scope, table, ids, 0), EMILY_FLOAT32);
}

emily_array *emily__rms_norm_apply(emily_scope *scope, const emily__norm *norm, emily_array *x) {
  return emily_rms_norm(scope, x, norm->weight, norm->eps);
}

emily_array *emily__layer_norm_apply(emily_scope *scope, const emily__norm *norm, emily_array *x) {
  return emily_layer_norm(scope, x, norm->weight, norm->bias, norm->eps);
}

emily_array *emily__gated_mlp_apply(emily_scope *scope, const emily__gated_mlp *mlp, emily_array *x) {
  emily_array *gate = mlp->act(scope, emily__linear_apply(scope, &mlp->gate, x)); /* [B, T, inner] */
  emily_array *up = emily__linear_apply(scope, &mlp->up, x);                      /* [B, T, inner] */
  return emily__linear_apply(scope, &mlp->down, emily_multiply(scope, gate, up));
}

emily_array *emily__mlp_apply(emily_scope *scope, const emily__mlp *mlp, emily_array *x) {
  return emily__linear_apply(scope, &mlp->out, mlp->act(scope, emily__linear_apply(scope, &mlp->in, x)));
}

emily_array *emily__to_heads(emily_scope *scope, emily_array *x, int64_t heads) {
  if (!x) return NULL;
  int64_t shape[] = {emily_array_dim(x, 0), emily_array_dim(x, 1), heads, emily_array_dim(x, 2) / heads};
  return emily_reshape(scope, x, shape, 4);
}

emily_array *emily__split_heads(emily_scope *scope, emily_array *x, int64_t heads) {
  return emily_swapaxes(scope, emily__to_heads(scope, x, heads), 1, 2);
}

emily_array *emily__merge_heads(emily_scope *scope, emily_array *x) {
  if (!x) return NULL;
  int64_t shape[] = {emily_array_dim(x, 0), emily_array_dim(x, 2), emily_array_dim(x, 1) * emily_array_dim(x, 3)};
  return emily_reshape(scope, emily_swapaxes(scope, x, 1, 2), shape, 3);
}

emily_array *emily__key_mask(emily_scope *scope, emily_array *mask) {
  if (!mask) return NULL;
  return emily_expand_dims(scope, mask, (const int64_t[]){1, 2}, 2);
}
