/* test_json_out.c: what JSON is written, and that it reads back. */
#include "cli/json_out.h"

#include "base/json.h"
#include "cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static FILE *caught;
static int real_stdout;

/* Between begin and end, standard output goes to a file. */
static void begin(void) {
  fflush(stdout);
  real_stdout = dup(STDOUT_FILENO);
  caught = tmpfile();
  assert_non_null(caught);
  assert_true(dup2(fileno(caught), STDOUT_FILENO) >= 0);
}

static const char *end(void) {
  static char text[4096];
  cli_out_flush();
  dup2(real_stdout, STDOUT_FILENO);
  close(real_stdout);
  rewind(caught);
  text[fread(text, 1, sizeof text - 1, caught)] = '\0';
  fclose(caught);
  return text;
}

static void commas_stand_between(void **state) {
  (void)state;
  cli_json json = {0};
  begin();
  for (int round = 0; round < 2; round++) {
    cli_json_begin(&json, '{');
    cli_json_put_text(&json, "a", NULL);
    cli_json_key(&json, "b");
    cli_json_begin(&json, '[');
    cli_json_int(&json, INT64_MIN);
    cli_json_begin(&json, '[');
    cli_json_end(&json, ']');
    cli_json_unsigned(&json, UINT64_MAX);
    cli_json_bool(&json, true);
    cli_json_end(&json, ']');
    cli_json_put_bool(&json, "c", false);
    cli_json_put_int(&json, "d", -1);
    cli_json_put_unsigned(&json, "e", 1);
    cli_json_put_real(&json, "f", 0.5);
    cli_json_end(&json, '}');
  }
#define LINE "{\"a\":null,\"b\":[-9223372036854775808,[],18446744073709551615,true],\"c\":false,\"d\":-1,\"e\":1,\"f\":0.5}\n"
  assert_string_equal(end(), LINE LINE);
}

static void text_is_escaped(void **state) {
  (void)state;
  cli_json json = {0};
  begin();
  cli_json_begin(&json, '[');
  cli_json_text(&json, "q\"b\\n\nt\t\x01\x7F \u00E9\u2028\u0394");
  cli_json_bytes(&json, "a\0b\xFF\xE2\x82", 6);
  cli_json_text(&json, "");
  cli_json_end(&json, ']');
  assert_string_equal(end(), "[\"q\\\"b\\\\n\\nt\\t\\u0001\\u007f \u00E9\\u2028\u0394\",\"a\\u0000b\uFFFD\uFFFD\",\"\"]\n");
}

static void numbers_read_back(void **state) {
  (void)state;
  static const float floats[] = {0.1f, 16777215, 1e-45f, 3.4028235e38f, -0.0f, 1.0f / 3, 100};
  static const double reals[] = {0.1, 5e-324, 1.7976931348623157e308, -0.0, 1.0 / 3, 1e22};
  cli_json json = {0};
  begin();
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) cli_json_float(&json, floats[i]);
  for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) cli_json_real(&json, reals[i]);
  cli_json_float(&json, (float)NAN);
  cli_json_real(&json, -(double)INFINITY);
  cli_json_end(&json, ']');
  const char *text = end();
  json_t *list = NULL;
  assert_int_equal(emily__json_parse(text, strlen(text), "test", &list), EMILY_OK);
  size_t at = 0;
  for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
    assert_true(json_is_real(json_array_get(list, at))); /* also where it is whole */
    float read = (float)json_real_value(json_array_get(list, at++));
    assert_memory_equal(&read, &floats[i], sizeof read);
  }
  for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
    double read = json_real_value(json_array_get(list, at++));
    assert_memory_equal(&read, &reals[i], sizeof read);
  }
  assert_true(json_is_null(json_array_get(list, at)) && json_is_null(json_array_get(list, at + 1)));
  json_decref(list);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(commas_stand_between),
      cmocka_unit_test(text_is_escaped),
      cmocka_unit_test(numbers_read_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
