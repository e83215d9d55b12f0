/* test_cmd_tag.c: tagged spans by each way in and each way of grouping; what is wrong is said, in its place. */
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
  folder = pipeline_folder("tag_bert", "wordpiece_uncased");
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
  const json_t *span;
  assert_int_equal(json_array_size(got), json_array_size(want));
  json_array_foreach(got, i, span) {
    const json_t *expected = json_array_get(want, i);
    assert_string_equal(pipeline_text(span, "label"), pipeline_text(expected, "label"));
    assert_string_equal(pipeline_text(span, "text"), pipeline_text(expected, "text"));
    assert_int_equal(pipeline_int(span, "start", -1), pipeline_int(expected, "start", -2));
    assert_int_equal(pipeline_int(span, "end", -1), pipeline_int(expected, "end", -2));
    pipeline_score((float)json_number_value(json_object_get(span, "score")), expected);
  }
}

/* Each way of grouping, over the longest of its texts, in windows where the pipeline had them. */
static void groups_as_asked(void **state) {
  (void)state;
  json_t *all = pipeline_answers("tag_bert"), *line;
  size_t i;
  int asked = 0;
  json_array_foreach(all, i, line) {
    const char *way = pipeline_text(line, "aggregation"), *text = pipeline_text(line, "text");
    bool windows = json_object_get(line, "max_tokens");
    if (!windows && (strcmp(way, "none") || strlen(text) < 100)) continue;
    shell r = windows ? shell_run("", "tag", folder, text, "--json", "--aggregation", way, "--max-tokens", "24", "--stride", "7")
                      : shell_run("", "tag", folder, text, "--json", "-a", way);
    assert_int_equal(r.code, 0);
    json_t *got = one(r.out);
    assert_string_equal(pipeline_text(got, "text"), text);
    expect(json_object_get(got, "spans"), json_object_get(line, "spans"));
    json_decref(got);
    shell_free(&r);
    asked++;
  }
  assert_int_equal(asked, 5);
  json_decref(all);
}

static void answers_json_lines(void **state) {
  (void)state;
  json_t *all = pipeline_answers("tag_bert");
  char *first = json_dumps(json_array_get(all, 0), 0), input[2048];
  snprintf(input, sizeof input, "%s\n7\n%s\n", first, first);
  shell r = shell_run(input, "tag", folder, "--jsonl", "-");
  assert_int_equal(r.code, 1);
  const char *at = r.out;
  for (int i = 0; i < 3; i++) {
    json_t *got = one(at);
    if (i == 1) assert_non_null(strstr(pipeline_text(got, "error"), "line 2: "));
    else expect(json_object_get(got, "spans"), json_object_get(json_array_get(all, 0), "spans"));
    json_decref(got);
    at = strchr(at, '\n') + 1;
  }
  assert_string_equal(at, "");
  shell_free(&r);
  free(first);
  json_decref(all);
}

static void keeps_the_surest(void **state) {
  (void)state;
  shell r = shell_run("", "tag", folder, "--json", "Ada Lovelace wrote the first program in London.");
  shell two = shell_run("", "tag", folder, "--json", "-k2", "Ada Lovelace wrote the first program in London.");
  json_t *all = one(r.out), *best = one(two.out);
  const json_t *spans = json_object_get(best, "spans");
  assert_true(json_array_size(json_object_get(all, "spans")) > 2);
  assert_int_equal(json_array_size(spans), 2);
  assert_true(pipeline_int(json_array_get(spans, 0), "start", 0) < pipeline_int(json_array_get(spans, 1), "start", 0));
  json_decref(all);
  json_decref(best);
  shell_free(&r);
  shell_free(&two);
}

static void speaks_to_people(void **state) {
  (void)state;
  shell r = shell_run("Ada Lovelace wrote it.\n", "tag", folder);
  assert_int_equal(r.code, 0);
  assert_int_equal(strncmp(r.out, "Ada Lovelace wrote it.\n  0.", 27), 0);
  shell_free(&r);
}

static void mistakes_are_named(void **state) {
  (void)state;
  char *other = pipeline_folder("fill_bert", "wordpiece_cased");
  shell r = shell_run("", "tag", folder, "--aggregation", "some", "text");
  shell_assert_error(&r, 2, "and not 'some'");
  shell_free(&r);
  r = shell_run("", "tag", folder, "--jsonl", "-", "text");
  shell_assert_error(&r, 2, "tag: with --jsonl");
  shell_free(&r);
  r = shell_run("", "tag", other, "text");
  shell_assert_error(&r, 5, "ForTokenClassification");
  shell_free(&r);
  folder_remove(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_as_asked),  cmocka_unit_test(answers_json_lines), cmocka_unit_test(keeps_the_surest),
      cmocka_unit_test(speaks_to_people), cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
