/* row.c: see row.h. */
#include "generate/row.h"

#include "base/alloc.h"
#include "base/status.h"


bool emily__row_cancelled(emily__row *row) {
  const int32_t *cancel = row->plan->cancel;
  bool stop = cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
  if (stop && !row->finish) row->finish = EMILY_FINISH_CANCELLED;
  return stop;
}

/* ---- the text ---- */

/* Give out `length` bytes of text: to the result and to the callback. */
static emily_status give(emily__row *r, int32_t token, const char *text, size_t length) {
  if (length && !emily__str_append(&r->text, text, length)) return EMILY_OUT_OF_MEMORY;
  if (!r->plan->callback) return EMILY_OK;
  emily_generation_piece piece = {sizeof piece, token, r->index, text ? text : "", length};
  if (r->plan->callback(&piece, r->plan->context) != 0 && !r->finish) r->finish = EMILY_FINISH_CANCELLED;
  return EMILY_OK;
}

/* What a piece of text lets out through the stop texts. */
static emily_status give_piece(emily__row *r, int32_t token, const char *piece, size_t length) {
  size_t ready = 0;
  EMILY__TRY(emily__stop_push(&r->stop, piece, length, &ready));
  if (r->stop.found) r->finish = EMILY_FINISH_STOP;
  EMILY__TRY(give(r, token, r->stop.held.data, ready));
  if (ready) emily__stop_drop(&r->stop, ready);
  return EMILY_OK;
}

static emily_status give_token(emily__row *r, int32_t token) {
  const char *piece = "";
  size_t length = 0;
  if (r->detokenizer && !r->finish) EMILY__TRY(emily_detokenizer_push(r->detokenizer, token, &piece, &length));
  return give_piece(r, token, piece, length);
}

/* At the end: what the detokenizer and the stop texts still hold back. */
static emily_status give_rest(emily__row *r) {
  const char *piece = "";
  size_t length = 0;
  if (!r->detokenizer) return EMILY_OK;
  if (!r->stop.found) EMILY__TRY(emily_detokenizer_flush(r->detokenizer, &piece, &length));
  if (length) EMILY__TRY(give_piece(r, -1, piece, length));
  if (r->stop.found || !r->stop.held.count) return EMILY_OK;
  return give(r, -1, r->stop.held.data, r->stop.held.count);
}

/* ---- tokens ---- */

static bool is_eos(const emily__row *r, int32_t token) {
  for (size_t i = 0; i < r->plan->eos_count; i++)
    if (r->plan->eos[i] == token) return true;
  return false;
}

emily_status emily__row_take(emily__row *r, const float *logits) {
  int32_t token;
  EMILY__TRY(emily__sampler_next(r->sampler, logits, &token));
  if (!emily__vec_push(&r->tokens, token)) return EMILY_OUT_OF_MEMORY;
  if (is_eos(r, token)) r->finish = EMILY_FINISH_STOP;
  EMILY__TRY(give_token(r, token));
  if ((int64_t)r->tokens.count >= r->most && !r->finish) r->finish = EMILY_FINISH_LENGTH;
  if (!r->finish) emily__row_cancelled(r);
  return EMILY_OK;
}

/* ---- beginning and end ---- */

static int64_t most_tokens(const emily__generate_plan *plan, int64_t prompt, int64_t context) {
  int64_t most = plan->max_new_tokens >= 0 ? plan->max_new_tokens : plan->max_length - prompt;
  if (most > context - prompt) most = context - prompt;
  return most > 0 ? most : 0;
}

emily_status emily__row_begin(emily__row *row, const emily__generate_plan *plan, int32_t index, emily_tokenizer *tokenizer,
                              const emily_prompt *prompt, int64_t vocab, int64_t context) {
  emily__sampling sampling = plan->sampling;
  sampling.seed += (uint64_t)index;
  *row = (emily__row){.plan = plan, .index = index, .prompt = *prompt, .most = most_tokens(plan, (int64_t)prompt->count, context)};
  EMILY__TRY(emily__stop_begin(&row->stop, plan->stops, plan->stop_count));
  if (tokenizer) EMILY__TRY(emily_detokenizer_new(tokenizer, true, &row->detokenizer));
  EMILY__TRY(emily__sampler_new(&sampling, vocab, &row->sampler));
  emily__sampler_steps(row->sampler, plan->steps, plan->step_count);
  for (size_t i = 0; i < prompt->count; i++) emily__sampler_saw(row->sampler, prompt->ids[i]);
  return EMILY_OK;
}

void emily__row_free(emily__row *row) {
  emily__kv_cache_free(row->cache);
  emily__sampler_free(row->sampler);
  emily_detokenizer_free(row->detokenizer);
  emily__stop_free(&row->stop);
  emily__vec_free(&row->tokens);
  emily__str_free(&row->text);
  *row = (emily__row){0};
}

emily_status emily__row_end(emily__row *r, emily_generation **out) {
  EMILY__TRY(give_rest(r));
  if (r->detokenizer && !emily__str_puts(&r->text, "")) return EMILY_OUT_OF_MEMORY;
  emily_generation *g = emily__calloc(1, sizeof *g);
  if (!g) return EMILY_OUT_OF_MEMORY;
  *g = (emily_generation){.tokens = r->tokens.data, .token_count = r->tokens.count, .text = r->text.data,
                          .text_length = r->text.count, .finish_reason = r->finish, .prompt_count = r->prompt.count,
                          .prompt_seconds = r->prefilled ? r->prefilled - r->begun : 0,
                          .decode_seconds = r->prefilled ? r->ended - r->prefilled : 0, .reused_count = r->reused,
                          .seed = r->plan->sampling.seed + (uint64_t)r->index, .sampled = r->plan->sampling.sample};
  r->tokens = (emily__ids){0};
  r->text = (emily__str){0};
  *out = g;
  return EMILY_OK;
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
