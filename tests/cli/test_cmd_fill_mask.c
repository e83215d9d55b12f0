/* test_cmd_fill_mask.c: tokens for masks by each way in; a text without a mask is said in its place. */
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
  folder = pipeline_folder("fill_bert", "wordpiece_cased");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

/* The pipeline's texts, all in one batch with a text that fails: that one alone gets an error. */
static void answers_json_lines(void **state) {
  (void)state;
  json_t *all = pipeline_answers("fill_bert");
  char *first = json_dumps(json_array_get(all, 0), 0), *second = json_dumps(json_array_get(all, 1), 0), input[4096];
  snprintf(input, sizeof input, "%s\n{\"text\": \"no gap\"}\n%s\n", first, second);
  shell r = shell_run(input, "fill-mask", folder, "--top-k", "4", "--jsonl", "-");
  assert_int_equal(r.code, 1);
  const char *at = r.out;
  for (int i = 0; i < 3; i++) {
    json_t *got = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *tokens = json_object_get(got, "tokens"), *want = json_object_get(json_array_get(all, i / 2), "tokens"), *token;
    size_t k;
    if (i == 1) assert_non_null(strstr(pipeline_text(got, "error"), "line 2: no [MASK]"));
    else assert_int_equal(json_array_size(tokens), json_array_size(want));
    json_array_foreach(tokens, k, token) {
      const json_t *expected = json_array_get(want, k);
      assert_int_equal(pipeline_int(token, "mask", -1), pipeline_int(expected, "mask", -2));
      assert_int_equal(pipeline_int(token, "token", -1), pipeline_int(expected, "token", -2));
      assert_string_equal(pipeline_text(token, "text"), pipeline_text(expected, "text"));
      pipeline_score((float)json_number_value(json_object_get(token, "score")), expected);
    }
    json_decref(got);
    at = strchr(at, '\n') + 1;
  }
  assert_string_equal(at, "");
  shell_free(&r);
  free(first);
  free(second);
  json_decref(all);
}

static void speaks_to_people(void **state) {
  (void)state;
  shell r = shell_run("", "fill-mask", folder, "[MASK] or [MASK]?");
  int lines = 0;
  assert_int_equal(r.code, 0);
  for (const char *at = r.out; (at = strchr(at, '\n')); at++) lines++;
  assert_int_equal(lines, 1 + 2 * (1 + 5)); /* the text, and for each mask its number and five tokens */
  assert_non_null(strstr(r.out, "[MASK] or [MASK]?\n  mask 1\n"));
  shell_free(&r);
  r = shell_run("a [MASK]\n", "fill-mask", folder, "--json");
  assert_ptr_equal(strstr(r.out, "{\"text\":\"a [MASK]\",\"tokens\":[{\"mask\":0,\"token\":"), r.out);
  shell_free(&r);
}

static void mistakes_are_named(void **state) {
  (void)state;
  char *other = pipeline_folder("tag_bert", "wordpiece_uncased");
  shell r = shell_run("", "fill-mask", folder, "no gap");
  shell_assert_error(&r, 1, "no [MASK] within");
  shell_free(&r);
  r = shell_run("", "fill-mask", folder, "--jsonl", "-", "text");
  shell_assert_error(&r, 2, "fill-mask: with --jsonl");
  shell_free(&r);
  r = shell_run("", "fill-mask", other, "[MASK]");
  shell_assert_error(&r, 5, "ForMaskedLM");
  shell_free(&r);
  folder_remove(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_json_lines),
      cmocka_unit_test(speaks_to_people),
      cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
