/* fill_mask.c: tokens for masks. See emily/fill_mask.h. */
#include "emily/fill_mask.h"

#include "base/status.h"
#include "tasks/text_task.h"
#include "text/special.h"

#include <string.h>

/* Few: a row of logits is as long as the vocabulary. */
static const int64_t DEFAULT_BATCH_TOKENS = 1024, DEFAULT_TOP_K = 5;
static const char WHERE[] = "emily_fill_mask";

struct emily_filler {
  emily__text_task task; /* the first member */
  emily__special_tokens special;
  const emily__special_token *mask; /* of special */
};

static emily_status find_mask(emily_filler *filler, const char *path) {
  EMILY__TRY(emily__special_tokens_load(path, filler->task.tokenizer, &filler->special));
  filler->mask = emily__special_token_named(&filler->special, "mask_token");
  if (!filler->mask || filler->mask->id < 0)
    return emily__fail(EMILY_UNSUPPORTED, "emily_filler_load", "%s: its tokenizer has no mask token", path);
  return EMILY_OK;
}

static void dispose(void *task) { emily__special_tokens_free(&((emily_filler *)task)->special); }

emily_status emily_filler_load(const char *path, const emily_model_options *options, emily_filler **out) {
  emily_filler *filler;
  EMILY__TRY(emily__text_task_load("emily_filler_load", path, options, 1u << EMILY__TASK_MASKED_LM, sizeof *filler, &filler));
  filler->task.dispose = dispose;
  emily_status status = out ? find_mask(filler, path) : emily__fail(EMILY_INVALID_ARGUMENT, "emily_filler_load", "out is NULL");
  if (status == EMILY_OK) *out = filler;
  else emily_filler_release(filler);
  return status;
}

emily_filler *emily_filler_retain(emily_filler *filler) { return emily__text_task_retain(filler); }
void emily_filler_release(emily_filler *filler) { emily__text_task_release(filler); }
int64_t emily_filler_max_tokens(const emily_filler *filler) { return filler->task.max_tokens; }
emily_model *emily_filler_model(const emily_filler *filler) { return filler->task.model; }
const char *emily_filler_mask(const emily_filler *filler) { return filler->mask->text; }

/* ---- the answer ---- */

typedef struct slot {
  size_t first, count; /* of a text's masks, among those of all texts */
} slot;

struct emily_fills {
  size_t texts, masks, top_k;
  slot *slots;      /* [texts] */
  emily_fill *list; /* [masks, top_k] */
};

size_t emily_fills_masks(const emily_fills *fills, size_t text) { return text < fills->texts ? fills->slots[text].count : 0; }
size_t emily_fills_top_k(const emily_fills *fills) { return fills->top_k; }

const emily_fill *emily_fills_at(const emily_fills *fills, size_t text, size_t mask) {
  if (mask >= emily_fills_masks(fills, text)) return NULL;
  return fills->list + (fills->slots[text].first + mask) * fills->top_k;
}

void emily_fills_free(emily_fills *fills) {
  if (!fills) return;
  for (size_t i = 0; fills->list && i < fills->masks * fills->top_k; i++) emily_string_free((char *)fills->list[i].text);
  emily__free(fills->list);
  emily__free(fills->slots);
  emily__free(fills);
}

/* ---- the run ---- */

typedef struct job {
  const emily_filler *filler;
  const emily_fill_options *options;
  emily__text_rows rows;
  emily_fills *fills;
} job;

/* Where the masks of an encoding are: their number, and the places themselves where `out` is not NULL. */
static size_t masks_of(const job *j, const emily_encoding *encoding, int32_t *out) {
  const int32_t *ids = emily_encoding_ids(encoding);
  size_t count = 0;
  for (size_t t = 0; t < emily_encoding_count(encoding); t++) {
    if (ids[t] != j->filler->mask->id) continue;
    if (out) out[count] = (int32_t)t;
    count++;
  }
  return count;
}

static emily_status tokenize(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.max_length = j->filler->task.max_tokens;
  for (size_t i = 0; i < count; i++) {
    size_t length = lengths ? lengths[i] : strlen(texts[i]);
    emily_encoding *encoding;
    EMILY__TRY(emily_tokenizer_encode(j->filler->task.tokenizer, texts[i], length, NULL, 0, &options, &encoding));
    slot *s = &j->fills->slots[i];
    *s = (slot){j->fills->masks, masks_of(j, encoding, NULL)};
    j->fills->masks += s->count;
    EMILY__TRY(emily__text_rows_add(&j->rows, encoding, i));
    if (!s->count)
      return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "no %s within the first %lld tokens of \"%.*s\"", j->filler->mask->text,
                         (long long)options.max_length, (int)(length < 60 ? length : 60), texts[i]);
  }
  return EMILY_OK;
}

static size_t most_masks(const job *j, const emily__text_batch *batch) {
  size_t most = 0;
  for (size_t r = 0; r < batch->count; r++) {
    size_t count = j->fills->slots[batch->rows[r].text].count;
    if (count > most) most = count;
  }
  return most;
}

/* logits [n, T, V] at the masks alone: [n, most masks, V]; a row of fewer masks has its first token's beside them */
static emily_array *at_masks(void *context, emily_scope *s, const emily__text_batch *batch, const emily_array_map *inputs,
                             const emily_array_map *outputs) {
  (void)inputs;
  const job *j = context;
  size_t most = most_masks(j, batch);
  int32_t *places = emily__calloc(batch->count * most, sizeof *places);
  if (!places) return emily_scope_fail(s);
  for (size_t r = 0; r < batch->count; r++) masks_of(j, batch->rows[r].encoding, places + r * most);
  const int64_t shape[] = {(int64_t)batch->count, (int64_t)most, 1};
  emily_array *index = emily_array_from_data(places, shape, 3, EMILY_INT32);
  emily__free(places);
  if (!index) return emily_scope_fail(s);
  return emily_take_along_axis(s, emily_array_map_get(outputs, "logits"), emily_scope_adopt(s, index), 1);
}

/* The best of scores[count], sorted; of equals the first. */
static void select_best(const float *scores, size_t count, emily_fill *best, size_t top_k) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (kept == top_k && !(scores[i] > best[kept - 1].score)) continue;
    size_t at = kept < top_k ? kept++ : kept - 1;
    for (; at > 0 && scores[i] > best[at - 1].score; at--) best[at] = best[at - 1];
    best[at] = (emily_fill){.token = (int32_t)i, .score = scores[i]};
  }
}

static emily_status decode(const job *j, emily_fill *fills, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char *text;
    EMILY__TRY(emily_tokenizer_decode(j->filler->task.tokenizer, &fills[i].token, 1, false, &text, NULL));
    fills[i].text = text;
  }
  return EMILY_OK;
}

static emily_status rank(void *context, const emily__text_batch *batch, const float *values, size_t row_size) {
  job *j = context;
  size_t vocab = row_size / most_masks(j, batch), top_k = j->fills->top_k;
  float *scores = emily__alloc_array(vocab, sizeof *scores);
  if (!scores) return EMILY_OUT_OF_MEMORY;
  emily_status status = EMILY_OK;
  for (size_t r = 0; r < batch->count; r++) {
    const slot *s = &j->fills->slots[batch->rows[r].text];
    for (size_t m = 0; m < s->count && status == EMILY_OK; m++) {
      emily_fill *best = j->fills->list + (s->first + m) * top_k;
      memcpy(scores, values + r * row_size + m * vocab, vocab * sizeof *scores);
      emily__softmax(scores, vocab);
      select_best(scores, vocab, best, top_k);
      status = decode(j, best, top_k);
    }
  }
  emily__free(scores);
  return status;
}

static emily_status run(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  static const char *const wanted[] = {"logits"};
  const emily__text_work work = {.where = WHERE, .model = j->filler->task.model, .run = j->options->run,
                                 .batch_tokens = DEFAULT_BATCH_TOKENS, .outputs = wanted, .output_count = 1,
                                 .context = j, .reduce = at_masks, .take = rank};
  j->fills->slots = emily__calloc(count ? count : 1, sizeof *j->fills->slots);
  if (!j->fills->slots) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(tokenize(j, texts, lengths, count));
  j->fills->list = emily__calloc(j->fills->masks ? j->fills->masks : 1, j->fills->top_k * sizeof *j->fills->list);
  return j->fills->list ? emily__text_rows_run(&work, &j->rows) : EMILY_OUT_OF_MEMORY;
}

emily_status emily_fill_mask(emily_filler *filler, const char *const *texts, const size_t *lengths, size_t count,
                             const emily_fill_options *options, emily_fills **out) {
  static const emily_fill_options defaults = EMILY_FILL_OPTIONS_INIT;
  if (!options) options = &defaults;
  EMILY__TRY(emily__text_task_check(WHERE, filler, texts, count, options->struct_size >= sizeof *options));
  if (!out) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "out must not be NULL");
  int64_t vocab = emily_model_vocab_size(filler->task.model), top_k = options->top_k > 0 ? options->top_k : DEFAULT_TOP_K;
  job j = {.filler = filler, .options = options, .fills = emily__calloc(1, sizeof *j.fills)};
  if (!j.fills) return EMILY_OUT_OF_MEMORY;
  j.fills->texts = count;
  j.fills->top_k = (size_t)(top_k < vocab ? top_k : vocab);
  emily_status status = run(&j, texts, lengths, count);
  emily__text_rows_free(&j.rows);
  if (status == EMILY_OK) *out = j.fills;
  else emily_fills_free(j.fills);
  return status;
}
