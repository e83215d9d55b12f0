/* driver.c: see driver.h. One evaluation a step; the logits are the only thing that comes to the host. */
#include "generate/driver.h"

#include "base/alloc.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t DEFAULT_CHUNK = 512;
static const char WHERE[] = "emily_generate";

typedef struct run {
  const emily__decoder_model *decoder;
  const emily__generate_plan *plan;
  emily_stream *stream;
  emily_tokenizer *tokenizer;
  emily__memory *memory; /* NULL: none */
  const emily_prompt *prompts;
  size_t count, next; /* prompts; those from `next` on have not begun */
  emily__row rows[EMILY__BATCH_ROWS];
  int64_t active; /* rows that are in the making: the first ones */
  float *logits;  /* [width, vocab] */
  emily_generation **out;
  bool stopped; /* `done` asked for it */
} run;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- the decoder ---- */

/* Evaluate what a pass gave; rows of logits are read where they are wanted. */
static emily_status evaluate(run *r, emily_array *result, int64_t rows, bool wanted) {
  emily_status status = emily_eval(&result, 1);
  if (status == EMILY_OK && wanted)
    status = emily_array_read(result, r->logits, (size_t)(rows * r->decoder->vocab) * sizeof *r->logits);
  emily_array_release(result);
  return status;
}

/* Close the scope of a pass, before its evaluation: the caches are then updated in place. */
static emily_status close_pass(emily_scope *s, emily_array *result) {
  result = emily_scope_keep(s, result);
  emily_status status = emily_scope_close(s);
  if (status == EMILY_OK && !result) status = emily_last_error()->status;
  if (status != EMILY_OK) emily_array_release(result);
  return status;
}

static emily_array *ids_array(emily_scope *s, const int32_t *ids, int64_t rows, int64_t columns) {
  emily_array *input = emily_array_from_data(ids, (const int64_t[]){rows, columns}, 2, EMILY_INT32);
  return input ? emily_scope_adopt(s, input) : emily_scope_fail(s);
}

/* One pass over `count` ids of a row's prompt. */
static emily_status read_chunk(run *r, emily__row *row, const int32_t *ids, int64_t count, bool wanted) {
  emily_scope *s = emily_scope_open(r->stream);
  emily_array *result = r->decoder->step(r->decoder->self, s, row->cache, ids_array(s, ids, 1, count), wanted);
  EMILY__TRY(close_pass(s, result));
  return evaluate(r, result, 1, wanted);
}

/* The prompt but for its last pass extends the cache only. */
static emily_status prefill(run *r, emily__row *row) {
  const size_t chunk = (size_t)(r->plan->chunk > 0 ? r->plan->chunk : DEFAULT_CHUNK), count = row->prompt.count;
  row->begun = now();
  for (size_t at = row->reused; at < count && !emily__row_cancelled(row); at += chunk) {
    size_t n = count - at < chunk ? count - at : chunk;
    EMILY__TRY(read_chunk(r, row, row->prompt.ids + at, (int64_t)n, at + n == count));
  }
  row->prefilled = now();
  return EMILY_OK;
}

/* The latest token of each row goes in, and the next one of each comes out. One row goes the way of a text alone. */
static emily_status step(run *r) {
  int32_t latest[EMILY__BATCH_ROWS];
  emily__kv_cache *caches[EMILY__BATCH_ROWS];
  for (int64_t i = 0; i < r->active; i++) {
    latest[i] = r->rows[i].tokens.data[r->rows[i].tokens.count - 1];
    caches[i] = r->rows[i].cache;
  }
  emily_scope *s = emily_scope_open(r->stream);
  emily_array *ids = ids_array(s, latest, r->active, 1);
  emily_array *result = r->active == 1 ? r->decoder->step(r->decoder->self, s, caches[0], ids, true)
                                       : r->decoder->step_rows(r->decoder->self, s, caches, ids);
  EMILY__TRY(close_pass(s, result));
  EMILY__TRY(evaluate(r, result, r->active, true));
  for (int64_t i = 0; i < r->active; i++) EMILY__TRY(emily__row_take(&r->rows[i], r->logits + i * r->decoder->vocab));
  return EMILY_OK;
}

/* ---- memory ---- */

void emily__memory_clear(emily__memory *memory) {
  emily__kv_cache_free(memory->cache);
  emily__vec_free(&memory->ids);
  *memory = (emily__memory){0};
}

static bool same_form(emily__kv_form a, emily__kv_form b) { return a.bits == b.bits && a.group == b.group; }

/* The row's cache: the memory's, cut back to what the prompt begins with, or a new one. At least one token is left to be read, for its logits. */
static emily_status take_cache(run *r, emily__row *row) {
  emily__memory *m = r->memory;
  size_t common = 0;
  if (m && m->cache && same_form(m->form, r->plan->form)) {
    while (common < m->ids.count && common + 1 < row->prompt.count && m->ids.data[common] == row->prompt.ids[common]) common++;
    if (common && emily__kv_cache_cut(m->cache, (int64_t)common)) {
      row->cache = m->cache;
      row->reused = common;
      m->cache = NULL;
    }
  }
  if (m) emily__memory_clear(m);
  if (!row->cache) EMILY__TRY(r->decoder->new_cache(r->decoder->self, r->plan->form, &row->cache));
  const int64_t prompt = (int64_t)row->prompt.count;
  emily__kv_cache_expect(row->cache, prompt, m ? 0 : prompt + row->most); /* a conversation goes on */
  return EMILY_OK;
}

/* A finished row's cache holds the first tokens of its prompt and text: to the memory. */
static emily_status keep_cache(run *r, emily__row *row) {
  emily__memory *m = r->memory;
  if (!m) return EMILY_OK;
  const size_t held = (size_t)emily__kv_cache_length(row->cache), count = row->prompt.count;
  if (!emily__vec_reserve(&m->ids, held)) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < held; i++) emily__vec_push(&m->ids, i < count ? row->prompt.ids[i] : row->tokens.data[i - count]);
  m->cache = row->cache;
  m->form = r->plan->form;
  row->cache = NULL;
  return EMILY_OK;
}

/* ---- rows come and go ---- */

static emily_status begin_row(const run *r, emily__row *row, size_t index) {
  return emily__row_begin(row, r->plan, (int32_t)index, r->tokenizer, &r->prompts[index], r->decoder->vocab, r->decoder->context);
}

/* Read the next prompt and choose its first token. */
static emily_status admit(run *r) {
  emily__row *row = &r->rows[r->active++];
  EMILY__TRY(begin_row(r, row, r->next++));
  EMILY__TRY(take_cache(r, row));
  EMILY__TRY(prefill(r, row));
  if (row->most == 0 && !row->finish) row->finish = EMILY_FINISH_LENGTH;
  return row->finish ? EMILY_OK : emily__row_take(row, r->logits);
}

/* A finished row gives its result. */
static emily_status finish_row(run *r, emily__row *row) {
  const size_t index = (size_t)row->index;
  row->ended = now();
  EMILY__TRY(keep_cache(r, row));
  EMILY__TRY(emily__row_end(row, &r->out[index]));
  if (r->plan->done && r->plan->done(index, r->out[index], r->plan->context) != 0) r->stopped = true;
  return EMILY_OK;
}

/* It leaves, and the rows behind it move up. */
static emily_status retire(run *r, int64_t at) {
  EMILY__TRY(finish_row(r, &r->rows[at]));
  emily__row_free(&r->rows[at]);
  memmove(&r->rows[at], &r->rows[at + 1], (size_t)(--r->active - at) * sizeof *r->rows);
  r->rows[r->active] = (emily__row){0};
  return EMILY_OK;
}

static emily_status retire_finished(run *r) {
  for (int64_t i = 0; i < r->active;) {
    if (r->stopped && !r->rows[i].finish) r->rows[i].finish = EMILY_FINISH_CANCELLED;
    if (!r->rows[i].finish) i++;
    else EMILY__TRY(retire(r, i));
  }
  return EMILY_OK;
}

/* A prompt whose turn does not come: an empty text. */
static emily_status leave_out(run *r) {
  emily__row row;
  const size_t index = r->next++;
  emily_status status = begin_row(r, &row, index);
  row.finish = EMILY_FINISH_CANCELLED;
  if (status == EMILY_OK) status = finish_row(r, &row);
  emily__row_free(&row);
  return status;
}

static bool stops(const run *r) {
  return r->stopped || (r->plan->cancel && __atomic_load_n(r->plan->cancel, __ATOMIC_RELAXED) != 0);
}

static emily_status loop(run *r) {
  const int64_t width = r->plan->width > 1 ? r->plan->width : 1;
  while (r->next < r->count || r->active) {
    while (r->next < r->count && r->active < width && (r->count == 1 || !stops(r))) {
      EMILY__TRY(admit(r));
      EMILY__TRY(retire_finished(r));
    }
    while (r->next < r->count && stops(r)) EMILY__TRY(leave_out(r));
    if (r->active) EMILY__TRY(step(r));
    EMILY__TRY(retire_finished(r));
  }
  return EMILY_OK;
}

/* ---- checks ---- */

static emily_status fail_prompt(size_t index, size_t count, const char *what) {
  if (count == 1) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "%s", what);
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "prompt %zu: %s", index, what);
}

static emily_status check_prompt(const run *r, size_t index) {
  const emily_prompt *p = &r->prompts[index];
  char what[160];
  if (!p->ids || p->count == 0) return fail_prompt(index, r->count, "the prompt has no tokens");
  if (p->count > (size_t)INT32_MAX || (int64_t)p->count >= r->decoder->context) {
    snprintf(what, sizeof what, "the prompt has %zu tokens; the model's context of %lld leaves no room for more", p->count,
             (long long)r->decoder->context);
    return fail_prompt(index, r->count, what);
  }
  for (size_t i = 0; i < p->count; i++)
    if (p->ids[i] < 0 || p->ids[i] >= r->decoder->vocab) {
      snprintf(what, sizeof what, "prompt token %zu is %d; the vocabulary has %lld", i, p->ids[i], (long long)r->decoder->vocab);
      return fail_prompt(index, r->count, what);
    }
  return EMILY_OK;
}

static emily_status begin(run *r) {
  const int64_t width = r->plan->width > 1 ? r->plan->width : 1;
  if (width > EMILY__BATCH_ROWS) return emily__fail(EMILY_INTERNAL, WHERE, "%lld texts together", (long long)width);
  for (size_t i = 0; i < r->count; i++) EMILY__TRY(check_prompt(r, i));
  if (r->plan->stop_count && !r->tokenizer) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "stop texts need a tokenizer");
  r->logits = emily__alloc_array((size_t)(width * r->decoder->vocab), sizeof *r->logits);
  return r->logits ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status run_all(run *r) {
  for (size_t i = 0; i < r->count; i++) r->out[i] = NULL;
  emily_status status = begin(r);
  if (status == EMILY_OK) status = loop(r);
  for (int64_t i = 0; i < r->active; i++) emily__row_free(&r->rows[i]);
  emily__free(r->logits);
  if (status == EMILY_OK) return EMILY_OK;
  for (size_t i = 0; i < r->count; i++) emily_generation_free(r->out[i]), r->out[i] = NULL;
  if (r->memory) emily__memory_clear(r->memory);
  return status;
}

emily_status emily__generate(const emily__decoder_model *decoder, emily_stream *stream, emily_tokenizer *tokenizer,
                             const int32_t *prompt, size_t prompt_count, const emily__generate_plan *plan, emily__memory *memory,
                             emily_generation **out) {
  emily_generation *result;
  const emily_prompt one = {prompt, prompt_count};
  run r = {.decoder = decoder, .plan = plan, .stream = stream, .tokenizer = tokenizer, .memory = memory, .prompts = &one, .count = 1,
           .out = &result};
  EMILY__TRY(run_all(&r));
  *out = result;
  return EMILY_OK;
}

emily_status emily__generate_batch(const emily__decoder_model *decoder, emily_stream *stream, emily_tokenizer *tokenizer,
                                   const emily_prompt *prompts, size_t count, const emily__generate_plan *plan,
                                   emily_generation **out) {
  run r = {.decoder = decoder, .plan = plan, .stream = stream, .tokenizer = tokenizer, .prompts = prompts, .count = count, .out = out};
  return run_all(&r);
}
