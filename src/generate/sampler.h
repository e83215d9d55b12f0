/* sampler.h: the next token from the logits.
 *
 * Steps, in the order and with the definitions of Transformers' logits processors:
 *   repetition penalty r   a seen token's score s becomes s / r where s >= 0, s * r where s < 0
 *   (greedy stops here: the largest score, the lowest id where several are)
 *   temperature t          s / t
 *   top_k                  the k largest stay, and those equal to the k-th
 *   top_p                  of p = softmax(s), largest first: a token stays while those before it sum to less than top_p
 *   min_p                  p >= min_p * the largest p stays
 * and a draw from softmax of what stays. Between the penalty and the choice stand the steps that a model adds (suppressed tokens, forced
 * ones, rules of a task): each sees the tokens made so far and changes scores. The same seed and logits give the same tokens on every machine with the same libm.
 */
#ifndef EMILY_GENERATE_SAMPLER_H
#define EMILY_GENERATE_SAMPLER_H

#include "base/status.h"

#include <stddef.h>

typedef struct emily__sampling {
  bool sample;               /* false: greedy */
  double temperature;        /* above 0 */
  int64_t top_k;             /* 0: all */
  double top_p;              /* 1: all */
  double min_p;              /* 0: all */
  double repetition_penalty; /* above 0; 1: none */
  uint64_t seed;
} emily__sampling;

typedef struct emily__sampler emily__sampler;

/* A step of a model's own: changes `scores` [vocab], given the `count` tokens that were made so far (not those of the prompt). -INFINITY takes a token
 * away; at least one must be left. */
typedef struct emily__logits_step {
  void (*apply)(const void *self, const int32_t *tokens, size_t count, float *scores, int64_t vocab);
  const void *self;
} emily__logits_step;

/* Ready-made ones, over a list of ids. Ids outside the vocabulary are passed over. */
typedef struct emily__token_list {
  const int32_t *ids;
  size_t count;
} emily__token_list;
emily__logits_step emily__suppress_tokens(const emily__token_list *list);       /* never these */
emily__logits_step emily__suppress_first_tokens(const emily__token_list *list); /* these not as the first new token */
emily__logits_step emily__force_tokens(const emily__token_list *list); /* new token i is ids[i]; one below 0 leaves it open */

emily_status emily__sampler_new(const emily__sampling *sampling, int64_t vocab, emily__sampler **out);
void emily__sampler_free(emily__sampler *sampler); /* NULL does nothing */

/* The token was in the prompt: the repetition penalty counts it. 0 <= token < vocab. */
void emily__sampler_saw(emily__sampler *sampler, int32_t token);

/* Steps of the model's own, in their order. They and what they point to stay the caller's, and as long as the sampler. */
void emily__sampler_steps(emily__sampler *sampler, const emily__logits_step *steps, size_t count);

/* logits: vocab values. The token counts as seen. EMILY_BAD_FORMAT where a logit is NaN or all are -infinity. */
emily_status emily__sampler_next(emily__sampler *sampler, const float *logits, int32_t *token);

#endif
