/* test_classify_images.c: labels of pictures against Transformers' processor and classifier (tests/data/models/deit_teacher/images.jsonl). */
#include "emily/classify.h"

#include "../support/arrays.h"
#include "../support/golden.h"

#include "base/alloc.h"
#include "base/json.h"

#include <math.h>
#include <stdio.h>

enum { LABELS = 5, PICTURES = 20 };
static const double TOLERANCE = 2e-6; /* of a score: float32 logits, as tests/models/vit has them, through a softmax */

typedef struct answers {
  char names[PICTURES][64];
  double scores[PICTURES][LABELS];
} answers;

static answers read_answers(void) {
  answers a = {0};
  char line[512];
  FILE *file = fopen("tests/data/models/deit_teacher/images.jsonl", "r");
  assert_non_null(file);
  for (int i = 0; i < PICTURES; i++) {
    json_t *object = NULL;
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(emily__json_parse(line, strlen(line), "line", &object), EMILY_OK);
    snprintf(a.names[i], sizeof a.names[i], "tests/data/images/%s", json_string_value(json_object_get(object, "image")));
    for (int l = 0; l < LABELS; l++) a.scores[i][l] = json_real_value(json_array_get(json_object_get(object, "scores"), (size_t)l));
    json_decref(object);
  }
  assert_null(fgets(line, sizeof line, file));
  fclose(file);
  return a;
}

static emily_classifier *classifier_of_pictures(void) {
  emily_classifier *classifier;
  assert_int_equal(emily_classifier_load(golden_data("deit_teacher"), NULL, &classifier), EMILY_OK);
  assert_true(emily_classifier_takes_images(classifier));
  return classifier;
}

static void equals_transformers(void **state) {
  (void)state;
  answers a = read_answers();
  const char *files[PICTURES];
  for (int i = 0; i < PICTURES; i++) files[i] = a.names[i];
  emily_classifier *classifier = classifier_of_pictures();
  emily_labels *labels;
  assert_int_equal(emily_classify_images(classifier, files, PICTURES, NULL, &labels), EMILY_OK);
  assert_int_equal(emily_labels_top_k(labels), LABELS);
  for (int i = 0; i < PICTURES; i++) {
    const emily_label_score *scores = emily_labels_at(labels, (size_t)i);
    for (int l = 0; l < LABELS; l++) {
      char name[16];
      snprintf(name, sizeof name, "thing %d", (int)scores[l].label);
      assert_string_equal(scores[l].name, name);
      if (fabs(scores[l].score - a.scores[i][scores[l].label]) > TOLERANCE) fail_msg("%s: %s is %.8f", files[i], name, (double)scores[l].score);
      assert_true(l == 0 || scores[l].score <= scores[l - 1].score);
    }
  }
  emily_labels_free(labels);
  emily_classifier_release(classifier);
}

static int32_t stop_at_once(size_t done, size_t total, void *context) {
  assert_true(done <= total);
  return ++*(int *)context >= 1;
}

static void stops_and_refuses(void **state) {
  (void)state;
  emily_classifier *classifier = classifier_of_pictures();
  emily_labels *labels;
  const char *files[20], *missing[] = {"tests/data/images/photo.png", "tests/data/images/none.png"};
  int told = 0;
  for (int i = 0; i < 20; i++) files[i] = "tests/data/images/photo.png";
  emily_task_run run = EMILY_TASK_RUN_INIT;
  emily_classify_options options = EMILY_CLASSIFY_OPTIONS_INIT;
  options.run = &run;
  run.progress = stop_at_once;
  run.context = &told;
  assert_int_equal(emily_classify_images(classifier, files, 20, &options, &labels), EMILY_CANCELLED);
  assert_int_equal(told, 1);
  assert_int_equal(emily_classify_images(classifier, missing, 2, NULL, &labels), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "none.png"));
  assert_int_equal(emily_classify(classifier, files, NULL, 1, NULL, &labels), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "takes pictures"));
  assert_int_equal(emily_classify_images(classifier, files, 0, NULL, &labels), EMILY_OK);
  assert_null(emily_labels_at(labels, 0));
  emily_labels_free(labels);
  emily_classifier_release(classifier);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  const int64_t live = emily__alloc_live();
  const char *files[] = {"tests/data/images/q40.jpg"};
  for (int64_t n = 1;; n++) {
    emily_classifier *classifier = NULL;
    emily_labels *labels = NULL;
    emily__alloc_fail_after(n);
    emily_status status = emily_classifier_load(golden_data("deit_teacher"), NULL, &classifier);
    if (status == EMILY_OK) status = emily_classify_images(classifier, files, 1, NULL, &labels);
    emily__alloc_fail_after(0);
    emily_labels_free(labels);
    emily_classifier_release(classifier);
    assert_int_equal(emily__alloc_live(), live);
    if (status == EMILY_OK) break;
    assert_int_equal(status, EMILY_OUT_OF_MEMORY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_transformers),
      cmocka_unit_test(stops_and_refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
