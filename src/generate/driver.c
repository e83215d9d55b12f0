/* driver.c: see driver.h. One evaluation a token; the logits are the only thing that comes to the host. */
#include "generate/driver.h"

#include "base/alloc.h"
#include "base/status.h"
#include "generate/stop.h"

#include <string.h>
#include <time.h>

static const int64_t DEFAULT_CHUNK = 512;

typedef EMILY__VEC(int32_t) token_vec;

typedef struct run {
  const emily__decoder_model *decoder;
  const emily__generate_plan *plan;
  emily_stream *stream;
  emily__kv_cache *cache;
  emily__sampler *sampler;
  emily_detokenizer *detokenizer; /* NULL without a tokenizer */
  emily__stop stop;
  token_vec tokens;
  emily__str text;
  float *logits; /* [vocab] */
  int32_t finish; /* EMILY_FINISH_…; 0: goes on */
  double prompt_seconds, decode_seconds;
} run;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool cancelled(const run *r) {
  return r->plan->cancel && __atomic_load_n(r->plan->cancel, __ATOMIC_RELAXED) != 0;
}

/* ---- the decoder ---- */

/* One pass over `count` ids: the result kept, lazy. */
static emily_status build_step(run *r, const int32_t *ids, int64_t count, bool wanted, emily_array **out) {
  const int64_t shape[] = {1, count};
  emily_scope *s = emily_scope_open(r->stream);
  emily_array *input = emily_array_from_data(ids, shape, 2, EMILY_INT32);
  input = input ? emily_scope_adopt(s, input) : emily_scope_fail(s);
  *out = emily_scope_keep(s, r->decoder->step(r->decoder->self, s, r->cache, input, wanted));
  emily_status status = emily_scope_close(s); /* before the evaluation: the cache is then updated in place */
  if (status == EMILY_OK && !*out) status = emily_last_error()->status;
  if (status != EMILY_OK) emily_array_release(*out);
  return status;
}

static emily_status step(run *r, const int32_t *ids, int64_t count, bool wanted) {
  emily_array *result = NULL;
  EMILY__TRY(build_step(r, ids, count, wanted, &result));
  emily_status status = emily_eval(&result, 1);
  if (status == EMILY_OK && wanted)
    status = emily_array_read(result, r->logits, (size_t)r->decoder->vocab * sizeof *r->logits);
  emily_array_release(result);
  return status;
}

/* The prompt but for its last pass extends the cache only. */
static emily_status prefill(run *r, const int32_t *prompt, size_t count) {
  size_t chunk = (size_t)(r->plan->chunk > 0 ? r->plan->chunk : DEFAULT_CHUNK);
  for (size_t at = 0; at < count && !r->finish; at += chunk) {
    size_t n = count - at < chunk ? count - at : chunk;
    if (cancelled(r)) r->finish = EMILY_FINISH_CANCELLED;
    else EMILY__TRY(step(r, prompt + at, (int64_t)n, at + n == count));
  }
  return EMILY_OK;
}

/* ---- text ---- */

/* Give out `length` bytes of text: to the result and to the callback. */
static emily_status give(run *r, int32_t token, const char *text, size_t length) {
  if (length && !emily__str_append(&r->text, text, length)) return EMILY_OUT_OF_MEMORY;
  if (!r->plan->callback) return EMILY_OK;
  emily_generation_piece piece = {sizeof piece, token, 0, text ? text : "", length};
  if (r->plan->callback(&piece, r->plan->context) != 0 && !r->finish) r->finish = EMILY_FINISH_CANCELLED;
  return EMILY_OK;
}

/* What a piece of text lets out through the stop texts. */
static emily_status give_piece(run *r, int32_t token, const char *piece, size_t length) {
  size_t ready = 0;
  EMILY__TRY(emily__stop_push(&r->stop, piece, length, &ready));
  if (r->stop.found) r->finish = EMILY_FINISH_STOP;
  EMILY__TRY(give(r, token, r->stop.held.data, ready));
  if (ready) emily__stop_drop(&r->stop, ready);
  return EMILY_OK;
}

static emily_status give_token(run *r, int32_t token) {
  const char *piece = "";
  size_t length = 0;
  if (r->detokenizer && !r->finish) EMILY__TRY(emily_detokenizer_push(r->detokenizer, token, &piece, &length));
  return give_piece(r, token, piece, length);
}

/* At the end: what the detokenizer and the stop texts still hold back. */
static emily_status give_rest(run *r) {
  const char *piece = "";
  size_t length = 0;
  if (!r->detokenizer) return EMILY_OK;
  if (!r->stop.found) EMILY__TRY(emily_detokenizer_flush(r->detokenizer, &piece, &length));
  if (length) EMILY__TRY(give_piece(r, -1, piece, length));
  if (r->stop.found || !r->stop.held.count) return EMILY_OK;
  return give(r, -1, r->stop.held.data, r->stop.held.count);
}

/* ---- the loop ---- */

static bool is_eos(const run *r, int32_t token) {
  for (size_t i = 0; i < r->plan->eos_count; i++)
    if (r->plan->eos[i] == token) return true;
  return false;
}

/* Choose a token from the logits, write it down, and see whether it is the last. */
static emily_status accept_token(run *r, size_t prompt_count) {
  int32_t token;
  EMILY__TRY(emily__sampler_next(r->sampler, r->logits, &token));
  if (!emily__vec_push(&r->tokens, token)) return EMILY_OUT_OF_MEMORY;
  if (is_eos(r, token)) r->finish = EMILY_FINISH_STOP;
  EMILY__TRY(give_token(r, token));
  bool full = (int64_t)r->tokens.count >= r->plan->max_new_tokens ||
              (int64_t)(prompt_count + r->tokens.count) >= r->decoder->context;
  if (full && !r->finish) r->finish = EMILY_FINISH_LENGTH;
  if (!r->finish && cancelled(r)) r->finish = EMILY_FINISH_CANCELLED;
  return EMILY_OK;
}

static emily_status loop(run *r, const int32_t *prompt, size_t count) {
  double begin = now();
  EMILY__TRY(prefill(r, prompt, count));
  double decode = now();
  r->prompt_seconds = decode - begin;
  if (r->plan->max_new_tokens == 0 && !r->finish) r->finish = EMILY_FINISH_LENGTH;
  while (!r->finish) {
    EMILY__TRY(accept_token(r, count));
    if (!r->finish) EMILY__TRY(step(r, &r->tokens.data[r->tokens.count - 1], 1, true));
  }
  r->decode_seconds = now() - decode;
  return give_rest(r);
}

static emily_status check_prompt(const emily__decoder_model *decoder, const int32_t *prompt, size_t count) {
  if (count == 0) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_generate", "the prompt has no tokens");
  if (count > (size_t)INT32_MAX || (int64_t)count >= decoder->context)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_generate",
                       "the prompt has %zu tokens; the model's context of %lld leaves no room for more", count,
                       (long long)decoder->context);
  for (size_t i = 0; i < count; i++)
    if (prompt[i] < 0 || prompt[i] >= decoder->vocab)
      return emily__fail(EMILY_INVALID_ARGUMENT, "emily_generate", "prompt token %zu is %d; the vocabulary has %lld",
                         i, prompt[i], (long long)decoder->vocab);
  return EMILY_OK;
}

static emily_status begin(run *r, emily_tokenizer *tokenizer, const int32_t *prompt, size_t count) {
  const emily__generate_plan *plan = r->plan;
  EMILY__TRY(check_prompt(r->decoder, prompt, count));
  if (plan->stop_count && !tokenizer)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_generate", "stop texts need a tokenizer");
  EMILY__TRY(emily__stop_begin(&r->stop, plan->stops, plan->stop_count));
  if (tokenizer) EMILY__TRY(emily_detokenizer_new(tokenizer, true, &r->detokenizer));
  EMILY__TRY(emily__sampler_new(&plan->sampling, r->decoder->vocab, &r->sampler));
  for (size_t i = 0; i < count; i++) emily__sampler_saw(r->sampler, prompt[i]);
  r->logits = emily__alloc_array((size_t)r->decoder->vocab, sizeof *r->logits);
  if (!r->logits) return EMILY_OUT_OF_MEMORY;
  return r->decoder->new_cache(r->decoder->self, &r->cache);
}

/* The result takes over tokens and text. */
static emily_status finish(run *r, size_t prompt_count, emily_generation **out) {
  emily_generation *g = emily__calloc(1, sizeof *g);
  if (!g) return EMILY_OUT_OF_MEMORY;
  if (r->detokenizer && !emily__str_puts(&r->text, "")) {
    emily__free(g);
    return EMILY_OUT_OF_MEMORY;
  }
  *g = (emily_generation){.tokens = r->tokens.data, .token_count = r->tokens.count, .text = r->text.data,
                          .text_length = r->text.count, .finish_reason = r->finish, .prompt_count = prompt_count,
                          .prompt_seconds = r->prompt_seconds, .decode_seconds = r->decode_seconds,
                          .seed = r->plan->sampling.seed, .sampled = r->plan->sampling.sample};
  r->tokens = (token_vec){0};
  r->text = (emily__str){0};
  *out = g;
  return EMILY_OK;
}

static void end(run *r) {
  emily__kv_cache_free(r->cache);
  emily__sampler_free(r->sampler);
  emily_detokenizer_free(r->detokenizer);
  emily__stop_free(&r->stop);
  emily__vec_free(&r->tokens);
  emily__str_free(&r->text);
  emily__free(r->logits);
}

emily_status emily__generate(const emily__decoder_model *decoder, emily_stream *stream, emily_tokenizer *tokenizer,
                             const int32_t *prompt, size_t prompt_count, const emily__generate_plan *plan,
                             emily_generation **out) {
  run r = {.decoder = decoder, .plan = plan, .stream = stream};
  emily_status status = begin(&r, tokenizer, prompt, prompt_count);
  if (status == EMILY_OK) status = loop(&r, prompt, prompt_count);
  if (status == EMILY_OK) status = finish(&r, prompt_count, out);
  end(&r);
  return status;
}

void emily_generation_free(emily_generation *generation) {
  if (!generation) return;
  emily__free(generation->tokens);
  emily__free(generation->text);
  emily__free(generation);
}

const char *emily_finish_name(int32_t finish_reason) {
  switch (finish_reason) {
    case EMILY_FINISH_STOP: return "stop";
    case EMILY_FINISH_LENGTH: return "length";
    case EMILY_FINISH_CANCELLED: return "cancelled";
    default: return "?";
  }
}
