/* emily/tag.h: labelled spans of texts (names, places, parts of speech), by a model with a head for tokens.
 *
 * Tokens are grouped to words and spans as Transformers' pipeline does it: neighbours with one label become a span, "B-"
 * begins a new one and "I-" goes on; what the model labels "O" is left out. A long text is read in windows that overlap;
 * of spans that then overlap, the longer one stays, and of equally long ones the better one.
 *
 *     emily_tagger *tagger;
 *     emily_tags *tags;
 *     emily_status status = emily_tagger_load("ner", NULL, &tagger);
 *     status = emily_tag(tagger, texts, NULL, count, NULL, &tags);
 *     for (size_t i = 0; i < emily_tags_count(tags, 0); i++) … emily_tags_at(tags, 0, i)->label …
 *     emily_tags_free(tags);
 *     emily_tagger_release(tagger);
 */
#ifndef EMILY_TAG_H
#define EMILY_TAG_H

#include "emily/model.h"
#include "emily/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: any number of threads may use one at the same time. */
typedef struct emily_tagger emily_tagger;

/* Load a folder. options may be NULL. EMILY_UNSUPPORTED where the model has another head than for tokens; other errors as of
 * emily_model_load and emily_tokenizer_load. The caller owns one reference. */
EMILY_API emily_status emily_tagger_load(const char *path, const emily_model_options *options, emily_tagger **out);
EMILY_API emily_tagger *emily_tagger_retain(emily_tagger *tagger);
EMILY_API void emily_tagger_release(emily_tagger *tagger); /* NULL does nothing */

EMILY_API int64_t emily_tagger_max_tokens(const emily_tagger *tagger); /* of a window */
EMILY_API emily_model *emily_tagger_model(const emily_tagger *tagger); /* borrowed */

typedef struct emily_tag_span {
  const char *label;  /* without "B-" and "I-" but for EMILY_TAG_NONE; belongs to the tags */
  const char *text;   /* the part of the text; belongs to the tags */
  int64_t start, end; /* in characters (Unicode code points) of the text; end is the first one behind */
  float score;        /* the mean of its tokens' or words' */
} emily_tag_span;

/* The spans of many texts. */
typedef struct emily_tags emily_tags;

/* How tokens become spans. */
enum {
  EMILY_TAG_SIMPLE = 0,  /* neighbouring tokens of one label */
  EMILY_TAG_NONE = 1,    /* each token by itself, with its whole label */
  EMILY_TAG_FIRST = 2,   /* a word has the label of its first token */
  EMILY_TAG_AVERAGE = 3, /* of the mean of its tokens' scores */
  EMILY_TAG_MAX = 4      /* of its surest token */
};

typedef struct emily_tag_options {
  size_t struct_size;
  int32_t aggregation; /* EMILY_TAG_… */
  int32_t reserved;
  int64_t max_tokens;  /* of a window; 0: what the model reads */
  int64_t stride;      /* tokens that a window shares with the one before; 0: a quarter of a window, at most 128 */
  const emily_task_run *run; /* how: batches, progress, cancelling; NULL: as it comes */
} emily_tag_options;
#define EMILY_TAG_OPTIONS_INIT {sizeof(emily_tag_options), 0, 0, 0, 0, NULL}

/* lengths: bytes of each text, or NULL where all end with NUL. options may be NULL. The caller frees *out by
 * emily_tags_free. */
EMILY_API emily_status emily_tag(emily_tagger *tagger, const char *const *texts, const size_t *lengths, size_t count,
                                 const emily_tag_options *options, emily_tags **out);

EMILY_API size_t emily_tags_count(const emily_tags *tags, size_t text); /* how many spans the text has */

/* In the text's order; NULL behind the last. It belongs to the tags. */
EMILY_API const emily_tag_span *emily_tags_at(const emily_tags *tags, size_t text, size_t index);
EMILY_API void emily_tags_free(emily_tags *tags); /* NULL does nothing */

#ifdef __cplusplus
}
#endif
#endif
