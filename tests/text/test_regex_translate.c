/* test_regex_translate.c: Oniguruma's syntax as PCRE2's; what differs and cannot be said is refused. */
#include "text/pattern.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* The matches in a text, in brackets. */
static const char *matches(const char *regex, const char *text) {
  static char out[256];
  emily__pattern *pattern = NULL;
  assert_int_equal(emily__pattern_regex(regex, strlen(regex), "test", &pattern), EMILY_OK);
  emily__pattern_state state = {0};
  emily__pattern_start(&state, pattern, text, strlen(text));
  size_t start, end, at = 0;
  bool found;
  out[0] = '\0';
  while (emily__pattern_next(&state, &found, &start, &end) == EMILY_OK && found)
    at += (size_t)snprintf(out + at, sizeof out - at, "[%.*s]", (int)(end - start), text + start);
  emily__pattern_finish(&state);
  emily__pattern_free(pattern);
  return out;
}

static void classes_are_unicode(void **state) {
  (void)state;
  assert_string_equal(matches("\\s", "a\xC2\xA0z\xE2\x80\xA8"), "[\xC2\xA0][\xE2\x80\xA8]");
  assert_string_equal(matches("\\s", "\xE1\xA0\x8E"), ""); /* U+180E is no space any more, though PCRE2 says so */
  assert_string_equal(matches("[^\\S\\n]+", " \t\n "), "[ \t][ ]");
  assert_string_equal(matches("\\w+", "na\xC3\xAFve_1 +"), "[na\xC3\xAFve_1]");
  assert_string_equal(matches("\\d", "a1\xD9\xA3"), "[1][\xD9\xA3]");
  assert_string_equal(matches("\\D+", "a1\xD9\xA3z"), "[a][z]");
  assert_string_equal(matches("\\h+", "xyfF09g"), "[fF09]");
  assert_string_equal(matches("\\p{L}+|\\p{^L}", "ab1"), "[ab][1]");
  assert_string_equal(matches("\\P{L}", "ab1"), "[1]");
  assert_string_equal(matches("\\p{Lo}", "\xF0\xB1\x8D\x90"), "[\xF0\xB1\x8D\x90]"); /* U+31350, of Unicode 15 */
  assert_string_equal(matches("\\p{Han}", "\xF0\xB1\x8D\x90z"), "[\xF0\xB1\x8D\x90]");
}

static void syntax_is_ruby(void **state) {
  (void)state;
  assert_string_equal(matches("^a|z$", "a\naz\nz"), "[a][a][z][z]");
  assert_string_equal(matches("\\Aa|z\\z", "a\naz\nz"), "[a][z]"); /* of the text, not of each line */
  assert_string_equal(matches("a.b", "a\nb"), "");
  assert_string_equal(matches("(?m:a.b)", "a\nb"), "[a\nb]");
  assert_string_equal(matches("a{,2}b", "aaab"), "[aab]");
  assert_string_equal(matches("a{1,2}", "aaa"), "[aa][a]");
  assert_string_equal(matches("x{y}", "x{y}"), "[x{y}]");
  assert_string_equal(matches("(?i)AB|c", "abC"), "[ab][C]");
  assert_string_equal(matches("(?i:'s|'t)", "'S'\xC5\xBF'T"), "['S]['\xC5\xBF]['T]"); /* the long s too */
  assert_string_equal(matches("[]a]", "]a["), "[]][a]");
  assert_string_equal(matches("\\u00e9|\\x{4e2d}|\\x41", "\xC3\xA9\xE4\xB8\xAD\x41"), "[\xC3\xA9][\xE4\xB8\xAD][A]");
  assert_string_equal(matches("\\bb\\b|\\Bc", "b bc"), "[b][c]");
  assert_string_equal(matches("(a)\\1", "aaa"), "[aa]");
  assert_string_equal(matches("\\v\\t\\.\\\xC3\xA9", "\v\t.\xC3\xA9"), "[\v\t.\xC3\xA9]");
  assert_string_equal(matches("a?+b*+c", "abbc"), "[abbc]");
}

static void an_empty_match_after_a_match_is_skipped(void **state) {
  (void)state;
  assert_string_equal(matches("a*", "baac"), "[][aa][]");
  assert_string_equal(matches("", "\xC3\xA9z"), "[][][]");
}

static void what_cannot_be_said_is_refused(void **state) {
  (void)state;
  static const char *const unsupported[] = {"[a&&b]", "[a[b]]", "[[:alpha:]]", "\\p{Script=Greek}", "a(?i)b", "(?<n>a)",
                                            "a{2}+", "a{2}?", "\\R", "\\X", "\\K", "\\G", "[\\W]", "[\\P{L}]", "(?x)a",
                                            "\\pL", "\\xff", "[\\b]", "a{100000}", "(?~a)", "[\\A]", "[\\z]", "[\\D]", "(?i)kiss", "(?i:first)", "\\p{LongUnknownProperty}"};
  static const char *const malformed[] = {"(", "[a", "\\", "\\p{L", "a)", "*a", "\\x{110000}", "\\ud800", "[b-a]", "(*UTF)a"};
  emily__pattern *pattern = NULL;
  for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++)
    assert_int_equal(emily__pattern_regex(unsupported[i], strlen(unsupported[i]), "t", &pattern), EMILY_UNSUPPORTED);
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
    assert_int_equal(emily__pattern_regex(malformed[i], strlen(malformed[i]), "t", &pattern), EMILY_BAD_FORMAT);
  assert_int_equal(emily__pattern_regex("a\0b", 3, "t", &pattern), EMILY_UNSUPPORTED);
  assert_null(pattern);
}

/* A pattern that explodes ends with an error instead of never. */
static void a_runaway_pattern_gives_up(void **state) {
  (void)state;
  emily__pattern *pattern = NULL;
  assert_int_equal(emily__pattern_regex("(a+)+$", 6, "t", &pattern), EMILY_OK);
  emily__pattern_state walk = {0};
  emily__pattern_start(&walk, pattern, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 45);
  size_t start, end;
  bool found;
  assert_int_equal(emily__pattern_next(&walk, &found, &start, &end), EMILY_UNSUPPORTED);
  emily__pattern_finish(&walk);
  emily__pattern_free(pattern);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(classes_are_unicode),
      cmocka_unit_test(syntax_is_ruby),
      cmocka_unit_test(an_empty_match_after_a_match_is_skipped),
      cmocka_unit_test(what_cannot_be_said_is_refused),
      cmocka_unit_test(a_runaway_pattern_gives_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
