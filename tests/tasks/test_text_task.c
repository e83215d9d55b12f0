/* test_text_task.c: characters, softmax, mended texts. Loading is tested with each task. */
#include "tasks/text_task.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void counts_characters(void **state) {
  (void)state;
  assert_int_equal(emily__text_characters("", 0), 0);
  assert_int_equal(emily__text_characters("abc", 2), 2);
  assert_int_equal(emily__text_characters("\xC3\xA9\xE6\x9D\xB1\xF0\x9F\x9A\x80", 9), 3);
}

static void softmax_holds_large_numbers(void **state) {
  (void)state;
  float values[] = {1000, 1000, -10000}, one[] = {-INFINITY, 0};
  emily__softmax(values, 3);
  assert_true(values[0] == 0.5f && values[1] == 0.5f && values[2] == 0);
  emily__softmax(one, 2);
  assert_true(one[0] == 0 && one[1] == 1);
}

static void mends_texts(void **state) {
  (void)state;
  size_t length = 7, lengths[] = {0, 3};
  char *text = emily__text_repaired("a\xFF" "b and more", lengths, 1, &length);
  assert_string_equal(text, "a\xEF\xBF\xBD" "b");
  assert_int_equal(length, 5);
  emily__free(text);
  text = emily__text_repaired("", NULL, 0, &length);
  assert_string_equal(text, "");
  assert_int_equal(length, 0);
  emily__free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_characters),
      cmocka_unit_test(softmax_holds_large_numbers),
      cmocka_unit_test(mends_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
