/* gguf_export_tokenizer.c: tokenizer.json and the chat template as the metadata of a GGUF file, see gguf_export.h. tokenizer.json goes along as
 * a whole, under the key that the format has for it; beside it stands what llama.cpp reads: tokens, their types, merges or scores, and the name
 * of the way that text is cut.
 */
#include "base/status.h"
#include "emily/model.h"
#include "io/file.h"
#include "io/gguf_tokenizer.h"
#include "io/model_files.h"
#include "models/gguf_export.h"

#include <string.h>

static const char WHERE[] = "emily_model_to_gguf";
#define SPACE "\xE2\x96\x81" /* U+2581 */

typedef struct exporter {
  const char *folder;
  const json_t *tokenizer, *model; /* tokenizer.json, and its "model" */
  emily__gguf_metadata *m;
  int64_t count;      /* rows of the embedding: so many tokens */
  const char **texts; /* of each id */
  uint8_t *types;
} exporter;

static emily_status load_optional(const char *folder, const char *name, emily__gguf_metadata *m, json_t **out) {
  char *path = emily__path_join(folder, name);
  json_t *json = NULL;
  *out = NULL;
  if (!path) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily__model_file_find(path, &json);
  emily__free(path);
  if (status == EMILY_OK && json && !(*out = emily__gguf_keep_json(m, json))) status = EMILY_OUT_OF_MEMORY;
  return status;
}

static const char *text_at(const json_t *object, const char *key) {
  const json_t *value = emily__json_at(object, key);
  return json_is_string(value) ? json_string_value(value) : "";
}

/* ---- tokens ---- */

static emily_status set_token(exporter *e, int64_t id, const char *text, uint8_t type) {
  if (id < 0 || id >= e->count)
    return emily__fail(EMILY_UNSUPPORTED, WHERE, "tokenizer.json: the token '%.100s' has the id %lld, and the embedding %lld rows", text,
                       (long long)id, (long long)e->count);
  e->texts[id] = text;
  e->types[id] = type;
  return EMILY_OK;
}

/* "<0x0A>" */
static bool is_byte(const char *text) { return strlen(text) == 6 && !strncmp(text, "<0x", 3) && text[5] == '>'; }

/* WordPiece: U+2581 marks what begins a word, and not "##" what goes on. */
static const char *marked(exporter *e, const char *text) {
  emily__str out = {0};
  const bool goes_on = !strncmp(text, "##", 2);
  const bool made = goes_on ? emily__str_puts(&out, text + 2) : emily__str_puts(&out, SPACE) && emily__str_puts(&out, text);
  const char *kept = made ? emily__gguf_keep(e->m, out.data) : NULL;
  emily__str_free(&out);
  return kept;
}

static emily_status read_vocab(exporter *e, bool wordpiece, bool bytes) {
  const char *text;
  json_t *id;
  json_object_foreach(emily__json_at(e->model, "vocab"), text, id) {
    const char *shown = wordpiece ? marked(e, text) : text;
    if (!shown) return EMILY_OUT_OF_MEMORY;
    EMILY__TRY(set_token(e, json_integer_value(id), shown, bytes && is_byte(text) ? EMILY__GGUF_TOKEN_BYTE : EMILY__GGUF_TOKEN_NORMAL));
  }
  return EMILY_OK;
}

static emily_status read_added(exporter *e) {
  size_t i;
  json_t *added;
  json_array_foreach(emily__json_at(e->tokenizer, "added_tokens"), i, added) {
    const char *text = text_at(added, "content");
    const bool special = json_is_true(emily__json_at(added, "special")), unknown = !strcmp(text, text_at(e->model, "unk_token"));
    EMILY__TRY(set_token(e, json_integer_value(emily__json_at(added, "id")), text,
                         unknown ? EMILY__GGUF_TOKEN_UNKNOWN : special ? EMILY__GGUF_TOKEN_CONTROL : EMILY__GGUF_TOKEN_USER));
  }
  return EMILY_OK;
}

/* Rows of the embedding without a token. */
static emily_status fill(exporter *e) {
  for (int64_t id = 0; id < e->count; id++) {
    char name[32];
    if (e->texts[id]) continue;
    snprintf(name, sizeof name, "[PAD%lld]", (long long)id);
    if (!(e->texts[id] = emily__gguf_keep(e->m, name))) return EMILY_OUT_OF_MEMORY;
    e->types[id] = EMILY__GGUF_TOKEN_UNUSED;
  }
  return EMILY_OK;
}

static void put_types(exporter *e) {
  int32_t *types = emily__alloc_array((size_t)e->count, sizeof *types);
  if (!types) return;
  for (int64_t id = 0; id < e->count; id++) types[id] = e->types[id];
  emily__gguf_put_array(e->m, emily_array_from_data(types, &e->count, 1, EMILY_INT32), "tokenizer.ggml.token_type");
  emily__free(types);
}

/* SentencePiece numbers the tokens of a BPE model in the order of their merges, and scores are that order. */
static void put_scores(exporter *e) {
  float *scores = emily__alloc_array((size_t)e->count, sizeof *scores);
  if (!scores) return;
  for (int64_t id = 0; id < e->count; id++) scores[id] = e->types[id] == EMILY__GGUF_TOKEN_NORMAL ? -(float)id : 0;
  emily__gguf_put_array(e->m, emily_array_from_data(scores, &e->count, 1, EMILY_FLOAT32), "tokenizer.ggml.scores");
  emily__free(scores);
}

/* "left right", however the file has them. */
static const char *merge_text(exporter *e, const json_t *merge) {
  if (json_is_string(merge)) return json_string_value(merge);
  emily__str out = {0};
  const char *left = json_string_value(json_array_get(merge, 0)), *right = json_string_value(json_array_get(merge, 1));
  const bool made = left && right && emily__str_printf(&out, "%s %s", left, right);
  const char *kept = made ? emily__gguf_keep(e->m, out.data) : NULL;
  emily__str_free(&out);
  return kept;
}

static emily_status put_merges(exporter *e) {
  const json_t *merges = emily__json_at(e->model, "merges");
  const size_t count = json_array_size(merges);
  const char **texts = emily__alloc_array(count, sizeof *texts);
  if (!texts) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) {
    texts[i] = merge_text(e, json_array_get(merges, i));
    if (texts[i]) continue;
    emily__free((void *)texts);
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "tokenizer.json: a merge is not two tokens");
  }
  emily__gguf_put_list(e->m, texts, (int64_t)count, "tokenizer.ggml.merges");
  return EMILY_OK;
}

/* ---- kinds ---- */

static emily_status put_tokens(exporter *e, const char *kind) {
  EMILY__TRY(read_vocab(e, !strcmp(kind, "bert"), !strcmp(kind, "llama")));
  EMILY__TRY(read_added(e));
  EMILY__TRY(fill(e));
  emily__gguf_put_text(e->m, kind, "tokenizer.ggml.model");
  const char **list = emily__alloc_array((size_t)e->count, sizeof *list);
  if (!list) return EMILY_OUT_OF_MEMORY;
  memcpy((void *)list, (const void *)e->texts, (size_t)e->count * sizeof *list);
  emily__gguf_put_list(e->m, list, e->count, "tokenizer.ggml.tokens");
  put_types(e);
  return EMILY_OK;
}

static emily_status byte_level(exporter *e) {
  const char *name = emily__gguf_pre_name(emily__json_at(e->tokenizer, "pre_tokenizer"), emily__json_at(e->tokenizer, "normalizer"));
  if (!name) return emily__fail(EMILY_UNSUPPORTED, WHERE, "tokenizer.json: GGUF has no name that emily knows for its way to cut text");
  EMILY__TRY(put_tokens(e, "gpt2"));
  emily__gguf_put_text(e->m, name, "tokenizer.ggml.pre");
  return put_merges(e);
}

static emily_status sentence_piece(exporter *e) {
  EMILY__TRY(put_tokens(e, "llama"));
  put_scores(e);
  const json_t *normalizer = emily__json_at(e->tokenizer, "normalizer");
  const json_t *first = json_array_get(emily__json_at(normalizer, "normalizers"), 0);
  emily__gguf_put_bool(e->m, !strcmp(text_at(first, "type"), "Prepend"), "tokenizer.ggml.add_space_prefix");
  return EMILY_OK;
}

static emily_status put_kind(exporter *e) {
  const char *type = text_at(e->model, "type");
  if (!strcmp(type, "WordPiece")) return put_tokens(e, "bert");
  if (!strcmp(type, "BPE")) return json_is_true(emily__json_at(e->model, "byte_fallback")) ? sentence_piece(e) : byte_level(e);
  return emily__fail(EMILY_UNSUPPORTED, WHERE, "tokenizer.json: a model of type \"%.40s\" is not written to GGUF", type);
}

/* ---- ids of special tokens, and the template ---- */

static int64_t id_of(const exporter *e, const char *text) {
  for (int64_t id = 0; id < e->count; id++)
    if (e->texts[id] && !strcmp(e->texts[id], text)) return id;
  return -1;
}

/* "bos_token" of tokenizer_config.json: a text, or an object with its content. */
static void put_special(exporter *e, const json_t *config, const char *hf, const char *gguf) {
  const json_t *value = emily__json_at(config, hf);
  if (json_is_object(value)) value = emily__json_at(value, "content");
  const int64_t id = json_is_string(value) ? id_of(e, json_string_value(value)) : -1;
  if (id >= 0) emily__gguf_put_uint(e->m, (uint32_t)id, "tokenizer.ggml.%s_token_id", gguf);
}

static void put_id(exporter *e, const json_t *config, const char *hf, const char *gguf) {
  const json_t *value = emily__json_at(config, hf);
  if (json_is_array(value)) value = json_array_get(value, 0);
  if (json_is_integer(value) && json_integer_value(value) >= 0)
    emily__gguf_put_uint(e->m, (uint32_t)json_integer_value(value), "tokenizer.ggml.%s_token_id", gguf);
}

/* What the template puts before and behind a text. */
static void put_around(exporter *e) {
  const json_t *post = emily__json_at(e->tokenizer, "post_processor"), *list = emily__json_at(post, "processors");
  for (size_t i = 0; i < json_array_size(list); i++)
    if (!strcmp(text_at(json_array_get(list, i), "type"), "TemplateProcessing")) post = json_array_get(list, i);
  const json_t *single = emily__json_at(post, "single");
  const size_t count = json_array_size(single);
  const json_t *first = emily__json_at(json_array_get(single, 0), "SpecialToken"), *last = NULL;
  if (count > 1) last = emily__json_at(json_array_get(single, count - 1), "SpecialToken");
  emily__gguf_put_bool(e->m, first, "tokenizer.ggml.add_bos_token");
  emily__gguf_put_bool(e->m, last, "tokenizer.ggml.add_eos_token");
  const int64_t bos = first ? id_of(e, text_at(first, "id")) : -1, eos = last ? id_of(e, text_at(last, "id")) : -1;
  if (bos >= 0) emily__gguf_put_uint(e->m, (uint32_t)bos, "tokenizer.ggml.bos_token_id");
  if (eos >= 0) emily__gguf_put_uint(e->m, (uint32_t)eos, "tokenizer.ggml.eos_token_id");
}

/* chat_template.jinja wins over tokenizer_config.json, as in Transformers. */
static emily_status put_template(exporter *e, const json_t *config) {
  char *path = emily__path_join(e->folder, "chat_template.jinja");
  emily__str text = {0};
  if (!path) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily__file_is_regular(path) ? emily__file_read(path, 1 << 24, &text) : EMILY_OK;
  emily__free(path);
  const char *template = text.data ? text.data : text_at(config, "chat_template");
  if (status == EMILY_OK && template[0]) emily__gguf_put_text(e->m, template, "tokenizer.chat_template");
  emily__str_free(&text);
  return status;
}

static emily_status put_specials(exporter *e, const json_t *model_config) {
  static const char *const names[][2] = {{"bos_token", "bos"}, {"eos_token", "eos"}, {"pad_token", "padding"}, {"unk_token", "unknown"},
                                         {"cls_token", "cls"}, {"sep_token", "seperator"}, {"mask_token", "mask"}};
  json_t *config = NULL, *generation = NULL;
  EMILY__TRY(load_optional(e->folder, "tokenizer_config.json", e->m, &config));
  EMILY__TRY(load_optional(e->folder, "generation_config.json", e->m, &generation));
  put_around(e);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) put_special(e, config, names[i][0], names[i][1]);
  const json_t *configs[] = {generation, model_config};
  for (int i = 0; i < 2; i++) {
    put_id(e, configs[i], "bos_token_id", "bos");
    put_id(e, configs[i], "eos_token_id", "eos");
    put_id(e, configs[i], "pad_token_id", "padding");
  }
  return put_template(e, config);
}

static emily_status export(exporter *e, const json_t *config) {
  char *whole = NULL;
  EMILY__TRY(put_kind(e));
  EMILY__TRY(put_specials(e, config));
  EMILY__TRY(emily_model_file(e->folder, "tokenizer.json", &whole));
  emily__gguf_put_text(e->m, whole, "tokenizer.huggingface.json");
  emily__free(whole);
  return e->m->status;
}

emily_status emily__gguf_export_tokenizer(const char *folder, const json_t *config, int64_t rows, emily__gguf_metadata *m) {
  json_t *tokenizer = NULL;
  EMILY__TRY(load_optional(folder, "tokenizer.json", m, &tokenizer));
  exporter e = {.folder = folder, .tokenizer = tokenizer, .model = emily__json_at(tokenizer, "model"), .m = m, .count = rows};
  if (!tokenizer) return EMILY_OK;
  e.texts = emily__calloc((size_t)rows, sizeof *e.texts);
  e.types = emily__calloc((size_t)rows, 1);
  emily_status status = e.texts && e.types ? export(&e, config) : EMILY_OUT_OF_MEMORY;
  emily__free((void *)e.texts);
  emily__free(e.types);
  return status;
}
