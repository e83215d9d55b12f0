/* timestamps.c: see timestamps.h. */
#include "models/whisper/timestamps.h"

#include <math.h>

static void forbid(float *scores, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) scores[i] = -INFINITY;
}

/* What the last two tokens allow, and the least time that may come. */
static void pair(const emily__timestamp_rules *r, const int32_t *tokens, size_t count, float *scores, int64_t vocab) {
  bool last = count >= 1 && tokens[count - 1] >= r->begin, before = count < 2 || tokens[count - 2] >= r->begin;
  if (last && before) forbid(scores, r->begin, vocab);
  else if (last) forbid(scores, 0, r->eos);
  for (size_t i = count; i-- > 0;) {
    if (tokens[i] < r->begin) continue;
    int64_t least = last && !before ? tokens[i] : (int64_t)tokens[i] + 1;
    forbid(scores, r->begin, least < vocab ? least : vocab);
    return;
  }
}

static void first(const emily__timestamp_rules *r, float *scores, int64_t vocab) {
  forbid(scores, 0, r->begin);
  if (r->max_initial >= 0 && r->begin + r->max_initial + 1 < vocab) forbid(scores, r->begin + r->max_initial + 1, vocab);
}

static float largest(const float *scores, int64_t from, int64_t to) {
  float most = -INFINITY;
  for (int64_t i = from; i < to; i++)
    if (scores[i] > most) most = scores[i];
  return most;
}

/* Text goes where log Σ e^score over the times is above the best token of text. */
static void prefer_times(const emily__timestamp_rules *r, float *scores, int64_t vocab) {
  float most = largest(scores, r->begin, vocab), text = largest(scores, 0, r->begin);
  double sum = 0;
  if (most == -INFINITY) return;
  for (int64_t i = r->begin; i < vocab; i++) sum += exp((double)scores[i] - (double)most);
  if ((double)most + log(sum) > (double)text) forbid(scores, 0, r->begin);
}

static void apply(const void *self, const int32_t *tokens, size_t count, float *scores, int64_t vocab) {
  const emily__timestamp_rules *r = self;
  if (r->begin >= 1 && r->begin <= vocab) scores[r->begin - 1] = -INFINITY;
  pair(r, tokens, count, scores, vocab);
  if (count == 0) first(r, scores, vocab);
  prefer_times(r, scores, vocab);
}

emily__logits_step emily__timestamp_step(const emily__timestamp_rules *rules) {
  return (emily__logits_step){apply, rules};
}
