/* config.c: see config.h. */
#include "models/config.h"

#include "base/vec.h"
#include "io/model_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const int64_t LARGEST_EXTENT = INT64_C(1) << 24;

/* What no forward pass depends on. A name stands here only if every value of it is harmless. */
const char *const emily__config_harmless[] = {
    /* bookkeeping */
    "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_from_model_config", "_name_or_path",
    "attn_implementation", "auto_map", "dtype", "finetuning_task", "language", "name", "name_or_path", "task_specific_params",
    "tokenizer_class", "torch_dtype", "torchscript", "transformers.js_config", "transformers_version", "unsloth_fixed",
    "unsloth_version", "use_bfloat16", "xla_device",
    /* what BERT's first converters wrote and no model reads */
    "directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head",
    "pooler_type",
    /* labels' names: their number is read where a head needs it */
    "_num_labels", "id2label", "label2id", "num_labels", "problem_type",
    /* what sentence-transformers applies to the scores of a classifier: read with the labels */
    "sbert_ce_default_activation_function", "sentence_transformers",
    /* what Transformers returns and keeps */
    "chunk_size_feed_forward", "output_attentions", "output_hidden_states", "output_past", "return_dict", "use_cache",
    /* training */
    "attention_dropout", "attention_probs_dropout_prob", "classifier_dropout", "gradient_checkpointing",
    "hidden_dropout", "hidden_dropout_prob", "initializer_factor", "initializer_range", "pretraining_tp",
    /* tokens: read by the tokenizer and by generation */
    "bos_token_id", "decoder_start_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "cls_token_id",
    /* generation: old configs carry the settings that generation_config.json now has; the generator reads them */
    "bad_words_ids", "begin_suppress_tokens", "diversity_penalty", "do_sample", "early_stopping",
    "encoder_no_repeat_ngram_size", "exponential_decay_length_penalty", "forced_bos_token_id", "forced_eos_token_id",
    "length_penalty", "max_length", "max_new_tokens", "min_length", "no_repeat_ngram_size", "num_beam_groups",
    "num_beams", "num_return_sequences", "output_scores", "prefix", "remove_invalid_values", "repetition_penalty",
    "return_dict_in_generate", "suppress_tokens", "temperature", "top_k", "top_p", "typical_p",
    NULL,
};

static bool listed(const char *key, const char *const *list) {
  for (; list && *list; list++)
    if (strcmp(*list, key) == 0) return true;
  return false;
}

emily_status emily__config_fail(emily__config *config, emily_status status, const char *format, ...) {
  if (config->status != EMILY_OK) return config->status;
  char text[EMILY__MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  config->status = emily__fail(status, "config", "%s: %s", config->name, text);
  return config->status;
}

/* Take a reference to `root` and begin with every key unread. */
static emily_status begin(emily__config *config, json_t *root, const char *name, const char *within) {
  *config = (emily__config){.root = json_incref(root), .name = name, .within = within};
  if (!json_is_object(root)) {
    emily__config_fail(config, EMILY_BAD_FORMAT, "must hold an object, and holds %s", emily__json_type_name(root));
  } else if (!(config->unread = json_copy(root))) {
    config->status = emily__fail_memory("config", 0, 0);
  }
  return config->status;
}

static emily_status begin_document(emily__config *config, json_t *root, const char *name) {
  emily_status status = begin(config, root, name, "");
  json_decref(root);
  if (status != EMILY_OK) emily__config_free(config);
  return status;
}

emily_status emily__config_parse(emily__config *config, const char *text, size_t length, const char *name) {
  json_t *root = NULL;
  EMILY__TRY(emily__json_parse(text, length, name, &root));
  return begin_document(config, root, name);
}

emily_status emily__config_load(emily__config *config, const char *path) {
  json_t *root = NULL;
  EMILY__TRY(emily__model_file_load(path, &root));
  return begin_document(config, root, path);
}

void emily__config_free(emily__config *config) {
  json_decref(config->root);
  json_decref(config->unread);
  config->root = config->unread = NULL;
}

bool emily__config_has(const emily__config *config, const char *key) { return emily__json_at(config->root, key); }

bool emily__config_null(const emily__config *config, const char *key) {
  return json_is_null(json_object_get(config->root, key));
}

void emily__config_skip(emily__config *config, const char *key) { json_object_del(config->unread, key); }

/* The value of a key, marked as read; NULL where there is none, or after an error. */
static json_t *take(emily__config *config, const char *key) {
  if (config->status != EMILY_OK) return NULL;
  emily__config_skip(config, key);
  return emily__json_at(config->root, key);
}

static void wrong_type(emily__config *config, const char *key, const char *wanted, const json_t *found) {
  emily__config_fail(config, EMILY_BAD_FORMAT, "\"%s%s\" must be %s, and is %s", config->within, key, wanted,
                     emily__json_type_name(found));
}

void emily__config_bool(emily__config *config, const char *key, bool *out) {
  json_t *value = take(config, key);
  if (!value) return;
  if (json_is_boolean(value)) *out = json_is_true(value);
  else wrong_type(config, key, "true or false", value);
}

void emily__config_text(emily__config *config, const char *key, const char **out) {
  json_t *value = take(config, key);
  if (!value) return;
  if (json_is_string(value)) *out = json_string_value(value);
  else wrong_type(config, key, "a string", value);
}

void emily__config_array(emily__config *config, const char *key, json_t **out) {
  json_t *value = take(config, key);
  if (!value) return;
  if (json_is_array(value)) *out = value;
  else wrong_type(config, key, "an array", value);
}

void emily__config_real(emily__config *config, const char *key, double low, double high, double *out) {
  json_t *value = take(config, key);
  if (!value) return;
  if (!json_is_number(value)) {
    wrong_type(config, key, "a number", value);
    return;
  }
  double number = json_number_value(value);
  if (number >= low && number <= high) *out = number;
  else
    emily__config_fail(config, EMILY_BAD_FORMAT, "\"%s%s\" is %.17g; it must lie between %g and %g", config->within,
                       key, number, low, high);
}

void emily__config_int(emily__config *config, const char *key, int64_t low, int64_t high, int64_t *out) {
  json_t *value = take(config, key);
  if (!value) return;
  if (!json_is_integer(value)) {
    wrong_type(config, key, "an integer", value);
    return;
  }
  int64_t number = json_integer_value(value);
  if (number >= low && number <= high) *out = number;
  else
    emily__config_fail(config, EMILY_BAD_FORMAT, "\"%s%s\" is %lld; it must lie between %lld and %lld",
                       config->within, key, (long long)number, (long long)low, (long long)high);
}

void emily__config_size(emily__config *config, const char *key, int64_t *out) {
  emily__config_int(config, key, 1, LARGEST_EXTENT, out);
}

bool emily__config_nested(emily__config *config, const char *key, const char *within, emily__config *out) {
  json_t *value = take(config, key);
  if (!value) return false;
  if (!json_is_object(value)) {
    wrong_type(config, key, "an object", value);
    return false;
  }
  config->status = begin(out, value, config->name, within);
  if (config->status != EMILY_OK) emily__config_free(out);
  return config->status == EMILY_OK;
}

void emily__config_done_nested(emily__config *config, emily__config *nested, const char *what) {
  emily_status status = emily__config_done(nested, what, NULL);
  if (config->status == EMILY_OK) config->status = status;
  emily__config_free(nested);
}

void emily__config_only_bool(emily__config *config, const char *key, bool value) {
  bool found = value;
  emily__config_bool(config, key, &found);
  if (config->status == EMILY_OK && found != value)
    emily__config_fail(config, EMILY_UNSUPPORTED, "\"%s%s\": %s is not supported (only %s is)", config->within, key,
                       found ? "true" : "false", value ? "true" : "false");
}

void emily__config_only_text(emily__config *config, const char *key, const char *value) {
  const char *found = value;
  emily__config_text(config, key, &found);
  if (config->status == EMILY_OK && strcmp(found, value) != 0)
    emily__config_fail(config, EMILY_UNSUPPORTED, "\"%s%s\": \"%s\" is not supported (only \"%s\" is)",
                       config->within, key, found, value);
}

void emily__config_only_empty(emily__config *config, const char *key) {
  json_t *value = take(config, key);
  if (value && json_object_size(value) + json_array_size(value) > 0)
    emily__config_fail(config, EMILY_UNSUPPORTED, "\"%s%s\" is not supported unless it is empty", config->within, key);
}

/* Append one name in quotes, up to a handful; more become "…". */
static bool append_name(emily__str *list, const char *within, const char *key, int index) {
  enum { MOST = 6 };
  if (index > MOST) return true;
  if (index == MOST) return emily__str_puts(list, ", …");
  return emily__str_printf(list, "%s\"%s%s\"", index ? ", " : "", within, key);
}

emily_status emily__config_done(emily__config *config, const char *family, const char *const *harmless) {
  if (config->status != EMILY_OK) return config->status;
  emily__str names = {0};
  const char *key;
  json_t *value;
  int count = 0;
  bool room = true;
  json_object_foreach(config->unread, key, value) {
    if (json_is_null(value) || listed(key, harmless)) continue;
    room = room && append_name(&names, config->within, key, count++);
  }
  if (!room) config->status = EMILY_OUT_OF_MEMORY;
  else if (count)
    emily__config_fail(config, EMILY_UNSUPPORTED,
                       "%s %s not known to %s: a setting that may change the answer is not passed over. Remove it if it "
                       "has no effect, or use a newer emily",
                       names.data, count == 1 ? "is" : "are", family);
  emily__str_free(&names);
  return config->status;
}
