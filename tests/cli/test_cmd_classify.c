/* test_cmd_classify.c: labels by each way in; what is wrong is said, in its place. */
#include "../support/folder.h"
#include "../support/pipelines.h"
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = pipeline_folder("classify_three", "wordpiece_uncased");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static json_t *one(const char *text) {
  json_t *object = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
  if (!object) fail_msg("no JSON: %s", text);
  return object;
}

static void expect(const json_t *got, const json_t *want) {
  size_t i;
  const json_t *label;
  assert_int_equal(json_array_size(got), json_array_size(want));
  json_array_foreach(got, i, label) {
    assert_string_equal(pipeline_text(label, "label"), pipeline_text(json_array_get(want, i), "label"));
    pipeline_score((float)json_number_value(json_object_get(label, "score")), json_array_get(want, i));
  }
}

/* A text and a pair of the pipeline's, as JSON lines; between them lines that are wrong, which get an error each. */
static void answers_json_lines(void **state) {
  (void)state;
  json_t *all = pipeline_answers("classify_three");
  char *first = json_dumps(json_array_get(all, 0), 0), *pair = json_dumps(json_array_get(all, 8), 0), input[4096];
  assert_non_null(json_object_get(json_array_get(all, 8), "text_pair"));
  snprintf(input, sizeof input, "%s\n{\"image\": 3}\n\n%s\nnonsense\n{\"text\":\"a\",\"text_pair\":7}\n%s\n", first, pair, first);
  shell r = shell_run(input, "classify", folder, "--jsonl", "-");
  assert_int_equal(r.code, 1);
  static const int wanted[] = {0, -1, 8, -1, -1, 0};
  const char *at = r.out;
  for (size_t i = 0; i < 6; i++) {
    json_t *got = one(at);
    if (wanted[i] < 0) pipeline_text(got, "error");
    else expect(json_object_get(got, "labels"), json_object_get(json_array_get(all, (size_t)wanted[i]), "labels"));
    assert_null(json_object_get(got, "text"));
    json_decref(got);
    at = strchr(at, '\n') + 1;
  }
  assert_string_equal(at, "");
  assert_non_null(strstr(r.err, "emily: line 2: the line has no \"text\""));
  shell_free(&r);
  free(first);
  free(pair);
  json_decref(all);
}

static void operands_and_lines_are_one(void **state) {
  (void)state;
  shell operands = shell_run("", "classify", folder, "--json", "Bees dance.", "caf\xC3\xA9");
  shell lines = shell_run("Bees dance.\ncaf\xC3\xA9\n", "classify", folder, "--json", "-");
  shell bare = shell_run("Bees dance.\ncaf\xC3\xA9\n", "classify", folder, "--json");
  assert_int_equal(operands.code, 0);
  assert_string_equal(operands.out, lines.out);
  assert_string_equal(operands.out, bare.out);
  json_t *got = one(operands.out);
  assert_string_equal(pipeline_text(got, "text"), "Bees dance.");
  assert_int_equal(json_array_size(json_object_get(got, "labels")), 3);
  json_decref(got);
  shell_free(&operands);
  shell_free(&lines);
  shell_free(&bare);
}

static void speaks_to_people(void **state) {
  (void)state;
  shell r = shell_run("", "classify", folder, "--top-k", "1", "Bees\ndance.");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "  Bees\\x0Adance.\n"));
  assert_null(strchr(r.out, ','));
  shell_free(&r);
  r = shell_run("", "classify", folder, "-k", "2", "--json", "Bees dance.");
  json_t *got = one(r.out);
  assert_int_equal(json_array_size(json_object_get(got, "labels")), 2);
  json_decref(got);
  shell_free(&r);
}

static void mistakes_are_named(void **state) {
  (void)state;
  char *other = pipeline_folder("tag_bert", "wordpiece_uncased");
  shell r = shell_run("", "classify");
  shell_assert_error(&r, 2, "classify");
  shell_free(&r);
  r = shell_run("", "classify", folder, "--jsonl", "-", "text");
  shell_assert_error(&r, 2, "classify: with --jsonl");
  shell_free(&r);
  r = shell_run("", "classify", folder, "--top-k", "0", "text");
  shell_assert_error(&r, 2, "top-k");
  shell_free(&r);
  r = shell_run("", "classify", "no/such/model", "text");
  shell_assert_error(&r, 3, "no/such/model");
  shell_free(&r);
  r = shell_run("", "classify", folder, "--jsonl", "no/such/file");
  shell_assert_error(&r, 3, "no/such/file");
  shell_free(&r);
  r = shell_run("", "classify", other, "text");
  shell_assert_error(&r, 5, "ForSequenceClassification");
  shell_free(&r);
  folder_remove(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_json_lines),
      cmocka_unit_test(operands_and_lines_are_one),
      cmocka_unit_test(speaks_to_people),
      cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
