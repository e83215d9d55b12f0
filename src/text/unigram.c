/* unigram.c: the Unigram model (Kudo 2018): of all ways to cut a piece into tokens the one with the highest sum of
 * scores, by Viterbi over the tokens that begin at each character (a trie finds them).
 *
 * Where no token is a single character, that character may stand as unknown, at a score below every token's; unknown
 * neighbours are fused. Sums are float64 in the order of the text, and of equal sums the first found stays: as in
 * tokenizers, whose ids these are.
 */
#include "text/byte_trie.h"
#include "text/byte_tokens.h"
#include "text/model.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_UNKNOWN = -1 };

typedef struct unigram {
  emily__model base;
  emily__byte_trie trie;
  double *scores; /* by id */
  double unknown_score;
  int32_t unknown;
  bool byte_fallback;
  emily__byte_tokens bytes;
} unigram;

/* The path to `end` is worth `score` if its last token goes from `start` to there: kept where that is the best so far. */
static void offer(emily__path_node *end, double score, uint32_t start, int32_t id) {
  if (end->start != EMILY__NO_PATH && !(score > end->score)) return;
  *end = (emily__path_node){score, start, id};
}

/* Every token that begins at `at`; *single says whether one of them is the character alone. */
static void offer_tokens(const unigram *model, const char *piece, size_t length, size_t at, size_t character,
                         emily__path_node *path, bool *single) {
  double before = path[at].score;
  *single = false;
  for (size_t end = at, node = 0; end < length;) {
    node = emily__byte_trie_next(&model->trie, (uint32_t)node, (uint8_t)piece[end++]);
    if (!node) return;
    int32_t id = model->trie.nodes.data[node].id;
    if (id < 0) continue;
    offer(&path[end], model->scores[id] + before, (uint32_t)at, id);
    *single |= end - at == character;
  }
}

static emily_status no_unknown(const char *piece) {
  size_t used;
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "the text has U+%04X, which is no token, and the tokenizer has no "
                     "unknown token (unk_id)", (unsigned)emily__utf8_next(piece, &used));
}

/* path[end]: the best last token of the piece's first `end` bytes. */
static emily_status find_path(const unigram *model, const char *piece, size_t length, emily__model_room *room) {
  room->path.count = 0;
  if (!emily__vec_reserve(&room->path, length + 1)) return EMILY_OUT_OF_MEMORY;
  emily__path_node *path = room->path.data;
  for (size_t i = 0; i <= length; i++) path[i] = (emily__path_node){0, EMILY__NO_PATH, -1};
  for (size_t at = 0, used; at < length; at += used) {
    bool single;
    emily__utf8_next(piece + at, &used);
    offer_tokens(model, piece, length, at, used, path, &single);
    if (single) continue;
    emily__path_node *end = &path[at + used];
    double score = model->unknown_score + path[at].score;
    if (end->start != EMILY__NO_PATH && !(score > end->score)) continue;
    if (model->unknown == NO_UNKNOWN) return no_unknown(piece + at);
    *end = (emily__path_node){score, (uint32_t)at, model->unknown};
  }
  return EMILY_OK;
}

static emily_status push(emily__model_tokens *out, int32_t id, size_t start, size_t end) {
  emily__model_token token = {id, (uint32_t)start, (uint32_t)end};
  return emily__vec_push(&out->list, token) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* A run of unknown characters: a token after all (one that no path chose), its bytes, or the unknown token. */
static emily_status push_unknown(const unigram *model, const char *piece, size_t start, size_t end,
                                 emily__model_tokens *out) {
  int32_t id = emily__vocab_find(&model->base.vocab, piece + start, end - start);
  if (id >= 0) return push(out, id, start, end);
  if (!model->byte_fallback || !emily__byte_tokens_cover(&model->bytes, piece + start, end - start))
    return push(out, model->unknown, start, end);
  for (size_t i = start; i < end; i++) EMILY__TRY(push(out, model->bytes.ids[(uint8_t)piece[i]], start, end));
  return EMILY_OK;
}

/* Turns the path's links round, so that path[start].start is where the token from `start` ends. */
static void reverse(emily__path_node *path, size_t length) {
  uint32_t end = (uint32_t)length, next = 0;
  int32_t id = -1;
  while (end) {
    emily__path_node node = path[end];
    path[end].start = next;
    path[end].id = id;
    next = end;
    id = node.id;
    end = node.start;
  }
  path[0].start = next;
  path[0].id = id;
}

static emily_status encode(const emily__model *base, const char *piece, size_t length, emily__model_room *room,
                           emily__model_tokens *out) {
  const unigram *model = (const unigram *)base;
  EMILY__TRY(find_path(model, piece, length, room));
  emily__path_node *path = room->path.data;
  reverse(path, length);
  for (size_t at = 0, end; at < length; at = end) {
    int32_t id = path[at].id;
    end = path[at].start;
    if (id != model->unknown) {
      EMILY__TRY(push(out, id, at, end));
      continue;
    }
    while (end < length && path[end].id == id) end = path[end].start;
    EMILY__TRY(push_unknown(model, piece, at, end, out));
  }
  return EMILY_OK;
}

static void free_unigram(emily__model *base) {
  unigram *model = (unigram *)base;
  emily__byte_trie_free(&model->trie);
  emily__free(model->scores);
  emily__free(model);
}

/* The score as tokenizers has it, whose JSON reader takes the digits as one whole number and divides it by a power of ten: two roundings, off
 * by the last bit for some numbers of 16 or 17 digits. It decides between ways that are worth the same, and so is followed. */
static double as_tokenizers_reads(double score) {
  char text[32];
  int digits = 15;
  do snprintf(text, sizeof text, "%.*e", digits - 1, fabs(score));
  while (strtod(text, NULL) != fabs(score) && ++digits <= 17);
  if (digits <= 15) return score;
  uint64_t whole = 0;
  char *end = text;
  for (; *end != 'e'; end++)
    if (*end >= '0' && *end <= '9') whole = whole * 10 + (uint64_t)(*end - '0');
  const long exponent = strtol(end + 1, NULL, 10) - (digits - 1);
  if (exponent < -308 || exponent > 308) return score;
  const double power = pow(10, (double)labs(exponent)), value = exponent < 0 ? (double)whole / power : (double)whole * power;
  return score < 0 ? -value : value;
}

static emily_status read_scores(const json_t *vocab, const char *name, unigram *model) {
  size_t i;
  json_t *entry;
  double lowest = INFINITY;
  model->scores = emily__alloc_array(json_array_size(vocab), sizeof *model->scores);
  if (!model->scores) return EMILY_OUT_OF_MEMORY;
  json_array_foreach(vocab, i, entry) {
    const json_t *score = json_array_get(entry, 1);
    if (!json_is_number(score))
      return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: entry %zu of the model's \"vocab\" must be [token, score]",
                         name, i);
    model->scores[i] = as_tokenizers_reads(json_number_value(score));
    if (model->scores[i] < lowest) lowest = model->scores[i];
  }
  model->unknown_score = lowest - 10;
  return EMILY_OK;
}

static emily_status read_unknown(const json_t *json, const char *name, unigram *model) {
  int64_t unknown = NO_UNKNOWN;
  EMILY__TRY(emily__json_i64(json, "unk_id", name, &unknown));
  bool given = emily__json_at(json, "unk_id") != NULL;
  if (given && (unknown < 0 || unknown >= (int64_t)model->base.vocab.tokens.count))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"unk_id\" is %lld, and the vocabulary has %zu tokens", name,
                       (long long)unknown, model->base.vocab.tokens.count);
  model->unknown = (int32_t)unknown;
  return EMILY_OK;
}

static emily_status read_settings(const json_t *json, const char *name, unigram *model) {
  json_t *vocab = NULL;
  EMILY__TRY(emily__json_require(json, "vocab", name));
  EMILY__TRY(emily__json_array(json, "vocab", name, &vocab));
  EMILY__TRY(emily__vocab_load_list(vocab, name, &model->base.vocab));
  EMILY__TRY(read_scores(vocab, name, model));
  EMILY__TRY(read_unknown(json, name, model));
  EMILY__TRY(emily__json_bool(json, "byte_fallback", name, &model->byte_fallback));
  emily__byte_tokens_find(&model->base.vocab, &model->bytes);
  return emily__byte_trie_build(&model->base.vocab, &model->trie);
}

static emily_status load(const json_t *json, const char *name, emily__model **out) {
  unigram *model = emily__calloc(1, sizeof *model);
  if (!model) return EMILY_OUT_OF_MEMORY;
  model->base.ops = &emily__unigram;
  emily_status status = read_settings(json, name, model);
  if (status != EMILY_OK) return emily__model_free(&model->base), status;
  *out = &model->base;
  return EMILY_OK;
}

const emily__model_ops emily__unigram = {"Unigram", load, encode, free_unigram};
