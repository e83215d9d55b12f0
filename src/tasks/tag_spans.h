/* tag_spans.h: from scores of tokens to labelled spans of the text. */
#ifndef EMILY_TASKS_TAG_SPANS_H
#define EMILY_TASKS_TAG_SPANS_H

#include "base/vec.h"
#include "emily/tag.h"
#include "emily/tokenizer.h"

/* A token, a word or a span: bytes [start, end) of its text. */
typedef struct emily__tag {
  uint32_t start, end;
  int64_t label;
  float score;
} emily__tag;

typedef struct emily__tag_list {
  EMILY__VEC(emily__tag) list;
} emily__tag_list;

/* One window of a text. */
typedef struct emily__tag_window {
  const emily_encoding *encoding; /* with offsets in bytes */
  const char *text;               /* valid UTF-8 */
  const float *scores;            /* [tokens, labels], each row a softmax */
  size_t labels;
  const emily_tokenizer *tokenizer;
  int32_t unknown; /* the id of the unknown token; -1: none */
  char *const *names; /* [labels] */
} emily__tag_window;

/* Appends the window's spans, those of label "O" left out. aggregation: EMILY_TAG_…. */
emily_status emily__tag_window_spans(const emily__tag_window *window, int32_t aggregation, emily__tag_list *out);

/* Spans of several windows of a text, [0, count): sorted, and of those that overlap the one of more characters, or the
 * surer, kept. How many are left. */
size_t emily__tags_without_overlap(const char *text, emily__tag *tags, size_t count);

/* What follows the first "-" of a label: "PER" of "B-PER". */
const char *emily__tag_group(const char *label);

#endif
