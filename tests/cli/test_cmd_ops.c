/* test_cmd_ops.c: every op of the table is listed, with what it takes. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emily/call.h"

static void every_op_is_listed(void **state) {
  (void)state;
  shell people = shell_run("", "ops"), json = shell_run("", "ops", "--json");
  int32_t lines = 0;
  assert_int_equal(people.code, 0);
  assert_int_equal(json.code, 0);
  for (const char *at = json.out; (at = strchr(at, '\n')); at++) lines++;
  assert_int_equal(lines, emily_op_count());
  for (int32_t i = 0; i < emily_op_count(); i++) {
    char words[96];
    snprintf(words, sizeof words, "\n%s(", emily_op_at(i)->name);
    assert_non_null(strstr(people.out, words));
    snprintf(words, sizeof words, "{\"op\":\"%s\",", emily_op_at(i)->name);
    assert_non_null(strstr(json.out, words));
  }
  shell_free(&people);
  shell_free(&json);
}

static void defaults_are_written_as_users_write_them(void **state) {
  (void)state;
  shell r = shell_run("", "ops", "zeros");
  assert_int_equal(strncmp(r.out, "zeros(shape: ints, dtype: dtype = float32)\n    ", 47), 0);
  shell_free(&r);
  r = shell_run("", "ops", "argmax");
  assert_int_equal(strncmp(r.out, "argmax(x: array, axis: int = none, keepdims: flag = false)\n", 59), 0);
  shell_free(&r);
  r = shell_run("", "ops", "sum", "--json");
  assert_non_null(strstr(r.out, "{\"name\":\"axes\",\"kind\":\"axes\",\"required\":false,\"default\":\"all\"}"));
  shell_free(&r);
  r = shell_run("", "ops", "sofmax");
  shell_assert_error(&r, 3, "did you mean 'softmax'?");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_op_is_listed),
      cmocka_unit_test(defaults_are_written_as_users_write_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
