/* test_cmd_families.c: every family is listed, for people and as JSON. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "emily/model.h"

static void every_family_is_listed(void **state) {
  (void)state;
  shell people = shell_run("", "families"), json = shell_run("", "families", "--json");
  emily_family_info family = EMILY_FAMILY_INFO_INIT;
  char words[128];
  assert_int_equal(people.code, 0);
  assert_int_equal(json.code, 0);
  for (size_t i = 0; emily_family_at(i, &family); i++) {
    assert_true(family.task_count > 0);
    snprintf(words, sizeof words, "{\"model_type\":\"%s\",\"class\":\"%s\"", family.model_type, family.class_name);
    assert_non_null(strstr(json.out, words));
    snprintf(words, sizeof words, "%s%s", family.class_name, family.tasks[0]);
    assert_non_null(strstr(people.out, words));
  }
  assert_non_null(strstr(people.out, "bert          BertModel, ForMaskedLM"));
  shell_free(&people);
  shell_free(&json);
}

static void small_structs_are_refused(void **state) {
  (void)state;
  emily_family_info family = EMILY_FAMILY_INFO_INIT;
  assert_true(emily_family_at(0, &family));
  assert_false(emily_family_at(100000, &family));
  family.struct_size = 8;
  assert_false(emily_family_at(0, &family));
}

static void takes_no_operands(void **state) {
  (void)state;
  shell r = shell_run("", "families", "bert");
  shell_assert_error(&r, 2, "families");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_family_is_listed),
      cmocka_unit_test(small_structs_are_refused),
      cmocka_unit_test(takes_no_operands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
