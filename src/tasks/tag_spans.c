/* tag_spans.c: see tag_spans.h. The rules are those of Transformers' token classification. */
#include "tasks/tag_spans.h"

#include "tasks/text_task.h"
#include "text/special.h"

#include <string.h>

const char *emily__tag_group(const char *label) {
  const char *dash = strchr(label, '-');
  return dash ? dash + 1 : label;
}

static size_t largest(const float *scores, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++)
    if (scores[i] > scores[best]) best = i;
  return best;
}

/* ---- tokens to words ---- */

/* Whether a token goes on with the word of the one before. Where continuing tokens have a prefix ("##"), by whether the
 * token is as long as its part of the text; elsewhere by the space between. */
static bool continues(const emily__tag_window *w, size_t token) {
  const uint32_t *span = emily_encoding_offsets(w->encoding) + 2 * token;
  int32_t id = emily_encoding_ids(w->encoding)[token];
  const char *text = "";
  size_t length = 0;
  if (id == w->unknown) return false;
  if (!emily__tokenizer_continues(w->tokenizer)) {
    if (!span[0]) return false;
    const char *c = w->text + span[0];
    return c[-1] != ' ' && *c != ' ';
  }
  if (emily_tokenizer_id_to_token(w->tokenizer, id, &text, &length) != EMILY_OK) return false;
  return emily__text_characters(text, length) != emily__text_characters(w->text + span[0], span[1] - span[0]);
}

/* The label of a word of tokens, whose numbers these are. */
static emily__tag word_tag(const emily__tag_window *w, int32_t aggregation, const size_t *tokens, size_t count, float *room) {
  const uint32_t *offsets = emily_encoding_offsets(w->encoding);
  const float *scores = w->scores + tokens[0] * w->labels;
  if (aggregation == EMILY_TAG_MAX)
    for (size_t i = 1; i < count; i++) {
      const float *other = w->scores + tokens[i] * w->labels;
      if (other[largest(other, w->labels)] > scores[largest(scores, w->labels)]) scores = other;
    }
  if (aggregation == EMILY_TAG_AVERAGE) {
    for (size_t k = 0; k < w->labels; k++) {
      double sum = 0;
      for (size_t i = 0; i < count; i++) sum += (double)w->scores[tokens[i] * w->labels + k];
      room[k] = (float)(sum / (double)count);
    }
    scores = room;
  }
  size_t best = largest(scores, w->labels);
  return (emily__tag){offsets[2 * tokens[0]], offsets[2 * tokens[count - 1] + 1], (int64_t)best, scores[best]};
}

/* Tokens that are no part of the template, word by word or each by itself. */
static bool gather(const emily__tag_window *w, int32_t aggregation, size_t *tokens, float *room, emily__tag_list *out) {
  const uint8_t *special = emily_encoding_special_mask(w->encoding);
  bool words = aggregation != EMILY_TAG_SIMPLE && aggregation != EMILY_TAG_NONE, fits = true;
  size_t count = 0;
  for (size_t t = 0; t < emily_encoding_count(w->encoding) && fits; t++) {
    if (special[t]) continue;
    if (count && !(words && continues(w, t))) {
      fits = emily__vec_push(&out->list, word_tag(w, aggregation, tokens, count, room));
      count = 0;
    }
    tokens[count++] = t;
  }
  return fits && (!count || emily__vec_push(&out->list, word_tag(w, aggregation, tokens, count, room)));
}

/* ---- words to spans ---- */

static const char *tag_of(const char *label, bool *begins) {
  *begins = strncmp(label, "B-", 2) == 0;
  return *begins || strncmp(label, "I-", 2) == 0 ? label + 2 : label;
}

/* Whether a word of label b goes on with a span whose last word has label a. */
static bool joins(const char *a, const char *b) {
  bool begins, ignored;
  const char *tag = tag_of(b, &begins);
  return !begins && strcmp(tag_of(a, &ignored), tag) == 0;
}

/* Neighbours that belong together become one, in place. The label of a span is that of its first word. */
static size_t group(char *const *names, emily__tag *tags, size_t count) {
  size_t kept = 0;
  for (size_t at = 0; at < count;) {
    emily__tag span = tags[at];
    double sum = (double)span.score;
    size_t end = at + 1;
    for (; end < count && joins(names[tags[end - 1].label], names[tags[end].label]); end++) sum += (double)tags[end].score;
    span.end = tags[end - 1].end;
    span.score = (float)(sum / (double)(end - at));
    tags[kept++] = span;
    at = end;
  }
  return kept;
}

static size_t drop_outside(char *const *names, bool whole, emily__tag *tags, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    const char *name = names[tags[i].label];
    if (strcmp(whole ? name : emily__tag_group(name), "O") != 0) tags[kept++] = tags[i];
  }
  return kept;
}

emily_status emily__tag_window_spans(const emily__tag_window *w, int32_t aggregation, emily__tag_list *out) {
  size_t before = out->list.count, tokens = emily_encoding_count(w->encoding);
  size_t *numbers = emily__alloc_array(tokens + 1, sizeof *numbers);
  float *room = emily__alloc_array(w->labels, sizeof *room);
  bool fits = numbers && room && gather(w, aggregation, numbers, room, out);
  emily__free(numbers);
  emily__free(room);
  if (!fits) return EMILY_OUT_OF_MEMORY;
  emily__tag *tags = out->list.data ? out->list.data + before : NULL;
  size_t count = out->list.count - before;
  if (aggregation != EMILY_TAG_NONE) count = group(w->names, tags, count);
  out->list.count = before + drop_outside(w->names, aggregation == EMILY_TAG_NONE, tags, count);
  return EMILY_OK;
}

/* ---- windows ---- */

/* By where they begin; equals stay in the order of windows. Spans of a window are in order already, so few are moved far. */
static void sort_by_start(emily__tag *tags, size_t count) {
  for (size_t i = 1; i < count; i++) {
    emily__tag tag = tags[i];
    size_t at = i;
    for (; at > 0 && tags[at - 1].start > tag.start; at--) tags[at] = tags[at - 1];
    tags[at] = tag;
  }
}

static int64_t length_of(const char *text, const emily__tag *tag) {
  return emily__text_characters(text + tag->start, tag->end - tag->start);
}

size_t emily__tags_without_overlap(const char *text, emily__tag *tags, size_t count) {
  if (!count) return 0;
  sort_by_start(tags, count);
  emily__tag before = tags[0];
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    emily__tag tag = tags[i];
    int64_t length = length_of(text, &tag), had = length_of(text, &before);
    if (before.start <= tag.start && tag.start < before.end) {
      if (length > had || (length == had && tag.score > before.score)) before = tag;
    } else {
      tags[kept++] = before;
      before = tag;
    }
  }
  tags[kept++] = before;
  return kept;
}
