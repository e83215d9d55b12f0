/* postprocessor.h: the "post_processor" of tokenizer.json: puts special tokens around and between the sequences.
 *
 * It works on a list of parts (the one or two sequences at first), each with ids, type ids and so on; a template makes
 * a new list of them. Every processor is a template here: BERT's and RoBERTa's own are ones with a fixed form.
 */
#ifndef EMILY_TEXT_POSTPROCESSOR_H
#define EMILY_TEXT_POSTPROCESSOR_H

#include "base/json.h"
#include "text/text.h"

/* One token of the result. */
typedef struct emily__out_token {
  int32_t id, type_id;
  emily__span span;
  int32_t sequence, word; /* which text, and which piece of it; -1: neither text's */
  bool special;
  uint32_t leading, trailing; /* bytes of spaces that the token's string begins and ends with, where spans are trimmed */
} emily__out_token;

typedef struct emily__part {
  EMILY__VEC(emily__out_token) tokens;
} emily__part;

typedef struct emily__parts {
  EMILY__VEC(emily__part) list;
} emily__parts;

typedef struct emily__template_piece {
  int32_t sequence; /* 0: A, 1: B, -1: special tokens */
  int32_t type_id;
  size_t first_id, id_count; /* special tokens: in the post-processor's ids */
} emily__template_piece;

typedef struct emily__template {
  EMILY__VEC(emily__template_piece) pieces;
} emily__template;

typedef struct emily__post_step {
  emily__template single, pair; /* in use where has_template */
  bool has_template, trim_offsets;
  bool prefix_space;            /* trimming: one space before the first token was put there, and is in no span */
  bool type_ids_zero;           /* RoBERTa: all types 0, special tokens asked for or not */
  bool keep_without_special;    /* without special tokens the parts stay as they are */
} emily__post_step;

typedef struct emily__postprocessor {
  EMILY__VEC(emily__post_step) steps;
  EMILY__VEC(int32_t) ids; /* of the templates' special tokens */
} emily__postprocessor;

/* json: the value of "post_processor", NULL for none. */
emily_status emily__postprocessor_load(const json_t *json, const char *name, emily__postprocessor *out);
void emily__postprocessor_free(emily__postprocessor *post);

/* How many special tokens a single sequence or a pair gets. */
size_t emily__postprocessor_added(const emily__postprocessor *post, bool pair);

/* Whether a step trims spans: then tokens need `leading` and `trailing`, which emily__token_spaces finds (token: its
 * string, or for an added token the text that it was found in; bytes may be broken). */
bool emily__postprocessor_trims(const emily__postprocessor *post);
void emily__token_spaces(const char *token, size_t length, emily__out_token *out);

/* Works on *parts in place. */
emily_status emily__postprocessor_run(const emily__postprocessor *post, bool add_special, emily__parts *parts);
void emily__parts_free(emily__parts *parts);

#endif
