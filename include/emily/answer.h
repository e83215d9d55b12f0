/* emily/answer.h: the part of a context that answers a question, by a model with a head for question answering.
 *
 * As Transformers' pipeline does it (Chen et al. 2017): the score of a span is the product of two softmaxes over the
 * context's tokens, that it begins at the one and ends at the other; spans are widened to whole words; spans with the
 * same words, in any window and in either case of letters, add their scores, which may so pass 1. A long context is read
 * in windows that overlap.
 *
 *     emily_answerer *answerer;
 *     emily_answers *answers;
 *     emily_status status = emily_answerer_load("squad", NULL, &answerer);
 *     status = emily_answer(answerer, &question, NULL, &context, NULL, 1, NULL, &answers);
 *     const emily_answer_span *best = emily_answers_at(answers, 0, 0);        NULL where there is none
 *     emily_answers_free(answers);
 *     emily_answerer_release(answerer);
 */
#ifndef EMILY_ANSWER_H
#define EMILY_ANSWER_H

#include "emily/model.h"
#include "emily/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: any number of threads may use one at the same time. */
typedef struct emily_answerer emily_answerer;

/* Load a folder. options may be NULL. EMILY_UNSUPPORTED where the model has another head than for question answering;
 * other errors as of emily_model_load and emily_tokenizer_load. The caller owns one reference. */
EMILY_API emily_status emily_answerer_load(const char *path, const emily_model_options *options, emily_answerer **out);
EMILY_API emily_answerer *emily_answerer_retain(emily_answerer *answerer);
EMILY_API void emily_answerer_release(emily_answerer *answerer); /* NULL does nothing */

EMILY_API int64_t emily_answerer_max_tokens(const emily_answerer *answerer); /* a question and a window of its context together */
EMILY_API emily_model *emily_answerer_model(const emily_answerer *answerer); /* borrowed */

typedef struct emily_answer_span {
  const char *text; /* the part of the context; belongs to the answers */
  int64_t start, end; /* in characters (Unicode code points) of the context; end is the first one behind */
  float score;
} emily_answer_span;

/* The answers to many questions. */
typedef struct emily_answers emily_answers;

typedef struct emily_answer_options {
  size_t struct_size;
  int64_t top_k;             /* answers a question, at most; 0: 1 */
  int64_t max_answer_tokens; /* 0: 15 */
  int64_t max_tokens;        /* of a window, the question included; 0: 384, and never more than the model reads */
  int64_t stride;            /* tokens of the context that a window shares with the one before; 0: half a window, at most 128 */
  int32_t allow_none;        /* 1: that the context holds no answer is one of the answers, with text "" */
  int32_t reserved;
  const emily_task_run *run; /* how: batches, progress, cancelling; NULL: as it comes */
} emily_answer_options;
#define EMILY_ANSWER_OPTIONS_INIT {sizeof(emily_answer_options), 0, 0, 0, 0, 0, 0, NULL}

/* The answers to questions[i] in contexts[i]. lengths: bytes of each, or NULL where all end with NUL. options may be
 * NULL. EMILY_INVALID_ARGUMENT where a question leaves no room for its context. The caller frees *out by
 * emily_answers_free. */
EMILY_API emily_status emily_answer(emily_answerer *answerer, const char *const *questions, const size_t *question_lengths,
                                    const char *const *contexts, const size_t *context_lengths, size_t count,
                                    const emily_answer_options *options, emily_answers **out);

EMILY_API size_t emily_answers_count(const emily_answers *answers, size_t question); /* 0 where the context has no tokens */

/* The best is at 0; NULL behind the last. It belongs to the answers. */
EMILY_API const emily_answer_span *emily_answers_at(const emily_answers *answers, size_t question, size_t index);
EMILY_API void emily_answers_free(emily_answers *answers); /* NULL does nothing */

#ifdef __cplusplus
}
#endif
#endif
