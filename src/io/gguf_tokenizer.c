/* gguf_tokenizer.c: tokenizer.json and tokenizer_config.json of a GGUF file, see gguf_files.h.
 *
 * The vocabulary is in the file; how text is normalized and cut, and what goes around it, follows from the model's name ("gpt2" is
 * byte-level BPE, "llama" SentencePiece with scores, "bert" WordPiece) and for BPE from that of its pre-tokenizer (gguf_pre.c).
 */
#include "base/status.h"
#include "base/utf8.h"
#include "io/gguf_files.h"
#include "io/gguf_tokenizer.h"

#include <stdio.h>
#include <string.h>

static const char WHERE[] = "gguf";
#define SPACE "\xE2\x96\x81" /* U+2581, a space within a token */

const char *emily__gguf_token(const emily__gguf_vocab *vocab, uint64_t id, size_t *length) {
  return emily__gguf_item_text(vocab->file, vocab->tokens, id, length);
}

int64_t emily__gguf_token_type(const emily__gguf_vocab *vocab, uint64_t id) {
  int64_t type = EMILY__GGUF_TOKEN_NORMAL;
  emily__gguf_item_int(vocab->file, vocab->types, id, &type);
  return type;
}

static emily_status read_vocab(const emily_gguf *file, emily__gguf_vocab *out) {
  *out = (emily__gguf_vocab){.file = file, .tokens = emily__gguf_at(file, "tokenizer.ggml.tokens"),
                             .types = emily__gguf_at(file, "tokenizer.ggml.token_type"),
                             .scores = emily__gguf_at(file, "tokenizer.ggml.scores")};
  if (!out->tokens || out->tokens->item != EMILY_GGUF_STRING || out->tokens->count > INT32_MAX)
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: tokenizer.ggml.tokens is no list of texts", file->path);
  if (out->types && (out->types->count != out->tokens->count || !emily__gguf_kind_size(out->types->item)))
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: tokenizer.ggml.token_type has not one number a token", file->path);
  if (out->scores && (out->scores->count != out->tokens->count || !emily__gguf_kind_size(out->scores->item)))
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: tokenizer.ggml.scores has not one number a token", file->path);
  return EMILY_OK;
}

static emily_status not_text(const emily_gguf *file, const char *what, uint64_t index) {
  return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: %s %llu is not UTF-8", file->path, what, (unsigned long long)index);
}

/* ---- vocabulary and merges ---- */

/* A text as JSON, or the failure that it is not UTF-8. */
static emily_status text_json(const emily_gguf *file, const char *what, uint64_t index, const char *text, size_t length, json_t **out) {
  *out = json_stringn(text, length);
  if (*out) return EMILY_OK;
  return emily__utf8_valid(text, length) ? emily__fail_memory(WHERE, length, 0) : not_text(file, what, index);
}

/* How a WordPiece token is written in tokenizer.json: "##" marks what goes on, and not U+2581 what begins. */
static emily_status wordpiece_token(const emily__gguf_vocab *vocab, uint64_t id, emily__str *out) {
  size_t length;
  const char *text = emily__gguf_token(vocab, id, &length);
  bool begins = !strncmp(text, SPACE, 3), whole = emily__gguf_token_type(vocab, id) != EMILY__GGUF_TOKEN_NORMAL;
  emily__str_clear(out);
  bool ok = begins || whole || emily__str_puts(out, "##");
  return ok && emily__str_append(out, begins ? text + 3 : text, begins ? length - 3 : length) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* What jansson would take for the end of a key. */
static emily_status put_token(json_t *map, const emily__gguf_vocab *vocab, const char *text, size_t length, uint64_t id) {
  if (!emily__utf8_valid(text, length)) return not_text(vocab->file, "token", id);
  return json_object_setn_new_nocheck(map, text, length, json_integer((json_int_t)id)) == 0 ? EMILY_OK : emily__fail_memory(WHERE, length, 0);
}

static emily_status vocab_json(const emily__gguf_vocab *vocab, bool wordpiece, json_t **out) {
  json_t *map = json_object();
  emily__str token = {0};
  emily_status status = map ? EMILY_OK : emily__fail_memory(WHERE, 0, 0);
  for (uint64_t id = 0; id < vocab->tokens->count && status == EMILY_OK; id++) {
    size_t length;
    const char *text = emily__gguf_token(vocab, id, &length);
    if (emily__gguf_token_type(vocab, id) == EMILY__GGUF_TOKEN_UNUSED) continue; /* filled in to reach the embedding's size */
    if (wordpiece) status = wordpiece_token(vocab, id, &token);
    if (status == EMILY_OK) status = put_token(map, vocab, wordpiece ? token.data : text, wordpiece ? token.count : length, id);
  }
  emily__str_free(&token);
  if (status == EMILY_OK) *out = map;
  else json_decref(map);
  return status;
}

static emily_status copy_merges(const emily_gguf *file, json_t **out) {
  const emily__gguf_value *merges = emily__gguf_at(file, "tokenizer.ggml.merges");
  if (!merges || merges->item != EMILY_GGUF_STRING)
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: tokenizer.ggml.merges is no list of texts", file->path);
  json_t *list = json_array();
  emily_status status = list ? EMILY_OK : emily__fail_memory(WHERE, 0, 0);
  for (uint64_t i = 0; i < merges->count && status == EMILY_OK; i++) {
    size_t length;
    json_t *text = NULL;
    const char *merge = emily__gguf_item_text(file, merges, i, &length);
    status = text_json(file, "merge", i, merge, length, &text);
    if (status == EMILY_OK && json_array_append_new(list, text)) status = emily__fail_memory(WHERE, 0, 0);
  }
  if (status == EMILY_OK) *out = list;
  else json_decref(list);
  return status;
}

/* ---- added tokens, and what goes around a text ---- */

static emily_status added_json(const emily__gguf_vocab *vocab, json_t **out) {
  json_t *list = json_array();
  emily_status status = list ? EMILY_OK : emily__fail_memory(WHERE, 0, 0);
  for (uint64_t id = 0; id < vocab->tokens->count && status == EMILY_OK; id++) {
    int64_t type = emily__gguf_token_type(vocab, id);
    bool special = type == EMILY__GGUF_TOKEN_CONTROL || type == EMILY__GGUF_TOKEN_UNKNOWN;
    size_t length;
    json_t *content = NULL;
    const char *text = emily__gguf_token(vocab, id, &length);
    if ((!special && type != EMILY__GGUF_TOKEN_USER) || !length) continue;
    status = text_json(vocab->file, "token", id, text, length, &content);
    if (status != EMILY_OK) break;
    json_t *token = json_pack("{s:I, s:o, s:b, s:b, s:b, s:b, s:b}", "id", (json_int_t)id, "content", content, "single_word", 0, "lstrip", 0,
                              "rstrip", 0, "normalized", 0, "special", (int)special);
    if (!token || json_array_append_new(list, token)) status = emily__fail_memory(WHERE, 0, 0);
  }
  if (status == EMILY_OK) *out = list;
  else json_decref(list);
  return status;
}

static bool add_special(json_t *pieces, const char *token, int type_id) {
  return json_array_append_new(pieces, json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", token, "type_id", type_id)) == 0;
}

static bool add_text(json_t *pieces, const char *which, int type_id) {
  return json_array_append_new(pieces, json_pack("{s:{s:s, s:i}}", "Sequence", "id", which, "type_id", type_id)) == 0;
}

typedef struct around {
  bool first, last;         /* put a token before and behind a text */
  int64_t first_id, last_id;
  const char *first_token, *last_token;
} around;

static bool add_known(json_t *known, const char *token, int64_t id) {
  return json_object_set_new(known, token, json_pack("{s:s, s:[I], s:[s]}", "id", token, "ids", (json_int_t)id, "tokens", token)) == 0;
}

/* A pair of texts: as one, or, of BERT, with a token between them. */
static json_t *template_json(const around *a, bool pairs) {
  json_t *single = json_array(), *pair = json_array(), *known = json_object();
  bool ok = true;
  for (int texts = 1; texts <= 2; texts++) {
    json_t *to = texts == 1 ? single : pair;
    if (a->first) ok = add_special(to, a->first_token, 0) && ok;
    ok = add_text(to, "A", 0) && ok;
    if (texts == 2 && pairs && a->last) ok = add_special(to, a->last_token, 0) && ok;
    if (texts == 2) ok = add_text(to, "B", pairs) && ok;
    if (a->last) ok = add_special(to, a->last_token, texts == 2 && pairs) && ok;
  }
  if (a->first) ok = add_known(known, a->first_token, a->first_id) && ok;
  if (a->last) ok = add_known(known, a->last_token, a->last_id) && ok;
  json_t *made = json_pack("{s:s, s:o, s:o, s:o}", "type", "TemplateProcessing", "single", single, "pair", pair, "special_tokens", known);
  if (ok) return made;
  json_decref(made);
  return NULL;
}

/* The token of an id that the metadata names; NULL where there is none. */
static const char *named_token(const emily__gguf_vocab *vocab, const char *key, int64_t *id) {
  if (!emily__gguf_int(vocab->file, key, id) || *id < 0 || (uint64_t)*id >= vocab->tokens->count) return NULL;
  size_t length;
  const char *text = emily__gguf_token(vocab, (uint64_t)*id, &length);
  return emily__utf8_valid(text, length) && !memchr(text, 0, length) ? text : NULL;
}

/* bos and eos: whether they are put in where the file does not say. */
static around read_around(const emily__gguf_vocab *vocab, bool bos, bool eos) {
  around a = {.first = bos, .last = eos};
  emily__gguf_bool(vocab->file, "tokenizer.ggml.add_bos_token", &a.first);
  emily__gguf_bool(vocab->file, "tokenizer.ggml.add_eos_token", &a.last);
  a.first_token = named_token(vocab, "tokenizer.ggml.bos_token_id", &a.first_id);
  a.last_token = named_token(vocab, "tokenizer.ggml.eos_token_id", &a.last_id);
  a.first = a.first && a.first_token;
  a.last = a.last && a.last_token;
  return a;
}

/* ---- the kinds of models ---- */

/* Parts of a tokenizer.json that differ by kind; all owned. */
typedef struct parts {
  json_t *model, *normalizer, *pre_tokenizer, *post_processor, *decoder;
} parts;

static json_t *constant(const char *text) { return text ? json_loads(text, 0, NULL) : json_null(); }

static emily_status byte_level(const emily__gguf_vocab *vocab, parts *out) {
  const emily__gguf_pre *pre;
  json_t *map = NULL, *merges = NULL;
  EMILY__TRY(emily__gguf_pre_find(vocab->file, emily__gguf_string(vocab->file, "tokenizer.ggml.pre"), &pre));
  EMILY__TRY(vocab_json(vocab, false, &map));
  emily_status status = copy_merges(vocab->file, &merges);
  if (status != EMILY_OK) return json_decref(map), status;
  around a = read_around(vocab, pre->add_bos, false);
  out->model = json_pack("{s:s, s:b, s:b, s:b, s:o, s:o}", "type", "BPE", "fuse_unk", 0, "byte_fallback", 0, "ignore_merges",
                         (int)pre->ignore_merges, "vocab", map, "merges", merges);
  out->normalizer = constant(pre->normalizer);
  out->pre_tokenizer = constant(pre->pre_tokenizer);
  out->post_processor = a.first || a.last ? template_json(&a, false) : constant("{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
                                                                              "\"trim_offsets\":false,\"use_regex\":false}");
  out->decoder = constant("{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}");
  return EMILY_OK;
}

#define TO_SPACES "{\"type\":\"Replace\",\"pattern\":{\"String\":\"" SPACE "\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}"
#define FROM_SPACES "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"" SPACE "\"}"

static emily_status sentence_piece(const emily__gguf_vocab *vocab, parts *out) {
  json_t *map = NULL, *merges = NULL;
  bool prefix = true;
  int64_t id;
  if (!vocab->scores) return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s has no tokenizer.ggml.scores", vocab->file->path);
  EMILY__TRY(vocab_json(vocab, false, &map));
  emily_status status = emily__gguf_merges(vocab, &merges);
  if (status != EMILY_OK) return json_decref(map), status;
  emily__gguf_bool(vocab->file, "tokenizer.ggml.add_space_prefix", &prefix);
  const char *unknown = named_token(vocab, "tokenizer.ggml.unknown_token_id", &id);
  around a = read_around(vocab, true, false);
  out->model = json_pack("{s:s, s:s?, s:b, s:b, s:o, s:o}", "type", "BPE", "unk_token", unknown, "fuse_unk", 1, "byte_fallback", 1, "vocab", map,
                         "merges", merges);
  out->normalizer = constant(prefix ? "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"" SPACE "\"}," FROM_SPACES "]}"
                                    : FROM_SPACES);
  out->pre_tokenizer = json_null();
  out->post_processor = a.first || a.last ? template_json(&a, false) : json_null();
  out->decoder = constant(prefix ? "{\"type\":\"Sequence\",\"decoders\":[" TO_SPACES ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}"
                                 : "{\"type\":\"Sequence\",\"decoders\":[" TO_SPACES "]}");
  return EMILY_OK;
}

/* [CLS] and [SEP], which older files name as cls and seperator (sic), others as bos and eos. */
static around read_bert_around(const emily__gguf_vocab *vocab) {
  around a = read_around(vocab, true, true);
  const char *cls = named_token(vocab, "tokenizer.ggml.cls_token_id", &a.first_id);
  const char *sep = named_token(vocab, "tokenizer.ggml.seperator_token_id", &a.last_id);
  if (cls) a.first_token = cls;
  else named_token(vocab, "tokenizer.ggml.bos_token_id", &a.first_id);
  if (sep) a.last_token = sep;
  else named_token(vocab, "tokenizer.ggml.eos_token_id", &a.last_id);
  a.first = a.last = a.first_token && a.last_token;
  return a;
}

/* Text is lower-cased, as llama.cpp does: the file has no switch for it. */
static emily_status word_piece(const emily__gguf_vocab *vocab, parts *out) {
  json_t *map = NULL;
  int64_t id;
  EMILY__TRY(vocab_json(vocab, true, &map));
  const char *unknown = named_token(vocab, "tokenizer.ggml.unknown_token_id", &id);
  around a = read_bert_around(vocab);
  out->model = json_pack("{s:s, s:s, s:s, s:i, s:o}", "type", "WordPiece", "unk_token", unknown ? unknown : "[UNK]", "continuing_subword_prefix", "##",
                         "max_input_chars_per_word", 100, "vocab", map);
  out->normalizer = constant("{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true}");
  out->pre_tokenizer = constant("{\"type\":\"BertPreTokenizer\"}");
  out->post_processor = a.first ? template_json(&a, true) : json_null();
  out->decoder = constant("{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}");
  return EMILY_OK;
}

static emily_status kind_of(const emily_gguf *file, emily_status (**make)(const emily__gguf_vocab *, parts *)) {
  static const struct {
    const char *name;
    emily_status (*make)(const emily__gguf_vocab *, parts *);
  } kinds[] = {{"gpt2", byte_level}, {"llama", sentence_piece}, {"bert", word_piece}};
  const char *name = emily__gguf_string(file, "tokenizer.ggml.model");
  for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(kinds[i].name, name)) return *make = kinds[i].make, EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, WHERE, "%s: tokenizer.ggml.model is \"%.80s\"; emily knows gpt2, llama and bert", file->path,
                     name ? name : "");
}

static emily_status assemble(parts *p, json_t *added, json_t **out) {
  json_t *made = json_pack("{s:s, s:n, s:n, s:o, s:o, s:o, s:o, s:o, s:o}", "version", "1.0", "truncation", "padding", "added_tokens", added,
                           "normalizer", p->normalizer, "pre_tokenizer", p->pre_tokenizer, "post_processor", p->post_processor, "decoder",
                           p->decoder, "model", p->model);
  return emily__gguf_made(made, true, out);
}

/* Some files carry the tokenizer.json itself. */
static emily_status whole(const emily_gguf *file, const char *text, json_t **out) {
  json_error_t error;
  json_t *made = json_loads(text, JSON_ALLOW_NUL, &error);
  if (made) return *out = made, EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: tokenizer.huggingface.json is not JSON: %s", file->path, error.text);
}

emily_status emily__gguf_tokenizer(const emily_gguf *file, json_t **out) {
  emily__gguf_vocab vocab;
  emily_status (*make)(const emily__gguf_vocab *, parts *) = NULL;
  const char *text = emily__gguf_string(file, "tokenizer.huggingface.json");
  *out = NULL;
  if (text) return whole(file, text, out);
  if (!emily__gguf_at(file, "tokenizer.ggml.model")) return EMILY_OK;
  EMILY__TRY(kind_of(file, &make));
  EMILY__TRY(read_vocab(file, &vocab));
  json_t *added = NULL;
  parts p = {0};
  EMILY__TRY(added_json(&vocab, &added));
  emily_status status = make(&vocab, &p);
  if (status != EMILY_OK) return json_decref(added), status;
  return assemble(&p, added, out);
}

/* ---- tokenizer_config.json ---- */

emily_status emily__gguf_tokenizer_config(const emily_gguf *file, json_t **out) {
  static const struct {
    const char *gguf, *hf;
  } tokens[] = {
      {"tokenizer.ggml.bos_token_id", "bos_token"},     {"tokenizer.ggml.eos_token_id", "eos_token"},
      {"tokenizer.ggml.padding_token_id", "pad_token"}, {"tokenizer.ggml.unknown_token_id", "unk_token"},
      {"tokenizer.ggml.cls_token_id", "cls_token"},     {"tokenizer.ggml.seperator_token_id", "sep_token"},
      {"tokenizer.ggml.mask_token_id", "mask_token"},
  };
  emily__gguf_vocab vocab;
  const char *template = emily__gguf_string(file, "tokenizer.chat_template");
  *out = NULL;
  if (!emily__gguf_at(file, "tokenizer.ggml.tokens")) return EMILY_OK;
  EMILY__TRY(read_vocab(file, &vocab));
  json_t *config = json_object();
  bool ok = config;
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    int64_t id;
    const char *text = named_token(&vocab, tokens[i].gguf, &id);
    if (text) ok = json_object_set_new(config, tokens[i].hf, json_string(text)) == 0 && ok;
  }
  if (template && emily__utf8_valid(template, strlen(template)))
    ok = json_object_set_new(config, "chat_template", json_string(template)) == 0 && ok;
  return emily__gguf_made(config, ok, out);
}
