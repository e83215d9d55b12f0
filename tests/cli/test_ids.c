/* test_ids.c: lists of token ids, from users and from scripts. */
#include "cli/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void numbers_between_commas_and_spaces(void **state) {
  (void)state;
  cli_ids ids = {0};
  assert_int_equal(cli_ids_from_text(&ids, " 1,2, 3\t4\n,,2147483647,0 "), EMILY_OK);
  assert_int_equal(ids.count, 6);
  assert_memory_equal(ids.data, ((int32_t[]){1, 2, 3, 4, INT32_MAX, 0}), 6 * sizeof(int32_t));
  assert_int_equal(cli_ids_from_text(&ids, "9"), EMILY_OK); /* added to those */
  assert_true(ids.count == 7 && ids.data[6] == 9);
  assert_int_equal(cli_ids_from_text(&ids, ""), EMILY_OK);
  assert_int_equal(ids.count, 7);
  emily__vec_free(&ids);
}

static void what_is_no_id_is_named(void **state) {
  (void)state;
  static const char *const cases[] = {"x", "1,x", "-1", "1.5", "2147483648", "99999999999999999999999999999999999999", "1e3"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cli_ids ids = {0};
    assert_int_equal(cli_ids_from_text(&ids, cases[i]), EMILY_INVALID_ARGUMENT);
    assert_non_null(strstr(emily_last_error()->message, "no token id"));
    emily__vec_free(&ids);
  }
}

static emily_status read_json(const char *text, cli_ids *ids) {
  json_t *object = NULL;
  assert_int_equal(emily__json_parse(text, strlen(text), "test", &object), EMILY_OK);
  emily_status status = cli_ids_from_json(ids, object, "ids");
  json_decref(object);
  return status;
}

static void arrays_of_integers(void **state) {
  (void)state;
  cli_ids ids = {0};
  assert_int_equal(read_json("{\"ids\":[7,0]}", &ids), EMILY_OK);
  assert_true(ids.count == 2 && ids.data[0] == 7 && ids.data[1] == 0);
  assert_int_equal(read_json("{\"ids\":[]}", &ids), EMILY_OK);
  assert_int_equal(read_json("{}", &ids), EMILY_BAD_FORMAT);
  assert_int_equal(read_json("{\"ids\":7}", &ids), EMILY_BAD_FORMAT);
  assert_int_equal(read_json("{\"ids\":[\"7\"]}", &ids), EMILY_BAD_FORMAT);
  assert_int_equal(read_json("{\"ids\":[1.0]}", &ids), EMILY_BAD_FORMAT);
  assert_int_equal(read_json("{\"ids\":[-1]}", &ids), EMILY_INVALID_ARGUMENT);
  emily__vec_free(&ids);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_between_commas_and_spaces),
      cmocka_unit_test(what_is_no_id_is_named),
      cmocka_unit_test(arrays_of_integers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
