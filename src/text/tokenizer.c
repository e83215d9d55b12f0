/* tokenizer.c: loading a tokenizer, and what can be asked of it. */
#include "text/tokenizer.h"
#include "text/special.h"

#include "io/file.h"
#include "io/gguf_source.h"
#include "io/model_files.h"

#include <string.h>

static emily_status read_strategy(const json_t *json, const char *name, emily__truncation *out) {
  static const char *const names[] = {[EMILY__LONGEST_FIRST] = "LongestFirst",
                                      [EMILY__ONLY_FIRST] = "OnlyFirst",
                                      [EMILY__ONLY_SECOND] = "OnlySecond"};
  const char *strategy = names[0];
  EMILY__TRY(emily__json_string(json, "strategy", name, &strategy));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (!strcmp(strategy, names[i])) return *out = (emily__truncation)i, EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the truncation strategy \"%s\" is not supported", name,
                     strategy);
}

static emily_status read_left(const json_t *json, const char *name, int32_t *out) {
  const char *direction = "Right";
  EMILY__TRY(emily__json_string(json, "direction", name, &direction));
  *out = !strcmp(direction, "Left");
  if (*out || !strcmp(direction, "Right")) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"direction\" must be \"Left\" or \"Right\"", name);
}

static emily_status read_size(const json_t *json, const char *key, const char *name, int64_t *out) {
  EMILY__TRY(emily__json_i64(json, key, name, out));
  if (*out >= 0 && *out <= INT32_MAX) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"%s\" is %lld, which is no length", name, key,
                     (long long)*out);
}

static emily_status load_truncation(const json_t *json, const char *name, emily_tokenizer *out) {
  if (!json) return EMILY_OK;
  EMILY__TRY(read_strategy(json, name, &out->truncation));
  EMILY__TRY(read_left(json, name, &out->settings.truncate_left));
  return read_size(json, "max_length", name, &out->settings.max_length);
}

/* "strategy": "BatchLongest" or {"Fixed": n}. */
static emily_status load_padding(const json_t *json, const char *name, emily_tokenizer *out) {
  if (!json) return EMILY_OK;
  int64_t id = 0, type_id = 0;
  out->settings.has_padding = 1;
  const json_t *strategy = emily__json_at(json, "strategy");
  if (json_is_object(strategy)) EMILY__TRY(read_size(strategy, "Fixed", name, &out->settings.pad_length));
  EMILY__TRY(read_left(json, name, &out->settings.pad_left));
  EMILY__TRY(read_size(json, "pad_to_multiple_of", name, &out->settings.pad_multiple));
  EMILY__TRY(read_size(json, "pad_id", name, &id));
  EMILY__TRY(read_size(json, "pad_type_id", name, &type_id));
  out->settings.pad_id = (int32_t)id;
  out->settings.pad_type_id = (int32_t)type_id;
  return EMILY_OK;
}

static emily_status gather_special_ids(emily_tokenizer *out) {
  for (size_t i = 0; i < out->added.tokens.count; i++) {
    const emily__added_token *token = &out->added.tokens.data[i];
    if (token->special && !emily__vec_push(&out->special_ids, token->id)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static emily_status load_parts(const json_t *json, const char *name, emily_tokenizer *out) {
  const char *version = "1.0";
  if (!json_is_object(json))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s must hold an object, and holds %s", name,
                       emily__json_type_name(json));
  EMILY__TRY(emily__json_string(json, "version", name, &version));
  if (strcmp(version, "1.0"))
    return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: version \"%s\" of the format is not supported", name,
                       version);
  EMILY__TRY(emily__json_require(json, "model", name));
  EMILY__TRY(emily__model_load(emily__json_at(json, "model"), name, &out->model));
  EMILY__TRY(emily__normalizer_load(emily__json_at(json, "normalizer"), name, &out->normalizer));
  EMILY__TRY(emily__pretokenizer_load(emily__json_at(json, "pre_tokenizer"), name, &out->pretokenizer));
  EMILY__TRY(emily__postprocessor_load(emily__json_at(json, "post_processor"), name, &out->post));
  EMILY__TRY(emily__decoder_load(emily__json_at(json, "decoder"), name, &out->decoder));
  EMILY__TRY(load_truncation(emily__json_at(json, "truncation"), name, out));
  EMILY__TRY(load_padding(emily__json_at(json, "padding"), name, out));
  EMILY__TRY(emily__added_load(emily__json_at(json, "added_tokens"), name, out->model, &out->normalizer, &out->added));
  return gather_special_ids(out);
}

static emily_status from_json(const json_t *json, const char *name, emily_tokenizer **out) {
  emily_tokenizer *tokenizer = emily__calloc(1, sizeof *tokenizer);
  if (!tokenizer) return EMILY_OUT_OF_MEMORY;
  atomic_init(&tokenizer->references, 1);
  tokenizer->settings = (emily_tokenizer_settings)EMILY_TOKENIZER_SETTINGS_INIT;
  emily_status status = load_parts(json, name, tokenizer);
  if (status != EMILY_OK) return emily_tokenizer_release(tokenizer), status;
  *out = tokenizer;
  return EMILY_OK;
}

emily_status emily_tokenizer_load_json(const char *json, size_t length, const char *name, emily_tokenizer **out) {
  if (!json || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_load_json", "an argument is NULL");
  json_t *document;
  if (!name) name = "tokenizer.json";
  EMILY__TRY(emily__json_parse(json, length, name, &document));
  emily_status status = from_json(document, name, out);
  json_decref(document);
  return status;
}

static emily_status load_file(const char *path, emily_tokenizer **out) {
  json_t *document;
  EMILY__TRY(emily__model_file_load(path, &document));
  emily_status status = from_json(document, path, out);
  json_decref(document);
  return status;
}

#define MAKE_ONE                                                                                                      \
  "Transformers makes one: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER), from where the checkpoint is"

/* Other forms of vocabularies that a folder may hold instead. */
static emily_status no_tokenizer(const char *folder) {
  static const char *const others[] = {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "source.spm",
                                       "tekken.json", "vocab.txt", "vocab.json"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    emily__str file = {0};
    if (!emily__str_printf(&file, "%s/%s", folder, others[i])) return EMILY_OUT_OF_MEMORY;
    bool there = emily__file_is_regular(file.data);
    emily__str_free(&file);
    if (there)
      return emily__fail(EMILY_NOT_FOUND, "emily_tokenizer_load", "%s has %s and no tokenizer.json, which emily needs: "
                         MAKE_ONE, folder, others[i]);
  }
  return emily__fail(EMILY_NOT_FOUND, "emily_tokenizer_load",
                     "%s has no tokenizer.json, and text needs one: copy it from where the checkpoint is from, or give token ids",
                     folder);
}

static emily_status load_folder(const char *folder, emily_tokenizer **out) {
  emily__str file = {0};
  bool made = emily__str_printf(&file, "%s/tokenizer.json", folder);
  emily_status status = made ? load_file(file.data, out) : EMILY_OUT_OF_MEMORY;
  emily__str_free(&file);
  return status == EMILY_NOT_FOUND ? no_tokenizer(folder) : status;
}

static bool ends_with(const char *path, const char *end) {
  size_t length = strlen(path), more = strlen(end);
  return length >= more && !strcmp(path + length - more, end);
}

/* SentencePiece's own files are no JSON. */
static emily_status load_single(const char *path, emily_tokenizer **out) {
  if (!ends_with(path, ".model") && !ends_with(path, ".spm")) return load_file(path, out);
  return emily__fail(EMILY_UNSUPPORTED, "emily_tokenizer_load", "%s is a file of SentencePiece, and emily needs a "
                     "tokenizer.json: " MAKE_ONE, path);
}

emily_status emily_tokenizer_load(const char *path, emily_tokenizer **out) {
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_load", "an argument is NULL");
  char *gguf = NULL;
  EMILY__TRY(emily__gguf_source(path, &gguf));
  emily_status status = gguf || emily__file_is_folder(path) ? load_folder(path, out) : load_single(path, out);
  emily__free(gguf);
  return status;
}

emily_tokenizer *emily_tokenizer_retain(emily_tokenizer *tokenizer) {
  if (tokenizer) atomic_fetch_add_explicit(&tokenizer->references, 1, memory_order_relaxed);
  return tokenizer;
}

void emily_tokenizer_release(emily_tokenizer *tokenizer) {
  if (!tokenizer || atomic_fetch_sub_explicit(&tokenizer->references, 1, memory_order_acq_rel) != 1) return;
  emily__normalizer_free(&tokenizer->normalizer);
  emily__pretokenizer_free(&tokenizer->pretokenizer);
  emily__model_free(tokenizer->model);
  emily__added_free(&tokenizer->added);
  emily__postprocessor_free(&tokenizer->post);
  emily__decoder_free(&tokenizer->decoder);
  emily__vec_free(&tokenizer->special_ids);
  emily__free(tokenizer);
}

int32_t emily_tokenizer_vocab_size(const emily_tokenizer *tokenizer) {
  if (!tokenizer) return 0;
  size_t count = tokenizer->model->vocab.tokens.count;
  for (size_t i = 0; i < tokenizer->added.tokens.count; i++) {
    const emily__added_token *token = &tokenizer->added.tokens.data[i];
    if (emily__vocab_find(&tokenizer->model->vocab, token->content, token->content_length) < 0) count++;
  }
  return (int32_t)count;
}

emily_status emily_tokenizer_token_to_id(const emily_tokenizer *tokenizer, const char *token, size_t length,
                                         int32_t *id) {
  if (!tokenizer || !token || !id)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_token_to_id", "an argument is NULL");
  const emily__added_token *added = emily__added_by_content(&tokenizer->added, token, length);
  int32_t found = added ? added->id : emily__vocab_find(&tokenizer->model->vocab, token, length);
  if (found < 0)
    return emily__fail(EMILY_NOT_FOUND, "emily_tokenizer_token_to_id", "the tokenizer has no token \"%.*s\"",
                       (int)(length < 200 ? length : 200), token);
  *id = found;
  return EMILY_OK;
}

emily_status emily_tokenizer_id_to_token(const emily_tokenizer *tokenizer, int32_t id, const char **token,
                                         size_t *length) {
  if (!tokenizer || !token || !length)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_id_to_token", "an argument is NULL");
  const emily__added_token *added = emily__added_by_id(&tokenizer->added, id);
  size_t found_length = added ? added->content_length : 0;
  const char *found =
      added ? added->content : emily__vocab_token(&tokenizer->model->vocab, id, &found_length);
  if (!found) return emily__fail(EMILY_NOT_FOUND, "emily_tokenizer_id_to_token", "no token has the id %d", (int)id);
  *token = found;
  *length = found_length;
  return EMILY_OK;
}

bool emily__tokenizer_continues(const emily_tokenizer *tokenizer) { return emily__model_continues(tokenizer->model); }

bool emily_tokenizer_is_special(const emily_tokenizer *tokenizer, int32_t id) {
  const emily__added_token *added = tokenizer ? emily__added_by_id(&tokenizer->added, id) : NULL;
  return added && added->special;
}

const int32_t *emily_tokenizer_special_ids(const emily_tokenizer *tokenizer, size_t *count) {
  if (count) *count = tokenizer ? tokenizer->special_ids.count : 0;
  return tokenizer ? tokenizer->special_ids.data : NULL;
}

/* As many bytes as the caller's struct has; a newer caller's further fields stay. */
emily_status emily_tokenizer_get_settings(const emily_tokenizer *tokenizer, emily_tokenizer_settings *out) {
  if (!tokenizer || !out || out->struct_size < sizeof out->struct_size)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_get_settings",
                       "an argument is NULL, or settings were not begun with EMILY_TOKENIZER_SETTINGS_INIT");
  size_t size = out->struct_size;
  memcpy(out, &tokenizer->settings, size < sizeof *out ? size : sizeof *out);
  out->struct_size = size;
  return EMILY_OK;
}
