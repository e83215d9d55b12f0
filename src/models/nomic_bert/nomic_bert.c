/* nomic_bert.c: NomicBERT (Nussbaum et al. 2024): BERT with rotated positions and a gated mlp.
 *
 *     h = norm(words[ids] + types[type_ids])
 *     each layer:  h = norm(h + out(attention(h)));  h = norm(h + down(act(gate(h)) * up(h)))
 *
 * No projection of the layers has a bias. Configs name their settings as BERT's do, or as GPT-2's do (n_embd), where they
 * come from the model's first code.
 */
#include "models/encoder.h"
#include "models/rope_config.h"

#include <stdio.h>
#include <string.h>

typedef struct layer {
  emily__encoder_attention attention;
  emily__norm attention_norm;
  emily__gated_mlp mlp; /* [inner, D] twice, [D, inner] */
  emily__norm mlp_norm;
} layer;

typedef struct nomic_bert {
  emily__encoder encoder; /* the first member */
  emily__rope_params rope;
  emily_array *freqs; /* float32 [hd / 2] */
  layer *layers;
} nomic_bert;

static emily_array *hidden(const emily__encoder *e, emily_scope *s, const emily__inputs *in, emily_array *h,
                           emily_array **states);

/* The names of the model's first code. What its switches turn on was in no checkpoint that was published. */
static void configure_first(emily__config *c, nomic_bert *m) {
  static const char *const off[] = {"prenorm", "parallel_block", "parallel_block_tied_norm", "use_rms_norm", "causal",
                                    "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "rotary_emb_interleaved",
                                    "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn"};
  static const char *const passed_over[] = {"attn_pdrop", "embd_pdrop", "resid_pdrop", "dense_seq_output", "fused_bias_fc",
                                            "fused_dropout_add_ln", "pad_vocab_size_multiple", "use_flash_attn",
                                            "use_xentropy", "summary_activation", "summary_first_dropout",
                                            "summary_proj_to_labels", "summary_type", "summary_use_proj",
                                            "max_trained_positions", "last_layer_subset", "use_pooler"};
  emily__encoder *e = &m->encoder;
  double fraction = 1;
  emily__config_size(c, "n_embd", &e->hidden_size);
  emily__config_size(c, "n_layer", &e->layer_count);
  emily__config_size(c, "n_head", &e->heads);
  emily__config_size(c, "n_inner", &e->inner);
  emily__config_size(c, "n_positions", &e->max_positions);
  emily__config_real(c, "layer_norm_epsilon", 0, 1, &e->eps);
  emily__config_only_text(c, "activation_function", "swiglu");
  emily__config_only_bool(c, "scale_attn_weights", true);
  emily__config_real(c, "rotary_emb_fraction", 0, 1, &fraction);
  if (c->status == EMILY_OK && fraction != 1)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"rotary_emb_fraction\": %g is not supported (only 1 is)", fraction);
  for (size_t i = 0; i < sizeof off / sizeof *off; i++) emily__config_only_bool(c, off[i], false);
  for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++) emily__config_skip(c, passed_over[i]);
}

static void configure(emily__config *c, emily__task task, void *self) {
  nomic_bert *m = self;
  emily__encoder *e = &m->encoder;
  const char *act = "silu";
  double theta = 1000;
  *e = (emily__encoder){.vocab = 30528, .hidden_size = 768, .layer_count = 12, .heads = 12, .inner = 3072,
                        .max_positions = 2048, .types = 2, .position_pad = -1, .eps = 1e-12, .tie = true, .hidden = hidden};
  configure_first(c, m);
  emily__config_real(c, "rotary_emb_base", 1e-3, 1e12, &theta);
  emily__encoder_configure(c, task, act, e);
  int64_t head_dim = c->status == EMILY_OK ? e->hidden_size / e->heads : 2, asked = head_dim;
  emily__config_size(c, "head_dim", &asked);
  if (c->status == EMILY_OK && asked != head_dim)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"head_dim\": %lld is not supported (only hidden_size / num_attention_heads is)",
                       (long long)asked);
  emily__config_rope(c, head_dim, e->max_positions, theta, false, &m->rope);
  if (c->status == EMILY_OK && m->rope.kind == EMILY__ROPE_DYNAMIC)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"rope_type\": \"dynamic\" is not supported by this family");
}

static void bind_layer(emily__weights *w, const nomic_bert *m, int64_t index, layer *l) {
  const emily__encoder *e = &m->encoder;
  int64_t d = e->hidden_size;
  char base[64];
  snprintf(base, sizeof base, "nomic_bert.encoder.layers.%lld.", (long long)index);
  l->attention.fused = emily__weights_linear(w, d, 3 * d, false, "%sattn.Wqkv", base);
  l->attention.out = emily__weights_linear(w, d, d, false, "%sattn.out_proj", base);
  l->attention_norm = emily__weights_norm(w, d, e->eps, true, "%snorm1", base);
  l->mlp.up = emily__weights_linear(w, d, e->inner, false, "%smlp.fc11", base);
  l->mlp.gate = emily__weights_linear(w, d, e->inner, false, "%smlp.fc12", base);
  l->mlp.down = emily__weights_linear(w, e->inner, d, false, "%smlp.fc2", base);
  l->mlp.act = e->act;
  l->mlp_norm = emily__weights_norm(w, d, e->eps, true, "%snorm2", base);
}

static void bind_head(emily__weights *w, emily__task task, emily__encoder *e) {
  int64_t d = e->hidden_size;
  emily__encoder_bind_words(w, task, "nomic_bert.embeddings.word_embeddings", "cls.predictions.decoder",
                            "cls.predictions.bias", e);
  emily__encoder_bind_pooler(w, task, "nomic_bert.pooler.dense", e);
  if (task == EMILY__TASK_SEQUENCE || task == EMILY__TASK_TOKEN)
    e->head.out = emily__weights_linear(w, d, e->labels, true, "classifier");
  if (task != EMILY__TASK_MASKED_LM) return;
  e->head.dense = emily__weights_linear(w, d, d, true, "cls.predictions.transform.dense");
  e->head.act = e->act;
  e->head.norm = emily__weights_norm(w, d, e->eps, true, "cls.predictions.transform.layer_norm");
}

static void bind(emily__weights *w, emily__task task, void *self) {
  nomic_bert *m = self;
  emily__encoder *e = &m->encoder;
  bind_head(w, task, e);
  e->token_types = emily__weights_embedding(w, e->types, e->hidden_size, "nomic_bert.embeddings.token_type_embeddings");
  e->norm = emily__weights_norm(w, e->hidden_size, e->eps, true, "nomic_bert.emb_ln");
  m->freqs = emily__weights_adopt(w, emily__rope_frequencies(&m->rope, 0));
  m->layers = emily__weights_alloc(w, e->layer_count, sizeof *m->layers);
  for (int64_t i = 0; i < e->layer_count && m->layers; i++) bind_layer(w, m, i, &m->layers[i]);
}

static emily_array *hidden(const emily__encoder *e, emily_scope *s, const emily__inputs *in, emily_array *h,
                           emily_array **states) {
  const nomic_bert *m = (const nomic_bert *)e;
  emily__encoder_pass pass = {.scope = s, .in = in, .mask = emily__key_mask(s, in->mask), .rope = &m->rope, .freqs = m->freqs};
  for (int64_t i = 0; i < e->layer_count; i++) {
    const layer *l = &m->layers[i];
    if (states) states[i] = h;
    h = emily__layer_norm_apply(s, &l->attention_norm, emily_add(s, emily__encoder_attend(e, &l->attention, &pass, h), h));
    h = emily__layer_norm_apply(s, &l->mlp_norm, emily_add(s, emily__gated_mlp_apply(s, &l->mlp, h), h));
  }
  if (states) states[e->layer_count] = h;
  return h;
}

const emily__family emily__family_nomic_bert = {
    .title = "NomicBERT",
    .checked = "Transformers in float64: every head, three forms of the config, linear scaling",
    .limits = "No dynamic scaling of rotary positions (rotary_scaling_factor), no mixture of experts, no pre-norm.",
    .model_type = "nomic_bert",
    .class_name = "NomicBert",
    .tasks = EMILY__ENCODER_TASKS & ~(1u << EMILY__TASK_QUESTION),
    .default_task = EMILY__TASK_BODY,
    .prefix = "nomic_bert.",
    .ignorable = (const char *const[]){"nomic_bert.pooler.*", "cls.predictions.bias", NULL}, /* as bert's */
    .heads = (const char *const[]){"cls.*", "classifier.*", NULL},
    .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_TYPES | EMILY__INPUT_POSITIONS,
    .size = sizeof(nomic_bert),
    .configure = configure,
    .bind = bind,
    .sizes = emily__encoder_sizes,
    .forward = emily__encoder_forward,
};
