/* gpt2.c: GPT-2 (Radford et al. 2019): config, weights, forward pass.
 *
 *     h = words[ids] + positions[at] (+ words[type_ids])
 *     each layer:  h = h + c_proj(attention(ln_1(h)));  h = h + mlp(ln_2(h))
 *     h = ln_f(h)
 *
 * Matrices lie as [in, out], those of q, k and v side by side in one.
 */
#include "models/decoder.h"

#include <math.h>
#include <stdio.h>

typedef struct layer {
  emily__norm ln_1, ln_2;
  emily__linear qkv, proj; /* [3 D, D], [D, D] */
  emily__mlp mlp;          /* [inner, D], [D, inner] */
} layer;

typedef struct gpt2 {
  emily__decoder decoder; /* the first member */
  int64_t heads, inner;
  double eps;
  bool tie;
  emily__activation *act;
  emily__embedding words, positions; /* [V, D], [P, D] */
  layer *layers;
  emily__norm norm;
} gpt2;

/* What training needs, what its double-headed class needs, and names that no longer have an effect. */
static void skip_unused(emily__config *c) {
  static const char *const names[] = {"resid_pdrop", "embd_pdrop", "attn_pdrop", "summary_type", "summary_use_proj",
                                      "summary_activation", "summary_proj_to_labels", "summary_first_dropout", "n_ctx",
                                      "n_special", "predict_special_tokens", "reorder_and_upcast_attn"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) emily__config_skip(c, names[i]);
}

static void read_scale(emily__config *c, gpt2 *m) {
  emily__decoder *d = &m->decoder;
  bool scaled = true;
  emily__config_bool(c, "scale_attn_weights", &scaled);
  emily__config_bool(c, "scale_attn_by_inverse_layer_idx", &d->scale_over_layer);
  d->scale = scaled ? 1 / sqrt((double)(d->hidden_size / m->heads)) : 1;
}

static emily_array *hidden(const emily__decoder *decoder, const emily__pass *pass, emily_array *ids,
                           emily_array **states);

static void configure(emily__config *c, emily__task task, void *self) {
  gpt2 *m = self;
  emily__decoder *d = &m->decoder;
  const char *act = "gelu_new";
  *m = (gpt2){.decoder = {.vocab = 50257, .hidden_size = 768, .layer_count = 12, .positions = 1024, .pad_token = -1,
                          .hidden = hidden}, .heads = 12, .eps = 1e-5, .tie = true};
  emily__decoder_configure(c, task, d);
  emily__config_size(c, "n_embd", &d->hidden_size);
  emily__config_int(c, "n_layer", 1, EMILY__MAX_LAYERS, &d->layer_count);
  emily__config_size(c, "n_head", &m->heads);
  emily__config_size(c, "n_positions", &d->positions);
  m->inner = 4 * d->hidden_size;
  emily__config_size(c, "n_inner", &m->inner);
  emily__config_real(c, "layer_norm_epsilon", 0, 1, &m->eps);
  emily__config_bool(c, "tie_word_embeddings", &m->tie);
  emily__config_text(c, "activation_function", &act);
  emily__config_only_bool(c, "add_cross_attention", false);
  emily__config_only_bool(c, "is_encoder_decoder", false);
  m->act = emily__config_activation(c, "activation_function", act);
  d->context = d->positions;
  read_scale(c, m);
  skip_unused(c);
  if (c->status == EMILY_OK && d->hidden_size % m->heads)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"n_embd\" %lld is not a multiple of \"n_head\" %lld",
                       (long long)d->hidden_size, (long long)m->heads);
}

static void bind_layer(emily__weights *w, const gpt2 *m, int64_t index, layer *l) {
  char base[64];
  int64_t d = m->decoder.hidden_size;
  snprintf(base, sizeof base, "transformer.h.%lld.", (long long)index);
  l->ln_1 = emily__weights_norm(w, d, m->eps, true, "%sln_1", base);
  l->qkv = emily__weights_linear_across(w, d, 3 * d, true, "%sattn.c_attn", base);
  l->proj = emily__weights_linear_across(w, d, d, true, "%sattn.c_proj", base);
  l->ln_2 = emily__weights_norm(w, d, m->eps, true, "%sln_2", base);
  l->mlp.in = emily__weights_linear_across(w, d, m->inner, true, "%smlp.c_fc", base);
  l->mlp.out = emily__weights_linear_across(w, m->inner, d, true, "%smlp.c_proj", base);
  l->mlp.act = m->act;
}

static void bind(emily__weights *w, emily__task task, void *self) {
  gpt2 *m = self;
  emily__decoder *d = &m->decoder;
  emily__decoder_bind(w, task, m->tie, "transformer.wte", "classifier", d, &m->words);
  m->positions = emily__weights_embedding(w, d->positions, d->hidden_size, "transformer.wpe");
  m->norm = emily__weights_norm(w, d->hidden_size, m->eps, true, "transformer.ln_f");
  m->layers = emily__weights_alloc(w, d->layer_count, sizeof *m->layers);
  for (int64_t i = 0; i < d->layer_count && m->layers; i++) bind_layer(w, m, i, &m->layers[i]);
}

/* x [B, T, D]: [B, T, D] */
static emily_array *attention(const gpt2 *m, const emily__pass *pass, int64_t index, emily_array *x) {
  const layer *l = &m->layers[index];
  emily_scope *s = pass->scope;
  emily_array *heads[3] = {0};
  const int64_t parts = 3;
  if (emily_split(s, emily__linear_apply(s, &l->qkv, x), &parts, 1, -1, heads, 3, NULL) != EMILY_OK) return NULL;
  for (int i = 0; i < 3; i++) heads[i] = emily__split_heads(s, heads[i], m->heads); /* [B, H, T, hd] */
  return emily__linear_apply(s, &l->proj, emily__decoder_attend(&m->decoder, pass, index, heads[0], heads[1], heads[2]));
}

/* [B, T, D] */
static emily_array *embed(const gpt2 *m, const emily__pass *pass, emily_array *ids) {
  emily_scope *s = pass->scope;
  emily_array *h = emily_add(s, emily__embed(s, &m->words, ids), emily__embed(s, &m->positions, emily__pass_positions(pass)));
  return pass->types ? emily_add(s, h, emily__embed(s, &m->words, pass->types)) : h;
}

static emily_array *hidden(const emily__decoder *decoder, const emily__pass *pass, emily_array *ids,
                           emily_array **states) {
  const gpt2 *m = (const gpt2 *)decoder;
  emily_scope *s = pass->scope;
  emily_array *h = embed(m, pass, ids);
  for (int64_t i = 0; i < decoder->layer_count; i++) {
    const layer *l = &m->layers[i];
    if (states) states[i] = h;
    h = emily_add(s, h, attention(m, pass, i, emily__layer_norm_apply(s, &l->ln_1, h)));
    h = emily_add(s, h, emily__mlp_apply(s, &l->mlp, emily__layer_norm_apply(s, &l->ln_2, h)));
  }
  h = emily__layer_norm_apply(s, &m->norm, h);
  if (states) states[decoder->layer_count] = h;
  return h;
}

const emily__family emily__family_gpt2 = {
    .title = "GPT-2",
    .checked = "Transformers in float64: every head, both forms of the config, token types, scales by layer, greedy tokens, cached steps",
    .limits = "No cross-attention, no double-headed class, no question answering head.",
    .model_type = "gpt2",
    .class_name = "GPT2",
    .classes = {[EMILY__TASK_CAUSAL_LM] = "GPT2LMHeadModel"},
    .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_CAUSAL_LM | 1u << EMILY__TASK_SEQUENCE | 1u << EMILY__TASK_TOKEN,
    .default_task = EMILY__TASK_CAUSAL_LM,
    .prefix = "transformer.",
    .ignorable = (const char *const[]){"*.attn.bias", "*.attn.masked_bias", NULL}, /* the causal mask, once a buffer */
    .heads = (const char *const[]){"lm_head.*", "score.*", "classifier.*", "qa_outputs.*", "multiple_choice_head.*", NULL},
    .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_TYPES | EMILY__INPUT_POSITIONS,
    .size = sizeof(gpt2),
    .configure = configure,
    .bind = bind,
    .sizes = emily__decoder_sizes,
    .forward = emily__decoder_forward,
    .generates = true,
};
