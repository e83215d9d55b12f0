/* classify_images.c: pictures to labels. See emily/classify.h. */
#include "tasks/classify.h"

#include "base/status.h"

static const char WHERE[] = "emily_classify_images";
static const char *const wanted[] = {"logits"};
static const emily_classify_options defaults = EMILY_CLASSIFY_OPTIONS_INIT;
enum { BATCH_IMAGES = 8 };

/* The pixels of some files as one array, which the scope owns; NULL is the scope's failure. */
static emily_array *read_images(const emily__text_task *task, emily_scope *s, const char *const *files, size_t count) {
  emily_array *rows[BATCH_IMAGES];
  for (size_t i = 0; i < count; i++) {
    if (emily_preprocess_file(task->preprocessor, files[i], &rows[i]) != EMILY_OK) return emily_scope_fail(s);
    rows[i] = emily_scope_adopt(s, rows[i]);
  }
  return emily_concatenate(s, rows, (int32_t)count, 0);
}

/* The logits [count, labels], kept, to be evaluated. */
static emily_status see(const emily__text_task *task, emily_scope *s, const char *const *files, size_t count, emily_array_map *inputs,
                        emily_array_map *outputs) {
  emily_array *pixels = read_images(task, s, files, count);
  EMILY__TRY(emily_scope_status(s));
  EMILY__TRY(emily_array_map_set(inputs, emily_preprocessor_input(task->preprocessor), pixels));
  return emily_model_forward(task->model, s, inputs, wanted, 1, outputs);
}

static emily_status rank_all(emily_labels *labels, size_t first, size_t count, emily_array *logits) {
  const void *values;
  EMILY__TRY(emily_array_data(logits, true, &values));
  for (size_t i = 0; i < count; i++)
    EMILY__TRY(emily__labels_rank(labels, first + i, (const float *)values + i * (size_t)emily_array_dim(logits, 1)));
  return EMILY_OK;
}

static emily_status classify_some(const emily__text_task *task, const emily_task_run *how, const char *const *files, size_t first, size_t count,
                                  emily_labels *labels) {
  emily_array_map *inputs = emily_array_map_new(), *outputs = emily_array_map_new();
  emily_scope *s = emily_scope_open(how && how->stream ? how->stream : emily_model_stream(task->model));
  emily_status status = inputs && outputs ? see(task, s, files + first, count, inputs, outputs) : EMILY_OUT_OF_MEMORY;
  emily_status closed = emily_scope_close(s);
  if (status == EMILY_OK) status = closed;
  if (status == EMILY_OK) status = rank_all(labels, first, count, emily_array_map_get(outputs, "logits"));
  emily_array_map_release(inputs);
  emily_array_map_release(outputs);
  return status;
}

static emily_status classify_files(const emily__text_task *task, const emily_task_run *how, const char *const *files, size_t count,
                                   emily_labels *labels) {
  for (size_t first = 0;; first += BATCH_IMAGES) {
    EMILY__TRY(emily__task_run_step(how, WHERE, "pictures", first < count ? first : count, count));
    if (first >= count) return EMILY_OK;
    EMILY__TRY(classify_some(task, how, files, first, count - first < BATCH_IMAGES ? count - first : BATCH_IMAGES, labels));
  }
}

emily_status emily_classify_images(emily_classifier *classifier, const char *const *files, size_t count,
                                   const emily_classify_options *options, emily_labels **out) {
  if (!options) options = &defaults;
  EMILY__TRY(emily__classify_check(WHERE, classifier, files, count, options, out));
  if (!emily_classifier_takes_images(classifier))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "%s takes texts: emily_classify", emily_model_path(classifier->task.model));
  if (options->pairs) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "a picture has no second text");
  emily_labels *labels = NULL;
  EMILY__TRY(emily__labels_new(classifier, options, count, &labels));
  emily_status status = classify_files(&classifier->task, options->run, files, count, labels);
  if (status == EMILY_OK) *out = labels;
  else emily_labels_free(labels);
  return status;
}
