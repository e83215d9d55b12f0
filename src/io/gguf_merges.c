/* gguf_merges.c: a SentencePiece vocabulary has scores where BPE has merges: SentencePiece joins the two neighbours that make the token of
 * the best score. So every way to cut a token into two tokens is a merge, in the order of the whole's score; among equals longer parts come
 * first, as in the tokenizer.json that Transformers makes of such a model. */
#include "base/alloc.h"
#include "base/status.h"
#include "base/vec.h"
#include "io/gguf_tokenizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens by their text ---- */

typedef struct table {
  const emily__gguf_vocab *vocab;
  uint32_t *slots; /* id + 1; 0: empty */
  uint64_t mask;
} table;

static uint64_t hash(const char *text, size_t length) {
  uint64_t h = 14695981039346656037u; /* FNV-1a */
  for (size_t i = 0; i < length; i++) h = (h ^ (uint8_t)text[i]) * 1099511628211u;
  return h ^ h >> 29;
}

static uint32_t *slot_of(const table *t, const char *text, size_t length) {
  for (uint64_t at = hash(text, length) & t->mask;; at = (at + 1) & t->mask) {
    size_t found;
    const char *other = t->slots[at] ? emily__gguf_token(t->vocab, t->slots[at] - 1, &found) : NULL;
    if (!other || (found == length && !memcmp(other, text, length))) return &t->slots[at];
  }
}

/* Of equal texts the last one stands, as in a JSON object. */
static emily_status make_table(const emily__gguf_vocab *vocab, table *out) {
  uint64_t size = 16;
  while (size < 2 * vocab->tokens->count) size *= 2;
  *out = (table){.vocab = vocab, .mask = size - 1, .slots = emily__calloc(size, sizeof *out->slots)};
  if (!out->slots) return EMILY_OUT_OF_MEMORY;
  for (uint64_t id = 0; id < vocab->tokens->count; id++) {
    size_t length;
    const char *text = emily__gguf_token(vocab, id, &length);
    *slot_of(out, text, length) = (uint32_t)id + 1;
  }
  return EMILY_OK;
}

/* ---- merges ---- */

typedef struct merge {
  double score;
  uint32_t id;      /* the whole */
  uint32_t at;      /* bytes of the left part */
  uint32_t left, right;
  uint32_t left_characters, right_characters;
} merge;

typedef EMILY__VEC(merge) merges;

static bool begins_character(char byte) { return (byte & 0xC0) != 0x80; }

static uint32_t characters(const char *text, size_t length) {
  uint32_t count = 0;
  for (size_t i = 0; i < length; i++) count += begins_character(text[i]);
  return count;
}

/* A long token of a hostile file would have a merge a byte: real ones end far below. */
enum { LONGEST = 1024 };

/* Text is merged to tokens that text may hold: not to control tokens, nor bytes. */
static bool merges_into(const emily__gguf_vocab *vocab, uint64_t id) {
  int64_t type = emily__gguf_token_type(vocab, id);
  return type == EMILY__GGUF_TOKEN_NORMAL || type == EMILY__GGUF_TOKEN_USER;
}

static emily_status cut(const table *t, uint64_t id, merges *out) {
  size_t length;
  double score = 0;
  const char *text = emily__gguf_token(t->vocab, id, &length);
  if (length > LONGEST || !merges_into(t->vocab, id)) return EMILY_OK;
  emily__gguf_item_real(t->vocab->file, t->vocab->scores, id, &score);
  if (isnan(score)) score = -INFINITY; /* sorting needs an order */
  for (size_t at = 1; at < length; at++) {
    if (!begins_character(text[at])) continue;
    uint32_t left = *slot_of(t, text, at), right = left ? *slot_of(t, text + at, length - at) : 0;
    if (!right || !merges_into(t->vocab, left - 1) || !merges_into(t->vocab, right - 1)) continue;
    merge m = {score, (uint32_t)id, (uint32_t)at, left - 1, right - 1, characters(text, at), characters(text + at, length - at)};
    if (!emily__vec_push(out, m)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static int order(double a, double b) { return a < b ? -1 : a > b; }

/* Within a token its cuts stand in the order of the parts' ids; that order is kept where score and lengths are equal. */
static int compare(const void *a, const void *b) {
  const merge *x = a, *y = b;
  int by = order(y->score, x->score);
  if (!by) by = order(y->left_characters, x->left_characters);
  if (!by) by = order(y->right_characters, x->right_characters);
  if (!by) by = order(x->id, y->id);
  if (!by) by = order(x->left, y->left);
  return by ? by : order(x->right, y->right);
}

static json_t *merge_json(const emily__gguf_vocab *vocab, const merge *m) {
  size_t length;
  const char *text = emily__gguf_token(vocab, m->id, &length);
  json_t *pair = json_array();
  bool ok = json_array_append_new(pair, json_stringn(text, m->at)) == 0;
  ok = json_array_append_new(pair, json_stringn(text + m->at, length - m->at)) == 0 && ok;
  if (ok) return pair;
  json_decref(pair);
  return NULL;
}

emily_status emily__gguf_merges(const emily__gguf_vocab *vocab, json_t **out) {
  table t = {0};
  merges found = {0};
  emily_status status = make_table(vocab, &t);
  for (uint64_t id = 0; status == EMILY_OK && id < vocab->tokens->count; id++)
    status = cut(&t, id, &found);
  if (status == EMILY_OK && found.count) qsort(found.data, found.count, sizeof *found.data, compare);
  json_t *list = status == EMILY_OK ? json_array() : NULL;
  bool ok = list;
  for (size_t i = 0; i < found.count && ok; i++) ok = json_array_append_new(list, merge_json(vocab, &found.data[i])) == 0;
  emily__free(t.slots);
  emily__vec_free(&found);
  if (status == EMILY_OK && !ok) status = emily__fail_memory("gguf", 0, 0);
  if (status == EMILY_OK) *out = list;
  else json_decref(list);
  return status;
}
