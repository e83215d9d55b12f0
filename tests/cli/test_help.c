/* test_help.c: the table is complete, and help shows all of it. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

static json_t *next_line(const char **at) {
  const char *end = strchr(*at, '\n');
  assert_non_null(end);
  json_t *value = json_loadb(*at, (size_t)(end - *at), 0, NULL);
  assert_non_null(value);
  *at = end + 1;
  return value;
}

static const char *text(json_t *object, const char *key) { return json_string_value(json_object_get(object, key)); }

static void check_help(json_t *command, const char *option) {
  shell r = shell_run("", text(command, "command"), "--help");
  char words[128];
  snprintf(words, sizeof words, "--%s", option);
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, words));
  assert_non_null(strstr(r.out, "Examples:\n  "));
  assert_string_equal(r.err, "");
  for (const char *line = r.out, *end; (end = strchr(line, '\n')); line = end + 1)
    if (end - line > 84) fail_msg("too wide for a terminal: %.*s", (int)(end - line), line);
  shell_free(&r);
}

static void check_command(json_t *command) {
  json_t *options = json_object_get(command, "options"), *option;
  size_t i, common = 0;
  assert_true(strlen(text(command, "summary")) > 5 && strlen(text(command, "details")) > 5);
  assert_true(json_array_size(json_object_get(command, "examples")) > 0);
  json_array_foreach(options, i, option) {
    const char *name = text(option, "name");
    common += !strcmp(name, "help") || !strcmp(name, "threads") || !strcmp(name, "device");
    assert_true(strlen(text(option, "help")) > 3);
    assert_int_equal(!strcmp(text(option, "kind"), "flag"), text(option, "argument") == NULL);
  }
  assert_int_equal(common, 3);
  check_help(command, text(json_array_get(options, 0), "name"));
}

static void every_command_is_described(void **state) {
  (void)state;
  shell r = shell_run("", "help", "--json");
  size_t count = 0;
  assert_int_equal(r.code, 0);
  for (const char *at = r.out; *at; count++) {
    json_t *command = next_line(&at);
    check_command(command);
    json_decref(command);
  }
  assert_true(count > 20);
  shell_free(&r);
}

static void help_of_a_command_is_its_help_option(void **state) {
  (void)state;
  shell a = shell_run("", "help", "search"), b = shell_run("", "search", "-h");
  assert_int_equal(a.code, 0);
  assert_string_equal(a.out, b.out);
  shell_free(&a);
  shell_free(&b);
  a = shell_run("", "help", "serch");
  shell_assert_error(&a, 2, "did you mean 'search'?");
  shell_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_command_is_described),
      cmocka_unit_test(help_of_a_command_is_its_help_option),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
