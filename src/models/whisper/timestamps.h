/* timestamps.h: the rules that Whisper's times keep (Radford et al. 2022, and OpenAI's decoding.py), as a step of sampling:
 *
 *   <|notimestamps|> never comes
 *   times come in pairs, but for one right before the end: after text and a time comes a time or the end, after two
 *   times comes text
 *   a time is not below the latest one, and above it unless it closes a pair
 *   the first token is a time, and not above max_initial where there is one
 *   where all times together are likelier than any one token of text, a time comes
 */
#ifndef EMILY_MODELS_WHISPER_TIMESTAMPS_H
#define EMILY_MODELS_WHISPER_TIMESTAMPS_H

#include "generate/sampler.h"

typedef struct emily__timestamp_rules {
  int32_t begin;       /* the token of time 0; tokens from it on are times */
  int32_t eos;         /* tokens below are text */
  int64_t max_initial; /* steps; -1: any */
} emily__timestamp_rules;

/* The rules must live as long as the step. */
emily__logits_step emily__timestamp_step(const emily__timestamp_rules *rules);

#endif
