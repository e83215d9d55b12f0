/* decoder.h: what generation asks of a decoder. The families' side is models/decoder.h. */
#ifndef EMILY_GENERATE_DECODER_H
#define EMILY_GENERATE_DECODER_H

#include "generate/kv_cache.h"

/* Texts that one pass may take a step of. Up to here products sum each row in the same order, however many rows there are, so that what a text becomes
 * does not depend on its mates. */
enum { EMILY__BATCH_ROWS = 32 };

typedef struct emily__decoder_model {
  const void *self;
  int64_t vocab;   /* ids lie in [0, vocab) */
  int64_t context; /* positions lie in [0, context) */
  /* A cache for this model. */
  emily_status (*new_cache)(const void *self, emily__kv_form form, emily__kv_cache **out);
  /* ids int32 [1, T] after what the cache holds: float32 logits [1, 1, vocab] of the last one, lazily, in the scope.
   * The cache is extended (and committed) where the scope did not fail. wanted false: only extend the cache; what must be evaluated
   * is then the result all the same. */
  emily_array *(*step)(const void *self, emily_scope *scope, emily__kv_cache *cache, emily_array *ids, bool wanted);
  /* One token of each of R ≤ EMILY__BATCH_ROWS texts, ids int32 [R, 1], each after what its cache holds: logits [R, 1, vocab]. */
  emily_array *(*step_rows)(const void *self, emily_scope *scope, emily__kv_cache *const *caches, emily_array *ids);
} emily__decoder_model;

#endif
