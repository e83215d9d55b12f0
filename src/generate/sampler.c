/* sampler.c: see sampler.h. Candidates are taken from a heap, largest first, so that a narrow top_k or top_p costs little. */
#include "generate/sampler.h"

#include "base/alloc.h"
#include "base/vec.h"

#include <math.h>
#include <string.h>

typedef struct candidate {
  float score;
  int32_t id;
} candidate;

struct emily__sampler {
  emily__sampling sampling;
  int64_t vocab;
  uint64_t draws;
  const emily__logits_step *steps; /* borrowed */
  size_t step_count;
  EMILY__VEC(int32_t) made; /* the tokens that were chosen */
  uint8_t *seen;         /* [vocab] */
  float *scores;         /* [vocab] */
  candidate *heap;       /* [vocab] */
  candidate *candidates; /* [vocab]: what stays, largest first */
};

emily_status emily__sampler_new(const emily__sampling *sampling, int64_t vocab, emily__sampler **out) {
  emily__sampler *s = emily__calloc(1, sizeof *s);
  if (!s) return EMILY_OUT_OF_MEMORY;
  s->sampling = *sampling;
  s->vocab = vocab;
  s->seen = emily__calloc((size_t)vocab, 1);
  s->scores = emily__alloc_array((size_t)vocab, sizeof *s->scores);
  s->heap = sampling->sample ? emily__alloc_array((size_t)vocab, sizeof *s->heap) : NULL;
  s->candidates = sampling->sample ? emily__alloc_array((size_t)vocab, sizeof *s->candidates) : NULL;
  if (!s->seen || !s->scores || (sampling->sample && (!s->heap || !s->candidates))) {
    emily__sampler_free(s);
    return EMILY_OUT_OF_MEMORY;
  }
  *out = s;
  return EMILY_OK;
}

void emily__sampler_free(emily__sampler *s) {
  if (!s) return;
  emily__vec_free(&s->made);
  emily__free(s->seen);
  emily__free(s->scores);
  emily__free(s->heap);
  emily__free(s->candidates);
  emily__free(s);
}

void emily__sampler_saw(emily__sampler *s, int32_t token) { s->seen[token] = 1; }

void emily__sampler_steps(emily__sampler *s, const emily__logits_step *steps, size_t count) {
  s->steps = steps;
  s->step_count = count;
}

/* Scores after the repetition penalty. */
static emily_status penalize(emily__sampler *s, const float *logits) {
  float r = (float)s->sampling.repetition_penalty;
  for (int64_t i = 0; i < s->vocab; i++) {
    float score = logits[i];
    if (isnan(score))
      return emily__fail(EMILY_BAD_FORMAT, "sampler", "the logits are not numbers: are the weights damaged?");
    if (s->seen[i]) score = score < 0 ? score * r : score / r;
    s->scores[i] = score;
  }
  return EMILY_OK;
}

/* The id of the largest score, after the model's own steps. */
static emily_status find_best(emily__sampler *s, int32_t *best) {
  for (size_t i = 0; i < s->step_count; i++)
    s->steps[i].apply(s->steps[i].self, s->made.data, s->made.count, s->scores, s->vocab);
  *best = 0;
  for (int64_t i = 1; i < s->vocab; i++)
    if (s->scores[i] > s->scores[*best]) *best = (int32_t)i;
  if (s->scores[*best] == -INFINITY)
    return emily__fail(EMILY_BAD_FORMAT, "sampler", "every logit is -infinity: are the weights damaged?");
  return EMILY_OK;
}

/* Larger scores first, lower ids first among equals: a total order, so that ties do not depend on the heap's shape. */
static bool before(candidate a, candidate b) { return a.score > b.score || (a.score == b.score && a.id < b.id); }

static void sift_down(candidate *heap, int64_t count, int64_t at) {
  candidate moving = heap[at];
  for (;;) {
    int64_t child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], moving)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moving;
}

static candidate pop(candidate *heap, int64_t *count) {
  candidate top = heap[0];
  heap[0] = heap[--*count];
  if (*count) sift_down(heap, *count, 0);
  return top;
}

/* Every finite score over the temperature, as a heap; how many there are. */
static int64_t fill_heap(emily__sampler *s) {
  float t = (float)s->sampling.temperature;
  int64_t count = 0;
  for (int64_t i = 0; i < s->vocab; i++)
    if (s->scores[i] > -INFINITY) s->heap[count++] = (candidate){s->scores[i] / t, (int32_t)i};
  for (int64_t i = count / 2 - 1; i >= 0; i--) sift_down(s->heap, count, i);
  return count;
}

/* The k largest and their equals moved to candidates; how many. */
static int64_t take_top_k(emily__sampler *s, int64_t *heap_count, int64_t k) {
  int64_t taken = 0;
  while (*heap_count && (taken < k || s->heap[0].score == s->candidates[taken - 1].score))
    s->candidates[taken++] = pop(s->heap, heap_count);
  return taken;
}

/* Weight of a score beside the largest one. An infinite largest score has all the weight. */
static double weight(float score, float largest) { return score == largest ? 1 : exp((double)score - (double)largest); }

/* candidates hold the `count` that top_k left, largest first: how many top_p and min_p leave of them. */
static int64_t cut(const emily__sampler *s, int64_t count) {
  float largest = s->candidates[0].score;
  double total = 0, above = 0;
  for (int64_t i = 0; i < count; i++) total += weight(s->candidates[i].score, largest);
  for (int64_t i = 0; i < count; i++) {
    double w = weight(s->candidates[i].score, largest);
    if (i && (w < s->sampling.min_p || (s->sampling.top_p < 1 && above >= s->sampling.top_p * total))) return i;
    above += w;
  }
  return count;
}

/* The same without a top_k: candidates are popped only as far as top_p and min_p want them; where these want all, order is not
 * needed (the heap's first is the largest). */
static int64_t take_until_cut(emily__sampler *s, int64_t heap_count) {
  float largest = s->heap[0].score;
  double total = 0, above = 0;
  int64_t taken = 0;
  if (s->sampling.top_p >= 1 && s->sampling.min_p <= 0) {
    memcpy(s->candidates, s->heap, (size_t)heap_count * sizeof *s->heap);
    return heap_count;
  }
  for (int64_t i = 0; i < heap_count; i++) total += weight(s->heap[i].score, largest);
  while (heap_count) {
    double w = weight(s->heap[0].score, largest);
    if (taken && (w < s->sampling.min_p || (s->sampling.top_p < 1 && above >= s->sampling.top_p * total))) break;
    s->candidates[taken++] = pop(s->heap, &heap_count);
    above += w;
  }
  return taken;
}

/* splitmix64 (Steele et al. 2014) of the seed and a counter: uniform in [0, 1). */
static double uniform(emily__sampler *s) {
  uint64_t z = s->sampling.seed + ++s->draws * UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static int32_t draw(emily__sampler *s, int64_t count) {
  float largest = s->candidates[0].score;
  double total = 0;
  for (int64_t i = 0; i < count; i++) total += weight(s->candidates[i].score, largest);
  double left = uniform(s) * total;
  for (int64_t i = 0; i < count; i++) {
    left -= weight(s->candidates[i].score, largest);
    if (left < 0) return s->candidates[i].id;
  }
  return s->candidates[count - 1].id; /* rounding */
}

static int32_t sampled(emily__sampler *s) {
  int64_t heap_count = fill_heap(s);
  if (!s->sampling.top_k) return draw(s, take_until_cut(s, heap_count));
  return draw(s, cut(s, take_top_k(s, &heap_count, s->sampling.top_k)));
}

emily_status emily__sampler_next(emily__sampler *s, const float *logits, int32_t *token) {
  int32_t best;
  if (!emily__vec_reserve(&s->made, 1)) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(penalize(s, logits));
  EMILY__TRY(find_best(s, &best));
  *token = s->sampling.sample ? sampled(s) : best;
  emily__vec_push(&s->made, *token);
  emily__sampler_saw(s, *token);
  return EMILY_OK;
}
