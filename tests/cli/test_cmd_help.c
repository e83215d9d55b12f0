/* test_cmd_help.c: `emily help`, with a command and without. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void without_a_command_it_lists_all(void **state) {
  (void)state;
  shell r = shell_run("", "help");
  assert_int_equal(r.code, 0);
  assert_string_equal(r.err, "");
  static const char *const commands[] = {"embed", "search", "generate", "forward", "tokenize", "detokenize", "info", "doctor"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) assert_non_null(strstr(r.out, commands[i]));
  shell_free(&r);
}

static void a_command_is_told_as_its_own_help_does(void **state) {
  (void)state;
  shell asked = shell_run("", "help", "search"), own = shell_run("", "search", "--help");
  assert_int_equal(asked.code, 0);
  assert_string_equal(asked.out, own.out);
  shell_free(&asked);
  shell_free(&own);
}

static void an_unknown_command_is_refused(void **state) {
  (void)state;
  shell r = shell_run("", "help", "serach");
  shell_assert_error(&r, 2, "did you mean 'search'?");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_command_it_lists_all),
      cmocka_unit_test(a_command_is_told_as_its_own_help_does),
      cmocka_unit_test(an_unknown_command_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
