/* encoder.c: see encoder.h. */
#include "models/encoder.h"

#include "base/status.h"

#include <math.h>
#include <stdio.h>

/* ---- settings ---- */

void emily__encoder_finish(emily__config *c, emily__task task, const char *act_key, const char *act,
                           const char *size_key, const char *heads_key, emily__encoder *e) {
  emily__config_bool(c, "tie_word_embeddings", &e->tie);
  emily__config_only_bool(c, "is_encoder_decoder", false);
  e->labels = emily__config_labels(c, emily__task_labelled(task) || task == EMILY__TASK_QUESTION);
  e->act = emily__config_activation(c, act_key, act);
  if (c->status == EMILY_OK && e->layer_count > EMILY__ENCODER_LAYERS)
    emily__config_fail(c, EMILY_BAD_FORMAT, "%lld layers are more than %d", (long long)e->layer_count,
                       (int)EMILY__ENCODER_LAYERS);
  if (c->status == EMILY_OK && e->hidden_size % e->heads)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"%s\" %lld is not a multiple of \"%s\" %lld", size_key,
                       (long long)e->hidden_size, heads_key, (long long)e->heads);
  if (c->status == EMILY_OK && task == EMILY__TASK_QUESTION && e->labels != 2)
    emily__config_fail(c, EMILY_BAD_FORMAT,
                       "%lld labels; question answering has two, where an answer begins and where it ends",
                       (long long)e->labels);
}

void emily__encoder_configure(emily__config *c, emily__task task, const char *act, emily__encoder *e) {
  emily__config_size(c, "vocab_size", &e->vocab);
  emily__config_size(c, "hidden_size", &e->hidden_size);
  emily__config_size(c, "num_hidden_layers", &e->layer_count);
  emily__config_size(c, "num_attention_heads", &e->heads);
  emily__config_size(c, "intermediate_size", &e->inner);
  emily__config_size(c, "max_position_embeddings", &e->max_positions);
  emily__config_size(c, "type_vocab_size", &e->types);
  emily__config_real(c, "layer_norm_eps", 0, 1, &e->eps);
  emily__config_text(c, "hidden_act", &act);
  emily__config_only_text(c, "position_embedding_type", "absolute");
  emily__config_only_bool(c, "is_decoder", false);
  emily__config_only_bool(c, "add_cross_attention", false);
  emily__encoder_finish(c, task, "hidden_act", act, "hidden_size", "num_attention_heads", e);
}

/* ---- weights ---- */

void emily__encoder_bind_words(emily__weights *w, emily__task task, const char *words, const char *decoder,
                               const char *bias, emily__encoder *e) {
  char name[128];
  if (task != EMILY__TASK_MASKED_LM) {
    e->words = emily__weights_embedding(w, e->vocab, e->hidden_size, "%s", words);
    return;
  }
  emily__weights_tied(w, e->tie, e->vocab, e->hidden_size, words, decoder, &e->words, &e->head.out);
  snprintf(name, sizeof name, "%s.bias", decoder);
  if (bias) e->head.out.bias = emily__weights_vector(w, e->vocab, "%s", emily__weights_has(w, "%s", name) ? name : bias);
}

void emily__encoder_bind_pooler(emily__weights *w, emily__task task, const char *name, emily__encoder *e) {
  bool there = emily__weights_has(w, "%s.weight", name) || emily__weights_has(w, "%s.bias", name);
  if (task != EMILY__TASK_SEQUENCE && !(task == EMILY__TASK_BODY && there)) return;
  e->head.pool = emily__pool_cls;
  e->head.dense = emily__weights_linear(w, e->hidden_size, e->hidden_size, true, "%s", name);
  e->head.act = emily_tanh;
}

const emily__bert_names emily__bert_own_names = {
    .layers = "encoder.layer.",
    .query = "attention.self.query", .key = "attention.self.key", .value = "attention.self.value",
    .out = "attention.output.dense", .attention_norm = "attention.output.LayerNorm",
    .mlp_in = "intermediate.dense", .mlp_out = "output.dense", .mlp_norm = "output.LayerNorm",
};

static void bind_layer(emily__weights *w, const char *base, const emily__bert_names *n, const emily__encoder *e,
                       emily__bert_layer *l) {
  int64_t d = e->hidden_size;
  l->attention.query = emily__weights_linear(w, d, d, true, "%s%s", base, n->query);
  l->attention.key = emily__weights_linear(w, d, d, true, "%s%s", base, n->key);
  l->attention.value = emily__weights_linear(w, d, d, true, "%s%s", base, n->value);
  l->attention.out = emily__weights_linear(w, d, d, true, "%s%s", base, n->out);
  l->attention_norm = emily__weights_norm(w, d, e->eps, true, "%s%s", base, n->attention_norm);
  l->mlp.in = emily__weights_linear(w, d, e->inner, true, "%s%s", base, n->mlp_in);
  l->mlp.out = emily__weights_linear(w, e->inner, d, true, "%s%s", base, n->mlp_out);
  l->mlp.act = e->act;
  l->mlp_norm = emily__weights_norm(w, d, e->eps, true, "%s%s", base, n->mlp_norm);
}

void emily__bert_bind(emily__weights *w, const char *prefix, const emily__bert_names *names, emily__encoder *e) {
  int64_t d = e->hidden_size;
  char base[96];
  e->positions = emily__weights_embedding(w, e->max_positions, d, "%sembeddings.position_embeddings", prefix);
  if (e->types) e->token_types = emily__weights_embedding(w, e->types, d, "%sembeddings.token_type_embeddings", prefix);
  e->norm = emily__weights_norm(w, d, e->eps, true, "%sembeddings.LayerNorm", prefix);
  e->layers = emily__weights_alloc(w, e->layer_count, sizeof *e->layers);
  for (int64_t i = 0; i < e->layer_count && e->layers; i++) {
    snprintf(base, sizeof base, "%s%s%lld.", prefix, names->layers, (long long)i);
    bind_layer(w, base, names, e, &e->layers[i]);
  }
}

/* ---- the body ---- */

/* Positions [B, T] that pass over one id: its own position is the id, the n-th other token's is n + the id. */
static emily_array *counted_positions(const emily__encoder *e, emily_scope *s, emily_array *ids) {
  emily_array *pad = emily_array_from_int(e->position_pad, EMILY_INT32);
  if (!pad) return emily_scope_fail(s);
  pad = emily_scope_adopt(s, pad);
  emily_array *real = emily_astype(s, emily_not_equal(s, ids, pad), EMILY_INT32);
  return emily_add(s, emily_multiply(s, emily_cumsum(s, real, 1, false, true, EMILY_INT32), real), pad);
}

/* [B, T], or [1, T] where all rows count alike */
static emily_array *positions_of(const emily__encoder *e, emily_scope *s, const emily__inputs *in) {
  if (in->positions) return in->positions;
  if (e->position_pad >= 0) return counted_positions(e, s, in->ids);
  return emily_expand_dims(s, emily_arange(s, 0, (double)in->length, 1, EMILY_INT32), (const int64_t[]){0}, 1);
}

/* norm(words[ids] + types[type_ids] + positions[…]), what there is of it: [B, T, D] */
static emily_array *embed(const emily__encoder *e, emily_scope *s, const emily__inputs *in) {
  emily_array *h = emily__embed(s, &e->words, in->ids);
  if (e->types) {
    emily_array *types = in->types ? in->types : emily_zeros(s, (const int64_t[]){1, 1}, 2, EMILY_INT32);
    h = emily_add(s, h, emily__embed(s, &e->token_types, types));
  }
  if (e->positions.weight.data) h = emily_add(s, h, emily__embed(s, &e->positions, positions_of(e, s, in)));
  return emily__layer_norm_apply(s, &e->norm, h);
}

/* heads [B, 3 H, T, hd]: the part-th H of them */
static emily_array *third(emily_scope *s, emily_array *heads, int64_t part) {
  if (!heads) return NULL;
  int64_t count = emily_array_dim(heads, 1) / 3, start[] = {0, part * count, 0, 0};
  int64_t stop[] = {emily_array_dim(heads, 0), (part + 1) * count, emily_array_dim(heads, 2), emily_array_dim(heads, 3)};
  return emily_slice(s, heads, start, stop, NULL);
}

/* q, k and v, [B, H, T, hd] each */
static void project(const emily__encoder *e, const emily__encoder_attention *a, emily_scope *s, emily_array *h,
                    emily_array *qkv[3]) {
  if (emily__linear_present(&a->fused)) {
    emily_array *heads = emily__split_heads(s, emily__linear_apply(s, &a->fused, h), 3 * e->heads);
    for (int i = 0; i < 3; i++) qkv[i] = third(s, heads, i);
    return;
  }
  const emily__linear *const parts[] = {&a->query, &a->key, &a->value};
  for (int i = 0; i < 3; i++) qkv[i] = emily__split_heads(s, emily__linear_apply(s, parts[i], h), e->heads);
}

emily_array *emily__encoder_attend(const emily__encoder *e, const emily__encoder_attention *a,
                                   const emily__encoder_pass *pass, emily_array *h) {
  emily_scope *s = pass->scope;
  emily_array *qkv[3];
  double scale = 1 / sqrt((double)(e->hidden_size / e->heads));
  project(e, a, s, h, qkv);
  for (int i = 0; i < 2 && pass->rope; i++)
    qkv[i] = emily__rope_apply(s, qkv[i], pass->rope, pass->freqs, 0, pass->in->positions);
  if (pass->rope) scale *= pass->rope->attention_factor * pass->rope->attention_factor; /* q and k each carry it */
  emily_array *mixed = emily_scaled_dot_product_attention(s, qkv[0], qkv[1], qkv[2], scale, pass->mask, false, 0, NULL);
  return emily__linear_apply(s, &a->out, emily__merge_heads(s, mixed));
}

emily_array *emily__bert_hidden(const emily__encoder *e, emily_scope *s, const emily__inputs *in, emily_array *h,
                                emily_array **states) {
  emily__encoder_pass pass = {.scope = s, .in = in, .mask = emily__key_mask(s, in->mask)};
  for (int64_t i = 0; i < e->layer_count; i++) {
    const emily__bert_layer *l = &e->layers[i];
    if (states) states[i] = h;
    h = emily__layer_norm_apply(s, &l->attention_norm, emily_add(s, emily__encoder_attend(e, &l->attention, &pass, h), h));
    h = emily__layer_norm_apply(s, &l->mlp_norm, emily_add(s, emily__mlp_apply(s, &l->mlp, h), h));
  }
  if (states) states[e->layer_count] = h;
  return h;
}

/* ---- heads ---- */

/* bool [B, T] */
static emily_array *mask_of(emily_scope *s, const emily__inputs *in) {
  return in->mask ? in->mask : emily_ones(s, (const int64_t[]){in->batch, in->length}, 2, EMILY_BOOL);
}

static emily_array *head_apply(const emily__encoder_head *head, emily_scope *s, const emily__inputs *in, emily_array *h) {
  if (head->pool) h = head->pool(s, h, mask_of(s, in));
  if (emily__linear_present(&head->dense)) h = head->act(s, emily__linear_apply(s, &head->dense, h));
  if (head->norm.weight) h = emily__layer_norm_apply(s, &head->norm, h);
  return emily__linear_present(&head->out) ? emily__linear_apply(s, &head->out, h) : h;
}

static void add_body(const emily__encoder *e, emily_scope *s, emily_array *h, const emily__inputs *in, emily__outputs *out) {
  emily_array *mean = emily__pool_mean(s, h, mask_of(s, in));
  if (emily__linear_present(&e->head.dense)) emily__outputs_add(out, "pooler_output", head_apply(&e->head, s, in, h));
  emily__outputs_add(out, "mean_pooled", mean);
  emily__outputs_add(out, "mean_pooled_l2", emily__l2_normalize(s, mean));
}

/* logits [B, T, 2]: where an answer begins and where it ends, [B, T] each */
static void add_spans(emily_scope *s, emily_array *logits, const emily__inputs *in, emily__outputs *out) {
  static const char *const names[] = {"start_logits", "end_logits"};
  for (int64_t i = 0; i < 2; i++) {
    int64_t start[] = {0, 0, i}, stop[] = {in->batch, in->length, i + 1};
    emily_array *part = emily_slice(s, logits, start, stop, NULL);
    emily__outputs_add(out, names[i], emily_squeeze(s, part, (const int64_t[]){2}, 1));
  }
}

emily__model_sizes emily__encoder_sizes(const void *self) {
  const emily__encoder *e = self;
  int64_t context = e->max_positions - (e->position_pad + 1);
  return (emily__model_sizes){.vocab = e->vocab, .types = e->types, .positions = e->positions.weight.data ? e->max_positions : 0,
                              .hidden = e->hidden_size, .context = context};
}

void emily__encoder_forward(const void *self, emily__task task, emily_scope *s, const emily__inputs *in,
                            emily__outputs *out) {
  const emily__encoder *e = self;
  emily_array **states = emily__states_begin(out, e->layer_count + 1);
  emily_array *h = e->hidden(e, s, in, embed(e, s, in), states);
  emily__states_end(out, states, e->layer_count + 1);
  emily__outputs_add(out, "last_hidden_state", h);
  if (task == EMILY__TASK_BODY) add_body(e, s, h, in, out);
  else if (task == EMILY__TASK_QUESTION) add_spans(s, head_apply(&e->head, s, in, h), in, out);
  else emily__outputs_add(out, "logits", head_apply(&e->head, s, in, h));
}
