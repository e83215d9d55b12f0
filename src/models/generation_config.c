/* generation_config.c: see generation_config.h. */
#include "models/generation_config.h"

#include "io/file.h"
#include "io/model_files.h"

#include <string.h>

/* Keys that say how Transformers goes about it, and not what comes out. */
const char *const emily__generation_config_harmless[] = {
    "_commit_hash", "_from_model_config", "assistant_confidence_threshold", "assistant_early_exit",
    "assistant_lookbehind", "bos_token_id", "cache_config", "cache_implementation", "chat_format", "compile_config",
    "continuous_batching_config", "decoder_start_token_id", "disable_compile", "early_stopping", "is_assistant",
    "length_penalty", "low_memory", "max_cache_len", "max_matching_ngram_size", "num_assistant_tokens",
    "num_assistant_tokens_schedule", "output_attentions", "output_hidden_states", "output_logits", "output_scores",
    "pad_token_id", "prefill_chunk_size", "prompt_lookup_num_tokens", "remove_invalid_values", "renormalize_logits",
    "return_dict_in_generate", "speculation_type", "target_lookbehind", "transformers_version", "use_cache", "use_mtp",
    NULL,
};

/* Settings that emily does not have, with the one value at which they do nothing. */
static const struct {
  const char *key;
  double neutral;
} absent[] = {
    {"num_beams", 1}, {"num_beam_groups", 1}, {"num_return_sequences", 1}, {"diversity_penalty", 0},
    {"penalty_alpha", 0}, {"typical_p", 1}, {"epsilon_cutoff", 0}, {"eta_cutoff", 0},
    {"no_repeat_ngram_size", 0}, {"encoder_no_repeat_ngram_size", 0}, {"encoder_repetition_penalty", 1},
    {"min_length", 0}, {"min_new_tokens", 0}, {"guidance_scale", 1},
};

void emily__generation_config_refuse_absent(emily__config *c) {
  for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
    double value = absent[i].neutral;
    emily__config_real(c, absent[i].key, -1e300, 1e300, &value);
    if (c->status == EMILY_OK && value != absent[i].neutral)
      emily__config_fail(c, EMILY_UNSUPPORTED, "\"%s\": %g is not supported (only %g is)", absent[i].key, value,
                         absent[i].neutral);
  }
  emily__config_only_bool(c, "token_healing", false);
}

/* A token id, or -1 where it is none. */
static int32_t token_id(emily__config *c, const json_t *value, const char *key) {
  if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= INT32_MAX)
    return (int32_t)json_integer_value(value);
  emily__config_fail(c, EMILY_BAD_FORMAT, "\"%s\" must be a token id or a list of them", key);
  return -1;
}

static void push_eos(emily__config *c, const json_t *value, emily__generation_config *out) {
  int32_t id = token_id(c, value, "eos_token_id");
  if (id >= 0 && !emily__vec_push(&out->eos, id)) c->status = EMILY_OUT_OF_MEMORY;
}

static void push_suppressed(emily__config *c, const json_t *value, emily__generation_config *out) {
  int32_t id = token_id(c, value, "suppress_tokens");
  if (id >= 0 && !emily__vec_push(&out->suppressed, id)) c->status = EMILY_OUT_OF_MEMORY;
}

static void push_suppressed_first(emily__config *c, const json_t *value, emily__generation_config *out) {
  int32_t id = token_id(c, value, "begin_suppress_tokens");
  if (id >= 0 && !emily__vec_push(&out->suppressed_first, id)) c->status = EMILY_OUT_OF_MEMORY;
}

static void push_stop(emily__config *c, const json_t *value, emily__generation_config *out) {
  if (!json_is_string(value) || json_string_length(value) != strlen(json_string_value(value))) {
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"stop_strings\" must be a text or a list of them");
    return;
  }
  char *copy = emily__strdup(json_string_value(value));
  if (copy && emily__vec_push(&out->stops, copy)) return;
  emily__free(copy);
  c->status = EMILY_OUT_OF_MEMORY;
}

/* The value of a key, or each element of it where it is a list. */
static void each(emily__config *c, const char *key, emily__generation_config *out,
                 void (*push)(emily__config *, const json_t *, emily__generation_config *)) {
  emily__config_skip(c, key);
  const json_t *value = emily__json_at(c->root, key);
  if (!value || c->status != EMILY_OK) return;
  if (!json_is_array(value)) {
    push(c, value, out);
    return;
  }
  for (size_t i = 0; i < json_array_size(value) && c->status == EMILY_OK; i++) push(c, json_array_get(value, i), out);
}

static void read_eos(emily__config *c, emily__generation_config *out) { each(c, "eos_token_id", out, push_eos); }

static void read(emily__config *c, emily__generation_config *out) {
  emily__config_bool(c, "do_sample", &out->sample);
  emily__config_real(c, "temperature", 0, 1e6, &out->temperature);
  emily__config_int(c, "top_k", 0, INT32_MAX, &out->top_k);
  emily__config_real(c, "top_p", 0, 1, &out->top_p);
  emily__config_real(c, "min_p", 0, 1, &out->min_p);
  emily__config_real(c, "repetition_penalty", 1e-6, 1e6, &out->repetition_penalty);
  emily__config_int(c, "max_new_tokens", 0, INT32_MAX, &out->max_new_tokens);
  emily__config_int(c, "max_length", 0, INT32_MAX, &out->max_length);
  read_eos(c, out);
  each(c, "suppress_tokens", out, push_suppressed);
  each(c, "begin_suppress_tokens", out, push_suppressed_first);
  each(c, "stop_strings", out, push_stop);
  emily__generation_config_refuse_absent(c);
}

static emily__generation_config defaults(void) {
  return (emily__generation_config){.temperature = 1, .top_p = 1, .repetition_penalty = 1, .max_new_tokens = -1,
                                    .max_length = -1};
}

/* Read `config`, all of it where it is a generation_config.json, and free it. */
static emily_status take(emily__config *config, bool whole, emily__generation_config *out) {
  *out = defaults();
  read(config, out);
  emily_status status = whole ? emily__config_done(config, "emily's generator", emily__generation_config_harmless) : config->status;
  if (status != EMILY_OK) emily__generation_config_free(out);
  emily__config_free(config);
  return status;
}

emily_status emily__generation_config_parse(const char *text, size_t length, const char *name,
                                            emily__generation_config *out) {
  emily__config config;
  EMILY__TRY(emily__config_parse(&config, text, length, name));
  return take(&config, true, out);
}

/* config.json for what the other file leaves open: the end tokens; and for everything where there is no other. */
static emily_status read_model_config(const char *path, bool only_eos, emily__generation_config *out) {
  emily__config config;
  EMILY__TRY(emily__config_load(&config, path));
  if (!only_eos) return take(&config, false, out);
  read_eos(&config, out);
  emily_status status = config.status;
  emily__config_free(&config);
  return status;
}

static emily_status load(const char *own, const char *models, emily__generation_config *out) {
  if (!emily__model_file_exists(own)) return read_model_config(models, false, out);
  emily__config config;
  EMILY__TRY(emily__config_load(&config, own));
  EMILY__TRY(take(&config, true, out));
  if (out->eos.count) return EMILY_OK;
  emily_status status = read_model_config(models, true, out);
  if (status != EMILY_OK) emily__generation_config_free(out);
  return status;
}

emily_status emily__generation_config_load(const char *folder, emily__generation_config *out) {
  char *own = emily__path_join(folder, "generation_config.json"), *models = emily__path_join(folder, "config.json");
  emily_status status = own && models ? load(own, models, out) : EMILY_OUT_OF_MEMORY;
  emily__free(own);
  emily__free(models);
  return status;
}

void emily__generation_config_free(emily__generation_config *config) {
  for (size_t i = 0; i < config->stops.count; i++) emily__free(config->stops.data[i]);
  emily__vec_free(&config->stops);
  emily__vec_free(&config->eos);
  emily__vec_free(&config->suppressed);
  emily__vec_free(&config->suppressed_first);
}
