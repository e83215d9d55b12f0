/* test_cmd_version.c: `emily version` says the library's version. */
#include "../support/shell.h"
#include "emily/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void it_is_the_librarys(void **state) {
  (void)state;
  shell r = shell_run("", "version");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, emily_version()));
  assert_string_equal(r.err, "");
  shell_free(&r);
}

static void operands_are_refused(void **state) {
  (void)state;
  shell r = shell_run("", "version", "2");
  assert_int_equal(r.code, 2);
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_the_librarys),
      cmocka_unit_test(operands_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
