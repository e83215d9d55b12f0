/* test_message.c: messages are one line, and nothing in them steers a terminal. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void names_from_outside_are_shown_harmlessly(void **state) {
  (void)state;
  shell r = shell_run("", "info",
                      "a\033[31mb\r\nc\xC2\x9B"
                      "d\x7F");
  shell_assert_error(&r, 3,
                     "cannot look at a\\x1B[31mb\\x0D\\x0Ac\\xC2\\x9Bd\\x7F");
  shell_free(&r);
}

static void the_nearest_word_counts_swaps_and_beginnings(void **state) {
  (void)state;
  const struct {
    const char *word, *meant;
  } cases[] = {{"emebd", "embed"},
               {"gen", "generate"},
               {"detokenise", "detokenize"},
               {"docter", "doctor"},
               {"serach", "search"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    shell r = shell_run("", cases[i].word);
    shell_assert_error(&r, 2, cases[i].meant);
    shell_free(&r);
  }
}

static void a_long_word_is_no_trouble(void **state) {
  (void)state;
  static char word[100000];
  memset(word, 'x', sizeof word - 1);
  shell r = shell_run("", word);
  assert_int_equal(r.code, 2);
  shell_free(&r);
  word[0] = word[1] = '-';
  r = shell_run("", "embed", word);
  assert_int_equal(r.code, 2);
  assert_int_equal(strncmp(r.err, "emily: ", 7), 0);
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_from_outside_are_shown_harmlessly),
      cmocka_unit_test(the_nearest_word_counts_swaps_and_beginnings),
      cmocka_unit_test(a_long_word_is_no_trouble),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
