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
  assert_int_equal(strncmp(r.out, "argmax(x: array, axis: int = none, keepdims: flag = false, tie: text = low)\n", 76), 0);
  shell_free(&r);
  r = shell_run("", "ops", "sum", "--json");
  assert_non_null(strstr(r.out, "{\"name\":\"axes\",\"kind\":\"axes\",\"required\":false,\"default\":\"all\"}"));
  shell_free(&r);
  r = shell_run("", "ops", "sofmax");
  shell_assert_error(&r, 3, "did you mean 'softmax'?");
  shell_free(&r);
}

static void several_names_and_a_group(void **state) {
  (void)state;
  shell r = shell_run("", "ops", "exp", "linalg_qr", "--json");
  assert_int_equal(strncmp(r.out, "{\"op\":\"exp\",", 12), 0);
  assert_non_null(strstr(r.out, "\n{\"op\":\"linalg_qr\","));
  assert_non_null(strstr(r.out, "{\"name\":\"mode\",\"kind\":\"text\",\"required\":false,\"default\":\"reduced\"}"));
  shell_free(&r);
  r = shell_run("", "ops", "--group", "linalg");
  assert_int_equal(strncmp(r.out, "linalg_svd(", 11), 0);
  assert_null(strstr(r.out, "\nsoftmax("));
  shell_free(&r);
  r = shell_run("", "ops", "--group", "linear");
  shell_assert_error(&r, 3, "there is no group 'linear' of ops; there are: creation");
  shell_free(&r);
  r = shell_run("", "ops", "--group", "linalg", "exp");
  shell_assert_error(&r, 2, "give it or names");
  shell_free(&r);
  r = shell_run("", "ops", "exp", "sofmax");
  shell_assert_error(&r, 3, "did you mean 'softmax'?");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_op_is_listed),
      cmocka_unit_test(defaults_are_written_as_users_write_them),
      cmocka_unit_test(several_names_and_a_group),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
