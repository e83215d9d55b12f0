/* driver.h: the loop that makes tokens: prefill in chunks, one step a token, sampling, stopping, streaming.
 *
 * Every decoder family goes through it; what it asks of a family is in decoder.h.
 */
#ifndef EMILY_GENERATE_DRIVER_H
#define EMILY_GENERATE_DRIVER_H

#include "base/vec.h"
#include "emily/generate.h"
#include "generate/decoder.h"
#include "generate/sampler.h"

/* Everything decided: no value here means "the default". */
typedef struct emily__generate_plan {
  emily__sampling sampling;
  int64_t max_new_tokens;
  const int32_t *eos; /* ids that end the text */
  size_t eos_count;
  const char *const *stops; /* texts that end it; they need a tokenizer */
  size_t stop_count;
  emily_generate_callback *callback; /* or NULL */
  void *context;
  const int32_t *cancel; /* or NULL */
  int64_t chunk;         /* prompt tokens a pass; 0: 512 */
} emily__generate_plan;

/* tokenizer: NULL for ids alone. The result is given back by emily_generation_free. */
emily_status emily__generate(const emily__decoder_model *decoder, emily_stream *stream, emily_tokenizer *tokenizer,
                             const int32_t *prompt, size_t prompt_count, const emily__generate_plan *plan,
                             emily_generation **out);

#endif
