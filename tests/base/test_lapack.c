/* test_lapack.c: what is said of a file that is no LAPACK. One answer a process: what is found is for test_system.c to see. */
#include "base/lapack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void another_library_is_named_and_refused(void **state) {
  (void)state;
  const emily__lapack_library *library = emily__lapack_open();
  assert_ptr_equal(library, emily__lapack_open());
  assert_null(library->handle);
  assert_string_equal(library->name, "");
  assert_string_equal(library->problem, "libm.so.6 is no LAPACK: it has no dgesdd_");
}

int main(void) {
  setenv("EMILY_LAPACK", "libm.so.6", 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(another_library_is_named_and_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
