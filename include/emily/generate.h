/* emily/generate.h: text from a causal language model.
 *
 *     emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
 *     emily_generation *result;
 *     options.max_new_tokens = 64;
 *     emily_status status = emily_generate(model, tokenizer, ids, count, &options, &result);
 *     … result->text, result->tokens, emily_finish_name(result->finish_reason) …
 *     emily_generation_free(result);
 *
 * Many prompts are taken together by emily_generate_batch; an emily_session remembers a conversation, so that its next turn reads only what is new.
 *
 * What an option leaves open, generation_config.json of the checkpoint decides (or config.json where there is no such
 * file); what these leave open, the defaults below. Greedy unless one of them asks for sampling. A setting of that
 * file that would change the answer and that emily does not have (beams, a penalty it does not know) is refused by name.
 *
 * Order and definitions of the steps of sampling are those of Hugging Face Transformers: repetition penalty, the checkpoint's suppressed tokens,
 * temperature, top_k, top_p, min_p, and a draw.
 */
#ifndef EMILY_GENERATE_H
#define EMILY_GENERATE_H

#include "emily/model.h"
#include "emily/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  EMILY_FINISH_STOP = 1,     /* an end token or a stop text came */
  EMILY_FINISH_LENGTH = 2,   /* max_new_tokens, or the model's context, is used up */
  EMILY_FINISH_CANCELLED = 3 /* the callback or options.cancel asked for it */
};

/* "stop", "length", "cancelled"; "?" for other numbers. Static. */
EMILY_API const char *emily_finish_name(int32_t finish_reason);

/* What has come since the last call. */
typedef struct emily_generation_piece {
  size_t struct_size;
  int32_t token;    /* the token that was made; -1 at the end, where text that was held back comes */
  int32_t index;    /* of the prompt in its batch; 0 for one alone */
  const char *text; /* whole characters of UTF-8, often none: "" without a tokenizer. Not always NUL-terminated */
  size_t length;    /* bytes of it */
} emily_generation_piece;

/* Called on the thread that called emily_generate, once a token and at most twice at the end. Anything but 0 stops this text. */
typedef int32_t emily_generate_callback(const emily_generation_piece *piece, void *context);

typedef struct emily_generation emily_generation;

/* Called when the text of prompt `index` has ended. The generation belongs to the caller of emily_generate_batch, who gets it when all are done (or, where that fails,
 * does not): copy what is needed earlier. Anything but 0 stops all. */
typedef int32_t emily_generate_done(size_t index, const emily_generation *generation, void *context);

typedef struct emily_generate_options {
  size_t struct_size;           /* set by EMILY_GENERATE_OPTIONS_INIT, which leaves everything open */
  int64_t max_new_tokens;       /* below 0: open; then 256 */
  int32_t sample;               /* 1 yes, 0 no; below 0: open, then yes where one of temperature (above 0), top_k, top_p or
                                   min_p is given here, and no where temperature is 0 */
  int32_t ignore_eos;           /* 1: end tokens do not end the text */
  double temperature;           /* 0: greedy; below 0: open, then 1 */
  int64_t top_k;                /* 0: all; below 0: open, then all */
  double top_p;                 /* at most 1 (all); below 0: open, then 1 */
  double min_p;                 /* at most 1; 0: all; below 0: open, then 0 */
  double repetition_penalty;    /* above 0, 1: none; below 0: open, then 1 */
  int64_t seed;                 /* below 0: one is taken from the system; the result says which */
  const char *const *stops;     /* texts that end the text, without being part of it; need a tokenizer */
  size_t stop_count;
  emily_generate_callback *callback; /* may be NULL */
  void *context;                /* passed to it */
  const int32_t *cancel;        /* may be NULL; read atomically between passes: anything but 0 stops. Another thread or a
                                   signal handler may write it (an atomic store of an int) */
  emily_stream *stream;         /* where to run; NULL: the model's stream */
  int32_t kv_bits;              /* 8 or 4: keys and values of earlier tokens are kept quantized, in so many bits, which takes less memory and is less exact;
                                   0: float32 */
  int32_t kv_group_size;        /* elements that share a scale then: 32, 64 or 128; 0: 64, or 32 where heads hold no whole groups of 64 */
  int64_t prefill_chunk;        /* tokens of a prompt that are read in one pass; 0: 512. Fewer take less memory */
  int64_t batch_size;           /* emily_generate_batch: texts in the making at a time, at most 32; 0: 8 */
  emily_generate_done *done;    /* emily_generate_batch: may be NULL; is passed `context` */
} emily_generate_options;
#define EMILY_GENERATE_OPTIONS_INIT                                                                               \
  {sizeof(emily_generate_options), -1, -1, 0, -1.0, -1, -1.0, -1.0, -1.0, -1, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL}

struct emily_generation {
  int32_t *tokens;       /* the new ids, with the end token or those of a stop text where they came */
  size_t token_count;
  char *text;            /* without special tokens and stop texts, NUL-terminated; NULL without a tokenizer */
  size_t text_length;    /* bytes */
  int32_t finish_reason; /* EMILY_FINISH_… */
  int32_t sampled;       /* 0: greedy */
  uint64_t seed;         /* what sampling began with */
  size_t prompt_count;   /* tokens of the prompt */
  double prompt_seconds; /* until the prompt was read */
  double decode_seconds; /* from there to the end */
  size_t reused_count;   /* tokens of the prompt that a session remembered */
};

/* prompt: ids of one text. tokenizer: NULL for ids alone. options: NULL for the defaults. EMILY_UNSUPPORTED (a model
 * that does not generate, a setting of the checkpoint), EMILY_INVALID_ARGUMENT (an empty or too long prompt, ids out of
 * the vocabulary, options out of range), EMILY_BAD_FORMAT (a damaged generation_config.json, logits that are not numbers).
 * Safe to call from several threads on one model; each call has a cache of its own. */
EMILY_API emily_status emily_generate(emily_model *model, emily_tokenizer *tokenizer, const int32_t *prompt,
                                      size_t prompt_count, const emily_generate_options *options,
                                      emily_generation **out);
EMILY_API void emily_generation_free(emily_generation *generation); /* NULL does nothing */

/* ---- many prompts ---- */

typedef struct emily_prompt {
  const int32_t *ids;
  size_t count;
} emily_prompt;

/* A text for each of `count` prompts, of any lengths: out [count], each to be freed. Up to options.batch_size of them are in the making at a time and take
 * their steps together, so that weights are read once for all; when one ends, the next prompt takes its place. A text is the one that its
 * prompt would give alone: its mates change no bit. Sampling of prompt i begins with seed + i. One that
 * options.cancel or `done` left unread gives an empty text, cancelled. After a failure all of out is NULL; a prompt that is empty, too long or has ids
 * out of the vocabulary is named before the first is read. */
EMILY_API emily_status emily_generate_batch(emily_model *model, emily_tokenizer *tokenizer, const emily_prompt *prompts,
                                            size_t count, const emily_generate_options *options, emily_generation **out);

/* ---- conversations ---- */

/* Remembers the keys and values of the latest call's prompt and text. The next call reads only the part of its prompt that comes after what both have in
 * common: a conversation's next turn, whose prompt begins with all that was said, costs its new tokens. Where a sliding window has let go
 * of what would be needed, or kv_bits changed, all is read again; the text is the same in any case, up to rounding. */
typedef struct emily_session emily_session;

/* Holds a reference to the model. */
EMILY_API emily_status emily_session_new(emily_model *model, emily_session **out);
EMILY_API void emily_session_free(emily_session *session); /* NULL does nothing */

/* As emily_generate with the session's model. One call at a time: a session belongs to one thread at once. After a failure it is empty, and whole. */
EMILY_API emily_status emily_session_generate(emily_session *session, emily_tokenizer *tokenizer, const int32_t *prompt,
                                              size_t prompt_count, const emily_generate_options *options,
                                              emily_generation **out);

/* Forget everything, and give its memory back. */
EMILY_API void emily_session_clear(emily_session *session);

/* Tokens that are remembered, and the bytes that they take. */
EMILY_API size_t emily_session_length(const emily_session *session);
EMILY_API uint64_t emily_session_bytes(const emily_session *session);

#ifdef __cplusplus
}
#endif
#endif
