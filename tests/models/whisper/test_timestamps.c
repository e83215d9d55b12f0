/* test_timestamps.c: each rule of the times alone, on scores where all else is equal. */
#include "models/whisper/timestamps.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* 10 tokens: text 0 … 3, the end 4, <|notimestamps|> 5, times 6 … 9. */
enum { VOCAB = 10, EOS = 4, BEGIN = 6 };
static const emily__timestamp_rules rules = {BEGIN, EOS, -1};

/* What is left of equal scores but for `high`, as a text of 0 and 1. */
static const char *left(const emily__timestamp_rules *r, const int32_t *tokens, size_t count, int high) {
  static char text[VOCAB + 1];
  float scores[VOCAB] = {0};
  if (high >= 0) scores[high] = 10;
  emily__logits_step step = emily__timestamp_step(r);
  step.apply(step.self, tokens, count, scores, VOCAB);
  for (int i = 0; i < VOCAB; i++) text[i] = scores[i] == -INFINITY ? '0' : '1';
  return text;
}
#define LEFT(high, ...) left(&rules, (const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / 4, high)

static void the_first_is_a_time(void **state) {
  (void)state;
  assert_string_equal(left(&rules, NULL, 0, 1), "0000001111");
  emily__timestamp_rules most = rules;
  most.max_initial = 1;
  assert_string_equal(left(&most, NULL, 0, 1), "0000001100");
  most.max_initial = 100;
  assert_string_equal(left(&most, NULL, 0, 1), "0000001111");
}

static void times_come_in_pairs(void **state) {
  (void)state;
  assert_string_equal(LEFT(-1, 6), "1111100000");       /* a beginning: text */
  assert_string_equal(LEFT(-1, 6, 1, 7), "0000000111"); /* an end: the next beginning, from there on, or (by its score) the end */
  assert_string_equal(LEFT(4, 6, 1, 7), "0000100111");
  assert_string_equal(LEFT(-1, 6, 1, 7, 7), "1111100000");
}

static void times_do_not_fall(void **state) {
  (void)state;
  assert_string_equal(LEFT(1, 6, 1), "1111100111"); /* an end lies behind its beginning */
  assert_string_equal(LEFT(1, 6, 1, 8, 8, 2), "1111100001");
  assert_string_equal(LEFT(1, 6, 1, 9, 9, 2), "1111100000"); /* nothing behind the last one */
  assert_string_equal(LEFT(-1, 6, 1, 9), "0000100001"); /* only the same time may begin; as likely as the end, it does not drive it out */
}

static void likely_times_win(void **state) {
  (void)state;
  assert_string_equal(LEFT(-1, 6, 1), "0000000111"); /* three equal times are likelier than any one token */
  assert_string_equal(LEFT(1, 6, 1), "1111100111");
  assert_string_equal(LEFT(8, 6, 1), "0000000111");
}

/* Scores as large as float32 has: nothing overflows. */
static void large_scores_are_compared(void **state) {
  (void)state;
  float scores[VOCAB] = {[1] = 3e38f, [7] = 3e38f, [8] = -3e38f};
  emily__logits_step step = emily__timestamp_step(&rules);
  step.apply(step.self, (const int32_t[]){6, 1}, 2, scores, VOCAB);
  assert_true(scores[1] == 3e38f && scores[7] == 3e38f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_is_a_time), cmocka_unit_test(times_come_in_pairs),      cmocka_unit_test(times_do_not_fall),
      cmocka_unit_test(likely_times_win),    cmocka_unit_test(large_scores_are_compared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
