/* row.h: one text in the making: what it is made of, how tokens are chosen for it, what of it has been given out, when it ends.
 *
 * Of decoders it knows nothing: the driver brings logits.
 */
#ifndef EMILY_GENERATE_ROW_H
#define EMILY_GENERATE_ROW_H

#include "base/vec.h"
#include "emily/generate.h"
#include "generate/kv_cache.h"
#include "generate/sampler.h"
#include "generate/stop.h"

/* Everything decided: no value here means "the default". */
typedef struct emily__generate_plan {
  emily__sampling sampling; /* row i of a batch begins with seed + i */
  const emily__logits_step *steps; /* the model's own */
  size_t step_count;
  int64_t max_new_tokens;   /* below 0: what max_length leaves */
  int64_t max_length;       /* of prompt and new tokens */
  const int32_t *eos; /* ids that end the text */
  size_t eos_count;
  const char *const *stops; /* texts that end it; they need a tokenizer */
  size_t stop_count;
  emily_generate_callback *callback; /* or NULL */
  emily_generate_done *done; /* or NULL */
  void *context;
  const int32_t *cancel; /* or NULL */
  int64_t chunk;         /* prompt tokens a pass; 0: 512 */
  int64_t width;         /* texts that step together */
  emily__kv_form form;   /* of caches */
} emily__generate_plan;

typedef EMILY__VEC(int32_t) emily__ids;

typedef struct emily__row {
  const emily__generate_plan *plan;
  int32_t index;       /* which text of its batch */
  emily_prompt prompt; /* borrowed */
  int64_t most;        /* new tokens */
  emily__kv_cache *cache;
  emily__sampler *sampler;
  emily_detokenizer *detokenizer; /* NULL without a tokenizer */
  emily__stop stop;
  emily__ids tokens;
  emily__str text;
  size_t reused;  /* tokens of the prompt that were in the cache */
  int32_t finish; /* EMILY_FINISH_…; 0: goes on */
  double begun, prefilled, ended; /* on one clock; 0: not yet */
} emily__row;

/* context: the model's; where prompt and new tokens reach it, the text ends. The cache is the driver's to give; the row frees it. */
emily_status emily__row_begin(emily__row *row, const emily__generate_plan *plan, int32_t index, emily_tokenizer *tokenizer,
                              const emily_prompt *prompt, int64_t vocab, int64_t context);
void emily__row_free(emily__row *row);

/* Choose the next token, write it down, give out its text, and see whether it is the last. */
emily_status emily__row_take(emily__row *row, const float *logits);

/* Whether the plan's flag asks to stop; the row is then finished, unless it was. */
bool emily__row_cancelled(emily__row *row);

/* Give out what was held back, and make the result of a row that is finished, which takes over tokens and text. */
emily_status emily__row_end(emily__row *row, emily_generation **out);

#endif
