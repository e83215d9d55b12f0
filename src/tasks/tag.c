/* tag.c: texts to labelled spans. See emily/tag.h; how tokens become spans is tag_spans.h. */
#include "emily/tag.h"

#include "base/status.h"
#include "tasks/tag_spans.h"
#include "tasks/text_task.h"

#include <stdlib.h>
#include <string.h>

static const int64_t DEFAULT_BATCH_TOKENS = 4096, MOST_STRIDE = 128;
static const char WHERE[] = "emily_tag";

struct emily_tagger {
  emily__text_task task; /* the first member */
  int32_t unknown;       /* the id of the unknown token; -1: none */
};

emily_status emily_tagger_load(const char *path, const emily_model_options *options, emily_tagger **out) {
  emily_tagger *tagger;
  if (!out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tagger_load", "out must not be NULL");
  EMILY__TRY(emily__text_task_load("emily_tagger_load", path, options, 1u << EMILY__TASK_TOKEN, sizeof *tagger, &tagger));
  emily_status status = emily__text_task_token(&tagger->task, path, "unk_token", &tagger->unknown);
  if (status == EMILY_OK) *out = tagger;
  else emily_tagger_release(tagger);
  return status;
}

emily_tagger *emily_tagger_retain(emily_tagger *tagger) { return emily__text_task_retain(tagger); }
void emily_tagger_release(emily_tagger *tagger) { emily__text_task_release(tagger); }
int64_t emily_tagger_max_tokens(const emily_tagger *tagger) { return tagger->task.max_tokens; }
emily_model *emily_tagger_model(const emily_tagger *tagger) { return tagger->task.model; }

/* ---- the answer ---- */

struct emily_tags {
  emily_tagger *tagger; /* labels are its model's */
  size_t texts;
  size_t *first; /* [texts + 1], in list */
  EMILY__VEC(emily_tag_span) list; /* their texts are owned */
};

size_t emily_tags_count(const emily_tags *tags, size_t text) {
  return text < tags->texts ? tags->first[text + 1] - tags->first[text] : 0;
}

const emily_tag_span *emily_tags_at(const emily_tags *tags, size_t text, size_t index) {
  return index < emily_tags_count(tags, text) ? &tags->list.data[tags->first[text] + index] : NULL;
}

void emily_tags_free(emily_tags *tags) {
  if (!tags) return;
  for (size_t i = 0; i < tags->list.count; i++) emily__free((char *)tags->list.data[i].text);
  emily__vec_free(&tags->list);
  emily__free(tags->first);
  emily_tagger_release(tags->tagger);
  emily__free(tags);
}

/* ---- the run ---- */

/* The spans of a window, while windows come in the order of their length. */
typedef struct window {
  size_t text, window;
  emily__tag_list spans;
} window;

typedef struct job {
  emily_tagger *tagger;
  const emily_tag_options *options;
  emily__text_rows rows;
  char **texts; /* repaired */
  EMILY__VEC(window) windows;
  emily_tags *tags;
} job;

static emily_array *logits(void *context, emily_scope *s, const emily__text_batch *batch, const emily_array_map *inputs,
                           const emily_array_map *outputs) {
  (void)context, (void)s, (void)batch, (void)inputs;
  return emily_array_map_get(outputs, "logits"); /* [n, T, labels] */
}

static emily_status gather(void *context, const emily__text_batch *batch, const float *values, size_t row_size) {
  job *j = context;
  const emily__labels *labels = emily__model_labels(j->tagger->task.model);
  size_t count = (size_t)labels->count;
  float *scores = emily__alloc_array(row_size, sizeof *scores);
  emily_status status = scores && emily__vec_reserve(&j->windows, batch->count) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  for (size_t r = 0; r < batch->count && status == EMILY_OK; r++) {
    const emily__text_row *row = &batch->rows[r];
    memcpy(scores, values + r * row_size, row_size * sizeof *scores);
    for (size_t t = 0; t < row_size / count; t++) emily__softmax(scores + t * count, count);
    const emily__tag_window view = {row->encoding, j->texts[row->text], scores, count, j->tagger->task.tokenizer,
                                    j->tagger->unknown, labels->names};
    emily__vec_push(&j->windows, (window){.text = row->text, .window = row->window});
    status = emily__tag_window_spans(&view, j->options->aggregation, &j->windows.data[j->windows.count - 1].spans);
  }
  emily__free(scores);
  return status;
}

static int by_place(const void *a, const void *b) {
  const window *x = a, *y = b;
  if (x->text != y->text) return x->text < y->text ? -1 : 1;
  return x->window < y->window ? -1 : x->window > y->window;
}

/* How many characters of a text lie before a byte, counted on from the latest one that was asked for. */
typedef struct counter {
  const char *text;
  uint32_t byte;
  int64_t characters;
} counter;

static int64_t characters_before(counter *c, uint32_t byte) {
  if (byte < c->byte) c->byte = 0, c->characters = 0;
  c->characters += emily__text_characters(c->text + c->byte, byte - c->byte);
  c->byte = byte;
  return c->characters;
}

static emily_status put_span(job *j, counter *count, const emily__tag *tag) {
  const char *text = count->text, *label = emily_model_label(j->tagger->task.model, tag->label);
  emily__str copy = {0};
  bool room = emily__vec_reserve(&j->tags->list, 1) && emily__str_puts(&copy, "") &&
              emily__str_append(&copy, text + tag->start, tag->end - tag->start);
  if (!room) return emily__str_free(&copy), EMILY_OUT_OF_MEMORY;
  emily_tag_span span = {.label = label, .text = copy.data, .score = tag->score};
  span.start = characters_before(count, tag->start);
  if (j->options->aggregation != EMILY_TAG_NONE) span.label = emily__tag_group(label);
  span.end = span.start + emily__text_characters(copy.data, copy.count);
  emily__vec_push(&j->tags->list, span);
  return EMILY_OK;
}

/* The spans of `count` windows of one text, in their order. */
static emily_status put_text(job *j, size_t index, const window *windows, size_t count) {
  emily__tag_list all = {0};
  counter start = {.text = j->texts[index]};
  bool room = true;
  for (size_t w = 0; w < count && room; w++)
    for (size_t i = 0; i < windows[w].spans.list.count && room; i++)
      room = emily__vec_push(&all.list, windows[w].spans.list.data[i]);
  if (count > 1) all.list.count = emily__tags_without_overlap(j->texts[index], all.list.data, all.list.count);
  emily_status status = room ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < all.list.count && status == EMILY_OK; i++) status = put_span(j, &start, &all.list.data[i]);
  emily__vec_free(&all.list);
  return status;
}

static emily_status put_texts(job *j) {
  const window *windows = j->windows.data;
  size_t count = j->windows.count, at = 0;
  if (count) qsort(j->windows.data, count, sizeof *windows, by_place);
  for (size_t i = 0; i < j->tags->texts; i++) {
    size_t begin = at;
    while (at < count && windows[at].text == i) at++;
    j->tags->first[i] = j->tags->list.count;
    EMILY__TRY(put_text(j, i, windows + begin, at - begin));
  }
  j->tags->first[j->tags->texts] = j->tags->list.count;
  return EMILY_OK;
}

static emily_status tokenize(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  const emily_tag_options *o = j->options;
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  int64_t model = j->tagger->task.max_tokens;
  options.max_length = o->max_tokens > 0 && o->max_tokens < model ? o->max_tokens : model;
  options.want_offsets = EMILY_OFFSETS_BYTES;
  options.want_windows = 1;
  options.stride = o->stride > 0 ? o->stride : options.max_length / 4 < MOST_STRIDE ? options.max_length / 4 : MOST_STRIDE;
  for (size_t i = 0; i < count; i++) {
    emily_encoding *encoding;
    size_t length;
    j->texts[i] = emily__text_repaired(texts[i], lengths, i, &length);
    if (!j->texts[i]) return EMILY_OUT_OF_MEMORY;
    EMILY__TRY(emily_tokenizer_encode(j->tagger->task.tokenizer, j->texts[i], length, NULL, 0, &options, &encoding));
    EMILY__TRY(emily__text_rows_add(&j->rows, encoding, i));
  }
  return EMILY_OK;
}

static emily_status run(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  static const char *const wanted[] = {"logits"};
  const emily__text_work work = {.where = WHERE, .model = j->tagger->task.model, .run = j->options->run,
                                 .batch_tokens = DEFAULT_BATCH_TOKENS, .outputs = wanted, .output_count = 1,
                                 .context = j, .reduce = logits, .take = gather};
  j->tags->first = emily__calloc(count + 1, sizeof *j->tags->first);
  j->texts = emily__calloc(count + 1, sizeof *j->texts);
  if (!j->tags->first || !j->texts) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(tokenize(j, texts, lengths, count));
  EMILY__TRY(emily__text_rows_run(&work, &j->rows));
  return put_texts(j);
}

emily_status emily_tag(emily_tagger *tagger, const char *const *texts, const size_t *lengths, size_t count,
                       const emily_tag_options *options, emily_tags **out) {
  static const emily_tag_options defaults = EMILY_TAG_OPTIONS_INIT;
  if (!options) options = &defaults;
  EMILY__TRY(emily__text_task_check(WHERE, tagger, texts, count, options->struct_size >= sizeof *options));
  if (!out || options->aggregation < EMILY_TAG_SIMPLE || options->aggregation > EMILY_TAG_MAX)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "out must not be NULL, and aggregation one of EMILY_TAG_…");
  job j = {.tagger = tagger, .options = options, .tags = emily__calloc(1, sizeof *j.tags)};
  if (!j.tags) return EMILY_OUT_OF_MEMORY;
  j.tags->tagger = emily_tagger_retain(tagger);
  j.tags->texts = count;
  emily_status status = run(&j, texts, lengths, count);
  for (size_t i = 0; i < j.windows.count; i++) emily__vec_free(&j.windows.data[i].spans.list);
  for (size_t i = 0; j.texts && i < count; i++) emily__free(j.texts[i]);
  emily__free(j.texts);
  emily__vec_free(&j.windows);
  emily__text_rows_free(&j.rows);
  if (status == EMILY_OK) *out = j.tags;
  else emily_tags_free(j.tags);
  return status;
}
