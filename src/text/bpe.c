/* bpe.c: byte-pair encoding (Sennrich et al. 2016): a word begins as its characters, and of the neighbours that a rule
 * joins the pair of lowest rank is joined, leftmost first, until no rule applies.
 *
 * The parts are a linked list, the pairs that a rule joins a heap: a word of n characters takes O(n log n), so that a
 * line of 100 KB without a space is no danger. Where no rule joins what ends with one character to what begins with the
 * other, the word falls into stretches that are merged one by one: some designs give a whole text as one word, and the
 * heap then is as small as a word's. A pair in the heap may be out of date when it comes up (one of its
 * parts was merged meanwhile); it is then passed over.
 */
#include "text/bpe.h"

#include "base/utf8.h"

#include <string.h>

typedef emily__model_room room;

enum { NO_CODE = -1 }; /* a part that is not its text: unknown, or a byte */

/* Whether rules may join what ends with `before` and what begins with `code`. */
static bool may_join(const emily__bpe_model *model, int32_t before, int32_t code) {
  if (!model->neighbours) return true;
  if (before < 0 || code < 0) return false;
  size_t bit = emily__bpe_neighbour_bit(before, code);
  return model->neighbours[bit / 64] >> bit % 64 & 1;
}

static emily_status push_symbol(const emily__bpe_model *model, room *r, int32_t id, size_t length, int32_t code) {
  int32_t index = (int32_t)r->symbols.count;
  emily__symbol symbol = {id, index - 1, -1, (uint32_t)length, !may_join(model, r->last_code, code)};
  r->last_code = code;
  if (!emily__vec_push(&r->symbols, symbol)) return EMILY_OUT_OF_MEMORY;
  if (index) r->symbols.data[index - 1].next = index;
  return EMILY_OK;
}

/* The id of a character with its affixes, or -1. */
static emily_status find_affixed(const emily__bpe_model *model, const char *bytes, size_t length, bool first,
                                 bool last, room *r, int32_t *id) {
  emily__str_clear(&r->word);
  if (!first && !emily__str_puts(&r->word, model->prefix)) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_append(&r->word, bytes, length)) return EMILY_OUT_OF_MEMORY;
  if (last && !emily__str_puts(&r->word, model->suffix)) return EMILY_OUT_OF_MEMORY;
  *id = emily__vocab_find(&model->base.vocab, r->word.data, r->word.count);
  return EMILY_OK;
}

static emily_status find_character(const emily__bpe_model *model, const char *piece, size_t length, size_t at,
                                   size_t used, int32_t code, room *r, int32_t *id) {
  bool first = at == 0, last = at + used == length;
  if ((!first && *model->prefix) || (last && *model->suffix))
    return find_affixed(model, piece + at, used, first, last, r, id);
  *id = code < EMILY__BPE_DIRECT ? model->direct[code] : emily__vocab_find(&model->base.vocab, piece + at, used);
  return EMILY_OK;
}

/* A character that is no token as its bytes, where each has a token. A character that was unknown before it and still
 * waits stays behind it: tokenizers does so. */
static emily_status put_bytes(const emily__bpe_model *model, const char *bytes, size_t length, room *r, bool *put) {
  *put = model->byte_fallback && emily__byte_tokens_cover(&model->bytes, bytes, length);
  for (size_t i = 0; i < length && *put; i++) EMILY__TRY(push_symbol(model, r, model->bytes.ids[(uint8_t)bytes[i]], 1, NO_CODE));
  return EMILY_OK;
}

static emily_status fall_back(const emily__bpe_model *model, const char *piece, size_t length, size_t at, size_t used,
                              room *r, bool *put) {
  bool affixed = (at && *model->prefix) || (at + used == length && *model->suffix);
  return affixed ? put_bytes(model, r->word.data, r->word.count, r, put) : put_bytes(model, piece + at, used, r, put);
}

/* The word as characters; unknown ones are their bytes or the unknown token, a run of them one such token when they are fused. */
static emily_status put_characters(const emily__bpe_model *model, const char *piece, size_t length, room *r) {
  size_t unknown = 0; /* bytes of the unknown token that is being gathered */
  r->symbols.count = 0;
  r->last_code = NO_CODE;
  for (size_t at = 0, used; at < length; at += used) {
    int32_t code = emily__utf8_next(piece + at, &used), id;
    EMILY__TRY(find_character(model, piece, length, at, used, code, r, &id));
    bool put = false;
    if (id < 0) EMILY__TRY(fall_back(model, piece, length, at, used, r, &put));
    if (put || (id < 0 && model->unknown == EMILY__BPE_NO_UNKNOWN)) continue;
    if (id < 0 && model->unknown < 0)
      return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "the text has U+%04X, which is no token, and the tokenizer's "
                         "unknown token is not in its vocabulary", (unsigned)code);
    if (unknown && (id >= 0 || !model->fuse_unknown)) {
      EMILY__TRY(push_symbol(model, r, model->unknown, unknown, NO_CODE));
      unknown = 0;
    }
    if (id < 0) unknown += used;
    else EMILY__TRY(push_symbol(model, r, id, used, code));
  }
  return unknown ? push_symbol(model, r, model->unknown, unknown, NO_CODE) : EMILY_OK;
}

static bool goes_first(const emily__merge *a, const emily__merge *b) {
  return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void sift_up(emily__merge *heap, size_t at, emily__merge merge) {
  while (at > 0 && goes_first(&merge, &heap[(at - 1) / 2])) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = merge;
}

static emily__merge pop(room *r) {
  emily__merge *heap = r->queue.data, top = heap[0], last = heap[--r->queue.count];
  size_t at = 0, child;
  while ((child = 2 * at + 1) < r->queue.count) {
    if (child + 1 < r->queue.count && goes_first(&heap[child + 1], &heap[child])) child++;
    if (!goes_first(&heap[child], &last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return top;
}

/* Queues the merge of the parts at `left` and after it, where a rule joins them. */
static emily_status queue_pair(const emily__bpe_model *model, room *r, int32_t left, int32_t right) {
  const emily__bpe_rule *rule =
      emily__bpe_find_rule(model, r->symbols.data[left].id, r->symbols.data[right].id);
  if (!rule) return EMILY_OK;
  emily__merge merge = {rule->rank, (uint32_t)left, rule->new_id};
  if (!emily__vec_push(&r->queue, merge)) return EMILY_OUT_OF_MEMORY;
  sift_up(r->queue.data, r->queue.count - 1, merge);
  return EMILY_OK;
}

static bool still_applies(const emily__bpe_model *model, const room *r, emily__merge merge) {
  const emily__symbol *left = &r->symbols.data[merge.at];
  if (left->length == 0 || left->next < 0) return false;
  const emily__bpe_rule *rule = emily__bpe_find_rule(model, left->id, r->symbols.data[left->next].id);
  return rule && rule->new_id == merge.new_id;
}

static emily_status apply(const emily__bpe_model *model, room *r, emily__merge merge) {
  emily__symbol *symbols = r->symbols.data, *left = &symbols[merge.at], *right = &symbols[left->next];
  left->id = merge.new_id;
  left->length += right->length;
  left->next = right->next;
  right->length = 0;
  if (left->next >= 0) symbols[left->next].previous = (int32_t)merge.at;
  if (left->previous >= 0) EMILY__TRY(queue_pair(model, r, left->previous, (int32_t)merge.at));
  return left->next >= 0 ? queue_pair(model, r, (int32_t)merge.at, left->next) : EMILY_OK;
}

static emily_status merge_queued(const emily__bpe_model *model, room *r) {
  while (r->queue.count) {
    emily__merge merge = pop(r);
    if (still_applies(model, r, merge)) EMILY__TRY(apply(model, r, merge));
  }
  return EMILY_OK;
}

static emily_status merge_all(const emily__bpe_model *model, room *r) {
  r->queue.count = 0;
  for (int32_t i = 1; i < (int32_t)r->symbols.count; i++) {
    if (r->symbols.data[i].apart) EMILY__TRY(merge_queued(model, r));
    else EMILY__TRY(queue_pair(model, r, i - 1, i));
  }
  return merge_queued(model, r);
}

/* Bytes that affixes gave lie beyond the piece: their span is its end. */
static emily_status push_token(emily__model_tokens *out, int32_t id, uint32_t start, uint32_t end, uint32_t length) {
  if (end > length) end = length;
  if (start >= end) start = end - 1;
  return emily__vec_push(&out->list, (emily__model_token){id, start, end}) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status encode(const emily__model *base, const char *piece, size_t length, room *r,
                           emily__model_tokens *out) {
  const emily__bpe_model *model = (const emily__bpe_model *)base;
  if (model->ignore_merges) {
    int32_t whole = emily__vocab_find(&base->vocab, piece, length);
    if (whole >= 0) return push_token(out, whole, 0, (uint32_t)length, (uint32_t)length);
  }
  EMILY__TRY(put_characters(model, piece, length, r));
  EMILY__TRY(merge_all(model, r));
  uint32_t at = 0;
  for (size_t i = 0; i < r->symbols.count; i++) {
    const emily__symbol *symbol = &r->symbols.data[i];
    if (!symbol->length) continue;
    EMILY__TRY(push_token(out, symbol->id, at, at + symbol->length, (uint32_t)length));
    at += symbol->length;
  }
  return EMILY_OK;
}

const emily__model_ops emily__bpe = {"BPE", emily__bpe_load, encode, emily__bpe_free};
