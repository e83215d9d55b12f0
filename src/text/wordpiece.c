/* wordpiece.c: BERT's model: the longest token that begins the word, then the longest continuation ("##…"), and so on;
 * the unknown token where that fails or the word is too long. */
#include "text/model.h"

#include "base/utf8.h"

#include <string.h>

typedef struct wordpiece {
  emily__model base;
  char *prefix;
  size_t prefix_length;
  int32_t unknown;
  int64_t longest_word; /* in characters */
  size_t longest_token; /* in bytes: no longer part need be looked up */
} wordpiece;

static size_t count_characters(const char *text, size_t length) {
  size_t count = 0;
  for (size_t i = 0; i < length; i++) count += ((unsigned char)text[i] & 0xC0) != 0x80;
  return count;
}

/* The longest token that begins text[start…]; -1 when there is none. */
static emily_status find_longest(const wordpiece *model, const char *text, size_t length, size_t start,
                                 emily__str *key, int32_t *id, size_t *end) {
  size_t prefix = start ? model->prefix_length : 0, rest = length - start;
  if (rest > model->longest_token) rest = model->longest_token;
  while (rest && start + rest < length && ((unsigned char)text[start + rest] & 0xC0) == 0x80) rest--;
  emily__str_clear(key);
  if (!emily__str_append(key, model->prefix, prefix)) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_append(key, text + start, rest)) return EMILY_OUT_OF_MEMORY;
  for (*id = -1; rest > 0; rest = emily__utf8_back(text + start, rest)) {
    *id = emily__vocab_find(&model->base.vocab, key->data, prefix + rest);
    if (*id >= 0) break;
  }
  *end = start + rest;
  return EMILY_OK;
}

static emily_status push(emily__model_tokens *out, int32_t id, size_t start, size_t end) {
  emily__model_token token = {id, (uint32_t)start, (uint32_t)end};
  return emily__vec_push(&out->list, token) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status encode(const emily__model *base, const char *piece, size_t length, emily__model_room *room,
                           emily__model_tokens *out) {
  const wordpiece *model = (const wordpiece *)base;
  size_t before = out->list.count;
  bool known = count_characters(piece, length) <= (size_t)model->longest_word;
  for (size_t start = 0, end; known && start < length; start = end) {
    int32_t id;
    EMILY__TRY(find_longest(model, piece, length, start, &room->word, &id, &end));
    known = id >= 0;
    if (known) EMILY__TRY(push(out, id, start, end));
  }
  if (known) return EMILY_OK;
  out->list.count = before;
  return push(out, model->unknown, 0, length);
}

static void free_wordpiece(emily__model *base) {
  emily__free(((wordpiece *)base)->prefix);
  emily__free(base);
}

static emily_status read_settings(const json_t *json, const char *name, wordpiece *model) {
  const char *prefix = "##", *unknown = "[UNK]";
  EMILY__TRY(emily__json_string(json, "continuing_subword_prefix", name, &prefix));
  EMILY__TRY(emily__json_string(json, "unk_token", name, &unknown));
  EMILY__TRY(emily__json_i64(json, "max_input_chars_per_word", name, &model->longest_word));
  if (model->longest_word < 0)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"max_input_chars_per_word\" must not be negative", name);
  model->prefix = emily__strdup(prefix);
  if (!model->prefix) return EMILY_OUT_OF_MEMORY;
  model->prefix_length = strlen(prefix);
  EMILY__TRY(emily__vocab_load(emily__json_at(json, "vocab"), name, &model->base.vocab));
  model->unknown = emily__vocab_find(&model->base.vocab, unknown, strlen(unknown));
  if (model->unknown < 0)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the unknown token \"%s\" is not in the vocabulary", name,
                       unknown);
  for (size_t i = 0; i < model->base.vocab.tokens.count; i++) {
    size_t length = model->base.vocab.tokens.data[i].length;
    if (length > model->longest_token) model->longest_token = length;
  }
  return EMILY_OK;
}

static emily_status load(const json_t *json, const char *name, emily__model **out) {
  wordpiece *model = emily__calloc(1, sizeof *model);
  if (!model) return EMILY_OUT_OF_MEMORY;
  model->base.ops = &emily__wordpiece;
  model->longest_word = 100;
  emily_status status = read_settings(json, name, model);
  if (status != EMILY_OK) return emily__model_free(&model->base), status;
  *out = &model->base;
  return EMILY_OK;
}

bool emily__wordpiece_continues(const emily__model *model) { return ((const wordpiece *)model)->prefix_length > 0; }

const emily__model_ops emily__wordpiece = {"WordPiece", load, encode, free_wordpiece};
