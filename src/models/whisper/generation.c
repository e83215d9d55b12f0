/* generation.c: see generation.h. */
#include "models/whisper/generation.h"

#include "io/file.h"
#include "models/generation_config.h"

#include <math.h>
#include <string.h>

static const double OPEN = 1e300; /* bounds that are none */

/* A token id under `key`, or -1 where value is null and that is allowed. */
static bool read_id(emily__config *c, const char *key, const json_t *value, int64_t vocab, bool open, int32_t *out) {
  json_int_t id = json_integer_value(value);
  if (json_is_null(value) && open) return *out = -1, true;
  if (json_is_integer(value) && id >= 0 && id < vocab) return *out = (int32_t)id, true;
  emily__config_fail(c, EMILY_BAD_FORMAT, "\"%s\" must hold tokens of the vocabulary, which has %lld", key, (long long)vocab);
  return false;
}

static void read_one(emily__config *c, const char *key, int64_t vocab, int32_t *out) {
  int64_t id = *out;
  emily__config_int(c, key, 0, vocab - 1, &id);
  *out = (int32_t)id;
}

static void push(emily__config *c, emily__ids *list, int32_t id) {
  if (!emily__vec_push(list, id)) c->status = EMILY_OUT_OF_MEMORY;
}

static void read_ids(emily__config *c, const char *key, int64_t vocab, emily__ids *out) {
  json_t *list = NULL;
  int32_t id;
  emily__config_array(c, key, &list);
  for (size_t i = 0; i < json_array_size(list) && c->status == EMILY_OK; i++)
    if (read_id(c, key, json_array_get(list, i), vocab, false, &id)) push(c, out, id);
}

/* [[1, null], [2, 50359]]: the places must follow each other from 1 on. */
static void read_forced(emily__config *c, int64_t vocab, emily__ids *out) {
  static const char key[] = "forced_decoder_ids";
  json_t *list = NULL;
  int32_t id;
  emily__config_array(c, key, &list);
  for (size_t i = 0; i < json_array_size(list) && c->status == EMILY_OK; i++) {
    const json_t *pair = json_array_get(list, i), *place = json_array_get(pair, 0);
    if (json_array_size(pair) != 2 || !json_is_integer(place) || json_integer_value(place) != (json_int_t)i + 1)
      emily__config_fail(c, EMILY_UNSUPPORTED, "\"%s\" must be [place, token] for the places 1, 2, … in their order", key);
    else if (read_id(c, key, json_array_get(pair, 1), vocab, true, &id))
      push(c, out, id);
  }
}

static void read_named(emily__config *c, const char *key, int64_t vocab, emily__named_ids *out) {
  const char *name;
  json_t *value, *object = emily__json_at(c->root, key);
  int32_t id;
  emily__config_skip(c, key);
  if (!object || c->status != EMILY_OK) return;
  if (!json_is_object(object)) {
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"%s\" must be an object from names to tokens", key);
    return;
  }
  json_object_foreach(object, name, value) {
    if (!read_id(c, key, value, vocab, false, &id)) return;
    char *copy = emily__strdup(name);
    if (copy && emily__vec_push(out, (emily__named_id){copy, id})) continue;
    emily__free(copy);
    c->status = EMILY_OUT_OF_MEMORY;
    return;
  }
}

/* eos_token_id may be a list; Whisper has one. */
static void read_eos(emily__config *c, int64_t vocab, int32_t *out) {
  const json_t *value = emily__json_at(c->root, "eos_token_id");
  emily__config_skip(c, "eos_token_id");
  if (!value || c->status != EMILY_OK) return;
  if (json_array_size(value) == 1) value = json_array_get(value, 0);
  read_id(c, "eos_token_id", value, vocab, false, out);
}

static void read_copy(emily__config *c, const char *key, char **out) {
  const char *text = NULL;
  emily__config_text(c, key, &text);
  if (text && !(*out = emily__strdup(text))) c->status = EMILY_OUT_OF_MEMORY;
}

static void read_thresholds(emily__config *c, emily__whisper_generation *g) {
  emily__config_real(c, "compression_ratio_threshold", -OPEN, OPEN, &g->compression_ratio);
  emily__config_real(c, "logprob_threshold", -OPEN, OPEN, &g->logprob);
  emily__config_real(c, "no_speech_threshold", -OPEN, OPEN, &g->no_speech);
}

/* Transformers takes temperature and do_sample from the call, whatever the file says; the rest serves the times of
 * single words. */
static void skip_unused(emily__config *c) {
  static const char *const keys[] = {"alignment_heads", "do_sample", "median_filter_width", "temperature"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) emily__config_skip(c, keys[i]);
  emily__config_only_bool(c, "return_token_timestamps", false);
}

static void read(emily__config *c, int64_t vocab, emily__whisper_generation *g) {
  bool multilingual = true;
  read_one(c, "decoder_start_token_id", vocab, &g->start);
  read_eos(c, vocab, &g->eos);
  read_one(c, "no_timestamps_token_id", vocab, &g->no_timestamps);
  read_one(c, "prev_sot_token_id", vocab, &g->previous);
  read_ids(c, "suppress_tokens", vocab, &g->suppress);
  read_ids(c, "begin_suppress_tokens", vocab, &g->begin_suppress);
  read_forced(c, vocab, &g->forced);
  read_named(c, "lang_to_id", vocab, &g->languages);
  read_named(c, "task_to_id", vocab, &g->tasks);
  read_copy(c, "language", &g->language);
  read_copy(c, "task", &g->task);
  emily__config_bool(c, "is_multilingual", &multilingual);
  emily__config_bool(c, "return_timestamps", &g->timestamps);
  emily__config_bool(c, "condition_on_prev_tokens", &g->condition_on_previous);
  emily__config_int(c, "max_initial_timestamp_index", 0, INT32_MAX, &g->max_initial);
  emily__config_int(c, "max_length", 1, INT32_MAX, &g->max_length);
  emily__config_int(c, "max_new_tokens", 0, INT32_MAX, &g->max_new_tokens);
  emily__config_int(c, "top_k", 0, INT32_MAX, &g->top_k);
  emily__config_real(c, "top_p", 0, 1, &g->top_p);
  emily__config_real(c, "repetition_penalty", 1e-6, 1e6, &g->repetition_penalty);
  read_thresholds(c, g);
  skip_unused(c);
  emily__generation_config_refuse_absent(c);
  g->english_only = !multilingual;
}

static emily__whisper_generation defaults(void) {
  return (emily__whisper_generation){.start = -1, .eos = -1, .no_timestamps = -1, .previous = -1, .max_initial = -1,
                                     .max_length = -1, .max_new_tokens = -1, .top_p = 1, .repetition_penalty = 1,
                                     .compression_ratio = NAN, .logprob = NAN, .no_speech = NAN};
}

emily_status emily__whisper_generation_parse(const char *text, size_t length, const char *name, int64_t vocab,
                                             emily__whisper_generation *out) {
  emily__config config;
  *out = defaults();
  EMILY__TRY(emily__config_parse(&config, text, length, name));
  read(&config, vocab, out);
  emily_status status = emily__config_done(&config, "emily's transcription", emily__generation_config_harmless);
  emily__config_free(&config);
  if (status != EMILY_OK) emily__whisper_generation_free(out);
  return status;
}

static emily_status read_own(const char *path, int64_t vocab, emily__whisper_generation *out) {
  emily__str text = {0};
  EMILY__TRY(emily__file_read(path, (size_t)1 << 24, &text));
  emily_status status = emily__whisper_generation_parse(text.data ? text.data : "", text.count, path, vocab, out);
  emily__str_free(&text);
  return status;
}

/* config.json, for everything where there is no file of its own, and for the start, the end and the forced tokens that
 * this one leaves out. */
static emily_status read_model_config(const char *path, bool all, int64_t vocab, emily__whisper_generation *g) {
  emily__config config;
  EMILY__TRY(emily__config_load(&config, path));
  if (all) {
    read(&config, vocab, g);
  } else {
    if (g->start < 0) read_one(&config, "decoder_start_token_id", vocab, &g->start);
    if (g->eos < 0) read_eos(&config, vocab, &g->eos);
    if (!g->forced.count) read_forced(&config, vocab, &g->forced);
  }
  emily_status status = config.status;
  emily__config_free(&config);
  return status;
}

static emily_status load(const char *own, const char *models, int64_t vocab, emily__whisper_generation *out) {
  bool has_own = emily__file_is_regular(own);
  *out = defaults();
  if (has_own) EMILY__TRY(read_own(own, vocab, out));
  emily_status status = read_model_config(models, !has_own, vocab, out);
  if (status == EMILY_OK && (out->start < 0 || out->eos < 0))
    status = emily__fail(EMILY_BAD_FORMAT, "transcribe", "%s and its config.json do not say \"%s\"", own,
                         out->start < 0 ? "decoder_start_token_id" : "eos_token_id");
  if (status != EMILY_OK) emily__whisper_generation_free(out);
  return status;
}

emily_status emily__whisper_generation_load(const char *folder, int64_t vocab, emily__whisper_generation *out) {
  char *own = emily__path_join(folder, "generation_config.json"), *models = emily__path_join(folder, "config.json");
  emily_status status = own && models ? load(own, models, vocab, out) : EMILY_OUT_OF_MEMORY;
  emily__free(own);
  emily__free(models);
  return status;
}

static void free_named(emily__named_ids *list) {
  for (size_t i = 0; i < list->count; i++) emily__free(list->data[i].name);
  emily__vec_free(list);
}

void emily__whisper_generation_free(emily__whisper_generation *g) {
  emily__vec_free(&g->suppress);
  emily__vec_free(&g->begin_suppress);
  emily__vec_free(&g->forced);
  free_named(&g->languages);
  free_named(&g->tasks);
  emily__free(g->language);
  emily__free(g->task);
  *g = defaults();
}

int32_t emily__named_id_find(const emily__named_ids *list, const char *name) {
  for (size_t i = 0; i < list->count; i++)
    if (strcmp(list->data[i].name, name) == 0) return list->data[i].id;
  return -1;
}

bool emily__named_id_has(const emily__named_ids *list, int32_t id) {
  for (size_t i = 0; i < list->count; i++)
    if (list->data[i].id == id) return true;
  return false;
}
