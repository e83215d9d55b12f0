/* whisper.c: Whisper (Radford et al. 2022): config, weights, forward pass.
 *
 *     encoder:  h = gelu(conv2(gelu(conv1(features)))) + positions
 *               each layer:  h = h + out(attention(norm(h)));  h = h + mlp(norm(h))
 *     decoder:  h = words[ids] + positions[past …]
 *               each layer:  h = h + out(attention(norm(h)));  h = h + out(attention(norm(h), encoded))
 *                            h = h + mlp(norm(h))
 *     both end in a norm; logits are h · words.
 *
 * The encoder sees both ways, the decoder's tokens only back. k has no bias. Positions are a table in the checkpoint,
 * the encoder's (sinusoids) as well as the decoder's (learned).
 */
#include "models/whisper/whisper.h"

#include "base/alloc.h"
#include "models/labels.h"

#include <math.h>
#include <stdio.h>

static const double NORM_EPS = 1e-5; /* no key of the config says another one */

/* ---- config ---- */

static void configure_stack(emily__config *c, const char *side, emily__whisper_stack *stack) {
  char key[64];
  snprintf(key, sizeof key, "%s_layers", side);
  emily__config_int(c, key, 1, EMILY__WHISPER_MAX_LAYERS, &stack->layer_count);
  snprintf(key, sizeof key, "%s_attention_heads", side);
  emily__config_size(c, key, &stack->heads);
  snprintf(key, sizeof key, "%s_ffn_dim", side);
  emily__config_size(c, key, &stack->inner);
}

static void check_heads(emily__config *c, const char *side, int64_t hidden, int64_t heads) {
  if (c->status == EMILY_OK && hidden % heads)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"d_model\" %lld is not a multiple of \"%s_attention_heads\" %lld",
                       (long long)hidden, side, (long long)heads);
}

/* Keys that only training, classification of sounds or the times of single words look at. */
static void skip_unused(emily__config *c) {
  static const char *const keys[] = {
      "activation_dropout", "apply_spec_augment", "classifier_proj_size", "decoder_layerdrop", "dropout",
      "encoder_layerdrop", "forced_decoder_ids", "init_std", "mask_feature_length", "mask_feature_min_masks",
      "mask_feature_prob", "mask_time_length", "mask_time_min_masks", "mask_time_prob", "median_filter_width",
      "num_hidden_layers", "use_weighted_layer_sum"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) emily__config_skip(c, keys[i]);
}

static void configure(emily__config *c, emily__task task, void *self) {
  (void)task;
  emily__whisper *w = self;
  const char *act = "gelu";
  *w = (emily__whisper){.vocab = 51865, .hidden = 384, .mels = 80, .tie = true,
                        .encoder = {.layer_count = 4, .heads = 6, .inner = 1536, .positions = 1500},
                        .decoder = {.layer_count = 4, .heads = 6, .inner = 1536, .positions = 448}};
  emily__config_size(c, "vocab_size", &w->vocab);
  emily__config_size(c, "d_model", &w->hidden);
  emily__config_size(c, "num_mel_bins", &w->mels);
  emily__config_size(c, "max_source_positions", &w->encoder.positions);
  emily__config_size(c, "max_target_positions", &w->decoder.positions);
  configure_stack(c, "encoder", &w->encoder);
  configure_stack(c, "decoder", &w->decoder);
  emily__config_bool(c, "tie_word_embeddings", &w->tie);
  emily__config_text(c, "activation_function", &act);
  emily__config_only_bool(c, "scale_embedding", false);
  emily__config_only_bool(c, "is_encoder_decoder", true);
  skip_unused(c);
  w->act = emily__config_activation(c, "activation_function", act);
  check_heads(c, "encoder", w->hidden, w->encoder.heads);
  check_heads(c, "decoder", w->hidden, w->decoder.heads);
}

/* ---- weights ---- */

static emily__whisper_conv bind_conv(emily__weights *w, int64_t in, int64_t out, const char *name) {
  return (emily__whisper_conv){
      .weight = emily__weights_get(w, (const int64_t[]){out, in, 3}, 3, "model.encoder.%s.weight", name),
      .bias = emily__weights_vector(w, out, "model.encoder.%s.bias", name)};
}

static emily__whisper_attention bind_attention(emily__weights *w, int64_t d, const char *base, const char *name) {
  return (emily__whisper_attention){.q = emily__weights_linear(w, d, d, true, "%s%s.q_proj", base, name),
                                    .k = emily__weights_linear(w, d, d, false, "%s%s.k_proj", base, name),
                                    .v = emily__weights_linear(w, d, d, true, "%s%s.v_proj", base, name),
                                    .out = emily__weights_linear(w, d, d, true, "%s%s.out_proj", base, name)};
}

static void bind_layer(emily__weights *w, const emily__whisper *whisper, const emily__whisper_stack *stack,
                       const char *base, emily__whisper_layer *l) {
  int64_t d = whisper->hidden;
  l->attention = bind_attention(w, d, base, "self_attn");
  l->attention_norm = emily__weights_norm(w, d, NORM_EPS, true, "%sself_attn_layer_norm", base);
  if (stack == &whisper->decoder) {
    l->cross = bind_attention(w, d, base, "encoder_attn");
    l->cross_norm = emily__weights_norm(w, d, NORM_EPS, true, "%sencoder_attn_layer_norm", base);
  }
  l->mlp.in = emily__weights_linear(w, d, stack->inner, true, "%sfc1", base);
  l->mlp.out = emily__weights_linear(w, stack->inner, d, true, "%sfc2", base);
  l->mlp.act = whisper->act;
  l->mlp_norm = emily__weights_norm(w, d, NORM_EPS, true, "%sfinal_layer_norm", base);
}

static void bind_stack(emily__weights *w, const emily__whisper *whisper, const char *side, emily__whisper_stack *stack) {
  stack->position_table =
      emily__weights_matrix(w, stack->positions, whisper->hidden, "model.%s.embed_positions.weight", side);
  stack->norm = emily__weights_norm(w, whisper->hidden, NORM_EPS, true, "model.%s.layer_norm", side);
  stack->layers = emily__weights_alloc(w, stack->layer_count, sizeof *stack->layers);
  for (int64_t i = 0; i < stack->layer_count && stack->layers; i++) {
    char base[64];
    snprintf(base, sizeof base, "model.%s.layers.%lld.", side, (long long)i);
    bind_layer(w, whisper, stack, base, &stack->layers[i]);
  }
}

static void bind(emily__weights *w, emily__task task, void *self) {
  static const char words[] = "model.decoder.embed_tokens";
  emily__whisper *whisper = self;
  int64_t d = whisper->hidden;
  whisper->conv1 = bind_conv(w, whisper->mels, d, "conv1");
  whisper->conv2 = bind_conv(w, d, d, "conv2");
  bind_stack(w, whisper, "encoder", &whisper->encoder);
  bind_stack(w, whisper, "decoder", &whisper->decoder);
  if (task == EMILY__TASK_BODY) whisper->words = emily__weights_embedding(w, whisper->vocab, d, "%s", words);
  else emily__weights_tied(w, whisper->tie, whisper->vocab, d, words, "proj_out", &whisper->words, &whisper->head);
}

int64_t emily__whisper_frames(const emily__whisper *whisper) { return 2 * whisper->encoder.positions; }

static emily__model_sizes sizes(const void *self) {
  const emily__whisper *w = self;
  return (emily__model_sizes){.vocab = w->vocab, .positions = w->decoder.positions, .hidden = w->hidden,
                              .context = w->decoder.positions, .extents = {w->mels, emily__whisper_frames(w)}};
}

/* ---- the forward pass ---- */

/* x [B, L, C]: gelu of the convolution, [B, L / stride, D] */
static emily_array *conv(emily_scope *s, const emily__whisper_conv *layer, emily_array *x, int64_t stride) {
  emily_array *taps = emily_swapaxes(s, layer->weight, 1, 2); /* [D, 3, C] */
  return emily_gelu(s, emily_add(s, emily_conv1d(s, x, taps, stride, 1, 1, 1), layer->bias), false);
}

/* q of x [B, T, D] over heads k, v [B, H, S, hd]: [B, T, D] */
static emily_array *attend(emily_scope *s, const emily__whisper_attention *a, int64_t heads, emily_array *x,
                           emily_array *k, emily_array *v, bool causal) {
  emily_array *q = emily__split_heads(s, emily__linear_apply(s, &a->q, x), heads); /* [B, H, T, hd] */
  if (!q) return NULL;
  double scale = 1 / sqrt((double)emily_array_dim(q, 3));
  emily_array *mixed = emily_scaled_dot_product_attention(s, q, k, v, scale, NULL, causal, 0, NULL);
  return emily__linear_apply(s, &a->out, emily__merge_heads(s, mixed));
}

/* x [B, T, D]: its keys and values, [B, H, T, hd] */
static void keys_values(emily_scope *s, const emily__whisper_attention *a, int64_t heads, emily_array *x,
                        emily_array **k, emily_array **v) {
  *k = emily__split_heads(s, emily__linear_apply(s, &a->k, x), heads);
  *v = emily__split_heads(s, emily__linear_apply(s, &a->v, x), heads);
}

static emily_array *mlp(emily_scope *s, const emily__whisper_layer *l, emily_array *h) {
  return emily_add(s, h, emily__mlp_apply(s, &l->mlp, emily__layer_norm_apply(s, &l->mlp_norm, h)));
}

emily_array *emily__whisper_encode(const emily__whisper *w, emily_scope *s, emily_array *features, emily_array **states) {
  const emily__whisper_stack *e = &w->encoder;
  emily_array *h = conv(s, &w->conv1, emily_swapaxes(s, features, 1, 2), 1); /* [B, frames, D] */
  h = emily_add(s, conv(s, &w->conv2, h, 2), e->position_table);            /* [B, S, D] */
  for (int64_t i = 0; i < e->layer_count; i++) {
    const emily__whisper_layer *l = &e->layers[i];
    if (states) states[i] = h;
    emily_array *x = emily__layer_norm_apply(s, &l->attention_norm, h), *k, *v;
    keys_values(s, &l->attention, e->heads, x, &k, &v);
    h = mlp(s, l, emily_add(s, h, attend(s, &l->attention, e->heads, x, k, v, false)));
  }
  h = emily__layer_norm_apply(s, &e->norm, h);
  if (states) states[e->layer_count] = h;
  return h;
}

void emily__whisper_cross(const emily__whisper *w, emily_scope *s, emily_array *encoded, emily_array **k,
                          emily_array **v) {
  for (int64_t i = 0; i < w->decoder.layer_count; i++)
    keys_values(s, &w->decoder.layers[i].cross, w->decoder.heads, encoded, &k[i], &v[i]);
}

/* ids [B, T] at positions past …: [B, T, D] */
static emily_array *embed(const emily__whisper *w, emily_scope *s, emily_array *ids, int64_t past) {
  emily_array *h = emily__embed(s, &w->words, ids);
  if (!h) return NULL;
  int64_t from[] = {past, 0}, to[] = {past + emily_array_dim(ids, 1), w->hidden};
  return emily_add(s, h, emily_slice(s, w->decoder.position_table, from, to, NULL));
}

emily_array *emily__whisper_decode(const emily__whisper *w, emily_scope *s, emily_array *ids, emily_array *const *cross_k,
                                   emily_array *const *cross_v, emily__kv_cache *cache, emily_array **states) {
  const emily__whisper_stack *d = &w->decoder;
  emily_array *h = embed(w, s, ids, cache ? emily__kv_cache_length(cache) : 0);
  for (int64_t i = 0; i < d->layer_count; i++) {
    const emily__whisper_layer *l = &d->layers[i];
    if (states) states[i] = h;
    emily_array *x = emily__layer_norm_apply(s, &l->attention_norm, h), *k, *v;
    keys_values(s, &l->attention, d->heads, x, &k, &v);
    if (cache) emily__kv_cache_append(cache, s, i, &k, &v);
    h = emily_add(s, h, attend(s, &l->attention, d->heads, x, k, v, true));
    x = emily__layer_norm_apply(s, &l->cross_norm, h);
    h = mlp(s, l, emily_add(s, h, attend(s, &l->cross, d->heads, x, cross_k[i], cross_v[i], false)));
  }
  h = emily__layer_norm_apply(s, &d->norm, h);
  if (states) states[d->layer_count] = h;
  return h;
}

static emily_array *encode(const emily__whisper *w, emily_scope *s, const emily__inputs *in, emily__outputs *out) {
  int64_t count = w->encoder.layer_count + 1;
  emily_array **states = emily__states_begin_as(out, "encoder_hidden_states", count);
  emily_array *encoded = emily__whisper_encode(w, s, in->features, states);
  emily__states_end_as(out, "encoder_hidden_states", states, count);
  emily__outputs_add(out, "encoder_last_hidden_state", encoded);
  return encoded;
}

static void forward(const void *self, emily__task task, emily_scope *s, const emily__inputs *in, emily__outputs *out) {
  const emily__whisper *w = self;
  int64_t count = w->decoder.layer_count + 1;
  emily_array *k[EMILY__WHISPER_MAX_LAYERS], *v[EMILY__WHISPER_MAX_LAYERS];
  emily__whisper_cross(w, s, encode(w, s, in, out), k, v);
  emily_array **states = emily__states_begin_as(out, "decoder_hidden_states", count);
  emily_array *h = emily__whisper_decode(w, s, in->ids, k, v, NULL, states);
  emily__states_end_as(out, "decoder_hidden_states", states, count);
  emily__outputs_add(out, "last_hidden_state", h);
  if (task != EMILY__TASK_BODY) emily__outputs_add(out, "logits", emily__linear_apply(s, &w->head, h));
}

const emily__family emily__family_whisper = {
    .title = "Whisper",
    .checked = "Transformers in float64: encoder and decoder, both forms of the config, cached steps; whole transcriptions in 30 settings "
               "(languages, tasks, times, long sound, prompts, thresholds), features of sound",
    .limits = "No beams, no times of single words, no classification of sounds.",
    .model_type = "whisper",
    .class_name = "Whisper",
    .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_CONDITIONAL,
    .default_task = EMILY__TASK_CONDITIONAL,
    .prefix = "model.",
    .ignorable = (const char *const[]){NULL},
    .heads = (const char *const[]){"proj_out.*", NULL},
    .inputs = EMILY__INPUT_FEATURES | EMILY__INPUT_DECODER_IDS,
    .size = sizeof(emily__whisper),
    .configure = configure,
    .bind = bind,
    .sizes = sizes,
    .forward = forward,
};
