/* pretokenizer.h: the "pre_tokenizer" of tokenizer.json: cuts a text into the pieces that the model sees one by one.
 *
 * Three kinds of steps make up every pre-tokenizer: SPLIT cuts each piece at the matches of a pattern; PREFIX puts a
 * string before a piece; REPLACE and BYTE_CHARS rewrite it. ByteLevel, for one, is a prefix, a split and the
 * rewriting of bytes. A piece that is an added token already passes through untouched.
 */
#ifndef EMILY_TEXT_PRETOKENIZER_H
#define EMILY_TEXT_PRETOKENIZER_H

#include "text/pattern.h"
#include "text/text.h"

typedef struct emily__piece {
  size_t start, end; /* in the text */
  int32_t token;     /* an added token's id, or -1 */
  emily__span span;  /* the added token's place in the caller's text */
} emily__piece;

/* A text cut into pieces, in order. */
typedef struct emily__cut_text {
  emily__text text;
  EMILY__VEC(emily__piece) pieces;
} emily__cut_text;

typedef enum emily__behavior {
  EMILY__REMOVED,
  EMILY__ISOLATED,
  EMILY__MERGED_WITH_PREVIOUS,
  EMILY__MERGED_WITH_NEXT,
  EMILY__CONTIGUOUS
} emily__behavior;

typedef enum emily__cut_kind {
  EMILY__CUT_SPLIT,
  EMILY__CUT_PREFIX,
  EMILY__CUT_REPLACE,
  EMILY__CUT_BYTE_CHARS
} emily__cut_kind;

typedef struct emily__cut_step {
  emily__cut_kind kind;
  emily__pattern *pattern;  /* SPLIT, REPLACE */
  emily__behavior behavior; /* SPLIT */
  bool invert;              /* SPLIT: what lies between the matches is the delimiter */
  bool first_only;          /* PREFIX: only a piece that begins the caller's text */
  char content[8];          /* PREFIX (left out where the piece begins with it already), REPLACE: one character */
} emily__cut_step;

typedef struct emily__pretokenizer {
  EMILY__VEC(emily__cut_step) steps;
} emily__pretokenizer;

/* json: the value of "pre_tokenizer", NULL for none. */
emily_status emily__pretokenizer_load(const json_t *json, const char *name, emily__pretokenizer *out);
void emily__pretokenizer_free(emily__pretokenizer *pretokenizer);

/* Cuts *text further, in place; *spare is room for it. Empty pieces are dropped. */
emily_status emily__pretokenizer_run(const emily__pretokenizer *pretokenizer, emily__cut_text *text,
                                     emily__cut_text *spare);

void emily__cut_text_free(emily__cut_text *text);

#endif
