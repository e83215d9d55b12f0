/* test_cosine.c: how alike two vectors are. */
#include "cli/cosine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

static void known_angles(void **state) {
  (void)state;
  assert_true(cli_cosine((float[]){3, 4}, (float[]){6, 8}, 2) == 1);
  assert_true(cli_cosine((float[]){3, 4}, (float[]){-3, -4}, 2) == -1);
  assert_true(cli_cosine((float[]){1, 0}, (float[]){0, 5}, 2) == 0);
  assert_true(fabs(cli_cosine((float[]){1, 0}, (float[]){1, 1}, 2) - sqrt(0.5)) < 1e-15);
}

static void a_zero_is_like_nothing(void **state) {
  (void)state;
  assert_true(cli_cosine((float[]){0, 0}, (float[]){1, 1}, 2) == 0);
  assert_true(cli_cosine((float[]){1}, (float[]){1}, 0) == 0);
}

/* Squares of these leave float32's range, not a double's. */
static void large_and_small_values(void **state) {
  (void)state;
  assert_true(fabs(cli_cosine((float[]){3e30f, 4e30f}, (float[]){3e-30f, 4e-30f}, 2) - 1) < 1e-6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_angles),
      cmocka_unit_test(a_zero_is_like_nothing),
      cmocka_unit_test(large_and_small_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
