/* answer.c: questions to parts of their contexts. See emily/answer.h.
 *
 * Every window gives its best spans; those of all windows of a question are then put together. Windows go through the
 * model in the order of their length, so that spans are gathered first and sorted by window afterwards: the answer does
 * not depend on the order.
 */
#include "emily/answer.h"

#include "base/status.h"
#include "base/utf8.h"
#include "tasks/text_task.h"
#include "text/unicode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DEFAULT_BATCH_TOKENS = 4096, DEFAULT_WINDOW = 384, MOST_STRIDE = 128, DEFAULT_ANSWER_TOKENS = 15;
static const char WHERE[] = "emily_answer";

struct emily_answerer {
  emily__text_task task; /* the first member */
  int32_t cls;           /* its id; -1: the tokenizer has none */
};

emily_status emily_answerer_load(const char *path, const emily_model_options *options, emily_answerer **out) {
  emily_answerer *answerer;
  if (!out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_answerer_load", "out must not be NULL");
  EMILY__TRY(emily__text_task_load("emily_answerer_load", path, options, 1u << EMILY__TASK_QUESTION, sizeof *answerer, &answerer));
  emily_status status = emily__text_task_token(&answerer->task, path, "cls_token", &answerer->cls);
  if (status == EMILY_OK) *out = answerer;
  else emily_answerer_release(answerer);
  return status;
}

emily_answerer *emily_answerer_retain(emily_answerer *answerer) { return emily__text_task_retain(answerer); }
void emily_answerer_release(emily_answerer *answerer) { emily__text_task_release(answerer); }
int64_t emily_answerer_max_tokens(const emily_answerer *answerer) { return answerer->task.max_tokens; }
emily_model *emily_answerer_model(const emily_answerer *answerer) { return answerer->task.model; }

/* ---- the answer ---- */

typedef struct found {
  size_t question;
  emily_answer_span span; /* its text is owned */
} found;

struct emily_answers {
  size_t questions;
  size_t *first; /* [questions + 1], in list */
  EMILY__VEC(found) list;
};

size_t emily_answers_count(const emily_answers *answers, size_t question) {
  return question < answers->questions ? answers->first[question + 1] - answers->first[question] : 0;
}

const emily_answer_span *emily_answers_at(const emily_answers *answers, size_t question, size_t index) {
  if (index >= emily_answers_count(answers, question)) return NULL;
  return &answers->list.data[answers->first[question] + index].span;
}

void emily_answers_free(emily_answers *answers) {
  if (!answers) return;
  for (size_t i = 0; i < answers->list.count; i++) emily__free((char *)answers->list.data[i].span.text);
  emily__vec_free(&answers->list);
  emily__free(answers->first);
  emily__free(answers);
}

/* ---- the spans of a window ---- */

/* Bytes [start, end) of a context. */
typedef struct candidate {
  size_t question, window, rank;
  uint32_t start, end;
  float score;
} candidate;

typedef struct job {
  const emily_answerer *answerer;
  const emily_answer_options *options;
  int64_t max_tokens, stride;
  size_t top_k, answer_tokens;
  emily__text_rows rows;
  char **contexts;  /* repaired, [questions] */
  float *none;      /* the least score of "no answer" over the windows, [questions] */
  EMILY__VEC(candidate) candidates;
  emily_answers *answers;
} job;

/* A softmax over the tokens that may be in an answer, and CLS; the others get 0. Returns what the first token has: that
 * there is no answer. */
static float normalise(const job *j, const emily_encoding *encoding, float *logits, size_t count) {
  const int32_t *sequence = emily_encoding_sequence_ids(encoding), *ids = emily_encoding_ids(encoding);
  for (size_t t = 0; t < count; t++)
    if (sequence[t] != 1 && ids[t] != j->answerer->cls) logits[t] = -10000;
  emily__softmax(logits, count);
  return logits[0];
}

/* Keep the best `most` spans of a window, sorted; of equals the first. */
static void keep_best(candidate *best, size_t *kept, size_t most, candidate c) {
  if (*kept == most && !(c.score > best[most - 1].score)) return;
  size_t at = *kept < most ? (*kept)++ : most - 1;
  for (; at > 0 && c.score > best[at - 1].score; at--) best[at] = best[at - 1];
  best[at] = c;
}

/* The word that a token is of: its first token, or its last. */
static size_t word_edge(const emily_encoding *encoding, size_t token, bool last) {
  const int32_t *words = emily_encoding_word_ids(encoding), *sequence = emily_encoding_sequence_ids(encoding);
  size_t count = emily_encoding_count(encoding);
  for (;;) {
    size_t next = last ? token + 1 : token - 1;
    if (next >= count || sequence[next] != 1 || words[next] != words[token]) return token;
    token = next;
  }
}

/* start and end [count]: shares of a token to be where an answer begins and where it ends. */
static emily_status window_spans(job *j, const emily__text_row *row, const float *start, const float *end, size_t count) {
  const int32_t *sequence = emily_encoding_sequence_ids(row->encoding);
  const uint32_t *offsets = emily_encoding_offsets(row->encoding);
  size_t most = j->top_k * 2 + 10, kept = 0;
  candidate *best = emily__calloc(most, sizeof *best);
  if (!best) return EMILY_OUT_OF_MEMORY;
  for (size_t s = 0; s < count; s++) {
    if (sequence[s] != 1) continue;
    for (size_t e = s; e < count && e < s + j->answer_tokens && sequence[e] == 1; e++)
      keep_best(best, &kept, most, (candidate){.start = (uint32_t)s, .end = (uint32_t)e, .score = start[s] * end[e]});
  }
  bool room = emily__vec_reserve(&j->candidates, kept);
  for (size_t i = 0; i < kept && room; i++) {
    size_t s = word_edge(row->encoding, best[i].start, false), e = word_edge(row->encoding, best[i].end, true);
    emily__vec_push(&j->candidates,
                    (candidate){row->text, row->window, i, offsets[2 * s], offsets[2 * e + 1], best[i].score});
  }
  emily__free(best);
  return room ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* start_logits and end_logits [n, T]: [n, 2, T] */
static emily_array *both(void *context, emily_scope *s, const emily__text_batch *batch, const emily_array_map *inputs,
                         const emily_array_map *outputs) {
  (void)context, (void)batch, (void)inputs;
  emily_array *parts[] = {emily_array_map_get(outputs, "start_logits"), emily_array_map_get(outputs, "end_logits")};
  return emily_stack(s, parts, 2, 1);
}

static emily_status gather(void *context, const emily__text_batch *batch, const float *values, size_t row_size) {
  job *j = context;
  float *own = emily__alloc_array(row_size, sizeof *own), *start = own, *end = own + row_size / 2;
  emily_status status = own ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  for (size_t r = 0; r < batch->count && status == EMILY_OK; r++) {
    const emily__text_row *row = &batch->rows[r];
    size_t count = emily_encoding_count(row->encoding);
    memcpy(own, values + r * row_size, row_size * sizeof *own);
    if (!count) continue;
    float none = normalise(j, row->encoding, start, count) * normalise(j, row->encoding, end, count);
    if (none < j->none[row->text]) j->none[row->text] = none;
    status = window_spans(j, row, start, end, count);
  }
  emily__free(own);
  return status;
}

/* ---- the spans of a question ---- */

static int by_place(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->question != y->question) return x->question < y->question ? -1 : 1;
  if (x->window != y->window) return x->window < y->window ? -1 : 1;
  return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int by_score(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->score != y->score) return x->score > y->score ? -1 : 1;
  return by_place(a, b);
}

/* The next character in lower case; its length is added to *at. */
static int next_lower(const char *text, size_t *at, int32_t lower[2]) {
  size_t used;
  int32_t c = emily__utf8_next(text + *at, &used);
  *at += used;
  return emily__lower(c, lower);
}

/* Whether two parts of a text are one but for the case of letters. */
static bool same_words(const char *text, const candidate *a, const candidate *b) {
  size_t x = a->start, y = b->start;
  while (x < a->end && y < b->end) {
    int32_t p[2] = {0}, q[2] = {0};
    if (next_lower(text, &x, p) != next_lower(text, &y, q) || p[0] != q[0] || p[1] != q[1]) return false;
  }
  return x >= a->end && y >= b->end;
}

/* The same number for the same words (FNV-1a over the characters in lower case). */
static uint64_t words_hash(const char *text, const candidate *c) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t at = c->start; at < c->end;) {
    int32_t lower[2] = {0};
    next_lower(text, &at, lower);
    hash = (hash ^ (uint32_t)lower[0]) * UINT64_C(1099511628211) ^ (uint32_t)lower[1];
  }
  return hash;
}

/* Candidates with the same words become one, whose score is their sum: *count says how many are left. */
static emily_status merge(const char *text, candidate *list, size_t *count) {
  size_t room = 2, kept = 0;
  while (room < 2 * *count) room *= 2;
  size_t *slots = emily__calloc(room, sizeof *slots); /* one more than a place in the list; 0: free */
  if (!slots) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < *count; i++) {
    size_t at = (size_t)words_hash(text, &list[i]) & (room - 1);
    while (slots[at] && !same_words(text, &list[slots[at] - 1], &list[i])) at = (at + 1) & (room - 1);
    if (slots[at]) {
      list[slots[at] - 1].score += list[i].score;
    } else {
      list[kept] = list[i];
      slots[at] = ++kept;
    }
  }
  *count = kept;
  emily__free(slots);
  return EMILY_OK;
}

static emily_status put_answer(job *j, const candidate *c) {
  const char *text = j->contexts[c->question];
  emily__str copy = {0};
  bool room = emily__vec_reserve(&j->answers->list, 1) && emily__str_puts(&copy, "") &&
              emily__str_append(&copy, text + c->start, c->end - c->start);
  if (!room) return emily__str_free(&copy), EMILY_OUT_OF_MEMORY;
  int64_t start = emily__text_characters(text, c->start);
  emily_answer_span span = {copy.data, start, start + emily__text_characters(text + c->start, c->end - c->start), c->score};
  emily__vec_push(&j->answers->list, (found){c->question, span});
  return EMILY_OK;
}

/* The answers of one question from its candidates, which stand in the order of windows: the best, that there is none in
 * its place. */
static emily_status put_question(job *j, size_t question, candidate *list, size_t count) {
  const candidate absent = {.question = question, .score = j->none[question]};
  bool none = j->options->allow_none && j->none[question] < INFINITY;
  j->answers->first[question] = j->answers->list.count;
  EMILY__TRY(merge(j->contexts[question], list, &count));
  if (count) qsort(list, count, sizeof *list, by_score);
  for (size_t i = 0, left = j->top_k; left && (i < count || none); left--) {
    bool put_none = none && (i == count || list[i].score < absent.score);
    EMILY__TRY(put_answer(j, put_none ? &absent : &list[i]));
    if (put_none) none = false;
    else i++;
  }
  return EMILY_OK;
}

static emily_status put_answers(job *j) {
  candidate *list = j->candidates.data;
  size_t count = j->candidates.count, at = 0;
  if (count) qsort(list, count, sizeof *list, by_place);
  for (size_t q = 0; q < j->answers->questions; q++) {
    size_t begin = at;
    while (at < count && list[at].question == q) at++;
    EMILY__TRY(put_question(j, q, list + begin, at - begin));
  }
  j->answers->first[j->answers->questions] = j->answers->list.count;
  return EMILY_OK;
}

/* ---- the run ---- */

/* What is asked: questions and contexts, with their lengths or NULL. */
typedef struct asked {
  const char *const *questions, *const *contexts;
  const size_t *question_lengths, *context_lengths;
} asked;

static emily_status tokenize_one(job *j, const asked *a, size_t index) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  emily_encoding *encoding;
  size_t length;
  options.max_length = j->max_tokens;
  options.want_offsets = EMILY_OFFSETS_BYTES;
  options.truncation = EMILY_TRUNCATE_ONLY_SECOND;
  options.want_windows = 1;
  options.stride = j->stride;
  j->none[index] = INFINITY;
  j->contexts[index] = emily__text_repaired(a->contexts[index], a->context_lengths, index, &length);
  if (!j->contexts[index]) return EMILY_OUT_OF_MEMORY;
  const char *question = a->questions[index];
  EMILY__TRY(emily_tokenizer_encode(j->answerer->task.tokenizer, question,
                                    a->question_lengths ? a->question_lengths[index] : strlen(question), j->contexts[index],
                                    length, &options, &encoding));
  return emily__text_rows_add(&j->rows, encoding, index);
}

static emily_status run(job *j, const asked *a, size_t count) {
  static const char *const wanted[] = {"start_logits", "end_logits"};
  const emily__text_work work = {.where = WHERE, .model = j->answerer->task.model, .run = j->options->run,
                                 .batch_tokens = DEFAULT_BATCH_TOKENS, .outputs = wanted, .output_count = 2,
                                 .context = j, .reduce = both, .take = gather};
  j->answers->first = emily__calloc(count + 1, sizeof *j->answers->first);
  j->contexts = emily__calloc(count + 1, sizeof *j->contexts);
  j->none = emily__calloc(count + 1, sizeof *j->none);
  if (!j->answers->first || !j->contexts || !j->none) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) EMILY__TRY(tokenize_one(j, a, i));
  EMILY__TRY(emily__text_rows_run(&work, &j->rows));
  return put_answers(j);
}

static int64_t or_else(int64_t value, int64_t preset) { return value > 0 ? value : preset; }

static void settle(job *j) {
  const emily_answer_options *o = j->options;
  int64_t model = j->answerer->task.max_tokens, window = or_else(o->max_tokens, DEFAULT_WINDOW);
  j->max_tokens = window < model ? window : model;
  j->stride = or_else(o->stride, j->max_tokens / 2 < MOST_STRIDE ? j->max_tokens / 2 : MOST_STRIDE);
  j->top_k = (size_t)(or_else(o->top_k, 1) < 1000 ? or_else(o->top_k, 1) : 1000);
  j->answer_tokens = (size_t)or_else(o->max_answer_tokens, DEFAULT_ANSWER_TOKENS);
}

emily_status emily_answer(emily_answerer *answerer, const char *const *questions, const size_t *question_lengths,
                          const char *const *contexts, const size_t *context_lengths, size_t count,
                          const emily_answer_options *options, emily_answers **out) {
  static const emily_answer_options defaults = EMILY_ANSWER_OPTIONS_INIT;
  if (!options) options = &defaults;
  EMILY__TRY(emily__text_task_check(WHERE, answerer, questions, count, options->struct_size >= sizeof *options));
  EMILY__TRY(emily__text_task_check(WHERE, answerer, contexts, count, true));
  if (!out) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "out must not be NULL");
  job j = {.answerer = answerer, .options = options, .answers = emily__calloc(1, sizeof *j.answers)};
  if (!j.answers) return EMILY_OUT_OF_MEMORY;
  j.answers->questions = count;
  settle(&j);
  const asked a = {questions, contexts, question_lengths, context_lengths};
  emily_status status = run(&j, &a, count);
  for (size_t i = 0; j.contexts && i < count; i++) emily__free(j.contexts[i]);
  emily__free(j.contexts);
  emily__free(j.none);
  emily__vec_free(&j.candidates);
  emily__text_rows_free(&j.rows);
  if (status == EMILY_OK) *out = j.answers;
  else emily_answers_free(j.answers);
  return status;
}
