/* test_lapack.c: a machine without LAPACK: the evaluation fails and says what to install, and what needs no LAPACK works. */
#include "backend/cpu/lapack.h"
#include "support/arrays.h"

static void its_absence_fails_the_evaluation(void **state) {
  (void)state;
  const emily__lapack *lapack = NULL;
  assert_int_equal(emily__lapack_find("here", &lapack), EMILY_UNSUPPORTED);
  assert_null(lapack);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_linalg_svdvals(s, emily_ones(s, SHAPE(2, 2), EMILY_FLOAT32));
  assert_non_null(y);
  for (int again = 0; again < 2; again++) {
    assert_int_equal(emily_eval(&y, 1), EMILY_UNSUPPORTED);
    assert_non_null(strstr(emily_last_error()->message, "svdvals needs LAPACK, and none was found (/no/such/file: "));
    assert_non_null(strstr(emily_last_error()->message, "install Debian's libopenblas0 or liblapack3, or name a library in EMILY_LAPACK"));
  }
  EXPECT(s, emily_linalg_svdvals(s, emily_ones(s, SHAPE(2, 0, 3), EMILY_FLOAT32)), SHAPE(2, 0), 0);
  test_close(s);
}

int main(void) {
  setenv("EMILY_LAPACK", "/no/such/file", 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(its_absence_fails_the_evaluation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
