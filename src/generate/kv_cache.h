/* kv_cache.h: the keys and values of the tokens that a decoder has seen.
 *
 * Each layer has two buffers [B, Hk, capacity, D] with room ahead. New tokens are written into that room in place: the
 * cache holds the only reference to a buffer, so that the graph may give its memory to the update (the scope that
 * built the pass must be closed before the pass is evaluated). A layer with a sliding window keeps, beside the new
 * tokens, the window - 1 latest ones, and moves them to a fresh buffer when the room is used up. Attention sees a
 * slice of exactly the tokens that are there; what the room holds never counts.
 *
 * A pass is a transaction. Every layer appends; then the pass commits, or rolls back and leaves the cache as it was.
 * When the evaluation of a committed pass fails, the buffers are lost: free the cache.
 *
 *     emily__kv_cache_append(cache, scope, layer, &k, &v);        for each layer
 *     if (emily_scope_status(scope) == EMILY_OK) status = emily__kv_cache_commit(cache);
 *     else emily__kv_cache_rollback(cache);
 */
#ifndef EMILY_GENERATE_KV_CACHE_H
#define EMILY_GENERATE_KV_CACHE_H

#include "emily/ops.h"

typedef struct emily__kv_cache emily__kv_cache;

/* windows[layer]: 0, or the sliding window in tokens, the query's own counted. step: rooms are made in multiples of it
 * (0: 256 tokens). */
emily_status emily__kv_cache_new(int64_t layers, const int64_t *windows, int64_t step, emily__kv_cache **out);
void emily__kv_cache_free(emily__kv_cache *cache); /* NULL does nothing */

/* Tokens seen so far, committed ones. */
int64_t emily__kv_cache_length(const emily__kv_cache *cache);

/* How many keys the layer's attention sees when `count` tokens are appended, and at which position the first stands. */
void emily__kv_cache_span(const emily__kv_cache *cache, int64_t layer, int64_t count, int64_t *start, int64_t *keys);

/* *k, *v [B, Hk, T, D] of the new tokens become all that the layer's attention sees, [B, Hk, keys, D], the new ones last. */
void emily__kv_cache_append(emily__kv_cache *cache, emily_scope *scope, int64_t layer, emily_array **k,
                            emily_array **v);

/* EMILY_INTERNAL where not every layer appended the same number of tokens. */
emily_status emily__kv_cache_commit(emily__kv_cache *cache);
void emily__kv_cache_rollback(emily__kv_cache *cache);

#endif
