/* sampler.h: the next token from the logits.
 *
 * Steps, in the order and with the definitions of Transformers' logits processors:
 *   repetition penalty r   a seen token's score s becomes s / r where s >= 0, s * r where s < 0
 *   (greedy stops here: the largest score, the lowest id where several are)
 *   temperature t          s / t
 *   top_k                  the k largest stay, and those equal to the k-th
 *   top_p                  of p = softmax(s), largest first: a token stays while those before it sum to less than top_p
 *   min_p                  p >= min_p * the largest p stays
 * and a draw from softmax of what stays. The same seed and logits give the same tokens on every machine with the same libm.
 */
#ifndef EMILY_GENERATE_SAMPLER_H
#define EMILY_GENERATE_SAMPLER_H

#include "base/status.h"

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

emily_status emily__sampler_new(const emily__sampling *sampling, int64_t vocab, emily__sampler **out);
void emily__sampler_free(emily__sampler *sampler); /* NULL does nothing */

/* The token was in the prompt: the repetition penalty counts it. 0 <= token < vocab. */
void emily__sampler_saw(emily__sampler *sampler, int32_t token);

/* logits: vocab values. The token counts as seen. EMILY_BAD_FORMAT where a logit is NaN or all are -infinity. */
emily_status emily__sampler_next(emily__sampler *sampler, const float *logits, int32_t *token);

#endif
