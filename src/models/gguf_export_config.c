/* gguf_export_config.c: config.json as the metadata of a GGUF file, see gguf_export.h. The names are those of the table that reading uses
 * (gguf_arch.h). A key that has none there must be without effect, or have the value that every file of the architecture is taken to have:
 * else it is refused by its name. */
#include "base/status.h"
#include "models/config.h"
#include "models/gguf_export.h"

#include <math.h>
#include <string.h>

static const char WHERE[] = "emily_model_to_gguf";

/* ---- keys of one name ---- */

static bool is_real(const char *gguf) { return strstr(gguf, "epsilon") || strstr(gguf, "freq_base") || strstr(gguf, "softcapping"); }

static void put_key(const emily__gguf_arch *arch, const emily__gguf_names2 *name, const json_t *config, emily__gguf_metadata *m) {
  const json_t *value = emily__json_at(config, name->hf);
  const bool slides = !strcmp(arch->model_type, "mistral") || !strcmp(arch->model_type, "gemma3_text");
  if (!strcmp(name->hf, "sliding_window") && !slides) return; /* of Qwen's configs, which do not use it */
  if (json_is_number(value) && is_real(name->gguf)) emily__gguf_put_float(m, json_number_value(value), "%s.%s", arch->name, name->gguf);
  else if (json_is_integer(value)) emily__gguf_put_uint(m, (uint32_t)json_integer_value(value), "%s.%s", arch->name, name->gguf);
}

static void put_keys(const emily__gguf_arch *arch, const json_t *config, emily__gguf_metadata *m) {
  for (const emily__gguf_names2 *n = arch->keys; n->gguf; n++) put_key(arch, n, config, m);
  for (const emily__gguf_names2 *n = emily__gguf_keys; n->gguf; n++) put_key(arch, n, config, m);
}

static bool has_name(const emily__gguf_arch *arch, const char *key) {
  const emily__gguf_names2 *lists[] = {arch->keys, emily__gguf_keys};
  for (int i = 0; i < 2; i++)
    for (const emily__gguf_names2 *n = lists[i]; n->gguf; n++)
      if (!strcmp(n->hf, key)) return true;
  return false;
}

/* ---- rope ---- */

/* The object that speaks of rope: rope_scaling wins, as in Transformers. NULL: none. */
static const json_t *rope_of(const json_t *config) {
  const json_t *scaling = emily__json_at(config, "rope_scaling");
  return json_object_size(scaling) ? scaling : emily__json_at(config, "rope_parameters");
}

static const char *rope_type(const json_t *rope) {
  const json_t *type = emily__json_at(rope, "rope_type");
  if (!type) type = emily__json_at(rope, "type");
  return json_is_string(type) ? json_string_value(type) : "default";
}

static int64_t head_dim(const json_t *config) {
  const int64_t dim = json_integer_value(emily__json_at(config, "head_dim"));
  const int64_t hidden = json_integer_value(emily__json_at(config, "hidden_size")), heads = json_integer_value(emily__json_at(config, "num_attention_heads"));
  return dim ? dim : heads > 0 ? hidden / heads : 0;
}

static void put_real(emily__gguf_metadata *m, const emily__gguf_arch *arch, const json_t *from, const char *hf, const char *gguf) {
  const json_t *value = emily__json_at(from, hf);
  if (json_is_number(value)) emily__gguf_put_float(m, json_number_value(value), "%s.%s", arch->name, gguf);
}

/* One kind of scaling; its keys that GGUF lacks are refused. */
static emily_status put_scaling(const emily__gguf_arch *arch, const json_t *rope, emily__gguf_metadata *m) {
  static const char *const known[] = {"rope_type", "type", "rope_theta", "factor", "original_max_position_embeddings", "attention_factor", "beta_fast",
                                      "beta_slow", "low_freq_factor", "high_freq_factor", NULL};
  const char *type = rope_type(rope), *key;
  json_t *value;
  json_object_foreach((json_t *)rope, key, value) {
    bool is_known = false;
    for (int i = 0; known[i]; i++) is_known = is_known || !strcmp(known[i], key);
    if (!is_known && !json_is_null(value)) return emily__fail(EMILY_UNSUPPORTED, WHERE, "GGUF has no word for the setting \"%s\" of rope", key);
  }
  put_real(m, arch, rope, "rope_theta", "rope.freq_base");
  if (!strcmp(type, "default") || !strcmp(type, "llama3")) return EMILY_OK; /* the latter is a tensor */
  if (strcmp(type, "linear") != 0 && strcmp(type, "yarn") != 0)
    return emily__fail(EMILY_UNSUPPORTED, WHERE, "GGUF has no word for a rope of type \"%s\"", type);
  emily__gguf_put_text(m, type, "%s.rope.scaling.type", arch->name);
  put_real(m, arch, rope, "factor", "rope.scaling.factor");
  if (strcmp(type, "yarn") != 0) return EMILY_OK;
  const json_t *original = emily__json_at(rope, "original_max_position_embeddings");
  if (json_is_integer(original))
    emily__gguf_put_uint(m, (uint32_t)json_integer_value(original), "%s.rope.scaling.original_context_length", arch->name);
  put_real(m, arch, rope, "attention_factor", "rope.scaling.attn_factor");
  put_real(m, arch, rope, "beta_fast", "rope.scaling.yarn_beta_fast");
  put_real(m, arch, rope, "beta_slow", "rope.scaling.yarn_beta_slow");
  return EMILY_OK;
}

static emily_status put_rope(const emily__gguf_arch *arch, const json_t *config, emily__gguf_metadata *m) {
  const json_t *rope = rope_of(config), *full = emily__json_at(rope, "full_attention"), *sliding = emily__json_at(rope, "sliding_attention");
  if (!full && !sliding) return put_scaling(arch, rope, m);
  if (strcmp(rope_type(sliding), "default") != 0)
    return emily__fail(EMILY_UNSUPPORTED, WHERE, "GGUF has no word for a scaled rope of the layers that slide");
  put_real(m, arch, sliding, "rope_theta", "rope.freq_base_swa");
  return put_scaling(arch, full, m);
}

emily_status emily__gguf_export_rope(const json_t *config, emily_array **out) {
  const json_t *rope = rope_of(config);
  *out = NULL;
  if (strcmp(rope_type(rope), "llama3") != 0) return EMILY_OK;
  const int64_t half = head_dim(config) / 2;
  double theta = json_number_value(emily__json_at(rope, "rope_theta"));
  if (theta == 0) theta = json_number_value(emily__json_at(config, "rope_theta"));
  if (theta == 0) theta = 10000;
  const double factor = json_number_value(emily__json_at(rope, "factor")), low = json_number_value(emily__json_at(rope, "low_freq_factor"));
  const double high = json_number_value(emily__json_at(rope, "high_freq_factor"));
  double original = json_number_value(emily__json_at(rope, "original_max_position_embeddings"));
  if (original == 0) original = json_number_value(emily__json_at(config, "max_position_embeddings"));
  float *factors = half > 0 ? emily__alloc_array((size_t)half, sizeof *factors) : NULL;
  if (!factors) return half > 0 ? EMILY_OUT_OF_MEMORY : emily__fail(EMILY_BAD_FORMAT, WHERE, "heads have no size");
  for (int64_t i = 0; i < half; i++) {
    const double wave = 2 * M_PI * pow(theta, (double)i / (double)half), smooth = (original / wave - low) / (high - low);
    const double scale = wave < original / high ? 1 : wave > original / low ? factor : 1 / ((1 - smooth) / factor + smooth);
    factors[i] = (float)scale;
  }
  *out = emily_array_from_data(factors, &half, 1, EMILY_FLOAT32);
  emily__free(factors);
  return *out ? EMILY_OK : emily_last_error()->status;
}

/* ---- keys that must have one value ---- */

/* value NULL: any. types: of which model_type, NULL: all. */
static const struct fixed {
  const char *key, *value, *type;
} fixed[] = {
    {"architectures", NULL, NULL}, {"model_type", NULL, NULL}, {"attention_bias", NULL, NULL}, {"mlp_bias", NULL, NULL},
    {"tie_word_embeddings", NULL, NULL}, {"rope_theta", NULL, NULL}, {"rope_scaling", NULL, NULL}, {"rope_parameters", NULL, NULL},
    {"vocab_size", NULL, NULL}, {"max_window_layers", NULL, NULL}, {"layer_types", NULL, NULL}, {"no_rope_layers", NULL, NULL},
    {"type_vocab_size", NULL, NULL}, {"quantization", NULL, NULL}, {"quantization_config", NULL, NULL}, {"num_local_experts", NULL, NULL},
    {"_sliding_window_pattern", NULL, NULL}, {"cache_implementation", NULL, NULL}, {"rope_interleaved", "false", NULL},
    {"hidden_act", "\"gelu\"", "bert"}, {"hidden_act", "\"silu\"", NULL}, {"hidden_activation", "\"gelu_pytorch_tanh\"", NULL},
    {"activation_function", "\"swiglu\"", "nomic_bert"}, {"activation_function", "\"gelu_new\"", NULL},
    {"position_embedding_type", "\"absolute\"", NULL}, {"use_sliding_window", "false", NULL}, {"is_decoder", "false", NULL},
    {"add_cross_attention", "false", NULL}, {"is_encoder_decoder", "false", NULL}, {"no_rope_layer_interval", "4", NULL},
    {"sliding_window_pattern", "6", NULL}, {"query_pre_attn_scalar", NULL, NULL}, {"norm_topk_prob", "true", NULL},
    {"decoder_sparse_step", "1", NULL}, {"mlp_only_layers", "[]", NULL}, {"scale_attn_weights", "true", NULL},
    {"scale_attn_by_inverse_layer_idx", "false", NULL}, {"reorder_and_upcast_attn", NULL, NULL}, {"n_ctx", NULL, NULL},
    {"output_router_logits", NULL, NULL}, {"router_aux_loss_coef", NULL, NULL}, {"use_bidirectional_attention", "false", NULL},
    {"rotary_emb_interleaved", "false", NULL}, {"rotary_emb_fraction", "1.0", NULL}, {"prenorm", "false", NULL}, {"partial_rotary_factor", "1.0", NULL},
};

static bool harmless(const char *key) {
  for (const char *const *name = emily__config_harmless; *name; name++)
    if (!strcmp(*name, key)) return true;
  size_t length = strlen(key);
  return (length > 5 && !strcmp(key + length - 5, "pdrop")) || !strncmp(key, "summary_", 8);
}

static bool is_value(const json_t *value, const char *text) {
  json_t *wanted = json_loads(text, JSON_DECODE_ANY, NULL);
  bool same = json_equal(value, wanted) ||
              (json_is_number(value) && json_is_number(wanted) && json_number_value(value) == json_number_value(wanted));
  json_decref(wanted);
  return same;
}

static bool allowed(const char *type, const char *key, const json_t *value) {
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    if (strcmp(fixed[i].key, key) != 0 || (fixed[i].type && strcmp(fixed[i].type, type) != 0)) continue;
    return !fixed[i].value || is_value(value, fixed[i].value);
  }
  return false;
}

/* Which layers see all: those that reading takes for them. */
static bool usual_layers(const char *type, const json_t *layers) {
  const bool gemma = !strcmp(type, "gemma3_text");
  for (size_t i = 0; i < json_array_size(layers); i++) {
    const json_t *layer = json_array_get(layers, i);
    if (strcmp(json_is_string(layer) ? json_string_value(layer) : "", gemma && (i + 1) % 6 ? "sliding_attention" : "full_attention")) return false;
  }
  return true;
}

static bool usual_ropes(const json_t *layers) {
  for (size_t i = 0; i < json_array_size(layers); i++)
    if (!json_integer_value(json_array_get(layers, i)) != !((i + 1) % 4)) return false;
  return true;
}

static emily_status no_word(const char *key) {
  return emily__fail(EMILY_UNSUPPORTED, WHERE, "config.json: GGUF has no word for this value of \"%s\"", key);
}

static emily_status refuse_others(const emily__gguf_arch *arch, const json_t *config) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)config, key, value) {
    if (json_is_null(value) || harmless(key) || has_name(arch, key)) continue;
    if (!allowed(arch->model_type, key, value)) return no_word(key);
  }
  if (!usual_layers(arch->model_type, emily__json_at(config, "layer_types"))) return no_word("layer_types");
  if (!usual_ropes(emily__json_at(config, "no_rope_layers"))) return no_word("no_rope_layers");
  if (!strcmp(arch->model_type, "gemma3_text") && json_number_value(emily__json_at(config, "query_pre_attn_scalar")) != (double)head_dim(config))
    return no_word("query_pre_attn_scalar");
  return EMILY_OK;
}

/* ---- all of it ---- */

static void put_heads(const emily__gguf_arch *arch, const json_t *config, emily__gguf_metadata *m) {
  const int64_t dim = head_dim(config);
  if (!arch->says.tie || arch->turned || !dim) return;
  emily__gguf_put_uint(m, (uint32_t)dim, "%s.attention.key_length", arch->name);
  emily__gguf_put_uint(m, (uint32_t)dim, "%s.attention.value_length", arch->name);
  emily__gguf_put_uint(m, (uint32_t)dim, "%s.rope.dimension_count", arch->name);
}

static void put_special(const emily__gguf_arch *arch, const json_t *config, emily__gguf_metadata *m) {
  const json_t *experts = emily__json_at(config, "num_local_experts"), *types = emily__json_at(config, "type_vocab_size");
  const json_t *inner = emily__json_at(config, "n_inner"), *hidden = emily__json_at(config, "n_embd");
  if (json_is_integer(experts)) emily__gguf_put_uint(m, (uint32_t)json_integer_value(experts), "%s.expert_count", arch->name);
  if (arch->turned && !inner && json_is_integer(hidden))
    emily__gguf_put_uint(m, (uint32_t)(4 * json_integer_value(hidden)), "%s.feed_forward_length", arch->name);
  if (!arch->says.types) return;
  emily__gguf_put_bool(m, false, "%s.attention.causal", arch->name);
  if (json_is_integer(types)) emily__gguf_put_uint(m, (uint32_t)json_integer_value(types), "tokenizer.ggml.token_type_count");
}

emily_status emily__gguf_export_config(const emily__gguf_arch *arch, const json_t *config, emily__gguf_metadata *m) {
  EMILY__TRY(refuse_others(arch, config));
  emily__gguf_put_text(m, arch->name, "general.architecture");
  put_keys(arch, config, m);
  put_heads(arch, config, m);
  put_special(arch, config, m);
  EMILY__TRY(put_rope(arch, config, m));
  return m->status;
}
