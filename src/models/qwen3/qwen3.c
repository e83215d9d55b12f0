/* qwen3.c: Qwen3 (Yang et al. 2025): config, weights, forward pass.
 *
 *     h = words[ids]
 *     each layer:  h = h + o(attention(norm(h)));  h = h + down(act(gate(n)) * up(n)), n = norm(h)
 *     h = norm(h)
 *
 * Heads of k and v are shared by groups of q; each head of q and k is normed (rms) before it is rotated.
 */
#include "models/decoder.h"

#include <math.h>

typedef struct layer {
  emily__norm input_norm, mlp_norm;
  emily__linear q, k, v, o;   /* [H * hd, D], [Hk * hd, D] twice, [D, H * hd] */
  emily__norm q_norm, k_norm; /* [hd] */
  emily__gated_mlp mlp;       /* [inner, D] twice, [D, inner] */
} layer;

typedef struct qwen3 {
  emily__decoder decoder; /* the first member */
  int64_t heads, kv_heads, head_dim, inner, max_positions;
  double eps;
  bool bias, tie;
  emily__activation *act;
  emily_array *words; /* [V, D] */
  layer *layers;
  emily__norm norm;
} qwen3;

static emily_array *hidden(const emily__decoder *decoder, const emily__pass *pass, emily_array *ids,
                           emily_array **states);

static void check_heads(emily__config *c, const qwen3 *m) {
  if (c->status == EMILY_OK && m->heads % m->kv_heads)
    emily__config_fail(c, EMILY_BAD_FORMAT,
                       "\"num_attention_heads\" %lld is not a multiple of \"num_key_value_heads\" %lld",
                       (long long)m->heads, (long long)m->kv_heads);
}

static void configure(emily__config *c, emily__task task, void *self) {
  qwen3 *m = self;
  const char *act = "silu";
  *m = (qwen3){.decoder = {.vocab = 151936, .hidden_size = 4096, .layer_count = 32, .hidden = hidden}, .heads = 32,
               .kv_heads = 32, .head_dim = 128, .inner = 22016, .max_positions = 32768, .eps = 1e-6};
  emily__decoder_configure(c, task, &m->decoder);
  emily__config_size(c, "num_attention_heads", &m->heads);
  if (emily__config_null(c, "num_key_value_heads")) m->kv_heads = m->heads;
  emily__config_size(c, "num_key_value_heads", &m->kv_heads);
  if (emily__config_null(c, "head_dim")) m->head_dim = m->decoder.hidden_size / m->heads;
  emily__config_size(c, "head_dim", &m->head_dim);
  emily__config_size(c, "intermediate_size", &m->inner);
  emily__config_size(c, "max_position_embeddings", &m->max_positions);
  emily__config_real(c, "rms_norm_eps", 0, 1, &m->eps);
  emily__config_bool(c, "attention_bias", &m->bias);
  emily__config_bool(c, "tie_word_embeddings", &m->tie);
  emily__config_text(c, "hidden_act", &act);
  emily__config_only_bool(c, "is_encoder_decoder", false);
  emily__config_only_bool(c, "token_classification_bias", true);
  emily__decoder_windows(c, m->decoder.layer_count, m->decoder.windows);
  emily__config_rope(c, m->head_dim, m->max_positions, 10000, false, &m->decoder.rope);
  m->act = emily__config_activation(c, "hidden_act", act);
  check_heads(c, m);
}

static void bind_layer(emily__weights *w, const qwen3 *m, int64_t index, layer *l) {
  char base[64];
  int64_t d = m->decoder.hidden_size, q = m->heads * m->head_dim, kv = m->kv_heads * m->head_dim;
  snprintf(base, sizeof base, "model.layers.%lld.", (long long)index);
  l->input_norm = emily__weights_norm(w, d, m->eps, false, "%sinput_layernorm", base);
  l->q = emily__weights_linear(w, d, q, m->bias, "%sself_attn.q_proj", base);
  l->k = emily__weights_linear(w, d, kv, m->bias, "%sself_attn.k_proj", base);
  l->v = emily__weights_linear(w, d, kv, m->bias, "%sself_attn.v_proj", base);
  l->o = emily__weights_linear(w, q, d, m->bias, "%sself_attn.o_proj", base);
  l->q_norm = emily__weights_norm(w, m->head_dim, m->eps, false, "%sself_attn.q_norm", base);
  l->k_norm = emily__weights_norm(w, m->head_dim, m->eps, false, "%sself_attn.k_norm", base);
  l->mlp_norm = emily__weights_norm(w, d, m->eps, false, "%spost_attention_layernorm", base);
  l->mlp.gate = emily__weights_linear(w, d, m->inner, false, "%smlp.gate_proj", base);
  l->mlp.up = emily__weights_linear(w, d, m->inner, false, "%smlp.up_proj", base);
  l->mlp.down = emily__weights_linear(w, m->inner, d, false, "%smlp.down_proj", base);
  l->mlp.act = m->act;
}

static void bind(emily__weights *w, emily__task task, void *self) {
  qwen3 *m = self;
  emily__decoder_bind(w, task, m->tie, "model.embed_tokens.weight", &m->decoder, &m->words);
  m->norm = emily__weights_norm(w, m->decoder.hidden_size, m->eps, false, "model.norm");
  m->layers = emily__weights_alloc(w, m->decoder.layer_count, sizeof *m->layers);
  for (int64_t i = 0; i < m->decoder.layer_count && m->layers; i++) bind_layer(w, m, i, &m->layers[i]);
}

/* x [B, T, D]: normed heads [B, n, T, hd] */
static emily_array *normed_heads(emily_scope *s, const emily__linear *linear, const emily__norm *norm, emily_array *x,
                                 int64_t n) {
  emily_array *heads = emily__to_heads(s, emily__linear_apply(s, linear, x), n); /* [B, T, n, hd] */
  return emily_swapaxes(s, emily__rms_norm_apply(s, norm, heads), 1, 2);
}

static emily_array *attention(const qwen3 *m, const emily__pass *pass, int64_t index, emily_array *x) {
  const layer *l = &m->layers[index];
  emily_scope *s = pass->scope;
  emily_array *q = normed_heads(s, &l->q, &l->q_norm, x, m->heads);                       /* [B, H, T, hd] */
  emily_array *k = normed_heads(s, &l->k, &l->k_norm, x, m->kv_heads);                    /* [B, Hk, T, hd] */
  emily_array *v = emily__split_heads(s, emily__linear_apply(s, &l->v, x), m->kv_heads); /* [B, Hk, T, hd] */
  return emily__linear_apply(s, &l->o, emily__decoder_attend(&m->decoder, pass, index, q, k, v));
}

static emily_array *hidden(const emily__decoder *decoder, const emily__pass *pass, emily_array *ids,
                           emily_array **states) {
  const qwen3 *m = (const qwen3 *)decoder;
  emily_scope *s = pass->scope;
  emily_array *h = emily__embed(s, m->words, ids); /* [B, T, D] */
  for (int64_t i = 0; i < decoder->layer_count; i++) {
    const layer *l = &m->layers[i];
    if (states) states[i] = h;
    h = emily_add(s, h, attention(m, pass, i, emily__rms_norm_apply(s, &l->input_norm, h)));
    h = emily_add(s, h, emily__gated_mlp_apply(s, &l->mlp, emily__rms_norm_apply(s, &l->mlp_norm, h)));
  }
  h = emily__rms_norm_apply(s, &m->norm, h);
  if (states) states[decoder->layer_count] = h;
  return h;
}

const emily__family emily__family_qwen3 = {
    .model_type = "qwen3",
    .class_name = "Qwen3",
    .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_CAUSAL_LM | 1u << EMILY__TASK_SEQUENCE | 1u << EMILY__TASK_TOKEN,
    .default_task = EMILY__TASK_CAUSAL_LM,
    .prefix = "model.",
    .ignorable = (const char *const[]){"*rotary_emb.inv_freq", NULL}, /* a buffer that old checkpoints carry */
    .heads = (const char *const[]){"lm_head.*", "score.*", "qa_outputs.*", NULL},
    .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_POSITIONS,
    .size = sizeof(qwen3),
    .configure = configure,
    .bind = bind,
    .sizes = emily__decoder_sizes,
    .forward = emily__decoder_forward,
    .generates = true,
};
