/* classify.c: texts to labels. See emily/classify.h; pictures are in classify_images.c. */
#include "tasks/classify.h"

#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DEFAULT_BATCH_TOKENS = 4096;
static const char WHERE[] = "emily_classify";

emily_status emily_classifier_load(const char *path, const emily_model_options *options, emily_classifier **out) {
  const uint32_t heads = 1u << EMILY__TASK_SEQUENCE | 1u << EMILY__TASK_IMAGE | 1u << EMILY__TASK_IMAGE_TEACHER;
  return emily__text_task_load("emily_classifier_load", path, options, heads, sizeof **out, out);
}

emily_classifier *emily_classifier_retain(emily_classifier *classifier) { return emily__text_task_retain(classifier); }
void emily_classifier_release(emily_classifier *classifier) { emily__text_task_release(classifier); }
int64_t emily_classifier_max_tokens(const emily_classifier *classifier) { return classifier->task.max_tokens; }
bool emily_classifier_takes_images(const emily_classifier *classifier) { return classifier->task.preprocessor != NULL; }
emily_model *emily_classifier_model(const emily_classifier *classifier) { return classifier->task.model; }

/* ---- the answer ---- */

struct emily_labels {
  emily_classifier *classifier; /* names are its model's */
  size_t texts, top_k;
  emily_label_score *list; /* [texts, top_k] */
};

size_t emily_labels_top_k(const emily_labels *labels) { return labels->top_k; }

const emily_label_score *emily_labels_at(const emily_labels *labels, size_t text) {
  return text < labels->texts ? labels->list + text * labels->top_k : NULL;
}

void emily_labels_free(emily_labels *labels) {
  if (!labels) return;
  emily_classifier_release(labels->classifier);
  emily__free(labels->list);
  emily__free(labels);
}

emily_status emily__labels_new(emily_classifier *classifier, const emily_classify_options *options, size_t count, emily_labels **out) {
  const size_t all = (size_t)emily_model_label_count(classifier->task.model);
  emily_labels *labels = emily__calloc(1, sizeof *labels);
  if (!labels) return EMILY_OUT_OF_MEMORY;
  *labels = (emily_labels){.classifier = emily_classifier_retain(classifier), .texts = count, .top_k = all};
  if (options->top_k > 0 && (uint64_t)options->top_k < all) labels->top_k = (size_t)options->top_k;
  labels->list = emily__calloc(count ? count : 1, labels->top_k * sizeof *labels->list);
  if (labels->list) *out = labels;
  else emily_labels_free(labels);
  return *out ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* The function that the config's problem asks for; where it says nothing, the number of labels does. */
static void apply(const emily__labels *labels, float *scores) {
  size_t count = (size_t)labels->count;
  if (labels->problem == EMILY__PROBLEM_REGRESSION) return;
  if (labels->problem != EMILY__PROBLEM_MULTIPLE && count > 1) {
    emily__softmax(scores, count);
    return;
  }
  for (size_t i = 0; i < count; i++) scores[i] = 1 / (1 + expf(-scores[i]));
}

static int by_score(const void *a, const void *b) {
  const emily_label_score *x = a, *y = b;
  if (x->score > y->score) return -1;
  if (x->score < y->score) return 1;
  return x->label < y->label ? -1 : 1;
}

emily_status emily__labels_rank(emily_labels *labels, size_t item, const float *logits) {
  const emily_model *model = labels->classifier->task.model;
  const size_t count = (size_t)emily_model_label_count(model);
  float *scores = emily__alloc_array(count, sizeof *scores);
  emily_label_score *sorted = emily__calloc(count, sizeof *sorted);
  if (scores && sorted) {
    memcpy(scores, logits, count * sizeof *scores);
    apply(emily__model_labels(model), scores);
    for (size_t i = 0; i < count; i++) sorted[i] = (emily_label_score){(int64_t)i, emily_model_label(model, (int64_t)i), scores[i]};
    qsort(sorted, count, sizeof *sorted, by_score);
    memcpy(labels->list + item * labels->top_k, sorted, labels->top_k * sizeof *sorted);
  }
  emily_status status = scores && sorted ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  emily__free(scores);
  emily__free(sorted);
  return status;
}

/* ---- texts ---- */

typedef struct job {
  const emily_classifier *classifier;
  const emily_classify_options *options;
  emily__text_rows rows;
  emily_labels *labels;
} job;

static emily_status tokenize(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.max_length = j->classifier->task.max_tokens;
  for (size_t i = 0; i < count; i++) {
    const char *pair = j->options->pairs ? j->options->pairs[i] : NULL;
    size_t pair_length = !pair ? 0 : j->options->pair_lengths ? j->options->pair_lengths[i] : strlen(pair);
    emily_encoding *encoding;
    EMILY__TRY(emily_tokenizer_encode(j->classifier->task.tokenizer, texts[i], lengths ? lengths[i] : strlen(texts[i]), pair,
                                      pair_length, &options, &encoding));
    EMILY__TRY(emily__text_rows_add(&j->rows, encoding, i));
  }
  return EMILY_OK;
}

static emily_array *logits(void *context, emily_scope *s, const emily__text_batch *batch, const emily_array_map *inputs,
                           const emily_array_map *outputs) {
  (void)context, (void)s, (void)batch, (void)inputs;
  return emily_array_map_get(outputs, "logits"); /* [n, labels] */
}

static emily_status take(void *context, const emily__text_batch *batch, const float *values, size_t row_size) {
  const job *j = context;
  for (size_t r = 0; r < batch->count; r++) EMILY__TRY(emily__labels_rank(j->labels, batch->rows[r].text, values + r * row_size));
  return EMILY_OK;
}

static const char *const wanted[] = {"logits"};

static emily_status run(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  const emily__text_work work = {.where = WHERE, .model = j->classifier->task.model, .run = j->options->run,
                                 .batch_tokens = DEFAULT_BATCH_TOKENS, .outputs = wanted, .output_count = 1,
                                 .context = j, .reduce = logits, .take = take};
  EMILY__TRY(tokenize(j, texts, lengths, count));
  return emily__text_rows_run(&work, &j->rows);
}

emily_status emily__classify_check(const char *where, const emily_classifier *classifier, const char *const *items, size_t count,
                          const emily_classify_options *options, const void *out) {
  EMILY__TRY(emily__text_task_check(where, classifier, items, count, options->struct_size >= sizeof *options));
  return out ? EMILY_OK : emily__fail(EMILY_INVALID_ARGUMENT, where, "out must not be NULL");
}

static const emily_classify_options defaults = EMILY_CLASSIFY_OPTIONS_INIT;

emily_status emily_classify(emily_classifier *classifier, const char *const *texts, const size_t *lengths, size_t count,
                            const emily_classify_options *options, emily_labels **out) {
  if (!options) options = &defaults;
  EMILY__TRY(emily__classify_check(WHERE, classifier, texts, count, options, out));
  if (options->pairs) EMILY__TRY(emily__text_task_check(WHERE, classifier, options->pairs, count, true));
  if (emily_classifier_takes_images(classifier))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "%s takes pictures: emily_classify_images", emily_model_path(classifier->task.model));
  job j = {.classifier = classifier, .options = options};
  EMILY__TRY(emily__labels_new(classifier, options, count, &j.labels));
  emily_status status = run(&j, texts, lengths, count);
  emily__text_rows_free(&j.rows);
  if (status == EMILY_OK) *out = j.labels;
  else emily_labels_free(j.labels);
  return status;
}
