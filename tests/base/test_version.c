/* test_version.c: the library says the version that its headers say. */
#include "emily/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void text_and_number_agree(void **state) {
  (void)state;
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", EMILY_VERSION_MAJOR, EMILY_VERSION_MINOR, EMILY_VERSION_PATCH);
  assert_string_equal(emily_version(), text);
  assert_int_equal(emily_version_number(), EMILY_VERSION_NUMBER);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(text_and_number_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
