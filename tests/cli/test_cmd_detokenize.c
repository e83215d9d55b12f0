/* test_cmd_detokenize.c: ids from the command line and from lines. */
#include "../support/folder.h"
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void check(const char *input, int code, const char *wanted, const char *const *args) {
  shell r = shell_run_bytes(input, input ? strlen(input) : 0, args);
  assert_string_equal(r.out, wanted);
  assert_int_equal(r.code, code);
  shell_free(&r);
}
#define CHECK(input, code, wanted, ...) \
  check(input, code, wanted, (const char *const[]){"detokenize", folder, __VA_ARGS__, NULL})

static void ids_from_the_command_line(void **state) {
  (void)state;
  CHECK(NULL, 0, "[CLS] a b [SEP]\n", "2", "4", "5", "3");
  CHECK(NULL, 0, "a b\n", "--skip-special", "2,4, 5", "3");
  CHECK(NULL, 0, "a b\n", "-s", "2 4 5 3");
  CHECK(NULL, 0, "{\"text\":\"a b\"}\n", "--json", "4,5");
  CHECK(NULL, 0, "a\n", "4", "1000000");
}

static void ids_from_lines(void **state) {
  (void)state;
  CHECK("{\"ids\": [2, 4, 3]}\n{\"ids\": []}\n", 0, "{\"text\":\"[CLS] a [SEP]\"}\n{\"text\":\"\"}\n", "--jsonl",
        "-");
  CHECK("{\"ids\": [2, 4, 3]}\n", 0, "{\"text\":\"a\"}\n", "--jsonl", "-", "--skip-special");
}

static void check_bad(const char *line, const char *part) {
  shell r = shell_run(line, "detokenize", folder, "--jsonl", "-");
  shell_assert_error(&r, 1, part);
  assert_int_equal(strncmp(r.out, "{\"error\":\"line 1: ", 18), 0);
  shell_free(&r);
}

static void bad_lines(void **state) {
  (void)state;
  check_bad("{\"ids\": [4, -1]}", "-1 is no token id");
  check_bad("{\"ids\": [2147483648]}", "2147483648 is no token id");
  check_bad("{\"ids\": [99999999999999999999]}", "not JSON");
  check_bad("{\"ids\": [1.0]}", "a real number");
  check_bad("{\"ids\": [true]}", "a boolean");
  check_bad("{\"ids\": \"1\"}", "ids");
  check_bad("{\"text\": \"1\"}", "ids");
}

static void bad_operands(void **state) {
  (void)state;
  shell r = shell_run("", "detokenize", folder, "4", "x5");
  shell_assert_error(&r, 2, "'x5' is no token id");
  shell_free(&r);
  r = shell_run("", "detokenize", folder, "--", "-4");
  shell_assert_error(&r, 2, "-4 is no token id");
  shell_free(&r);
  r = shell_run("", "detokenize", folder, "4294967296000000000000000000000000000000000000000000000000");
  shell_assert_error(&r, 2, "is no token id");
  shell_free(&r);
  r = shell_run("", "detokenize", folder);
  shell_assert_error(&r, 2, "no ids");
  shell_free(&r);
  r = shell_run("", "detokenize", folder, "4", "--jsonl", "-");
  shell_assert_error(&r, 2, "--jsonl");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ids_from_the_command_line),
      cmocka_unit_test(ids_from_lines),
      cmocka_unit_test(bad_lines),
      cmocka_unit_test(bad_operands),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
