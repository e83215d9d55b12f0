/* test_window.c: places of a window on a padded axis, counted by hand and by walking, and hostile numbers. */
#include "graph/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int64_t places(int64_t extent, int64_t dilation, int64_t low, int64_t high, int64_t taps, int64_t tap_dilation, int64_t stride) {
  const emily__window w = {extent, dilation, low, high, taps, tap_dilation, stride};
  int64_t n = -1;
  return emily__window_places(&w, &n) ? -1 : n;
}

/* dilation 1 to 3 × stride × padding: a window fits at place p where its last element is still on the axis. */
static void dilated_windows(void **state) {
  (void)state;
  for (int64_t extent = 1; extent < 7; extent++)
    for (int64_t dilation = 1; dilation <= 3; dilation++)
      for (int64_t padding = -1; padding <= 3; padding++)
        for (int64_t taps = 1; taps < 4; taps++)
          for (int64_t tap_dilation = 1; tap_dilation <= 3; tap_dilation++)
            for (int64_t stride = 1; stride <= 3; stride++) {
              int64_t n = 0, axis = (extent - 1) * dilation + 1 + padding + 1;
              while (n * stride + (taps - 1) * tap_dilation < axis) n++;
              assert_int_equal(places(extent, dilation, padding, 1, taps, tap_dilation, stride), n ? n : -1);
            }
}

static void empty_axes(void **state) {
  (void)state;
  assert_int_equal(places(0, 1, 0, 0, 1, 1, 1), -1);
  assert_int_equal(places(0, 3, 1, 1, 2, 1, 1), 1);
  assert_int_equal(places(4, 1, 0, 0, 0, 1, 1), -1);
}

static void hostile_numbers(void **state) {
  (void)state;
  const int64_t hostile[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 2, (int64_t)1 << 32, INT64_MAX / 2, INT64_MAX - 1, INT64_MAX};
  enum { N = sizeof hostile / sizeof *hostile };
  for (int a = 0; a < N; a++)
    for (int b = 0; b < N; b++)
      for (int c = 0; c < N; c++)
        for (int d = 0; d < N; d++) {
          const int64_t n = places(5, hostile[a], hostile[b], hostile[c], 3, hostile[d], 2);
          assert_true(n == -1 || n >= 1);
          assert_true(places(5, 1, hostile[a], hostile[b], 3, hostile[c], hostile[d]) != 0);
        }
  assert_int_equal(places(5, 1, INT64_MAX - 5, 0, 3, 1, INT64_MAX), 1);
  assert_int_equal(places(5, 1, INT64_MAX - 4, 0, 3, 1, 1), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(dilated_windows), cmocka_unit_test(empty_axes), cmocka_unit_test(hostile_numbers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
