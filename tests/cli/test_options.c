/* test_options.c: the ways to write an option, and what is said of each slip. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void check_error(const char *part, const char *const *args) {
  shell r = shell_run_bytes(NULL, 0, args);
  shell_assert_error(&r, 2, part);
  assert_string_equal(r.out, "");
  shell_free(&r);
}
#define CHECK_ERROR(part, ...) check_error(part, (const char *const[]){__VA_ARGS__, NULL})

static void slips_are_told(void **state) {
  (void)state;
  CHECK_ERROR("unknown option '--jsno': did you mean '--json'?", "tokenize", "m", "--jsno");
  CHECK_ERROR("unknown option '--temprature=1': did you mean '--temperature'?", "generate", "m", "--temprature=1");
  CHECK_ERROR("did you mean '--max-new-tokens'?", "generate", "m", "--max");
  CHECK_ERROR("unknown option '--qqqqqq': put '--' before", "tokenize", "m", "--qqqqqq");
  CHECK_ERROR("unknown option '-7': put '--' before", "detokenize", "m", "-7");
  CHECK_ERROR("unknown option '-hx'", "tokenize", "m", "-hx");
  CHECK_ERROR("unknown option '--=x'", "tokenize", "m", "--=x");
  CHECK_ERROR("--threads needs a value (N)", "tokenize", "m", "--threads");
  CHECK_ERROR("--json takes no value", "tokenize", "m", "--json=1");
  CHECK_ERROR("too little was given: emily forward MODEL IN.safetensors", "forward", "m");
  CHECK_ERROR("'extra' is one operand too many", "info", "m", "extra");
}

static void numbers_are_checked(void **state) {
  (void)state;
  CHECK_ERROR("--threads takes a whole number, and 'two' is not", "version", "--threads", "two");
  CHECK_ERROR("--threads takes a whole number, and '' is not", "version", "--threads=");
  CHECK_ERROR("--threads takes a whole number, and '1.5' is not", "version", "-t", "1.5");
  CHECK_ERROR("--threads takes a number from 1 to 4096, and '0' is not", "version", "-t0");
  CHECK_ERROR("'99999999999999999999' is not", "version", "-t99999999999999999999");
  CHECK_ERROR("--top-p takes a number from 0 to 1, and '1.01' is not", "generate", "m", "--top-p", "1.01");
  CHECK_ERROR("--temperature takes a number from 0 on, and '-1' is not", "generate", "m", "--temperature", "-1");
  CHECK_ERROR("--temperature takes a number, and 'nan' is not", "generate", "m", "--temperature", "nan");
  CHECK_ERROR("--temperature takes a number, and '1e999' is not", "generate", "m", "--temperature", "1e999");
  CHECK_ERROR("--temperature takes a number, and '0x10' is not", "generate", "m", "--temperature", "0x10");
}

static void check_version(const char *const *args) {
  shell r = shell_run_bytes(NULL, 0, args);
  assert_int_equal(r.code, 0);
  assert_int_equal(strncmp(r.out, "{\"version\":", 11), 0);
  shell_free(&r);
}
#define CHECK_VERSION(...) check_version((const char *const[]){"version", __VA_ARGS__, NULL})

static void spellings_mean_the_same(void **state) {
  (void)state;
  CHECK_VERSION("--json", "--threads", "1");
  CHECK_VERSION("--threads=1", "--json");
  CHECK_VERSION("-t", "1", "--json");
  CHECK_VERSION("-t1", "--json", "--");
  CHECK_VERSION("-d", "cpu", "--json");
}

static void two_dashes_end_the_options(void **state) {
  (void)state;
  shell r = shell_run("", "info", "--", "--json");
  shell_assert_error(&r, 3, "cannot look at --json");
  shell_free(&r);
  CHECK_ERROR("'--' is one operand too many", "info", "--", "a", "--");
}

static void help_wins_over_what_follows(void **state) {
  (void)state;
  shell r = shell_run("", "embed", "--help", "--nonsense");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "Usage: emily embed"));
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slips_are_told),
      cmocka_unit_test(numbers_are_checked),
      cmocka_unit_test(spellings_mean_the_same),
      cmocka_unit_test(two_dashes_end_the_options),
      cmocka_unit_test(help_wins_over_what_follows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
