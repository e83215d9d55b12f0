/* emily/classify.h: labels for texts, by a model with a head for sequences; and for pictures, by one with a head for images.
 *
 * Scores are those of Transformers' text classification: a softmax over the labels, or a sigmoid of each where the
 * config's problem_type is multi_label_classification or there is one label, or the bare number for a regression; where
 * sentence-transformers wrote the config, what it says there. Labels have the names of the config's id2label. A text
 * longer than the model reads is cut. What is done to a picture first, preprocessor_config.json says (preprocess.h).
 *
 *     emily_classifier *classifier;
 *     emily_status status = emily_classifier_load("sst2", NULL, &classifier);
 *     emily_labels *labels;
 *     status = emily_classify(classifier, texts, NULL, count, NULL, &labels);
 *     const emily_label_score *best = emily_labels_at(labels, 0);                     best->name, best->score
 *     emily_labels_free(labels);
 *     emily_classifier_release(classifier);
 */
#ifndef EMILY_CLASSIFY_H
#define EMILY_CLASSIFY_H

#include "emily/model.h"
#include "emily/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: any number of threads may use one at the same time. */
typedef struct emily_classifier emily_classifier;

/* Load a folder. options may be NULL. EMILY_UNSUPPORTED where the model has another head than for sequences or images;
 * other errors as of emily_model_load, and of emily_tokenizer_load or emily_preprocessor_load. The caller owns one
 * reference. */
EMILY_API emily_status emily_classifier_load(const char *path, const emily_model_options *options, emily_classifier **out);
EMILY_API emily_classifier *emily_classifier_retain(emily_classifier *classifier);
EMILY_API void emily_classifier_release(emily_classifier *classifier); /* NULL does nothing */

EMILY_API bool emily_classifier_takes_images(const emily_classifier *classifier); /* else texts */
EMILY_API int64_t emily_classifier_max_tokens(const emily_classifier *classifier); /* longer texts are cut */
EMILY_API emily_model *emily_classifier_model(const emily_classifier *classifier); /* borrowed */

typedef struct emily_label_score {
  int64_t label;    /* its index */
  const char *name; /* belongs to the model */
  float score;
} emily_label_score;

/* The labels of many texts, or of many pictures. */
typedef struct emily_labels emily_labels;

typedef struct emily_classify_options {
  size_t struct_size;
  int64_t top_k;              /* labels a text, the best ones; 0, or more than there are: all */
  const char *const *pairs;   /* a second text beside each (a premise's hypothesis); NULL: none */
  const size_t *pair_lengths; /* as lengths */
  const emily_task_run *run; /* how: batches, progress, cancelling; NULL: as it comes */
} emily_classify_options;
#define EMILY_CLASSIFY_OPTIONS_INIT {sizeof(emily_classify_options), 0, NULL, NULL, NULL}

/* lengths: bytes of each text, or NULL where all end with NUL. options may be NULL. The caller frees *out by
 * emily_labels_free. */
EMILY_API emily_status emily_classify(emily_classifier *classifier, const char *const *texts, const size_t *lengths,
                                      size_t count, const emily_classify_options *options, emily_labels **out);

/* The same of pictures (JPEG, PNG) in files; an error names the file. pairs must be NULL, and batch_tokens does not matter. */
EMILY_API emily_status emily_classify_images(emily_classifier *classifier, const char *const *files, size_t count,
                                             const emily_classify_options *options, emily_labels **out);

EMILY_API size_t emily_labels_top_k(const emily_labels *labels); /* labels a text: as many as were asked for, or as there are */

/* The labels of a text, the best first (of equals, the first of the config); NULL where there is no such text. They
 * belong to the labels. */
EMILY_API const emily_label_score *emily_labels_at(const emily_labels *labels, size_t text);
EMILY_API void emily_labels_free(emily_labels *labels); /* NULL does nothing */

#ifdef __cplusplus
}
#endif
#endif
