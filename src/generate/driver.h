/* driver.h: the loop that makes tokens: prefill in chunks, then a step a token for all texts that are in the making.
 *
 * Every decoder family goes through it; what it asks of a family is in decoder.h. A prompt is read by itself; from then on its text
 * takes its steps together with the others, and when it ends the next prompt takes its place. Each text has a cache of its own, so that
 * nothing is padded, and its tokens are those that it would have alone, bit for bit.
 */
#ifndef EMILY_GENERATE_DRIVER_H
#define EMILY_GENERATE_DRIVER_H

#include "generate/decoder.h"
#include "generate/row.h"

/* What a conversation keeps between its turns: a cache, and the ids that it holds. */
typedef struct emily__memory {
  emily__kv_cache *cache; /* NULL: empty */
  emily__kv_form form;    /* of it */
  emily__ids ids;
} emily__memory;

void emily__memory_clear(emily__memory *memory); /* gives everything back; it may be used again */

/* tokenizer: NULL for ids alone. memory: NULL, or what an earlier call left: as much of the cache as the prompt has in common with it is
 * used again, and it then holds this text. After a failure the memory is empty. The result is given back by emily_generation_free. */
emily_status emily__generate(const emily__decoder_model *decoder, emily_stream *stream, emily_tokenizer *tokenizer,
                             const int32_t *prompt, size_t prompt_count, const emily__generate_plan *plan, emily__memory *memory,
                             emily_generation **out);

/* Many texts: out [count]. After a failure all of out is NULL. */
emily_status emily__generate_batch(const emily__decoder_model *decoder, emily_stream *stream, emily_tokenizer *tokenizer,
                                   const emily_prompt *prompts, size_t count, const emily__generate_plan *plan,
                                   emily_generation **out);

#endif
