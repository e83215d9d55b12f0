/* normalizer.h: the "normalizer" of tokenizer.json: a list of steps, each writing a new text.
 *
 * Sequences are flattened, and a step that does several things (BertNormalizer) is several steps of the list.
 */
#ifndef EMILY_TEXT_NORMALIZER_H
#define EMILY_TEXT_NORMALIZER_H

#include "text/pattern.h"
#include "text/precompiled.h"
#include "text/text.h"

typedef struct emily__normal_step emily__normal_step;
struct emily__normal_step {
  emily_status (*run)(const emily__normal_step *step, const emily__text *in, emily__text *out);
  emily__pattern *pattern; /* Replace */
  char *content;           /* Replace, Prepend */
  size_t content_length;
  bool left, right; /* Strip */
  emily__charsmap *map; /* Precompiled */
};

typedef struct emily__normalizer {
  EMILY__VEC(emily__normal_step) steps;
} emily__normalizer;

/* json: the value of "normalizer", NULL for none. */
emily_status emily__normalizer_load(const json_t *json, const char *name, emily__normalizer *out);
void emily__normalizer_free(emily__normalizer *normalizer);

/* Normalizes *text in place; *spare is room for it. */
emily_status emily__normalizer_run(const emily__normalizer *normalizer, emily__text *text, emily__text *spare);

/* Appends `in` to `out` with every match of the pattern replaced. */
emily_status emily__text_replace(const emily__pattern *pattern, const char *content, size_t content_length,
                                 const emily__text *in, emily__text *out);

/* Byte-level: each byte as a visible character of its own (GPT-2's alphabet), bytes [start, end) of `in`. */
emily_status emily__text_put_byte_chars(const emily__text *in, size_t start, size_t end, emily__text *out);

enum { EMILY__NESTING_MAX = 32 }; /* Sequences in Sequences, in tokenizer.json */

#endif
