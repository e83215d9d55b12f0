/* test_main.c: commands found by name, the common options, exit codes. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emily/base.h"

static void without_a_command_it_tells_the_usage(void **state) {
  (void)state;
  shell r = shell_run_bytes(NULL, 0, (const char *const[]){NULL});
  assert_int_equal(r.code, 2);
  assert_string_equal(r.out, "");
  assert_non_null(strstr(r.err, "Usage: emily COMMAND"));
  shell_free(&r);
}

static void an_unknown_command_is_told_with_the_nearest(void **state) {
  (void)state;
  shell r = shell_run("", "embd");
  shell_assert_error(&r, 2, "there is no command 'embd': did you mean 'embed'?");
  shell_free(&r);
  r = shell_run("", "zzzzzzzz");
  shell_assert_error(&r, 2, "there is no command 'zzzzzzzz' (");
  shell_free(&r);
}

static void options_come_after_the_command(void **state) {
  (void)state;
  shell r = shell_run("", "--threads", "2", "version");
  shell_assert_error(&r, 2, "'--threads' stands before a command");
  shell_free(&r);
}

static void version_is_the_library_s(void **state) {
  (void)state;
  const char *const spellings[] = {"version", "--version", "-V"};
  char wanted[64];
  snprintf(wanted, sizeof wanted, "emily %s\n", emily_version());
  for (int i = 0; i < 3; i++) {
    shell r = shell_run("", spellings[i]);
    assert_int_equal(r.code, 0);
    assert_string_equal(r.out, wanted);
    assert_string_equal(r.err, "");
    shell_free(&r);
  }
}

static void a_device_that_is_not_there_is_refused(void **state) {
  (void)state;
  const char *const commands[] = {"version", "doctor", "ops"};
  for (int i = 0; i < 3; i++) {
    shell r = shell_run("", commands[i], "--device", "cuda");
    shell_assert_error(&r, 5, "--device cuda: this build has no backend \"cuda\"");
    assert_string_equal(r.out, "");
    shell_free(&r);
  }
}

static void a_wrong_EMILY_CPU_stops_what_computes_and_nothing_else(void **state) {
  (void)state;
  char *saved = getenv("EMILY_CPU") ? strdup(getenv("EMILY_CPU")) : NULL;
  setenv("EMILY_CPU", "best", 1);
  shell r = shell_run("", "op", "zeros", "-a", "shape=2", "-o", "/dev/null");
  shell_assert_error(&r, 1, "EMILY_CPU");
  shell_free(&r);
  r = shell_run("", "version");
  assert_int_equal(r.code, 0);
  shell_free(&r);
  if (saved) setenv("EMILY_CPU", saved, 1);
  else unsetenv("EMILY_CPU");
  free(saved);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_command_it_tells_the_usage),
      cmocka_unit_test(an_unknown_command_is_told_with_the_nearest),
      cmocka_unit_test(options_come_after_the_command),
      cmocka_unit_test(version_is_the_library_s),
      cmocka_unit_test(a_device_that_is_not_there_is_refused),
      cmocka_unit_test(a_wrong_EMILY_CPU_stops_what_computes_and_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
