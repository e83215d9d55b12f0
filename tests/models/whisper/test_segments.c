/* test_segments.c: cutting at the times, the cases of Transformers' _retrieve_segment. Times are 100 and on, text is
 * below. */
#include "models/whisper/segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

enum { TIMES = 100, STEPS = 50 };

static emily__whisper_segment out[16];
static int64_t seek;

static size_t cut(const int32_t *tokens, size_t count) {
  return emily__whisper_segments(tokens, count, TIMES, STEPS, out, &seek);
}
#define CUT(...) cut((const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / 4)

static void expect(size_t i, size_t from, size_t to, int64_t start, int64_t end) {
  assert_int_equal(out[i].from, from);
  assert_int_equal(out[i].to, to);
  assert_int_equal(out[i].start, start);
  assert_int_equal(out[i].end, end);
}

static void a_pair_ends_the_window_early(void **state) {
  (void)state;
  assert_int_equal(CUT(100, 1, 110, 110, 2, 120, 120, 3), 2);
  expect(0, 0, 3, 0, 10);
  expect(1, 3, 7, 10, 20); /* with the time that follows */
  assert_int_equal(seek, 20);
  assert_false(out[1].open);
}

static void one_time_at_the_end_ends_it_whole(void **state) {
  (void)state;
  assert_int_equal(CUT(100, 1, 110, 110, 2, 130), 2);
  expect(1, 3, 6, 10, 30);
  assert_int_equal(seek, 0);
}

static void two_times_at_the_end(void **state) {
  (void)state;
  assert_int_equal(CUT(101, 1, 110, 110), 1);
  expect(0, 0, 4, 1, 10);
  assert_int_equal(seek, 10);
}

static void without_a_pair_all_is_one(void **state) {
  (void)state;
  assert_int_equal(CUT(100, 1, 2), 1);
  expect(0, 0, 3, 0, STEPS);
  assert_true(out[0].open && seek == 0);
  assert_int_equal(CUT(100, 1, 2, 107), 1);
  expect(0, 0, 4, 0, 7);
  assert_false(out[0].open);
  assert_int_equal(CUT(1, 2), 1);
  expect(0, 0, 2, 0, STEPS);
  assert_int_equal(cut(NULL, 0), 1);
  expect(0, 0, 0, 0, STEPS);
  assert_int_equal(CUT(105), 1);
  expect(0, 0, 1, 0, 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pair_ends_the_window_early),
      cmocka_unit_test(one_time_at_the_end_ends_it_whole),
      cmocka_unit_test(two_times_at_the_end),
      cmocka_unit_test(without_a_pair_all_is_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
