/* test_languages.c: languages by code, by name and by token. */
#include "models/whisper/languages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void knows_every_name(void **state) {
  (void)state;
  static const char *const names[] = {"de", "DE", "German", "german", "<|de|>"};
  for (int i = 0; i < 5; i++) assert_string_equal(emily__whisper_language(names[i]), "de");
  assert_string_equal(emily__whisper_language("castilian"), "es");
  assert_string_equal(emily__whisper_language("haw"), "haw");
  assert_string_equal(emily__whisper_language("cantonese"), "yue");
  static const char *const others[] = {"", "d", "deu", "<|de", "<|de|>x", "<||>", "klingon"};
  for (int i = 0; i < 7; i++) assert_null(emily__whisper_language(others[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(knows_every_name)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
