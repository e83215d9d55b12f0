/* decode.c: see decode.h. One evaluation a token; the logits of the last token are the only thing that comes to the host. */
#include "models/whisper/decode.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

/* Sampling's last step: the scores from which a token is chosen, kept for its probability. */
typedef struct witness {
  float *scores; /* [vocab]; NULL: not wanted */
} witness;

/* ---- the window ---- */

static emily_status fresh_cache(emily__whisper_decoder *d) {
  static const int64_t no_windows[EMILY__WHISPER_MAX_LAYERS];
  emily__kv_cache_free(d->cache);
  d->cache = NULL;
  return emily__kv_cache_new(d->whisper->decoder.layer_count, no_windows, 0, &d->cache);
}

emily_status emily__whisper_decoder_begin(emily__whisper_decoder *d) {
  d->logits = emily__alloc_array((size_t)d->whisper->vocab, sizeof *d->logits);
  return d->logits ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static void drop_window(emily__whisper_decoder *d) {
  for (int64_t i = 0; i < d->whisper->decoder.layer_count; i++) {
    emily_array_release(d->k[i]), emily_array_release(d->v[i]);
    d->k[i] = d->v[i] = NULL;
  }
}

void emily__whisper_decoder_end(emily__whisper_decoder *d) {
  drop_window(d);
  emily__kv_cache_free(d->cache);
  emily__free(d->logits);
}

/* features[:, :, from … to) and zeros: [1, mels, frames] */
static emily_array *cut(const emily__whisper *w, emily_scope *s, emily_array *features, int64_t from, int64_t to) {
  const int64_t start[] = {0, 0, from}, stop[] = {1, w->mels, to}, none[] = {0, 0, 0};
  const int64_t after[] = {0, 0, emily__whisper_frames(w) - (to - from)};
  return emily_pad(s, emily_slice(s, features, start, stop, NULL), none, after, NULL, NULL, "constant");
}

/* Laid out head by head: each token reads all of it. */
static emily_array *keep(emily_scope *s, emily_array *x) {
  return emily_scope_keep(s, emily_contiguous(s, x, false));
}

emily_status emily__whisper_decoder_window(emily__whisper_decoder *d, emily_array *features, int64_t from, int64_t to) {
  const emily__whisper *w = d->whisper;
  int64_t layers = w->decoder.layer_count;
  emily_array *k[EMILY__WHISPER_MAX_LAYERS], *v[EMILY__WHISPER_MAX_LAYERS];
  drop_window(d);
  emily_scope *s = emily_scope_open(d->stream);
  emily__whisper_cross(w, s, emily__whisper_encode(w, s, cut(w, s, features, from, to), NULL), k, v);
  for (int64_t i = 0; i < layers; i++) d->k[i] = keep(s, k[i]), d->v[i] = keep(s, v[i]);
  EMILY__TRY(emily_scope_close(s));
  EMILY__TRY(emily_eval(d->k, (size_t)layers));
  return emily_eval(d->v, (size_t)layers);
}

/* ---- passes ---- */

/* The logits of the last of `count` ids, lazy and kept. */
static emily_status build_step(emily__whisper_decoder *d, const int32_t *ids, size_t count, emily_array **out) {
  const int64_t shape[] = {1, (int64_t)count};
  emily_scope *s = emily_scope_open(d->stream);
  emily_array *input = emily_array_from_data(ids, shape, 2, EMILY_INT32);
  input = input ? emily_scope_adopt(s, input) : emily_scope_fail(s);
  emily_array *h = emily__whisper_decode(d->whisper, s, input, d->k, d->v, d->cache, NULL); /* [1, T, D] */
  h = emily_slice(s, h, (const int64_t[]){0, shape[1] - 1, 0}, (const int64_t[]){1, shape[1], d->whisper->hidden}, NULL);
  *out = emily_scope_keep(s, emily__linear_apply(s, &d->whisper->head, h));
  emily_status status = emily_scope_status(s);
  if (status == EMILY_OK) status = emily__kv_cache_commit(d->cache);
  else emily__kv_cache_rollback(d->cache);
  emily_status closed = emily_scope_close(s); /* before the evaluation: the cache is then updated in place */
  if (status == EMILY_OK) status = closed;
  if (status != EMILY_OK) emily_array_release(*out);
  return status;
}

static emily_status step(emily__whisper_decoder *d, const int32_t *ids, size_t count) {
  emily_array *logits = NULL;
  EMILY__TRY(build_step(d, ids, count, &logits));
  emily_status status = emily_array_read(logits, d->logits, (size_t)d->whisper->vocab * sizeof *d->logits);
  emily_array_release(logits);
  return status;
}

/* log Σ e^score */
static double log_sum(const float *scores, int64_t count) {
  double most = -INFINITY, sum = 0;
  for (int64_t i = 0; i < count; i++) most = fmax(most, (double)scores[i]);
  for (int64_t i = 0; i < count; i++) sum += exp((double)scores[i] - most);
  return most + log(sum);
}

emily_status emily__whisper_decoder_likeliest(emily__whisper_decoder *d, int32_t start, const emily__named_ids *tokens,
                                              size_t *out) {
  EMILY__TRY(fresh_cache(d));
  EMILY__TRY(step(d, &start, 1));
  *out = 0;
  for (size_t i = 1; i < tokens->count; i++) {
    float best = d->logits[tokens->data[*out].id], score = d->logits[tokens->data[i].id];
    if (score > best || (score == best && tokens->data[i].id < tokens->data[*out].id)) *out = i;
  }
  return EMILY_OK;
}

/* ---- decoding ---- */

static void keep_scores(const void *self, const int32_t *tokens, size_t count, float *scores, int64_t vocab) {
  (void)tokens, (void)count;
  const witness *w = self;
  memcpy(w->scores, scores, (size_t)vocab * sizeof *scores);
}

/* The prompt; at its start token also the probability that nobody speaks. */
static emily_status prefill(emily__whisper_decoder *d, const emily__whisper_plan *plan, emily__whisper_tokens *out) {
  size_t first = plan->no_speech_token >= 0 ? plan->start_at + 1 : plan->prompt_count;
  EMILY__TRY(step(d, plan->prompt, first));
  if (plan->no_speech_token >= 0)
    out->no_speech = exp((double)d->logits[plan->no_speech_token] - log_sum(d->logits, d->whisper->vocab));
  return first < plan->prompt_count ? step(d, plan->prompt + first, plan->prompt_count - first) : EMILY_OK;
}

static bool cancelled(const emily__whisper_decoder *d) {
  return d->cancel && __atomic_load_n(d->cancel, __ATOMIC_RELAXED) != 0;
}

static emily_status loop(emily__whisper_decoder *d, const emily__whisper_plan *plan, emily__sampler *sampler,
                         const witness *seen, emily__whisper_tokens *out) {
  double sum = 0;
  while ((int64_t)out->ids.count < plan->max_new_tokens) {
    int32_t token;
    if (cancelled(d)) return out->cancelled = true, EMILY_OK;
    EMILY__TRY(emily__sampler_next(sampler, d->logits, &token));
    if (!emily__vec_push(&out->ids, token)) return EMILY_OUT_OF_MEMORY;
    if (seen->scores) sum += (double)seen->scores[token] - log_sum(seen->scores, d->whisper->vocab);
    if (token == plan->eos) break;
    if ((int64_t)out->ids.count < plan->max_new_tokens) EMILY__TRY(step(d, &token, 1));
  }
  if (seen->scores && out->ids.count) out->mean_logprob = sum / (double)out->ids.count;
  return EMILY_OK;
}

static emily_status run(emily__whisper_decoder *d, const emily__whisper_plan *plan, emily__sampler *sampler,
                        witness *seen, emily__logits_step *steps, emily__whisper_tokens *out) {
  size_t count = plan->step_count;
  if (count) memcpy(steps, plan->steps, count * sizeof *steps);
  if (plan->want_logprob) {
    seen->scores = emily__alloc_array((size_t)d->whisper->vocab, sizeof *seen->scores);
    if (!seen->scores) return EMILY_OUT_OF_MEMORY;
    steps[count++] = (emily__logits_step){keep_scores, seen};
  }
  emily__sampler_steps(sampler, steps, count);
  for (size_t i = 0; i < plan->prompt_count; i++) emily__sampler_saw(sampler, plan->prompt[i]);
  EMILY__TRY(fresh_cache(d));
  EMILY__TRY(prefill(d, plan, out));
  return loop(d, plan, sampler, seen, out);
}

emily_status emily__whisper_decoder_run(emily__whisper_decoder *d, const emily__whisper_plan *plan,
                                        emily__whisper_tokens *out) {
  emily__sampler *sampler = NULL;
  witness seen = {0};
  out->ids.count = 0;
  out->mean_logprob = out->no_speech = NAN;
  out->cancelled = false;
  emily__logits_step *steps = emily__alloc_array(plan->step_count + 1, sizeof *steps);
  emily_status status = steps ? emily__sampler_new(&plan->sampling, d->whisper->vocab, &sampler) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = run(d, plan, sampler, &seen, steps, out);
  emily__sampler_free(sampler);
  emily__free(seen.scores);
  emily__free(steps);
  return status;
}
