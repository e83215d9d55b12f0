/* special.c: see special.h. */
#include "text/special.h"

#include "io/model_files.h"

#include "io/model_files.h"

#include <string.h>

static emily__special_token *find(const emily__special_tokens *tokens, const char *name) {
  for (size_t i = 0; name && i < tokens->list.count; i++) {
    emily__special_token *token = &tokens->list.data[i];
    if (token->name && !strcmp(token->name, name)) return token;
  }
  return NULL;
}

const emily__special_token *emily__special_token_named(const emily__special_tokens *tokens, const char *name) {
  return find(tokens, name);
}

static void free_token(emily__special_token *token) {
  emily__free(token->name);
  emily__free(token->text);
}

void emily__special_tokens_free(emily__special_tokens *tokens) {
  for (size_t i = 0; i < tokens->list.count; i++) free_token(&tokens->list.data[i]);
  emily__vec_free(&tokens->list);
}

/* -1 where the tokenizer lacks it. */
static int32_t id_of(const emily_tokenizer *tokenizer, const char *text, size_t length) {
  int32_t id = -1;
  if (tokenizer && emily_tokenizer_token_to_id(tokenizer, text, length, &id) != EMILY_OK) return -1;
  return id;
}

emily_status emily__special_tokens_set(emily__special_tokens *tokens, const char *name, const char *text,
                                       size_t length, const emily_tokenizer *tokenizer) {
  emily__special_token token = {.length = length, .id = id_of(tokenizer, text, length)};
  emily__special_token *known = find(tokens, name);
  token.text = emily__strndup(text, length);
  if (!token.text) return EMILY_OUT_OF_MEMORY;
  if (known) {
    token.name = known->name;
    emily__free(known->text);
    *known = token;
    return EMILY_OK;
  }
  if (name && !(token.name = emily__strdup(name))) return free_token(&token), EMILY_OUT_OF_MEMORY;
  if (!emily__vec_push(&tokens->list, token)) return free_token(&token), EMILY_OUT_OF_MEMORY;
  return EMILY_OK;
}

/* A token is a string, or an object with its "content"; NULL for anything else (null, a flag). */
static const json_t *content_of(const json_t *value) {
  if (json_is_object(value)) value = json_object_get(value, "content");
  return json_is_string(value) ? value : NULL;
}

static emily_status set_json(emily__special_tokens *tokens, const char *name, const json_t *value,
                             const emily_tokenizer *tokenizer) {
  const json_t *content = content_of(value);
  if (!content) return EMILY_OK;
  return emily__special_tokens_set(tokens, name, json_string_value(content), json_string_length(content), tokenizer);
}

static bool is_token_key(const char *key) {
  size_t length = strlen(key);
  return length > 6 && !strcmp(key + length - 6, "_token");
}

/* A list has tokens without names, an object such with names. */
static emily_status set_extra(emily__special_tokens *tokens, const json_t *extra, const emily_tokenizer *tokenizer) {
  size_t i;
  const char *key;
  json_t *value;
  json_array_foreach(extra, i, value) EMILY__TRY(set_json(tokens, NULL, value, tokenizer));
  if (!json_is_object(extra)) return EMILY_OK;
  json_object_foreach((json_t *)extra, key, value) EMILY__TRY(set_json(tokens, key, value, tokenizer));
  return EMILY_OK;
}

static emily_status read_file(emily__special_tokens *tokens, const json_t *json, const char *name,
                              const emily_tokenizer *tokenizer) {
  if (json && !json_is_object(json))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the files beside tokenizer.json must hold objects, and one "
                       "holds %s", name, emily__json_type_name(json));
  const char *key;
  json_t *value, *extra = emily__json_at(json, "extra_special_tokens");
  if (!extra) extra = emily__json_at(json, "additional_special_tokens");
  json_object_foreach((json_t *)json, key, value)
    if (is_token_key(key)) EMILY__TRY(set_json(tokens, key, value, tokenizer));
  return set_extra(tokens, extra, tokenizer);
}

/* Folders without the other files, too, have a mask to fill. */
static emily_status guess_mask(emily__special_tokens *tokens, const emily_tokenizer *tokenizer) {
  static const char *const usual[] = {"[MASK]", "<mask>"};
  for (size_t i = 0; i < 2 && !find(tokens, "mask_token"); i++) {
    int32_t id = id_of(tokenizer, usual[i], strlen(usual[i]));
    if (id < 0 || !emily_tokenizer_is_special(tokenizer, id)) continue;
    EMILY__TRY(emily__special_tokens_set(tokens, "mask_token", usual[i], strlen(usual[i]), tokenizer));
  }
  return EMILY_OK;
}

emily_status emily__special_tokens_read(const json_t *config, const json_t *map, const char *name,
                                        const emily_tokenizer *tokenizer, emily__special_tokens *out) {
  emily__special_tokens tokens = {0};
  emily_status status = read_file(&tokens, config, name, tokenizer);
  if (status == EMILY_OK && !emily__json_at(config, "added_tokens_decoder"))
    status = read_file(&tokens, map, name, tokenizer);
  if (status == EMILY_OK) status = guess_mask(&tokens, tokenizer);
  if (status != EMILY_OK) return emily__special_tokens_free(&tokens), status;
  *out = tokens;
  return EMILY_OK;
}

/* *out stays NULL where there is no such file. */
static emily_status load_optional(const char *folder, const char *file, json_t **out) {
  emily__str path = {0};
  bool made = emily__str_printf(&path, "%s/%s", folder, file);
  emily_status status = made ? emily__model_file_load(path.data, out) : EMILY_OUT_OF_MEMORY;
  emily__str_free(&path);
  return status == EMILY_NOT_FOUND ? EMILY_OK : status;
}

emily_status emily__special_tokens_load(const char *folder, const emily_tokenizer *tokenizer,
                                        emily__special_tokens *out) {
  json_t *config = NULL, *map = NULL;
  emily_status status = load_optional(folder, "tokenizer_config.json", &config);
  if (status == EMILY_OK) status = load_optional(folder, "special_tokens_map.json", &map);
  if (status == EMILY_OK) status = emily__special_tokens_read(config, map, folder, tokenizer, out);
  json_decref(config);
  json_decref(map);
  return status;
}
