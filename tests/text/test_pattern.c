/* test_pattern.c: the four kinds of patterns and the walk over their matches. What regular expressions mean is in
 * test_regex_translate.c. */
#include "text/parts.h"
#include "text/pattern.h"
#include "text/unicode.h"

/* Every match in brackets. The state is taken over from one pattern to the next. */
static const char *matches(emily__pattern_state *walk, const emily__pattern *pattern, const char *text) {
  static char out[512];
  size_t start, end, at = 0;
  bool found;
  out[0] = '\0';
  emily__pattern_start(walk, pattern, text, strlen(text));
  for (;;) {
    assert_int_equal(emily__pattern_next(walk, &found, &start, &end), EMILY_OK);
    if (!found) return out;
    assert_true(start <= end && end <= strlen(text));
    at += (size_t)snprintf(out + at, sizeof out - at, "[%.*s]", (int)(end - start), text + start);
  }
}

/* Frees the pattern. */
static void check(emily__pattern *pattern, const char *text, const char *wanted) {
  emily__pattern_state walk = {0};
  assert_string_equal(matches(&walk, pattern, text), wanted);
  emily__pattern_finish(&walk);
  emily__pattern_free(pattern);
}

static void check_json(const char *json, const char *text, const char *wanted) {
  json_t *document = quoted(json);
  emily__pattern *pattern = NULL;
  assert_int_equal(emily__pattern_json(document, "test.json", &pattern), EMILY_OK);
  json_decref(document);
  check(pattern, text, wanted);
}

static void literals(void **state) {
  (void)state;
  check_json("{'String':'ab'}", "abcabab", "[ab][ab][ab]");
  check_json("{'String':'aa'}", "aaa", "[aa]");
  check_json("{'String':'.'}", "a.b", "[.]"); /* no expression */
  check_json("{'String':'x'}", "", "");
  check_json("{'String':''}", "ab", "[][][]");
}

static void expressions(void **state) {
  (void)state;
  check_json("{'Regex':'a+|b'}", "aabc", "[aa][b]");
  check_json("{'Regex':'$'}", "ab", "[]");
}

static emily__pattern *space(void) {
  emily__pattern *pattern = NULL;
  assert_int_equal(emily__pattern_char(emily__is_space, &pattern), EMILY_OK);
  return pattern;
}

static emily__pattern *word(void) {
  emily__pattern *pattern = NULL;
  assert_int_equal(emily__pattern_words(&pattern), EMILY_OK);
  return pattern;
}

static void characters(void **state) {
  (void)state;
  check(space(), "", "");
  check(space(), "a \tb\u3000", "[ ][\t][\u3000]");
}

static void words(void **state) {
  (void)state;
  check(word(), "it's  a_1 \u00E9!?", "[it]['][s][a_1][\u00E9][!?]");
  check(word(), " \n", "");
  check(word(), "", "");
}

static void one_state_walks_many(void **state) {
  (void)state;
  emily__pattern *letters = NULL, *digits = NULL, *dash = NULL;
  emily__pattern_state walk = {0};
  assert_int_equal(emily__pattern_regex("[a-z]+", 6, "t", &letters), EMILY_OK);
  assert_int_equal(emily__pattern_regex("(1)(2)?(3)?", 11, "t", &digits), EMILY_OK);
  assert_int_equal(emily__pattern_literal("-", 1, &dash), EMILY_OK);
  for (int round = 0; round < 2; round++) {
    assert_string_equal(matches(&walk, letters, "ab-12"), "[ab]");
    assert_string_equal(matches(&walk, letters, "-z-y"), "[z][y]");
    assert_string_equal(matches(&walk, digits, "ab-12"), "[12]");
    assert_string_equal(matches(&walk, dash, "ab-12"), "[-]");
  }
  emily__pattern_finish(&walk);
  emily__pattern_free(letters);
  emily__pattern_free(digits);
  emily__pattern_free(dash);
}

/* More groups than the machine code's small stack has room for: the interpreter takes over. */
static void a_long_match_has_room(void **state) {
  (void)state;
  enum { LENGTH = 50000 };
  char *text = malloc(LENGTH + 1);
  memset(text, 'a', LENGTH);
  text[LENGTH] = '\0';
  emily__pattern *pattern = NULL;
  emily__pattern_state walk = {0};
  size_t start = 1, end = 0;
  bool found = false;
  assert_int_equal(emily__pattern_regex("(?:(a)|b)*", 10, "t", &pattern), EMILY_OK);
  emily__pattern_start(&walk, pattern, text, LENGTH);
  assert_int_equal(emily__pattern_next(&walk, &found, &start, &end), EMILY_OK);
  assert_true(found && start == 0 && end == LENGTH);
  emily__pattern_finish(&walk);
  emily__pattern_free(pattern);
  free(text);
}

static void wrong_patterns_are_refused(void **state) {
  (void)state;
  static const char *const cases[] = {"{}", "{'Regex':3}", "{'String':null}", "'a'", "[]", "{'Regex':'('}"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    json_t *document = quoted(cases[i]);
    emily__pattern *pattern = NULL;
    assert_int_equal(emily__pattern_json(document, "test.json", &pattern), EMILY_BAD_FORMAT);
    assert_non_null(strstr(emily_last_error()->message, "test.json"));
    assert_null(pattern);
    json_decref(document);
  }
  emily__pattern_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(literals),
      cmocka_unit_test(expressions),
      cmocka_unit_test(characters),
      cmocka_unit_test(words),
      cmocka_unit_test(one_state_walks_many),
      cmocka_unit_test(a_long_match_has_room),
      cmocka_unit_test(wrong_patterns_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
