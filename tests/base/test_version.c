/* test_version.c: text, number and header agree. */
#include "support/arrays.h"

#include <stdio.h>

static void text_and_number_agree(void **state) {
  (void)state;
  int major, minor, patch, end = 0;
  assert_int_equal(sscanf(emily_version(), "%d.%d.%d%n", &major, &minor, &patch, &end), 3);
  assert_int_equal(emily_version()[end], '\0');
  assert_int_equal(major * 10000 + minor * 100 + patch, emily_version_number());
  assert_int_equal(emily_version_number(), EMILY_VERSION_NUMBER);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(text_and_number_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
