/* test_registry.c: backends by name. */
#include "backend/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void the_cpu_is_there_by_name_by_default_and_as_the_host(void **state) {
  (void)state;
  assert_ptr_equal(emily__backend_find("cpu"), emily__backend_host());
  assert_ptr_equal(emily__backend_default(), emily__backend_host());
  assert_string_equal(emily__backend_host()->name, "cpu");
  assert_true(emily__backend_host()->host);
}

static void an_unknown_name_is_not_found_and_named(void **state) {
  (void)state;
  assert_null(emily__backend_find("tpu"));
  assert_int_equal(emily_last_error()->status, EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "\"tpu\""));
  assert_null(emily__backend_find(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_cpu_is_there_by_name_by_default_and_as_the_host),
      cmocka_unit_test(an_unknown_name_is_not_found_and_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
