/* bert.c: BERT (Devlin et al. 2018): config, weights, forward pass.
 *
 *     h = norm(words[ids] + types[type_ids] + positions[0 … T))
 *     each layer:  h = norm(h + out(attention(h)));  h = norm(h + mlp(h))
 *
 * Attention goes both ways over the real tokens. Heads: masked words, sequences, tokens.
 */
#include "models/family.h"
#include "models/labels.h"
#include "nn/pooling.h"

#include <math.h>

typedef struct layer {
  emily__linear query, key, value, out; /* [D, D] */
  emily__norm attention_norm;
  emily__mlp mlp; /* [inner, D], [D, inner] */
  emily__norm output_norm;
} layer;

typedef struct bert {
  int64_t vocab, hidden, layer_count, heads, inner, max_positions, types, labels;
  double eps;
  bool tie;
  emily__activation *act;

  emily__embedding words, positions, token_types; /* [V, D], [P, D], [types, D] */
  emily__norm norm;
  layer *layers;
  emily__linear pooler;    /* [D, D]; absent where the checkpoint has none */
  emily__linear transform; /* masked words: [D, D] */
  emily__norm transform_norm;
  emily__linear head; /* [V, D], or [labels, D] */
} bert;

static void configure(emily__config *c, emily__task task, void *self) {
  bert *b = self;
  const char *act = "gelu";
  *b = (bert){.vocab = 30522, .hidden = 768, .layer_count = 12, .heads = 12, .inner = 3072, .max_positions = 512,
              .types = 2, .eps = 1e-12, .tie = true};
  emily__config_size(c, "vocab_size", &b->vocab);
  emily__config_size(c, "hidden_size", &b->hidden);
  emily__config_size(c, "num_hidden_layers", &b->layer_count);
  emily__config_size(c, "num_attention_heads", &b->heads);
  emily__config_size(c, "intermediate_size", &b->inner);
  emily__config_size(c, "max_position_embeddings", &b->max_positions);
  emily__config_size(c, "type_vocab_size", &b->types);
  emily__config_real(c, "layer_norm_eps", 0, 1, &b->eps);
  emily__config_bool(c, "tie_word_embeddings", &b->tie);
  emily__config_text(c, "hidden_act", &act);
  emily__config_only_text(c, "position_embedding_type", "absolute");
  emily__config_only_bool(c, "is_decoder", false);
  emily__config_only_bool(c, "add_cross_attention", false);
  emily__config_only_bool(c, "is_encoder_decoder", false);
  b->labels = emily__config_labels(c, task == EMILY__TASK_SEQUENCE || task == EMILY__TASK_TOKEN);
  b->act = emily__config_activation(c, "hidden_act", act);
  if (c->status == EMILY_OK && b->hidden % b->heads)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"hidden_size\" %lld is not a multiple of \"num_attention_heads\" %lld",
                       (long long)b->hidden, (long long)b->heads);
}

static void bind_layer(emily__weights *w, const bert *b, int64_t index, layer *l) {
  char base[64];
  int64_t d = b->hidden;
  snprintf(base, sizeof base, "bert.encoder.layer.%lld.", (long long)index);
  l->query = emily__weights_linear(w, d, d, true, "%sattention.self.query", base);
  l->key = emily__weights_linear(w, d, d, true, "%sattention.self.key", base);
  l->value = emily__weights_linear(w, d, d, true, "%sattention.self.value", base);
  l->out = emily__weights_linear(w, d, d, true, "%sattention.output.dense", base);
  l->attention_norm = emily__weights_norm(w, d, b->eps, true, "%sattention.output.LayerNorm", base);
  l->mlp.in = emily__weights_linear(w, d, b->inner, true, "%sintermediate.dense", base);
  l->mlp.out = emily__weights_linear(w, b->inner, d, true, "%soutput.dense", base);
  l->mlp.act = b->act;
  l->output_norm = emily__weights_norm(w, d, b->eps, true, "%soutput.LayerNorm", base);
}

/* The decoder's bias is stored under either of two names, or under both. */
static void bind_masked_lm(emily__weights *w, bert *b) {
  b->transform = emily__weights_linear(w, b->hidden, b->hidden, true, "cls.predictions.transform.dense");
  b->transform_norm = emily__weights_norm(w, b->hidden, b->eps, true, "cls.predictions.transform.LayerNorm");
  emily__weights_tied(w, b->tie, b->vocab, b->hidden, "bert.embeddings.word_embeddings",
                      "cls.predictions.decoder", &b->words, &b->head);
  const char *stored = emily__weights_has(w, "cls.predictions.decoder.bias") ? "cls.predictions.decoder.bias"
                                                                              : "cls.predictions.bias";
  b->head.bias = emily__weights_vector(w, b->vocab, "%s", stored);
}

static void bind_head(emily__weights *w, emily__task task, bert *b) {
  bool optional = task == EMILY__TASK_BODY, pooled = optional || task == EMILY__TASK_SEQUENCE;
  if (optional) pooled = emily__weights_has(w, "bert.pooler.dense.weight") || emily__weights_has(w, "bert.pooler.dense.bias");
  if (pooled) b->pooler = emily__weights_linear(w, b->hidden, b->hidden, true, "bert.pooler.dense");
  if (task == EMILY__TASK_SEQUENCE || task == EMILY__TASK_TOKEN)
    b->head = emily__weights_linear(w, b->hidden, b->labels, true, "classifier");
  if (task == EMILY__TASK_MASKED_LM) bind_masked_lm(w, b);
  else b->words = emily__weights_embedding(w, b->vocab, b->hidden, "bert.embeddings.word_embeddings");
}

static void bind(emily__weights *w, emily__task task, void *self) {
  bert *b = self;
  bind_head(w, task, b);
  b->positions = emily__weights_embedding(w, b->max_positions, b->hidden, "bert.embeddings.position_embeddings");
  b->token_types = emily__weights_embedding(w, b->types, b->hidden, "bert.embeddings.token_type_embeddings");
  b->norm = emily__weights_norm(w, b->hidden, b->eps, true, "bert.embeddings.LayerNorm");
  b->layers = emily__weights_alloc(w, b->layer_count, sizeof *b->layers);
  for (int64_t i = 0; i < b->layer_count && b->layers; i++) bind_layer(w, b, i, &b->layers[i]);
}

static emily__model_sizes sizes(const void *self) {
  const bert *b = self;
  return (emily__model_sizes){b->vocab, b->types, b->max_positions, b->hidden, b->max_positions};
}

/* [B, T, D] */
static emily_array *embed(const bert *b, emily_scope *s, const emily__inputs *in) {
  emily_array *words = emily__embed(s, &b->words, in->ids);
  emily_array *types = in->types, *positions = in->positions;
  if (!types) types = emily_zeros(s, (const int64_t[]){1, 1}, 2, EMILY_INT32);
  if (!positions)
    positions = emily_expand_dims(s, emily_arange(s, 0, (double)in->length, 1, EMILY_INT32), (const int64_t[]){0}, 1);
  emily_array *h = emily_add(s, words, emily__embed(s, &b->token_types, types));
  return emily__layer_norm_apply(s, &b->norm, emily_add(s, h, emily__embed(s, &b->positions, positions)));
}

/* h [B, T, D], mask [B, 1, 1, T] or NULL: [B, T, D] */
static emily_array *attention(const bert *b, const layer *l, emily_scope *s, emily_array *h, emily_array *mask) {
  double scale = 1 / sqrt((double)(b->hidden / b->heads));
  emily_array *q = emily__split_heads(s, emily__linear_apply(s, &l->query, h), b->heads); /* [B, H, T, hd] */
  emily_array *k = emily__split_heads(s, emily__linear_apply(s, &l->key, h), b->heads);
  emily_array *v = emily__split_heads(s, emily__linear_apply(s, &l->value, h), b->heads);
  emily_array *mixed = emily_scaled_dot_product_attention(s, q, k, v, scale, mask, false, 0, NULL);
  return emily__linear_apply(s, &l->out, emily__merge_heads(s, mixed));
}

static emily_array *layer_apply(const bert *b, const layer *l, emily_scope *s, emily_array *h, emily_array *mask) {
  h = emily__layer_norm_apply(s, &l->attention_norm, emily_add(s, attention(b, l, s, h, mask), h));
  return emily__layer_norm_apply(s, &l->output_norm, emily_add(s, emily__mlp_apply(s, &l->mlp, h), h));
}

/* tanh of a projection of the first token: [B, D] */
static emily_array *pooled(const bert *b, emily_scope *s, emily_array *h) {
  return emily_tanh(s, emily__linear_apply(s, &b->pooler, emily__pool_cls(s, h, NULL)));
}

static emily_array *logits(const bert *b, emily__task task, emily_scope *s, emily_array *h) {
  if (task == EMILY__TASK_SEQUENCE) h = pooled(b, s, h);
  if (task == EMILY__TASK_MASKED_LM)
    h = emily__layer_norm_apply(s, &b->transform_norm, b->act(s, emily__linear_apply(s, &b->transform, h)));
  return emily__linear_apply(s, &b->head, h);
}

static void add_pooled(const bert *b, emily_scope *s, emily_array *h, const emily__inputs *in, emily__outputs *out) {
  emily_array *mask = in->mask;
  if (!mask) mask = emily_ones(s, (const int64_t[]){in->batch, in->length}, 2, EMILY_BOOL);
  emily_array *mean = emily__pool_mean(s, h, mask);
  if (emily__linear_present(&b->pooler)) emily__outputs_add(out, "pooler_output", pooled(b, s, h));
  emily__outputs_add(out, "mean_pooled", mean);
  emily__outputs_add(out, "mean_pooled_l2", emily__l2_normalize(s, mean));
}

static void forward(const void *self, emily__task task, emily_scope *s, const emily__inputs *in, emily__outputs *out) {
  const bert *b = self;
  emily_array *mask = emily__key_mask(s, in->mask), *h = embed(b, s, in);
  emily_array **states = emily__states_begin(out, b->layer_count + 1);
  for (int64_t i = 0; i < b->layer_count; i++) {
    if (states) states[i] = h;
    h = layer_apply(b, &b->layers[i], s, h, mask);
  }
  if (states) states[b->layer_count] = h;
  emily__states_end(out, states, b->layer_count + 1);
  emily__outputs_add(out, "last_hidden_state", h);
  if (task == EMILY__TASK_BODY) add_pooled(b, s, h, in, out);
  else emily__outputs_add(out, "logits", logits(b, task, s, h));
}

const emily__family emily__family_bert = {
    .model_type = "bert",
    .class_name = "Bert",
    .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_MASKED_LM | 1u << EMILY__TASK_SEQUENCE | 1u << EMILY__TASK_TOKEN,
    .default_task = EMILY__TASK_BODY,
    .prefix = "bert.",
    /* A buffer that old checkpoints carry; what pretraining leaves beside the head that is used; its bias's other name. */
    .ignorable = (const char *const[]){"*embeddings.position_ids", "bert.pooler.*", "cls.seq_relationship.*",
                                       "cls.predictions.bias", NULL},
    .heads = (const char *const[]){"cls.*", "classifier.*", "qa_outputs.*", NULL},
    .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_TYPES | EMILY__INPUT_POSITIONS,
    .size = sizeof(bert),
    .configure = configure,
    .bind = bind,
    .sizes = sizes,
    .forward = forward,
};
