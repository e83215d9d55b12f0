/* decoder_stack.c: see decoder_stack.h. */
#include "models/decoder_stack.h"

#include "io/checkpoint.h"

#include <math.h>
#include <stdio.h>

const char *const emily__stack_ignorable[] = {"*rotary_emb.inv_freq", NULL}; /* a buffer that old checkpoints carry */
const char *const emily__stack_heads[] = {"lm_head.*", "score.*", "qa_outputs.*", NULL};

/* ---- config ---- */

static emily_array *hidden(const emily__decoder *decoder, const emily__pass *pass, emily_array *ids,
                           emily_array **states);

/* Groups of q share a head of k and v; sizes that the config leaves open follow from others. */
static void settle_heads(emily__config *c, emily__stack *m) {
  if (!m->kv_heads) m->kv_heads = m->heads;
  if (!m->head_dim) m->head_dim = m->decoder.hidden_size / m->heads;
  if (c->status == EMILY_OK && m->heads % m->kv_heads)
    emily__config_fail(c, EMILY_BAD_FORMAT,
                       "\"num_attention_heads\" %lld is not a multiple of \"num_key_value_heads\" %lld",
                       (long long)m->heads, (long long)m->kv_heads);
  if (c->status == EMILY_OK && !m->head_dim)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"num_attention_heads\" %lld is more than \"hidden_size\" %lld",
                       (long long)m->heads, (long long)m->decoder.hidden_size);
  m->decoder.scale = 1 / sqrt((double)m->head_dim);
}

void emily__stack_configure(emily__config *c, emily__task task, const char *act_key, emily__stack *m) {
  m->decoder.hidden = hidden;
  emily__decoder_configure(c, task, &m->decoder);
  emily__config_size(c, "hidden_size", &m->decoder.hidden_size);
  emily__config_int(c, "num_hidden_layers", 1, EMILY__MAX_LAYERS, &m->decoder.layer_count);
  emily__config_size(c, "num_attention_heads", &m->heads);
  if (emily__config_null(c, "num_key_value_heads")) m->kv_heads = 0;
  emily__config_size(c, "num_key_value_heads", &m->kv_heads);
  if (emily__config_null(c, "head_dim")) m->head_dim = 0;
  emily__config_size(c, "head_dim", &m->head_dim);
  emily__config_size(c, "intermediate_size", &m->inner);
  emily__config_size(c, "max_position_embeddings", &m->max_positions);
  emily__config_real(c, "rms_norm_eps", 0, 1, &m->eps);
  emily__config_bool(c, "tie_word_embeddings", &m->tie);
  emily__config_text(c, act_key, &m->act_name);
  emily__config_only_bool(c, "is_encoder_decoder", false);
  m->act = emily__config_activation(c, act_key, m->act_name);
  settle_heads(c, m);
}

void emily__stack_biases(emily__config *c, emily__stack *m) {
  emily__config_bool(c, "attention_bias", &m->qkv_bias);
  m->o_bias = m->qkv_bias;
  emily__config_bool(c, "mlp_bias", &m->mlp_bias);
}

void emily__stack_rope(emily__config *c, double theta, emily__stack *m) {
  emily__config_rope(c, m->head_dim, m->max_positions, theta, false, &m->decoder.rope[0]);
  emily__config_bool(c, "rope_interleaved", &m->decoder.rope[0].interleaved); /* of conversions: pairs side by side */
  m->decoder.rope_count = 1;
  m->decoder.context = emily__rope_context(&m->decoder.rope[0]);
}

/* ---- weights ---- */

/* 1 + weight, float32 */
static emily_array *plus_one(emily_array *weight) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_add(s, emily_astype(s, weight, EMILY_FLOAT32), emily__constant(s, 1)));
  emily_status status = emily_scope_close(s);
  if (status == EMILY_OK) status = emily_eval(&y, 1);
  if (status == EMILY_OK) return y;
  emily_array_release(y);
  return NULL;
}

static emily__norm bind_norm(emily__weights *w, const emily__stack *m, int64_t size, const char *base, const char *name) {
  emily__norm norm = emily__weights_norm(w, size, m->eps, false, "%s%s", base, name);
  if (m->weight_plus_one && norm.weight && !emily__checkpoint_gguf(w->checkpoint)) /* which has the sum */
    norm.weight = emily__weights_adopt(w, plus_one(norm.weight));
  return norm;
}

static void bind_attention(emily__weights *w, const emily__stack *m, const char *base, emily__stack_layer *l) {
  int64_t d = m->decoder.hidden_size, q = m->heads * m->head_dim, kv = m->kv_heads * m->head_dim;
  l->q = emily__weights_linear(w, d, q, m->qkv_bias, "%sself_attn.q_proj", base);
  l->k = emily__weights_linear(w, d, kv, m->qkv_bias, "%sself_attn.k_proj", base);
  l->v = emily__weights_linear(w, d, kv, m->qkv_bias, "%sself_attn.v_proj", base);
  l->o = emily__weights_linear(w, q, d, m->o_bias, "%sself_attn.o_proj", base);
  if (!m->head_norms) return;
  l->q_norm = bind_norm(w, m, m->head_dim, base, "self_attn.q_norm");
  l->k_norm = bind_norm(w, m, m->head_dim, base, "self_attn.k_norm");
}

static void bind_mlp(emily__weights *w, const emily__stack *m, const char *base, emily__stack_layer *l) {
  int64_t d = m->decoder.hidden_size;
  l->mlp.gate = emily__weights_linear(w, d, m->inner, m->mlp_bias, "%smlp.gate_proj", base);
  l->mlp.up = emily__weights_linear(w, d, m->inner, m->mlp_bias, "%smlp.up_proj", base);
  l->mlp.down = emily__weights_linear(w, m->inner, d, m->mlp_bias, "%smlp.down_proj", base);
  l->mlp.act = m->act;
}

static void bind_experts(emily__weights *w, const emily__stack *m, const char *base, emily__stack_layer *l) {
  char mlp[80];
  int64_t d = m->decoder.hidden_size;
  snprintf(mlp, sizeof mlp, "%smlp", base);
  l->moe = (emily__moe){.top_k = m->top_k, .normalize = m->normalize, .act = m->act};
  l->moe.router = emily__weights_linear(w, d, m->experts, false, "%s.gate", mlp);
  l->moe.gate = emily__weights_experts(w, m->experts, d, m->expert_inner, mlp, "gate_proj");
  l->moe.up = emily__weights_experts(w, m->experts, d, m->expert_inner, mlp, "up_proj");
  l->moe.down = emily__weights_experts(w, m->experts, m->expert_inner, d, mlp, "down_proj");
}

/* With norms behind both parts, "post_attention_layernorm" is the one behind attention; without, the one before the MLP. */
static void bind_layer(emily__weights *w, const emily__stack *m, int64_t index, emily__stack_layer *l) {
  char base[64];
  int64_t d = m->decoder.hidden_size;
  snprintf(base, sizeof base, "model.layers.%lld.", (long long)index);
  l->input_norm = bind_norm(w, m, d, base, "input_layernorm");
  bind_attention(w, m, base, l);
  if (m->out_norms) l->attention_out_norm = bind_norm(w, m, d, base, "post_attention_layernorm");
  l->mlp_norm = bind_norm(w, m, d, base, m->out_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm");
  if (m->sparse[index]) bind_experts(w, m, base, l);
  else bind_mlp(w, m, base, l);
  if (m->out_norms) l->mlp_out_norm = bind_norm(w, m, d, base, "post_feedforward_layernorm");
}

void emily__stack_bind(emily__weights *w, emily__task task, void *self) {
  emily__stack *m = self;
  emily__decoder_bind(w, task, m->tie, "model.embed_tokens", "score", &m->decoder, &m->words);
  m->norm = bind_norm(w, m, m->decoder.hidden_size, "model.", "norm");
  m->layers = emily__weights_alloc(w, m->decoder.layer_count, sizeof *m->layers);
  for (int64_t i = 0; i < m->decoder.layer_count && m->layers; i++) bind_layer(w, m, i, &m->layers[i]);
}

/* ---- the pass ---- */

/* x [B, T, D]: heads [B, n, T, hd], normed where the family does that */
static emily_array *heads_of(const emily__stack *m, emily_scope *s, const emily__linear *linear, const emily__norm *norm,
                             emily_array *x, int64_t n) {
  emily_array *heads = emily__to_heads(s, emily__linear_apply(s, linear, x), n); /* [B, T, n, hd] */
  if (m->head_norms) heads = emily__rms_norm_apply(s, norm, heads);
  return emily_swapaxes(s, heads, 1, 2);
}

static emily_array *attention(const emily__stack *m, const emily__pass *pass, int64_t index, emily_array *x) {
  const emily__stack_layer *l = &m->layers[index];
  emily_scope *s = pass->scope;
  emily_array *q = heads_of(m, s, &l->q, &l->q_norm, x, m->heads);                        /* [B, H, T, hd] */
  emily_array *k = heads_of(m, s, &l->k, &l->k_norm, x, m->kv_heads);                     /* [B, Hk, T, hd] */
  emily_array *v = emily__split_heads(s, emily__linear_apply(s, &l->v, x), m->kv_heads); /* [B, Hk, T, hd] */
  return emily__linear_apply(s, &l->o, emily__decoder_attend(&m->decoder, pass, index, q, k, v));
}

/* h [B, T, D]: the same after layer `index` */
static emily_array *layer_apply(const emily__stack *m, const emily__pass *pass, int64_t index, emily_array *h) {
  const emily__stack_layer *l = &m->layers[index];
  emily_scope *s = pass->scope;
  emily_array *y = attention(m, pass, index, emily__rms_norm_apply(s, &l->input_norm, h));
  if (m->out_norms) y = emily__rms_norm_apply(s, &l->attention_out_norm, y);
  h = emily_add(s, h, y);
  y = emily__rms_norm_apply(s, &l->mlp_norm, h);
  y = m->sparse[index] ? emily__moe_apply(s, &l->moe, y) : emily__gated_mlp_apply(s, &l->mlp, y);
  if (m->out_norms) y = emily__rms_norm_apply(s, &l->mlp_out_norm, y);
  return emily_add(s, h, y);
}

/* sqrt(hidden_size) as the embedding's dtype holds it: what the model was trained with. */
static emily_array *embed(const emily__stack *m, emily_scope *s, emily_array *ids) {
  emily_array *h = emily__embed(s, &m->words, ids);
  if (!m->scale_embeddings) return h;
  emily_array *scale = emily_astype(s, emily__constant(s, sqrt((double)m->decoder.hidden_size)), emily__embedding_dtype(&m->words));
  return emily_multiply(s, h, emily_astype(s, scale, EMILY_FLOAT32));
}

static emily_array *hidden(const emily__decoder *decoder, const emily__pass *pass, emily_array *ids,
                           emily_array **states) {
  const emily__stack *m = (const emily__stack *)decoder;
  emily_array *h = embed(m, pass->scope, ids); /* [B, T, D] */
  for (int64_t i = 0; i < decoder->layer_count; i++) {
    if (states) states[i] = h;
    h = layer_apply(m, pass, i, h);
  }
  h = emily__rms_norm_apply(pass->scope, &m->norm, h);
  if (states) states[decoder->layer_count] = h;
  return h;
}
