/* test_cmd_embed.c: the ways in agree with the library's own vectors, to the bit where texts go alone. */
#include "../support/folder.h"
#include "../support/shell.h"
#include "../support/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emily/embed.h"

#include <jansson.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_bert(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static void library_vector(const char *text, float *out) {
  emily_embedder *embedder;
  assert_int_equal(emily_embedder_load(folder, NULL, &embedder), EMILY_OK);
  assert_int_equal(emily_embedder_size(embedder), TINY_WIDTH);
  assert_int_equal(emily_embed(embedder, &text, NULL, 1, NULL, out), EMILY_OK);
  emily_embedder_release(embedder);
}

static json_t *line(const char **at) {
  const char *end = strchr(*at, '\n');
  assert_non_null(end);
  json_t *object = json_loadb(*at, (size_t)(end - *at), 0, NULL);
  assert_non_null(object);
  *at = end + 1;
  return object;
}

/* Texts that share a pass may differ by rounding: sums of 16 products near 1. */
static void check_vector(json_t *object, const char *text, double tolerance) {
  float wanted[TINY_WIDTH];
  json_t *vector = json_object_get(object, "embedding");
  library_vector(text, wanted);
  assert_int_equal(json_array_size(vector), TINY_WIDTH);
  for (size_t i = 0; i < TINY_WIDTH; i++) {
    assert_true(json_is_real(json_array_get(vector, i)));
    float got = (float)json_real_value(json_array_get(vector, i));
    if (!(got - wanted[i] <= tolerance && wanted[i] - got <= tolerance))
      fail_msg("value %zu of '%s' is %.9g, not %.9g", i, text, (double)got, (double)wanted[i]);
  }
}

static void a_float32_reads_back(void **state) {
  (void)state;
  shell r = shell_run("{\"text\": \"the sea\"}\n", "embed", folder, "--jsonl", "-");
  const char *at = r.out;
  assert_int_equal(r.code, 0);
  assert_string_equal(r.err, "");
  json_t *object = line(&at);
  assert_int_equal(json_object_size(object), 1);
  check_vector(object, "the sea", 0);
  assert_string_equal(at, "");
  json_decref(object);
  shell_free(&r);
}

/* More texts than a batch holds, in another order than their lengths'. */
static void order_is_kept(void **state) {
  (void)state;
  enum { COUNT = 700 };
  static char input[COUNT * 64];
  static const char *const texts[] = {"a long text of many letters", "b", "mid one", "", "zz top 9"};
  size_t length = 0;
  for (int i = 0; i < COUNT; i++)
    length += (size_t)snprintf(input + length, sizeof input - length, "{\"text\": \"%s\"}\n", texts[i % 5]);
  shell r = shell_run(input, "embed", folder, "--jsonl", "-");
  const char *at = r.out;
  assert_int_equal(r.code, 0);
  for (int i = 0; i < COUNT; i++) {
    json_t *object = line(&at);
    if (i % 97 == 0) check_vector(object, texts[i % 5], 2e-6);
    json_decref(object);
  }
  assert_string_equal(at, "");
  shell_free(&r);
}

static void bad_lines_keep_their_place(void **state) {
  (void)state;
  shell r = shell_run("{\"text\": \"a\"}\n{\"text\": 5}\n{\"text\": \"b\"}\n", "embed", folder, "--jsonl", "-");
  const char *at = r.out;
  shell_assert_error(&r, 1, "line 2: \"text\" is an integer");
  json_t *first = line(&at), *second = line(&at), *third = line(&at);
  check_vector(first, "a", 2e-6);
  assert_non_null(json_object_get(second, "error"));
  check_vector(third, "b", 2e-6);
  json_decref(first), json_decref(second), json_decref(third);
  shell_free(&r);
}

static void operands_and_lines(void **state) {
  (void)state;
  shell a = shell_run("", "embed", folder, "--json", "one", "two");
  shell b = shell_run("one\ntwo", "embed", folder, "--json", "-");
  assert_int_equal(a.code, 0);
  assert_int_equal(strncmp(a.out, "{\"text\":\"one\",\"embedding\":[", 27), 0);
  assert_string_equal(a.out, b.out);
  shell_free(&a);
  shell_free(&b);
}

static void people_see_a_summary_and_how_alike_texts_are(void **state) {
  (void)state;
  shell r = shell_run("", "embed", folder, "sea", "sea");
  assert_int_equal(r.code, 0);
  assert_int_equal(strncmp(r.out, "[16] ", 5), 0);
  assert_non_null(strstr(r.out, "\ncosine similarity\n   1  1.0000  1.0000\n   2  1.0000  1.0000\n"));
  shell_free(&r);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  shell a = shell_run("", "embed", folder, "--json", "-t1", "the sea at night", "b");
  shell b = shell_run("", "embed", folder, "--json", "--threads=3", "the sea at night", "b");
  assert_int_equal(a.code, 0);
  assert_string_equal(a.out, b.out);
  shell_free(&a);
  shell_free(&b);
}

static void what_cannot_be_embedded_is_told(void **state) {
  (void)state;
  shell r = shell_run("", "embed", folder, "--prompt", "nosuch", "a");
  assert_int_not_equal(r.code, 0);
  assert_non_null(strstr(r.err, "nosuch"));
  shell_free(&r);
  r = shell_run("", "embed", folder, "text", "--jsonl", "-");
  shell_assert_error(&r, 2, "--jsonl");
  shell_free(&r);
  r = shell_run("", "embed", "/nowhere", "a");
  shell_assert_error(&r, 3, "/nowhere");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_float32_reads_back),
      cmocka_unit_test(order_is_kept),
      cmocka_unit_test(bad_lines_keep_their_place),
      cmocka_unit_test(operands_and_lines),
      cmocka_unit_test(people_see_a_summary_and_how_alike_texts_are),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(what_cannot_be_embedded_is_told),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
