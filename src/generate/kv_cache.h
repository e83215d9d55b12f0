/* kv_cache.h: the keys and values of the tokens that a decoder has seen.
 *
 * Each layer has buffers [B, Hk, capacity, …]. A layer without a window grows: buffers have room ahead, made in steps, and slot p
 * holds the token at position p. A layer with a sliding window w is a ring: it grows up to w slots, and slot p mod w holds
 * position p, so that a new token takes the place of the one that no query sees any more. A chunk of several tokens that
 * would run over the end is laid behind the w - 1 latest ones for its own pass, and its last w tokens become the ring. So memory
 * is bounded by the window, and for a pass by window + chunk.
 *
 * New tokens are written in place: the cache holds the only reference to a buffer, so that the graph may give its memory to
 * the update (the scope that built the pass must be closed before the pass is evaluated). Attention sees exactly the tokens that
 * are there; what a room holds never counts.
 *
 * On request keys and values are kept quantized: affine, 8 or 4 bits an element, a scale and a bias (float32) for each group along the
 * head. An element is then off by at most a step, (max - min of its group) / (2^bits - 1), mostly by less than half of one. New tokens are seen
 * in that form by their own pass too, so that what comes out does not depend on how a prompt is cut into chunks.
 *
 * A pass is a transaction. Every layer appends; then the pass commits, or rolls back and leaves the cache as it was.
 * When the evaluation of a committed pass fails, the buffers are lost: free the cache.
 *
 *     out = emily__kv_cache_attend(cache, scope, layer, q, k, v, scale, mask);        for each layer
 *     if (emily_scope_status(scope) == EMILY_OK) status = emily__kv_cache_commit(cache);
 *     else emily__kv_cache_rollback(cache);
 */
#ifndef EMILY_GENERATE_KV_CACHE_H
#define EMILY_GENERATE_KV_CACHE_H

#include "emily/ops.h"

typedef struct emily__kv_cache emily__kv_cache;

/* How keys and values are kept. */
typedef struct emily__kv_form {
  int32_t bits;  /* 0: as they come; 8 or 4: quantized */
  int32_t group; /* elements that share a scale: 128, 64 or 32; 0: 64 where the head's size is a multiple of it, or 32. Heads are padded to whole groups */
} emily__kv_form;

/* windows[layer]: 0, or the sliding window in tokens, the query's own counted. step: rooms are made in multiples of it
 * (0: 32 tokens). */
emily_status emily__kv_cache_new(int64_t layers, const int64_t *windows, int64_t step, emily__kv_cache **out);
void emily__kv_cache_free(emily__kv_cache *cache); /* NULL does nothing */

/* Before the first token. EMILY_INVALID_ARGUMENT for other bits and groups than those above. */
emily_status emily__kv_cache_set_form(emily__kv_cache *cache, emily__kv_form form);

/* How many tokens there will be, at least and at most, as far as is known (0: it is not): room is made for the first number at once, and none beyond the
 * second. */
void emily__kv_cache_expect(emily__kv_cache *cache, int64_t least, int64_t most);

/* Tokens seen so far, committed ones. */
int64_t emily__kv_cache_length(const emily__kv_cache *cache);
int64_t emily__kv_cache_window(const emily__kv_cache *cache, int64_t layer); /* 0: none */

/* Forget all tokens but the first `length`. False, and nothing is forgotten, where a window has let go of tokens that the next ones would see.
 * Not within a pass. */
bool emily__kv_cache_cut(emily__kv_cache *cache, int64_t length);

/* Bytes of all buffers. */
uint64_t emily__kv_cache_bytes(const emily__kv_cache *cache);

/* q [B, H, T, D] of new tokens attend to what is cached and to themselves, causally and within the layer's window; k and v [B, Hk, T, D] are
 * appended: [B, H, T, D]. mask: bool [B, 1, 1, length + T], false: hidden; NULL: nothing is hidden. A failure is the scope's. */
emily_array *emily__kv_cache_attend(emily__kv_cache *cache, emily_scope *scope, int64_t layer, emily_array *q, emily_array *k,
                                    emily_array *v, double scale, emily_array *mask);

/* What a layer's attention sees of a pass. */
enum { EMILY__KV_PARTS = 6 };
typedef struct emily__kv_view {
  emily_array *part[EMILY__KV_PARTS]; /* [B, Hk, keys, …]: k and v; quantized: k, its scales and biases, v, its scales and biases */
  int64_t first, keys; /* the positions are [first, first + keys) … */
  int64_t turned;      /* … and the first key stands in slot `turned`, the following ones behind it and then from slot 0 on */
  emily__kv_form form; /* group is never 0 */
} emily__kv_view;

/* Append alone: attend's first half. False, and the scope has failed. */
bool emily__kv_cache_extend(emily__kv_cache *cache, emily_scope *scope, int64_t layer, emily_array *k, emily_array *v,
                            emily__kv_view *view);

/* The same for a layer without a window, in a cache that is not quantized: *k and *v become all that is there, in order. */
void emily__kv_cache_append(emily__kv_cache *cache, emily_scope *scope, int64_t layer, emily_array **k, emily_array **v);

/* EMILY_INTERNAL where not every layer appended the same number of tokens. */
emily_status emily__kv_cache_commit(emily__kv_cache *cache);
void emily__kv_cache_rollback(emily__kv_cache *cache);

#endif
