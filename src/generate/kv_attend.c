/* kv_attend.c: attention over a cache. Declared in kv_cache.h.
 *
 * Keys and values as they come go to the fused attention. Quantized ones are multiplied as they are for a single query, where memory is what
 * counts: scores = q kᵀ and out = softmax(scores) v, both by products with packed matrices. For a chunk of queries they are
 * dequantized for the length of the layer's attention.
 */
#include "generate/kv_cache.h"

/* ---- the mask ---- */

/* mask [B, 1, 1, n]: the keys [from, to). */
static emily_array *keys_of(emily_scope *s, emily_array *mask, int64_t from, int64_t to) {
  int64_t start[] = {0, 0, 0, from}, stop[] = {emily_array_dim(mask, 0), 1, 1, to};
  return emily_slice(s, mask, start, stop, NULL);
}

/* The part of the mask that belongs to the view's keys, in the order of their slots. */
static emily_array *mask_of(emily_scope *s, const emily__kv_view *view, emily_array *mask) {
  const int64_t end = view->first + view->keys, border = end - view->turned;
  if (!mask || (view->first == 0 && !view->turned && emily_array_dim(mask, 3) == end)) return mask;
  if (!view->turned) return keys_of(s, mask, view->first, end);
  emily_array *halves[] = {keys_of(s, mask, border, end), keys_of(s, mask, view->first, border)};
  return emily_concatenate(s, halves, 2, 3);
}

/* ---- quantized ---- */

/* x [B, n, T, D] with its last axis cut, or padded with zeros, to `size`. */
static emily_array *resized(emily_scope *s, emily_array *x, int64_t size) {
  const int64_t low[] = {0, 0, 0, 0};
  if (!x || emily_array_dim(x, 3) == size) return x;
  if (emily_array_dim(x, 3) < size) return emily_pad(s, x, low, (const int64_t[]){0, 0, 0, size - emily_array_dim(x, 3)}, NULL, NULL, "constant");
  return emily_slice(s, x, low, (const int64_t[]){emily_array_dim(x, 0), emily_array_dim(x, 1), emily_array_dim(x, 2), size}, NULL);
}

/* parts: elements, scales, biases, of heads of `size` elements. */
static emily_array *dense(emily_scope *s, const emily__kv_view *view, emily_array *const *parts, int64_t size) {
  emily_array *x = emily_dequantize(s, parts[0], parts[1], parts[2], NULL, view->form.group, view->form.bits, "affine", EMILY_FLOAT32);
  return resized(s, x, size);
}

static emily_array *times(emily_scope *s, const emily__kv_view *view, emily_array *x, emily_array *const *parts, bool transpose) {
  return emily_quantized_matmul(s, x, parts[0], parts[1], parts[2], transpose, view->form.group, view->form.bits, "affine");
}

static emily_array *constant(emily_scope *s, double value) {
  emily_array *array = emily_array_from_float(value, EMILY_FLOAT32);
  return array ? emily_scope_adopt(s, array) : emily_scope_fail(s);
}

/* One query a row, q [B, H, 1, D], values of `size` elements: the heads that share a key head are rows of one product. A score that is hidden is so low that its weight is 0,
 * and finite, so that a row with nothing to see stays finite too. */
static emily_array *attend_one(emily_scope *s, const emily__kv_view *view, emily_array *q, double scale, emily_array *mask, int64_t size) {
  const int64_t heads = emily_array_dim(q, 1), kv_heads = emily_array_dim(view->part[0], 1);
  const int64_t width = emily_array_dim(view->part[1], 3) * view->form.group; /* of a key, whole groups */
  int64_t grouped[] = {emily_array_dim(q, 0), kv_heads, heads / kv_heads, emily_array_dim(q, 3)};
  emily_array *rows = emily_multiply(s, emily_reshape(s, q, grouped, 4), constant(s, scale)); /* [B, Hk, H / Hk, D] */
  rows = resized(s, rows, width);
  emily_array *scores = times(s, view, rows, view->part, true);                              /* [B, Hk, H / Hk, keys] */
  if (mask) scores = emily_where(s, mask, scores, constant(s, -1e30));
  emily_array *weights = emily_softmax(s, scores, (const int64_t[]){-1}, 1, true);
  emily_array *out = times(s, view, weights, view->part + 3, false);
  out = resized(s, out, size);
  return out ? emily_reshape(s, out, (const int64_t[]){grouped[0], heads, 1, size}, 4) : NULL;
}

emily_array *emily__kv_cache_attend(emily__kv_cache *cache, emily_scope *scope, int64_t layer, emily_array *q, emily_array *k,
                                    emily_array *v, double scale, emily_array *mask) {
  emily__kv_view view;
  if (!q || !emily__kv_cache_extend(cache, scope, layer, k, v, &view)) return NULL;
  mask = mask_of(scope, &view, mask);
  if (!view.form.bits) k = view.part[0], v = view.part[1];
  else if (emily_array_dim(q, 2) == 1) return attend_one(scope, &view, q, scale, mask, emily_array_dim(v, 3));
  else k = dense(scope, &view, view.part, emily_array_dim(k, 3)), v = dense(scope, &view, view.part + 3, emily_array_dim(v, 3));
  return emily_scaled_dot_product_attention(scope, q, k, v, scale, mask, true, emily__kv_cache_window(cache, layer), NULL);
}
