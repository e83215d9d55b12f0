/* logits_steps.c: the steps on logits that several models ask for. Declared in sampler.h. */
#include "generate/sampler.h"

#include <math.h>

static void suppress(const void *self, const int32_t *tokens, size_t count, float *scores, int64_t vocab) {
  const emily__token_list *list = self;
  (void)tokens, (void)count;
  for (size_t i = 0; i < list->count; i++)
    if (list->ids[i] >= 0 && list->ids[i] < vocab) scores[list->ids[i]] = -INFINITY;
}

static void suppress_first(const void *self, const int32_t *tokens, size_t count, float *scores, int64_t vocab) {
  if (count == 0) suppress(self, tokens, count, scores, vocab);
}

static void force(const void *self, const int32_t *tokens, size_t count, float *scores, int64_t vocab) {
  const emily__token_list *list = self;
  (void)tokens;
  if (count >= list->count || list->ids[count] < 0 || list->ids[count] >= vocab) return;
  for (int64_t i = 0; i < vocab; i++) scores[i] = i == list->ids[count] ? 0 : -INFINITY;
}

emily__logits_step emily__suppress_tokens(const emily__token_list *list) { return (emily__logits_step){suppress, list}; }
emily__logits_step emily__suppress_first_tokens(const emily__token_list *list) { return (emily__logits_step){suppress_first, list}; }
emily__logits_step emily__force_tokens(const emily__token_list *list) { return (emily__logits_step){force, list}; }
