/* decoder.c: see decoder.h. */
#include "models/decoder.h"

#include "base/alloc.h"
#include "base/status.h"
#include "nn/pooling.h"

#include <math.h>
#include <string.h>

void emily__decoder_configure(emily__config *config, emily__task task, emily__decoder *decoder) {
  emily__config_size(config, "vocab_size", &decoder->vocab);
  emily__config_size(config, "hidden_size", &decoder->hidden_size);
  emily__config_int(config, "num_hidden_layers", 1, EMILY__MAX_LAYERS, &decoder->layer_count);
  decoder->pad_token = -1;
  decoder->labels = emily__config_labels(config, task == EMILY__TASK_SEQUENCE || task == EMILY__TASK_TOKEN);
  if (task == EMILY__TASK_SEQUENCE)
    emily__config_int(config, "pad_token_id", -1, INT32_MAX, &decoder->pad_token);
}

static void bind_head(emily__weights *w, emily__task task, bool tie, const char *embedding, emily__decoder *d,
                      emily_array **embed) {
  if (task == EMILY__TASK_CAUSAL_LM) {
    emily__weights_tied(w, tie, d->vocab, d->hidden_size, embedding, "lm_head.weight", embed, &d->head.weight);
    return;
  }
  *embed = emily__weights_matrix(w, d->vocab, d->hidden_size, "%s", embedding);
  if (task != EMILY__TASK_BODY)
    d->head = emily__weights_linear(w, d->hidden_size, d->labels, task == EMILY__TASK_TOKEN, "score");
}

void emily__decoder_bind(emily__weights *weights, emily__task task, bool tie, const char *embedding,
                         emily__decoder *decoder, emily_array **embed) {
  bind_head(weights, task, tie, embedding, decoder, embed);
  decoder->freqs = emily__weights_adopt(weights, emily__rope_frequencies(&decoder->rope, 0));
}

/* ---- one pass ---- */

/* The frequencies of a pass: the model's, or its own where they depend on how far it reaches. */
static emily_array *pass_frequencies(const emily__decoder *d, const emily__pass *pass) {
  if (d->rope.kind != EMILY__ROPE_DYNAMIC) return d->freqs;
  int64_t length = pass->past + pass->length;
  if (pass->positions) {
    if (emily__largest_value(pass->positions, &length) != EMILY_OK) return emily_scope_fail(pass->scope);
    length++;
  }
  if (!emily__rope_depends_on(&d->rope, length)) return d->freqs;
  emily_array *freqs = emily__rope_frequencies(&d->rope, length);
  return freqs ? emily_scope_adopt(pass->scope, freqs) : emily_scope_fail(pass->scope);
}

/* mask bool [B, past + T] or NULL. */
static emily__pass begin_pass(const emily__decoder *d, emily_scope *scope, emily__kv_cache *cache, emily_array *ids,
                              emily_array *positions, emily_array *mask) {
  emily__pass pass = {.scope = scope, .cache = cache, .batch = emily_array_dim(ids, 0),
                      .length = emily_array_dim(ids, 1), .past = cache ? emily__kv_cache_length(cache) : 0,
                      .mask = emily__key_mask(scope, mask), .positions = positions};
  pass.freqs = pass_frequencies(d, &pass);
  return pass;
}

/* The part of the mask [B, 1, 1, all] that belongs to the keys [start, start + keys). */
static emily_array *mask_span(const emily__pass *pass, int64_t start, int64_t keys) {
  if (!pass->mask || (start == 0 && keys == emily_array_dim(pass->mask, 3))) return pass->mask;
  int64_t from[] = {0, 0, 0, start}, to[] = {emily_array_dim(pass->mask, 0), 1, 1, start + keys};
  return emily_slice(pass->scope, pass->mask, from, to, NULL);
}

emily_array *emily__decoder_attend(const emily__decoder *d, const emily__pass *pass, int64_t layer, emily_array *q,
                                   emily_array *k, emily_array *v) {
  emily_scope *s = pass->scope;
  if (!q || !k || !v) return NULL;
  /* cos and sin carry attention_factor: on both q and k, so the scores carry its square. */
  double scale = d->rope.attention_factor * d->rope.attention_factor / sqrt((double)emily_array_dim(q, 3));
  int64_t start = 0, keys = pass->length;
  q = emily__rope_apply(s, q, &d->rope, pass->freqs, pass->past, pass->positions);
  k = emily__rope_apply(s, k, &d->rope, pass->freqs, pass->past, pass->positions);
  if (pass->cache) {
    emily__kv_cache_span(pass->cache, layer, pass->length, &start, &keys);
    emily__kv_cache_append(pass->cache, s, layer, &k, &v);
  }
  emily_array *mask = mask_span(pass, start, keys);
  return emily__merge_heads(s, emily_scaled_dot_product_attention(s, q, k, v, scale, mask, true, d->windows[layer], NULL));
}

/* ---- heads ---- */

/* h [B, T, D]: the hidden state of the last token that is not padding, [B, D] */
static emily_array *last_token(const emily__decoder *d, emily_scope *s, const emily__inputs *in, emily_array *h) {
  if (d->pad_token < 0 && in->batch > 1) {
    emily__fail(EMILY_INVALID_ARGUMENT, "emily_model_forward",
                "a batch of %lld rows needs pad_token_id in config.json, which tells where a row ends",
                (long long)in->batch);
    return emily_scope_fail(s);
  }
  emily_array *pad = emily_array_from_int(d->pad_token, EMILY_INT32);
  if (!pad) return emily_scope_fail(s);
  return emily__pool_last(s, h, emily_not_equal(s, in->ids, emily_scope_adopt(s, pad)));
}

emily__model_sizes emily__decoder_sizes(const void *self) {
  const emily__decoder *d = self;
  return (emily__model_sizes){.vocab = d->vocab, .hidden = d->hidden_size, .context = emily__rope_context(&d->rope)};
}

void emily__decoder_forward(const void *self, emily__task task, emily_scope *scope, const emily__inputs *in,
                            emily__outputs *outputs) {
  const emily__decoder *d = self;
  emily__pass pass = begin_pass(d, scope, NULL, in->ids, in->positions, in->mask);
  emily_array **states = emily__states_begin(outputs, d->layer_count + 1);
  emily_array *h = d->hidden(d, &pass, in->ids, states);
  emily__states_end(outputs, states, d->layer_count + 1);
  emily__outputs_add(outputs, "last_hidden_state", h);
  if (task == EMILY__TASK_BODY) return;
  if (task == EMILY__TASK_SEQUENCE) h = last_token(d, scope, in, h);
  emily__outputs_add(outputs, "logits", emily__linear_apply(scope, &d->head, h));
}

/* ---- generation ---- */

static emily_array *last_position(emily_scope *s, emily_array *h) {
  if (!h) return NULL;
  int64_t batch = emily_array_dim(h, 0), length = emily_array_dim(h, 1), size = emily_array_dim(h, 2);
  return emily_slice(s, h, (const int64_t[]){0, length - 1, 0}, (const int64_t[]){batch, length, size}, NULL);
}

/* Commit where the pass was built without error; the scope's first error stays. */
static emily_array *settle(emily_scope *scope, emily__kv_cache *cache, emily_array *result) {
  if (emily_scope_status(scope) != EMILY_OK || !result) {
    emily__kv_cache_rollback(cache);
    return NULL;
  }
  return emily__kv_cache_commit(cache) == EMILY_OK ? result : emily_scope_fail(scope);
}

emily_array *emily__decoder_cached(const emily__decoder *d, emily_scope *scope, emily__kv_cache *cache,
                                   emily_array *ids, emily_array *positions, emily_array *mask, bool last) {
  if (!ids) return NULL;
  emily__pass pass = begin_pass(d, scope, cache, ids, positions, mask);
  emily_array *h = d->hidden(d, &pass, ids, NULL);
  if (last) h = last_position(scope, h);
  return settle(scope, cache, emily__linear_apply(scope, &d->head, h));
}

static emily_status new_cache(const void *self, emily__kv_cache **out) {
  const emily__decoder *d = self;
  return emily__kv_cache_new(d->layer_count, d->windows, 0, out);
}

static emily_array *step(const void *self, emily_scope *scope, emily__kv_cache *cache, emily_array *ids, bool wanted) {
  const emily__decoder *d = self;
  if (wanted) return emily__decoder_cached(d, scope, cache, ids, NULL, NULL, true);
  emily__pass pass = begin_pass(d, scope, cache, ids, NULL, NULL);
  return settle(scope, cache, d->hidden(d, &pass, ids, NULL));
}

emily__decoder_model emily__decoder_for_generation(const emily__decoder *d) {
  return (emily__decoder_model){.self = d, .vocab = d->vocab, .context = emily__rope_context(&d->rope),
                                .new_cache = new_cache, .step = step};
}
