/* test_cmd_answer.c: answers by each way in; what is wrong is said, in its place. */
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
  folder = pipeline_folder("answer_bert", "wordpiece_uncased");
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
  assert_string_equal(pipeline_text(got, "answer"), pipeline_text(want, "answer"));
  assert_int_equal(pipeline_int(got, "start", -1), pipeline_int(want, "start", -2));
  assert_int_equal(pipeline_int(got, "end", -1), pipeline_int(want, "end", -2));
  pipeline_score((float)json_number_value(json_object_get(got, "score")), want);
}

static void answers_json_lines(void **state) {
  (void)state;
  json_t *all = pipeline_answers("answer_bert");
  const json_t *first = json_array_get(all, 0); /* with the defaults */
  char *asked = json_dumps(first, 0), input[4096];
  snprintf(input, sizeof input, "%s\n{\"question\": \"alone\"}\n%s\n{\"question\": \"of nothing\", \"context\": \"\"}\n", asked, asked);
  shell r = shell_run(input, "answer", folder, "--jsonl", "-");
  assert_int_equal(r.code, 1);
  const char *at = r.out;
  for (int i = 0; i < 4; i++) {
    json_t *got = one(at);
    if (i == 1) assert_non_null(strstr(pipeline_text(got, "error"), "line 2: the line has no \"context\""));
    else if (i == 3) assert_string_equal(pipeline_text(got, "answer"), "");
    else expect(got, json_array_get(json_object_get(first, "answers"), 0));
    json_decref(got);
    at = strchr(at, '\n') + 1;
  }
  assert_string_equal(at, "");
  shell_free(&r);
  free(asked);
  json_decref(all);
}

static void operands_and_input_are_one(void **state) {
  (void)state;
  json_t *all = pipeline_answers("answer_bert");
  const json_t *four = json_array_get(all, 1); /* with four answers */
  const char *question = pipeline_text(four, "question"), *context = pipeline_text(four, "context");
  shell operands = shell_run("", "answer", folder, question, context, "--json", "--top-k", "4");
  shell input = shell_run(context, "answer", folder, question, "-", "--json", "--top-k", "4");
  assert_int_equal(operands.code, 0);
  assert_string_equal(operands.out, input.out);
  json_t *got = one(operands.out);
  const json_t *answers = json_object_get(got, "answers"), *answer;
  size_t i;
  assert_string_equal(pipeline_text(got, "question"), question);
  expect(got, json_array_get(answers, 0));
  assert_int_equal(json_array_size(answers), 4);
  json_array_foreach(answers, i, answer) expect(answer, json_array_get(json_object_get(four, "answers"), i));
  json_decref(got);
  shell_free(&operands);
  shell_free(&input);
  json_decref(all);
}

static void takes_its_options(void **state) {
  (void)state;
  json_t *all = pipeline_answers("answer_bert"), *line;
  size_t i;
  json_array_foreach(all, i, line) {
    bool windows = json_object_get(line, "max_seq_len"), none = json_object_get(line, "handle_impossible_answer");
    if (!windows && !none) continue;
    const char *question = pipeline_text(line, "question"), *context = pipeline_text(line, "context");
    shell r = windows ? shell_run("", "answer", folder, question, context, "--json", "-k3", "--max-tokens", "48", "--stride", "9", "--longest", "6")
                      : shell_run("", "answer", folder, question, context, "--json", "-k2", "--allow-none");
    json_t *got = one(r.out);
    expect(got, json_array_get(json_object_get(line, "answers"), 0));
    json_decref(got);
    shell_free(&r);
  }
  json_decref(all);
}

static void speaks_to_people(void **state) {
  (void)state;
  shell r = shell_run("", "answer", folder, "who", "the cat sat", "");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, ")\n(no answer)\n"));
  shell_free(&r);
}

static void mistakes_are_named(void **state) {
  (void)state;
  char *other = pipeline_folder("tag_bert", "wordpiece_uncased");
  shell r = shell_run("", "answer", folder);
  shell_assert_error(&r, 2, "what is the question?");
  shell_free(&r);
  r = shell_run("", "answer", folder, "--jsonl", "-", "who?");
  shell_assert_error(&r, 2, "answer: with --jsonl");
  shell_free(&r);
  r = shell_run("", "answer", other, "who?", "a");
  shell_assert_error(&r, 5, "ForQuestionAnswering");
  shell_free(&r);
  folder_remove(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_json_lines), cmocka_unit_test(operands_and_input_are_one), cmocka_unit_test(takes_its_options),
      cmocka_unit_test(speaks_to_people),   cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
