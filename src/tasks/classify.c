/* classify.c: texts to labels. See emily/classify.h. */
#include "emily/classify.h"

#include "base/status.h"
#include "tasks/text_task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DEFAULT_BATCH_TOKENS = 4096;
static const char WHERE[] = "emily_classify";

struct emily_classifier {
  emily__text_task task; /* the first member */
};

emily_status emily_classifier_load(const char *path, const emily_model_options *options, emily_classifier **out) {
  return emily__text_task_load("emily_classifier_load", path, options, EMILY__TASK_SEQUENCE, sizeof **out, out);
}

emily_classifier *emily_classifier_retain(emily_classifier *classifier) { return emily__text_task_retain(classifier); }
void emily_classifier_release(emily_classifier *classifier) { emily__text_task_release(classifier); }
int64_t emily_classifier_max_tokens(const emily_classifier *classifier) { return classifier->task.max_tokens; }
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

/* ---- the run ---- */

typedef struct job {
  const emily_classifier *classifier;
  const emily_classify_options *options;
  emily__text_rows rows;
  size_t count;              /* of labels */
  emily_label_score *sorted; /* room for one text's */
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

static emily_status rank(void *context, const emily__text_batch *batch, const float *values, size_t row_size) {
  job *j = context;
  float *scores = emily__alloc_array(row_size, sizeof *scores);
  if (!scores) return EMILY_OUT_OF_MEMORY;
  for (size_t r = 0; r < batch->count; r++) {
    memcpy(scores, values + r * row_size, row_size * sizeof *scores);
    apply(emily__model_labels(j->classifier->task.model), scores);
    for (size_t i = 0; i < row_size; i++)
      j->sorted[i] = (emily_label_score){(int64_t)i, emily_model_label(j->classifier->task.model, (int64_t)i), scores[i]};
    qsort(j->sorted, row_size, sizeof *j->sorted, by_score);
    memcpy(j->labels->list + batch->rows[r].text * j->labels->top_k, j->sorted, j->labels->top_k * sizeof *j->sorted);
  }
  emily__free(scores);
  return EMILY_OK;
}

static emily_status run(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  static const char *const wanted[] = {"logits"};
  const emily__text_work work = {.where = WHERE, .model = j->classifier->task.model, .run = j->options->run,
                                 .batch_tokens = DEFAULT_BATCH_TOKENS, .outputs = wanted, .output_count = 1,
                                 .context = j, .reduce = logits, .take = rank};
  j->sorted = emily__calloc(j->count, sizeof *j->sorted);
  j->labels->list = emily__calloc(count ? count : 1, j->labels->top_k * sizeof *j->labels->list);
  if (!j->sorted || !j->labels->list) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(tokenize(j, texts, lengths, count));
  return emily__text_rows_run(&work, &j->rows);
}

emily_status emily_classify(emily_classifier *classifier, const char *const *texts, const size_t *lengths, size_t count,
                            const emily_classify_options *options, emily_labels **out) {
  static const emily_classify_options defaults = EMILY_CLASSIFY_OPTIONS_INIT;
  if (!options) options = &defaults;
  EMILY__TRY(emily__text_task_check(WHERE, classifier, texts, count, options->struct_size >= sizeof *options));
  if (!out) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "out must not be NULL");
  if (options->pairs) EMILY__TRY(emily__text_task_check(WHERE, classifier, options->pairs, count, true));
  job j = {.classifier = classifier, .options = options, .labels = emily__calloc(1, sizeof *j.labels)};
  if (!j.labels) return EMILY_OUT_OF_MEMORY;
  j.count = (size_t)emily_model_label_count(classifier->task.model);
  j.labels->classifier = emily_classifier_retain(classifier);
  j.labels->texts = count;
  j.labels->top_k = options->top_k > 0 && (uint64_t)options->top_k < j.count ? (size_t)options->top_k : j.count;
  emily_status status = run(&j, texts, lengths, count);
  emily__free(j.sorted);
  emily__text_rows_free(&j.rows);
  if (status == EMILY_OK) *out = j.labels;
  else emily_labels_free(j.labels);
  return status;
}
