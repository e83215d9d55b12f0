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
  bool special;
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

/* Works on *parts in place. texts: the caller's, by sequence, for the trimming of spans. */
emily_status emily__postprocessor_run(const emily__postprocessor *post, bool add_special, const char *const texts[2],
                                      emily__parts *parts);
void emily__parts_free(emily__parts *parts);

#endif
