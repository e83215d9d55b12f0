/* test_classify.c: labels as Transformers' pipeline gives them; many texts, few labels, cancelling, failures. */
#include "../support/folder.h"
#include "../support/golden.h"
#include "../support/pipelines.h"
#include "../support/tiny.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "emily/classify.h"
#include "emily/runtime.h"

static emily_classifier *load(const char *folder) {
  emily_classifier *c = NULL;
  if (emily_classifier_load(folder, NULL, &c) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return c;
}

static void expect(const emily_label_score *got, size_t count, const json_t *labels) {
  assert_int_equal(json_array_size(labels), count);
  for (size_t i = 0; i < count; i++) {
    const json_t *want = json_array_get(labels, i);
    assert_string_equal(got[i].name, pipeline_text(want, "label"));
    pipeline_score(got[i].score, want);
  }
}

static void problem(const char *name, const char *type) {
  char *folder = pipeline_folder(name, "wordpiece_uncased");
  pipeline_config(folder, "problem_type", type);
  emily_classifier *c = load(folder);
  json_t *all = pipeline_answers(name), *line;
  size_t i, asked = 0;
  json_array_foreach(all, i, line) {
    const char *of = json_string_value(json_object_get(line, "problem"));
    if ((of && type && strcmp(of, type)) || !of != !type) continue;
    const char *text = pipeline_text(line, "text"), *pair = json_string_value(json_object_get(line, "text_pair"));
    emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
    emily_labels *labels;
    if (pair) options.pairs = &pair;
    assert_int_equal(emily_classify(c, &text, NULL, 1, &options, &labels), EMILY_OK);
    expect(emily_labels_at(labels, 0), emily_labels_top_k(labels), json_object_get(line, "labels"));
    emily_labels_free(labels);
    asked++;
  }
  assert_true(asked > 5);
  json_decref(all);
  emily_classifier_release(c);
  folder_remove(folder);
}

static void equals_the_pipeline(void **state) {
  (void)state;
  problem("classify_three", NULL);
  problem("classify_three", "single_label_classification");
  problem("classify_three", "multi_label_classification");
  problem("classify_three", "regression");
  problem("classify_one", NULL);
}

/* All at once, one a pass, and all in one pass: the same but for rounding. */
static void batches_change_nothing(void **state) {
  (void)state;
  char *folder = pipeline_folder("classify_three", "wordpiece_uncased");
  emily_classifier *c = load(folder);
  json_t *all = pipeline_answers("classify_three");
  const char *texts[8];
  for (size_t i = 0; i < 8; i++) texts[i] = pipeline_text(json_array_get(all, i), "text");
  for (int64_t tokens = 1; tokens <= 10000; tokens *= 100) {
    emily_task_run run = EMILY_TASK_RUN_INIT;
    emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
    emily_labels *labels;
    run.batch_tokens = tokens;
    options.run = &run;
    assert_int_equal(emily_classify(c, texts, NULL, 8, &options, &labels), EMILY_OK);
    for (size_t i = 0; i < 8; i++) expect(emily_labels_at(labels, i), 3, json_object_get(json_array_get(all, i), "labels"));
    assert_null(emily_labels_at(labels, 8));
    emily_labels_free(labels);
  }
  json_decref(all);
  emily_classifier_release(c);
  folder_remove(folder);
}

static void gives_the_best(void **state) {
  (void)state;
  char *folder = pipeline_folder("classify_three", "wordpiece_uncased");
  emily_classifier *c = load(folder);
  json_t *all = pipeline_answers("classify_three");
  const char *text = pipeline_text(json_array_get(all, 0), "text");
  for (int64_t k = 1; k < 6; k++) {
    emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
    emily_labels *labels;
    options.top_k = k;
    assert_int_equal(emily_classify(c, &text, NULL, 1, &options, &labels), EMILY_OK);
    assert_int_equal(emily_labels_top_k(labels), k < 3 ? k : 3);
    pipeline_score(emily_labels_at(labels, 0)->score, json_array_get(json_object_get(json_array_get(all, 0), "labels"), 0));
    emily_labels_free(labels);
  }
  emily_labels *labels;
  assert_int_equal(emily_classify(c, NULL, NULL, 0, NULL, &labels), EMILY_OK);
  assert_null(emily_labels_at(labels, 0));
  emily_labels_free(labels);
  emily_labels_free(NULL);
  json_decref(all);
  emily_classifier_release(c);
  folder_remove(folder);
}

/* A decoder with a head for sequences: in one pass where the config says what pads, one by one where it does not; the
 * same numbers. */
static void decoders_classify_too(void **state) {
  (void)state;
  static const char *const texts[] = {"a long text, to be padded to", "b", "c?"};
  char *folder = golden_folder("qwen3_sequence", "config_a.json");
  float first[3] = {0};
  tiny_tokenizer(folder);
  for (int pad = 1; pad >= 0; pad--) {
    if (!pad) pipeline_config(folder, "pad_token_id", NULL);
    emily_classifier *c = load(folder);
    emily_labels *labels;
    assert_int_equal(emily_classify(c, texts, NULL, 3, NULL, &labels), EMILY_OK);
    for (size_t i = 0; i < 3; i++) {
      float score = emily_labels_at(labels, i)->score, apart = score - first[i];
      if (pad) first[i] = score;
      else assert_true(apart < 1e-5f && apart > -1e-5f);
    }
    emily_labels_free(labels);
    emily_classifier_release(c);
  }
  folder_remove(folder);
}

typedef struct worker {
  emily_classifier *classifier;
  emily_label_score best;
  emily_status status;
} worker;

static void *work(void *context) {
  worker *w = context;
  emily_stream *stream = emily_stream_new(NULL);
  emily_task_run run = EMILY_TASK_RUN_INIT;
  emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
  run.stream = stream;
  options.run = &run;
  for (int i = 0; i < 20 && w->status == EMILY_OK; i++) {
    emily_labels *labels = NULL;
    w->status = emily_classify(w->classifier, (const char *const[]){"Bees dance.", "a"}, NULL, 2, &options, &labels);
    if (w->status == EMILY_OK) w->best = *emily_labels_at(labels, 0);
    emily_labels_free(labels);
  }
  emily_stream_release(stream);
  return NULL;
}

/* Several requests at once on one model's weights: each gives the same bits. */
static void threads_share_a_classifier(void **state) {
  (void)state;
  enum { THREADS = 4 };
  char *folder = pipeline_folder("classify_three", "wordpiece_uncased");
  worker workers[THREADS] = {0};
  pthread_t threads[THREADS];
  emily_classifier *c = load(folder);
  for (int i = 0; i < THREADS; i++) {
    workers[i].classifier = c;
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(workers[i].status, EMILY_OK);
    assert_true(workers[i].best.label == workers[0].best.label && workers[i].best.score == workers[0].best.score);
  }
  emily_classifier_release(c);
  folder_remove(folder);
}

static int32_t stop_after_two(size_t done, size_t total, void *context) {
  *(size_t *)context = done;
  assert_int_equal(total, 5);
  return done >= 2;
}

static void stops_on_request(void **state) {
  (void)state;
  char *folder = pipeline_folder("classify_three", "wordpiece_uncased");
  emily_classifier *c = load(folder);
  const char *texts[] = {"a", "b", "c", "d", "e"};
  emily_task_run run = EMILY_TASK_RUN_INIT;
  emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
  emily_labels *labels = NULL;
  size_t seen = 0;
  int32_t cancel = 1;
  run.batch_tokens = 1;
  run.progress = stop_after_two;
  run.context = &seen;
  options.run = &run;
  assert_int_equal(emily_classify(c, texts, NULL, 5, &options, &labels), EMILY_CANCELLED);
  assert_int_equal(seen, 2);
  assert_null(labels);
  run.progress = NULL;
  run.cancel = &cancel;
  assert_int_equal(emily_classify(c, texts, NULL, 5, &options, &labels), EMILY_CANCELLED);
  cancel = 0;
  assert_int_equal(emily_classify(c, texts, NULL, 5, &options, &labels), EMILY_OK);
  emily_labels_free(labels);
  emily_classifier_release(c);
  folder_remove(folder);
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  char *folder = pipeline_folder("classify_three", "wordpiece_uncased"), *other = folder_new();
  emily_classifier *c = NULL;
  emily_labels *labels = NULL;
  const char *texts[] = {"a", NULL}, *none[] = {NULL};
  tiny_bert(other);
  assert_int_equal(emily_classifier_load(other, NULL, &c), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "ForSequenceClassification"));
  assert_int_equal(emily_classifier_load("no/such/folder", NULL, &c), EMILY_NOT_FOUND);
  assert_int_equal(emily_classifier_load(NULL, NULL, &c), EMILY_INVALID_ARGUMENT);
  assert_null(c);
  c = load(folder);
  assert_int_equal(emily_classifier_max_tokens(c), 40);
  emily_classifier_release(emily_classifier_retain(c));
  emily_classifier_release(NULL);
  emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
  emily_task_run run = {0};
  assert_int_equal(emily_classify(c, texts, NULL, 2, NULL, &labels), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_classify(c, texts, NULL, 1, NULL, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_classify(NULL, texts, NULL, 1, NULL, &labels), EMILY_INVALID_ARGUMENT);
  options.pairs = none;
  assert_int_equal(emily_classify(c, texts, NULL, 1, &options, &labels), EMILY_INVALID_ARGUMENT);
  options.pairs = NULL;
  options.run = &run;
  assert_int_equal(emily_classify(c, texts, NULL, 1, &options, &labels), EMILY_INVALID_ARGUMENT);
  options.struct_size = 0;
  assert_int_equal(emily_classify(c, texts, NULL, 1, &options, &labels), EMILY_INVALID_ARGUMENT);
  assert_null(labels);
  emily_classifier_release(c);
  folder_remove(folder);
  folder_remove(other);
}

static emily_status load_and_release(void *folder) {
  emily_classifier *c = NULL;
  emily_status status = emily_classifier_load(folder, NULL, &c);
  emily_classifier_release(c);
  return status;
}

static emily_status run_and_free(void *classifier) {
  emily_labels *labels = NULL;
  emily_status status = emily_classify(classifier, (const char *const[]){"a b", "c"}, NULL, 2, NULL, &labels);
  emily_labels_free(labels);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder = pipeline_folder("classify_three", "wordpiece_uncased");
  emily_classifier *c = load(folder);
  assert_true(pipeline_failing(run_and_free, c) > 50);
  emily_classifier_release(c);
  pipeline_small_tokenizer(folder); /* each failure loads it anew */
  assert_true(pipeline_failing(load_and_release, folder) > 50);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_pipeline),
      cmocka_unit_test(batches_change_nothing),
      cmocka_unit_test(gives_the_best),
      cmocka_unit_test(decoders_classify_too),
      cmocka_unit_test(threads_share_a_classifier),
      cmocka_unit_test(stops_on_request),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
