/* decoder.c: see decoder.h. */
#include "models/decoder.h"

#include "base/alloc.h"
#include "base/status.h"
#include "io/checkpoint.h"
#include "nn/pooling.h"

#include <string.h>

void emily__decoder_configure(emily__config *config, emily__task task, emily__decoder *decoder) {
  bool classifies = task == EMILY__TASK_SEQUENCE || task == EMILY__TASK_TOKEN;
  decoder->label_bias = true;
  emily__config_size(config, "vocab_size", &decoder->vocab);
  emily__config_bool(config, "token_classification_bias", &decoder->label_bias);
  decoder->labels = emily__config_labels(config, classifies);
  if (task != EMILY__TASK_SEQUENCE) return;
  if (emily__config_null(config, "pad_token_id")) decoder->pad_token = -1;
  emily__config_int(config, "pad_token_id", -1, INT32_MAX, &decoder->pad_token);
}

static void bind_head(emily__weights *w, emily__task task, bool tie, const char *embedding, const char *classifier,
                      emily__decoder *d, emily__embedding *embed) {
  if (task == EMILY__TASK_CAUSAL_LM) {
    emily__weights_tied(w, tie, d->vocab, d->hidden_size, embedding, "lm_head", embed, &d->head);
    return;
  }
  *embed = emily__weights_embedding(w, d->vocab, d->hidden_size, "%s", embedding);
  if (task == EMILY__TASK_SEQUENCE) d->head = emily__weights_linear(w, d->hidden_size, d->labels, false, "score");
  if (task == EMILY__TASK_TOKEN) d->head = emily__weights_linear(w, d->hidden_size, d->labels, d->label_bias, "%s", classifier);
}

/* GGUF files have Llama 3's scaling of rope as a tensor: what each wave length is multiplied by. */
static emily_array *scaled_by_factors(emily__weights *weights, emily_array *freqs, int64_t count) {
  if (!freqs || !emily__checkpoint_gguf(weights->checkpoint) || !emily__weights_has(weights, "rope_freqs.weight")) return freqs;
  emily_array *factors = emily__weights_vector(weights, count, "rope_freqs.weight");
  if (!factors) return freqs;
  emily_scope *scope = emily_scope_open(NULL);
  return emily__weights_settle(weights, scope, emily_multiply(scope, freqs, emily_astype(scope, factors, EMILY_FLOAT32)));
}

void emily__decoder_bind(emily__weights *weights, emily__task task, bool tie, const char *embedding, const char *classifier,
                         emily__decoder *decoder, emily__embedding *embed) {
  bind_head(weights, task, tie, embedding, classifier, decoder, embed);
  for (int64_t i = 0; i < decoder->rope_count; i++)
    decoder->freqs[i] = scaled_by_factors(weights, emily__weights_adopt(weights, emily__rope_frequencies(&decoder->rope[i], 0)),
                                          decoder->rope[i].dims / 2);
}

/* ---- one pass ---- */

/* How many positions a pass reaches over; -1 on failure. */
static int64_t pass_reach(const emily__pass *pass) {
  int64_t last;
  if (!pass->positions) return pass->past + pass->length;
  return emily__largest_value(pass->positions, &last) == EMILY_OK ? last + 1 : -1;
}

/* The frequencies of a pass: the model's, or its own where they depend on how far it reaches. */
static emily_array *pass_frequencies(const emily__rope_params *rope, emily_array *freqs, const emily__pass *pass) {
  if (rope->kind != EMILY__ROPE_DYNAMIC) return freqs;
  int64_t reach = pass_reach(pass);
  if (reach < 0) return emily_scope_fail(pass->scope);
  if (!emily__rope_depends_on(rope, reach)) return freqs;
  freqs = emily__rope_frequencies(rope, reach);
  return freqs ? emily_scope_adopt(pass->scope, freqs) : emily_scope_fail(pass->scope);
}

/* mask bool [B, past + T] or NULL. */
static emily__pass begin_pass(const emily__decoder *d, emily_scope *scope, emily__kv_cache *cache, emily_array *ids,
                              emily_array *positions, emily_array *mask) {
  emily__pass pass = {.scope = scope, .cache = cache, .batch = emily_array_dim(ids, 0),
                      .length = emily_array_dim(ids, 1), .past = cache ? emily__kv_cache_length(cache) : 0,
                      .mask = emily__key_mask(scope, mask), .positions = positions};
  for (int64_t i = 0; i < d->rope_count; i++) pass.freqs[i] = pass_frequencies(&d->rope[i], d->freqs[i], &pass);
  return pass;
}

emily_array *emily__pass_positions(const emily__pass *pass) {
  if (pass->positions) return pass->positions;
  double start = (double)pass->past, stop = (double)(pass->past + pass->length);
  return emily_expand_dims(pass->scope, emily_arange(pass->scope, start, stop, 1, EMILY_INT32), (const int64_t[]){0}, 1);
}

/* x [B, n, T, D] rotated as the layer's tokens are. */
static emily_array *rotated(const emily__decoder *d, const emily__pass *pass, int64_t layer, emily_array *x) {
  int rope = d->ropes[layer];
  if (!d->rope_count || rope == EMILY__NO_ROPE) return x;
  return emily__rope_apply(pass->scope, x, &d->rope[rope], pass->freqs[rope], pass->past, pass->positions);
}

static double scale_of(const emily__decoder *d, int64_t layer) {
  double scale = d->scale_over_layer ? d->scale / (double)(layer + 1) : d->scale;
  if (!d->rope_count || d->ropes[layer] == EMILY__NO_ROPE) return scale;
  /* cos and sin carry attention_factor: on both q and k, so the scores carry its square. */
  double factor = d->rope[d->ropes[layer]].attention_factor;
  return scale * factor * factor;
}

static emily_array *attend(const emily__decoder *d, const emily__pass *pass, int64_t layer, emily_array *q, emily_array *k,
                           emily_array *v) {
  emily_scope *s = pass->scope;
  if (!q || !k || !v) return NULL;
  const double scale = scale_of(d, layer);
  q = rotated(d, pass, layer, q);
  k = rotated(d, pass, layer, k);
  if (pass->cache) return emily__kv_cache_attend(pass->cache, s, layer, q, k, v, scale, pass->mask);
  return emily_scaled_dot_product_attention(s, q, k, v, scale, pass->mask, true, d->windows[layer], NULL);
}

/* x [R, H, T, D]: one row, [1, H, T, D] */
static emily_array *one_row(emily_scope *s, emily_array *x, int64_t row) {
  if (!x) return NULL;
  int64_t start[] = {row, 0, 0, 0}, stop[] = {row + 1, emily_array_dim(x, 1), emily_array_dim(x, 2), emily_array_dim(x, 3)};
  return emily_slice(s, x, start, stop, NULL);
}

/* Each row as if it were alone: its sums are then those of a text by itself. */
static emily_array *attend_rows(const emily__decoder *d, const emily__pass *pass, int64_t layer, emily_array *q, emily_array *k,
                                emily_array *v) {
  emily_array *out[EMILY__BATCH_ROWS];
  emily_scope *s = pass->scope;
  for (int64_t r = 0; r < pass->batch; r++)
    out[r] = attend(d, &pass->rows[r], layer, one_row(s, q, r), one_row(s, k, r), one_row(s, v, r));
  return emily_concatenate(s, out, (int32_t)pass->batch, 0);
}

emily_array *emily__decoder_attend(const emily__decoder *d, const emily__pass *pass, int64_t layer, emily_array *q,
                                   emily_array *k, emily_array *v) {
  return emily__merge_heads(pass->scope, (pass->rows ? attend_rows : attend)(d, pass, layer, q, k, v));
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

/* h [B, T, D]: [B, T, V] */
static emily_array *logits_of(const emily__decoder *d, emily_scope *s, emily_array *h) {
  emily_array *logits = emily__linear_apply(s, &d->head, h);
  if (d->logit_cap == 0) return logits;
  emily_array *cap = emily__constant(s, d->logit_cap);
  return emily_multiply(s, emily_tanh(s, emily_divide(s, logits, cap)), cap);
}

emily__model_sizes emily__decoder_sizes(const void *self) {
  const emily__decoder *d = self;
  return (emily__model_sizes){.vocab = d->vocab, .types = d->vocab, .positions = d->positions, .hidden = d->hidden_size,
                              .context = d->context};
}

void emily__decoder_forward(const void *self, emily__task task, emily_scope *scope, const emily__inputs *in,
                            emily__outputs *outputs) {
  const emily__decoder *d = self;
  emily__pass pass = begin_pass(d, scope, NULL, in->ids, in->positions, in->mask);
  pass.types = in->types;
  emily_array **states = emily__states_begin(outputs, d->layer_count + 1);
  emily_array *h = d->hidden(d, &pass, in->ids, states);
  emily__states_end(outputs, states, d->layer_count + 1);
  emily__outputs_add(outputs, "last_hidden_state", h);
  if (task == EMILY__TASK_BODY) return;
  if (task == EMILY__TASK_SEQUENCE) h = last_token(d, scope, in, h);
  emily__outputs_add(outputs, "logits", task == EMILY__TASK_CAUSAL_LM ? logits_of(d, scope, h) : emily__linear_apply(scope, &d->head, h));
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
  return settle(scope, cache, logits_of(d, scope, h));
}

/* Where each row's token stands: int32 [R, 1] */
static emily_array *row_positions(emily_scope *s, emily__kv_cache *const *caches, int64_t rows) {
  int32_t at[EMILY__BATCH_ROWS];
  for (int64_t r = 0; r < rows; r++) at[r] = (int32_t)emily__kv_cache_length(caches[r]);
  emily_array *positions = emily_array_from_data(at, (const int64_t[]){rows, 1}, 2, EMILY_INT32);
  return positions ? emily_scope_adopt(s, positions) : emily_scope_fail(s);
}

/* As settle, for the caches of all rows. */
static emily_array *settle_rows(emily_scope *scope, emily__kv_cache *const *caches, int64_t rows, emily_array *result) {
  for (int64_t r = 0; r < rows; r++) {
    if (result) result = settle(scope, caches[r], result);
    else emily__kv_cache_rollback(caches[r]);
  }
  return result;
}

emily_array *emily__decoder_rows(const emily__decoder *d, emily_scope *scope, emily__kv_cache *const *caches, emily_array *ids) {
  emily__pass rows[EMILY__BATCH_ROWS], pass = {.scope = scope, .rows = rows, .length = 1};
  if (!ids) return NULL;
  pass.batch = emily_array_dim(ids, 0);
  pass.positions = row_positions(scope, caches, pass.batch);
  for (int64_t r = 0; r < pass.batch; r++) {
    rows[r] = begin_pass(d, scope, caches[r], ids, NULL, NULL);
    rows[r].batch = 1;
  }
  emily_array *h = d->hidden(d, &pass, ids, NULL);
  return settle_rows(scope, caches, pass.batch, logits_of(d, scope, h));
}

static emily_status new_cache(const void *self, emily__kv_form form, emily__kv_cache **out) {
  const emily__decoder *d = self;
  EMILY__TRY(emily__kv_cache_new(d->layer_count, d->windows, 0, out));
  emily_status status = emily__kv_cache_set_form(*out, form);
  if (status != EMILY_OK) emily__kv_cache_free(*out);
  return status;
}

static emily_array *step(const void *self, emily_scope *scope, emily__kv_cache *cache, emily_array *ids, bool wanted) {
  const emily__decoder *d = self;
  if (!ids) return NULL;
  if (wanted) return emily__decoder_cached(d, scope, cache, ids, NULL, NULL, true);
  emily__pass pass = begin_pass(d, scope, cache, ids, NULL, NULL);
  return settle(scope, cache, d->hidden(d, &pass, ids, NULL));
}

static emily_array *step_rows(const void *self, emily_scope *scope, emily__kv_cache *const *caches, emily_array *ids) {
  return emily__decoder_rows(self, scope, caches, ids);
}

emily__decoder_model emily__decoder_for_generation(const emily__decoder *d) {
  return (emily__decoder_model){.self = d, .vocab = d->vocab, .context = d->context,
                                .new_cache = new_cache, .step = step, .step_rows = step_rows};
}
