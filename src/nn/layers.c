/* layers.c: see layers.h. */
#include "nn/layers.h"

#include "emily/runtime.h"

emily_array *emily__constant(emily_scope *scope, double value) {
  emily_array *array = emily_array_from_float(value, EMILY_FLOAT32);
  return array ? emily_scope_adopt(scope, array) : emily_scope_fail(scope);
}

bool emily__linear_present(const emily__linear *layer) { return layer->weight.data; }

emily_array *emily__linear_apply(emily_scope *scope, const emily__linear *layer, emily_array *x) {
  if (!layer->weight.packing) return emily_linear(scope, x, layer->weight.data, layer->bias);
  emily_array *y = emily__weight_product(scope, &layer->weight, x);
  return layer->bias ? emily_add(scope, y, layer->bias) : y;
}

emily_array *emily__embed(emily_scope *scope, const emily__embedding *table, emily_array *ids) {
  return emily__weight_rows(scope, &table->weight, ids);
}

emily_dtype emily__embedding_dtype(const emily__embedding *table) {
  const emily__weight *w = &table->weight;
  const emily_dtype dtype = emily_array_dtype(w->packing ? w->scales : w->data);
  return emily_dtype_is_float(dtype) ? dtype : EMILY_FLOAT32;
}

emily__linear emily__embedding_as_linear(const emily__embedding *table) { return (emily__linear){.weight = table->weight}; }

/* The products of one stack; zeros where an expert is in another: an index out of bounds gives those. Checks for indices, where they
 * are on, would take that for a mistake, and so see matrix 0. */
static emily_array *stack_apply(emily_scope *scope, const emily__experts *stack, bool alone, emily_array *x, emily_array *indices) {
  if (stack->order) indices = emily_take(scope, stack->order, indices, 0);
  if (alone || !(emily_debug() & EMILY_DEBUG_INDICES)) return emily__weight_gather(scope, &stack->weight, x, indices);
  emily_array *last = emily_array_from_int(EMILY__EXPERT_ELSEWHERE, EMILY_INT32), *zero = emily_zeros(scope, NULL, 0, EMILY_INT32);
  if (!last) return emily_scope_fail(scope);
  emily_array *here = emily_not_equal(scope, indices, emily_scope_adopt(scope, last));
  emily_array *y = emily__weight_gather(scope, &stack->weight, x, emily_where(scope, here, indices, zero));
  return emily_where(scope, emily_expand_dims(scope, here, (const int64_t[]){-2, -1}, 2), y, emily__constant(scope, 0));
}

/* A product takes matrices: each x is one of a single row, which goes at the end. */
emily_array *emily__experts_apply(emily_scope *scope, const emily__experts *experts, emily_array *x, emily_array *indices) {
  emily_array *y = NULL;
  x = emily_expand_dims(scope, x, (const int64_t[]){-2}, 1); /* [..., 1 or k, 1, in] */
  for (const emily__experts *stack = experts; stack; stack = stack->next) {
    emily_array *part = stack_apply(scope, stack, !experts->next, x, indices); /* [..., k, 1, out] */
    y = stack == experts ? part : emily_add(scope, y, part);
  }
  return emily_squeeze(scope, y, (const int64_t[]){-2}, 1); /* [..., k, out] */
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
