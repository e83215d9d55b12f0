/* test_cmd_tokenize.c: every way in, and what comes out. The ids themselves are the tokenizer's tests' concern. */
#include "../support/folder.h"
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../support/tiny.h"

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_tokenizer(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static void check(const char *input, const char *wanted, const char *const *args) {
  shell r = shell_run_bytes(input, input ? strlen(input) : 0, args);
  assert_string_equal(r.err, "");
  assert_string_equal(r.out, wanted);
  assert_int_equal(r.code, 0);
  shell_free(&r);
}
#define CHECK(input, wanted, ...) check(input, wanted, (const char *const[]){"tokenize", folder, __VA_ARGS__, NULL})

static void a_table_for_people(void **state) {
  (void)state;
  CHECK(NULL, "2\t[CLS]\n11\th\n12\ti\n3\t[SEP]\n", "hi");
  CHECK("hi\n", "2\t[CLS]\n11\th\n12\ti\n3\t[SEP]\n", "-");
  check("hi", "2\t[CLS]\n11\th\n12\ti\n3\t[SEP]\n",
        (const char *const[]){"tokenize", in(folder, "tokenizer.json"), NULL});
  CHECK(NULL, "11\th\n", "--no-special", "h");
}

static void json(void **state) {
  (void)state;
  CHECK(NULL, "{\"ids\":[2,4,3],\"tokens\":[\"[CLS]\",\"a\",\"[SEP]\"]}\n", "--json", "a");
  CHECK(NULL, "{\"ids\":[2,4,3,5,3],\"tokens\":[\"[CLS]\",\"a\",\"[SEP]\",\"b\",\"[SEP]\"]}\n", "--json", "a",
        "--pair", "b");
  CHECK(NULL, "{\"ids\":[2,3],\"tokens\":[\"[CLS]\",\"[SEP]\"]}\n", "--json", "");
}

static void lines(void **state) {
  (void)state;
  CHECK("{\"text\": \"a\"}\n{\"pair\": \"b\", \"text\": \"a\"}\r\n\n  \n{\"text\": \"\", \"pair\": null}",
        "{\"ids\":[2,4,3]}\n"
        "{\"ids\":[2,4,3,5,3]}\n{\"ids\":[2,3]}\n",
        "--jsonl", "-");
  CHECK("", "", "--jsonl", "-");
  folder_puts(folder, "in.jsonl", "{\"text\": \"a\"}\n");
  CHECK(NULL, "{\"ids\":[2,4,3]}\n", "--jsonl", in(folder, "in.jsonl"));
}

static void sentence_files_say_where_to_cut(void **state) {
  (void)state;
  folder_puts(folder, "sentence_bert_config.json", "{\"max_seq_length\": 4, \"do_lower_case\": false}");
  CHECK(NULL, "{\"ids\":[2,4,5,3],\"tokens\":[\"[CLS]\",\"a\",\"b\",\"[SEP]\"]}\n", "--json", "a b c d");
  folder_puts(folder, "sentence_bert_config.json", "{\"max_seq_length\": \"4\"}");
  shell r = shell_run("", "tokenize", folder, "a");
  shell_assert_error(&r, 4, "max_seq_length");
  shell_free(&r);
  assert_int_equal(remove(in(folder, "sentence_bert_config.json")), 0);
}

static void bad_folders(void **state) {
  (void)state;
  shell r = shell_run("", "tokenize", "/nowhere/at/all", "a");
  shell_assert_error(&r, 3, "/nowhere/at/all");
  shell_free(&r);
  char *other = folder_new();
  r = shell_run("", "tokenize", other, "a");
  shell_assert_error(&r, 3, "tokenizer.json");
  shell_free(&r);
  folder_puts(other, "tokenizer.json", "{\"model\": ");
  r = shell_run("", "tokenize", other, "a");
  shell_assert_error(&r, 4, "tokenizer.json is not JSON");
  shell_free(&r);
  folder_remove(other);
}

static void contradictions_are_refused(void **state) {
  (void)state;
  shell r = shell_run("", "tokenize", folder, "text", "--jsonl", "-");
  shell_assert_error(&r, 2, "--jsonl");
  shell_free(&r);
  r = shell_run("", "tokenize", folder, "--pair", "b", "--jsonl", "-");
  shell_assert_error(&r, 2, "--pair");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_for_people),
      cmocka_unit_test(json),
      cmocka_unit_test(lines),
      cmocka_unit_test(sentence_files_say_where_to_cut),
      cmocka_unit_test(bad_folders),
      cmocka_unit_test(contradictions_are_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
