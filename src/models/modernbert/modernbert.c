/* modernbert.c: ModernBERT (Warner et al. 2024): config, weights, forward pass.
 *
 *     h = norm(words[ids])
 *     each layer:  h = h + out(attention(norm(h)));  h = h + down(act(a) * b), a and b the halves of up(norm(h))
 *     h = norm(h)
 *
 * The first layer does not norm before its attention. Some layers see every token, the others those at most
 * local_attention / 2 away; each of the two kinds rotates positions with a base of its own.
 */
#include "models/encoder.h"

#include <stdio.h>
#include <string.h>

typedef struct layer {
  emily__norm attention_norm; /* weight NULL in the first layer */
  emily__encoder_attention attention;
  emily__norm mlp_norm;
  emily__linear up, down; /* [2 inner, D], [D, inner] */
  bool local;
} layer;

typedef struct modernbert {
  emily__encoder encoder; /* the first member */
  bool attention_bias, mlp_bias, norm_bias, classifier_bias, decoder_bias;
  bool pools_mean; /* sequences: the mean, not the first token */
  int64_t reach;   /* of a local layer: to tokens at most so far away */
  emily__activation *head_act;
  emily__rope_params rope[2]; /* of global and of local layers */
  emily_array *freqs[2];      /* float32 [hd / 2] */
  layer *layers;
  emily__norm final_norm;
  bool local[EMILY__ENCODER_LAYERS];
} modernbert;

static emily_array *hidden(const emily__encoder *e, emily_scope *s, const emily__inputs *in, emily_array *h,
                           emily_array **states);

/* ---- config ---- */

/* One kind's part of rope_parameters. */
static void read_rope_kind(emily__config *c, const char *key, emily__rope_params *rope) {
  emily__config nested;
  if (!emily__config_nested(c, key, "rope_parameters.", &nested)) return;
  emily__config_only_text(&nested, "rope_type", "default");
  emily__config_real(&nested, "rope_theta", 1e-3, 1e12, &rope->theta);
  emily__config_done_nested(c, &nested, key);
}

static void read_rope(emily__config *c, modernbert *m) {
  const emily__encoder *e = &m->encoder;
  emily__config nested;
  int64_t dims = c->status == EMILY_OK ? e->hidden_size / e->heads : 2;
  for (int i = 0; i < 2; i++)
    m->rope[i] = (emily__rope_params){.dims = dims, .max_positions = e->max_positions, .original_positions = e->max_positions,
                                      .theta = i ? 10000 : 160000, .factor = 1, .attention_factor = 1};
  emily__config_real(c, "global_rope_theta", 1e-3, 1e12, &m->rope[0].theta);
  emily__config_real(c, "local_rope_theta", 1e-3, 1e12, &m->rope[1].theta);
  emily__config_only_empty(c, "rope_scaling");
  if (emily__config_nested(c, "rope_parameters", "rope_parameters.", &nested)) {
    read_rope_kind(&nested, "full_attention", &m->rope[0]);
    read_rope_kind(&nested, "sliding_attention", &m->rope[1]);
    emily__config_done_nested(c, &nested, "rope_parameters");
  }
  if (c->status == EMILY_OK && dims % 2)
    emily__config_fail(c, EMILY_BAD_FORMAT, "heads of %lld numbers cannot be rotated; their size must be even", (long long)dims);
}

static bool is_local(emily__config *c, const json_t *type) {
  const char *name = json_string_value(type);
  if (name && strcmp(name, "sliding_attention") == 0) return true;
  if (!name || strcmp(name, "full_attention") != 0)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"layer_types\" holds %s%s%s; full_attention and sliding_attention are supported",
                       name ? "\"" : "", name ? name : emily__json_type_name(type), name ? "\"" : "");
  return false;
}

/* layer_types, or the older switch: which layer of so many sees everything. */
static void read_layer_types(emily__config *c, modernbert *m) {
  int64_t every = 3, count = m->encoder.layer_count;
  json_t *types = NULL;
  emily__config_size(c, "global_attn_every_n_layers", &every);
  emily__config_array(c, "layer_types", &types);
  if (types && json_array_size(types) != (size_t)count)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"layer_types\" has %zu entries; num_hidden_layers is %lld",
                       json_array_size(types), (long long)count);
  for (int64_t i = 0; i < count && c->status == EMILY_OK; i++)
    m->local[i] = types ? is_local(c, json_array_get(types, (size_t)i)) : i % every != 0;
}

static void read_head(emily__config *c, modernbert *m) {
  const char *act = "gelu", *pooling = "cls";
  emily__config_text(c, "classifier_activation", &act);
  emily__config_text(c, "classifier_pooling", &pooling);
  m->head_act = emily__config_activation(c, "classifier_activation", act);
  m->pools_mean = strcmp(pooling, "mean") == 0;
  if (!m->pools_mean && strcmp(pooling, "cls") != 0)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"classifier_pooling\": \"%s\" is not supported (cls and mean are)", pooling);
}

static void read_biases(emily__config *c, modernbert *m) {
  emily__config_bool(c, "attention_bias", &m->attention_bias);
  emily__config_bool(c, "mlp_bias", &m->mlp_bias);
  emily__config_bool(c, "norm_bias", &m->norm_bias);
  emily__config_bool(c, "classifier_bias", &m->classifier_bias);
  emily__config_bool(c, "decoder_bias", &m->decoder_bias);
}

static void configure(emily__config *c, emily__task task, void *self) {
  /* Training, and keys of BERT's that this family's files carry and its model does not read. */
  static const char *const passed_over[] = {"deterministic_flash_attn", "embedding_dropout", "initializer_cutoff_factor",
                                            "layer_norm_eps", "mlp_dropout", "position_embedding_type", "reference_compile",
                                            "repad_logits_with_grad", "sparse_pred_ignore_index", "sparse_prediction"};
  modernbert *m = self;
  emily__encoder *e = &m->encoder;
  const char *act = "gelu";
  int64_t window = 128;
  *e = (emily__encoder){.vocab = 50368, .hidden_size = 768, .layer_count = 22, .heads = 12, .inner = 1152,
                        .max_positions = 8192, .position_pad = -1, .eps = 1e-5, .tie = true, .hidden = hidden};
  m->decoder_bias = true;
  emily__config_size(c, "vocab_size", &e->vocab);
  emily__config_size(c, "hidden_size", &e->hidden_size);
  emily__config_size(c, "num_hidden_layers", &e->layer_count);
  emily__config_size(c, "num_attention_heads", &e->heads);
  emily__config_size(c, "intermediate_size", &e->inner);
  emily__config_size(c, "max_position_embeddings", &e->max_positions);
  emily__config_int(c, "local_attention", 0, INT32_MAX, &window);
  emily__config_real(c, "norm_eps", 0, 1, &e->eps);
  emily__config_text(c, "hidden_activation", &act);
  for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++) emily__config_skip(c, passed_over[i]);
  m->reach = window / 2;
  read_biases(c, m);
  read_head(c, m);
  emily__encoder_finish(c, task, "hidden_activation", act, "hidden_size", "num_attention_heads", e);
  read_layer_types(c, m);
  read_rope(c, m);
}

/* ---- weights ---- */

static void bind_layer(emily__weights *w, const modernbert *m, int64_t index, layer *l) {
  const emily__encoder *e = &m->encoder;
  int64_t d = e->hidden_size;
  char base[64];
  snprintf(base, sizeof base, "model.layers.%lld.", (long long)index);
  if (index) l->attention_norm = emily__weights_norm(w, d, e->eps, m->norm_bias, "%sattn_norm", base);
  l->attention.fused = emily__weights_linear(w, d, 3 * d, m->attention_bias, "%sattn.Wqkv", base);
  l->attention.out = emily__weights_linear(w, d, d, m->attention_bias, "%sattn.Wo", base);
  l->mlp_norm = emily__weights_norm(w, d, e->eps, m->norm_bias, "%smlp_norm", base);
  l->up = emily__weights_linear(w, d, 2 * e->inner, m->mlp_bias, "%smlp.Wi", base);
  l->down = emily__weights_linear(w, e->inner, d, m->mlp_bias, "%smlp.Wo", base);
  l->local = m->local[index];
}

static void bind_head(emily__weights *w, emily__task task, modernbert *m) {
  emily__encoder *e = &m->encoder;
  int64_t d = e->hidden_size;
  emily__encoder_bind_words(w, task, "model.embeddings.tok_embeddings", "decoder",
                            m->decoder_bias ? "decoder.bias" : NULL, e);
  if (task == EMILY__TASK_BODY) return;
  e->head.dense = emily__weights_linear(w, d, d, m->classifier_bias, "head.dense");
  e->head.act = m->head_act;
  e->head.norm = emily__weights_norm(w, d, e->eps, m->norm_bias, "head.norm");
  if (task == EMILY__TASK_SEQUENCE) e->head.pool = m->pools_mean ? emily__pool_mean : emily__pool_cls;
  if (task != EMILY__TASK_MASKED_LM) e->head.out = emily__weights_linear(w, d, e->labels, true, "classifier");
}

static void bind(emily__weights *w, emily__task task, void *self) {
  modernbert *m = self;
  emily__encoder *e = &m->encoder;
  int64_t d = e->hidden_size;
  bind_head(w, task, m);
  e->norm = emily__weights_norm(w, d, e->eps, m->norm_bias, "model.embeddings.norm");
  m->final_norm = emily__weights_norm(w, d, e->eps, m->norm_bias, "model.final_norm");
  for (int i = 0; i < 2; i++) m->freqs[i] = emily__weights_adopt(w, emily__rope_frequencies(&m->rope[i], 0));
  m->layers = emily__weights_alloc(w, e->layer_count, sizeof *m->layers);
  for (int64_t i = 0; i < e->layer_count && m->layers; i++) bind_layer(w, m, i, &m->layers[i]);
}

/* ---- the pass ---- */

/* mask [B, 1, 1, T] or NULL: also false for keys further away than the reach, [1 or B, 1, T, T] */
static emily_array *local_mask(const modernbert *m, emily_scope *s, const emily__inputs *in, emily_array *mask) {
  emily_array *keys = emily_arange(s, 0, (double)in->length, 1, EMILY_INT32);                  /* [T] */
  emily_array *queries = emily_expand_dims(s, keys, (const int64_t[]){1}, 1);                  /* [T, 1] */
  emily_array *distance = emily_abs(s, emily_subtract(s, queries, keys));                      /* [T, T] */
  emily_array *near = emily_less_equal(s, distance, emily__constant(s, (double)m->reach));
  near = emily_expand_dims(s, near, (const int64_t[]){0, 1}, 2);
  return mask ? emily_logical_and(s, near, mask) : near;
}

/* x [B, T, D]: down(act(a) * b) */
static emily_array *mlp(const emily__encoder *e, const layer *l, emily_scope *s, emily_array *x) {
  emily_array *both = emily__linear_apply(s, &l->up, x), *halves[2];
  if (!both) return NULL;
  for (int64_t i = 0; i < 2; i++) {
    int64_t start[] = {0, 0, i * e->inner};
    int64_t stop[] = {emily_array_dim(both, 0), emily_array_dim(both, 1), (i + 1) * e->inner};
    halves[i] = emily_slice(s, both, start, stop, NULL);
  }
  return emily__linear_apply(s, &l->down, emily_multiply(s, e->act(s, halves[0]), halves[1]));
}

static emily_array *hidden(const emily__encoder *e, emily_scope *s, const emily__inputs *in, emily_array *h,
                           emily_array **states) {
  const modernbert *m = (const modernbert *)e;
  emily__encoder_pass passes[2]; /* of global and of local layers */
  emily_array *mask = emily__key_mask(s, in->mask);
  for (int i = 0; i < 2; i++)
    passes[i] = (emily__encoder_pass){.scope = s, .in = in, .mask = i ? local_mask(m, s, in, mask) : mask,
                                      .rope = &m->rope[i], .freqs = m->freqs[i]};
  for (int64_t i = 0; i < e->layer_count; i++) {
    const layer *l = &m->layers[i];
    if (states) states[i] = h;
    emily_array *x = l->attention_norm.weight ? emily__layer_norm_apply(s, &l->attention_norm, h) : h;
    h = emily_add(s, h, emily__encoder_attend(e, &l->attention, &passes[l->local], x));
    h = emily_add(s, h, mlp(e, l, s, emily__layer_norm_apply(s, &l->mlp_norm, h)));
  }
  h = emily__layer_norm_apply(s, &m->final_norm, h);
  if (states) states[e->layer_count] = h;
  return h;
}

const emily__family emily__family_modernbert = {
    .title = "ModernBERT",
    .checked = "Transformers in float64: every head, both forms of the config, local layers, biases, both poolings",
    .limits = "Rotary positions of kind default; no multiple-choice head.",
    .model_type = "modernbert",
    .class_name = "ModernBert",
    .tasks = EMILY__ENCODER_TASKS,
    .default_task = EMILY__TASK_BODY,
    .prefix = "model.",
    .ignorable = (const char *const[]){NULL},
    .heads = (const char *const[]){"head.*", "decoder.*", "classifier.*", NULL},
    .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_POSITIONS,
    .size = sizeof(modernbert),
    .configure = configure,
    .bind = bind,
    .sizes = emily__encoder_sizes,
    .forward = emily__encoder_forward,
};
