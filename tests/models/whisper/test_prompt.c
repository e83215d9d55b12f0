/* test_prompt.c: which tokens stand before a text, for what the checkpoint says and what the caller says. */
#include "models/whisper/prompt.h"

#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { SOT = 1, EN = 2, DE = 3, TRANSLATE = 4, TRANSCRIBE = 5, NOTIMES = 6 };

static emily__named_id languages[] = {{(char[]){"<|en|>"}, EN}, {(char[]){"<|de|>"}, DE}};
static emily__named_id tasks[] = {{(char[]){"transcribe"}, TRANSCRIBE}, {(char[]){"translate"}, TRANSLATE}};

static emily__whisper_generation multilingual(int32_t *forced, size_t count) {
  return (emily__whisper_generation){.start = SOT, .no_timestamps = NOTIMES, .languages = {languages, 2, 2}, .tasks = {tasks, 2, 2},
                                     .forced = {forced, count, count}};
}

/* The tokens as digits, 0 for the one to be detected. */
static const char *tokens(const emily__whisper_generation *g, const char *language, const char *task, bool times) {
  static char text[16];
  emily__ids ids = {0};
  bool detect = false;
  if (emily__whisper_prompt(g, language, task, times, &ids, &detect)) {
    emily__vec_free(&ids);
    return "failed";
  }
  for (size_t i = 0; i < ids.count; i++) text[i] = (char)('0' + (ids.data[i] < 0 ? 0 : ids.data[i]));
  text[ids.count] = 0;
  assert_int_equal(detect, strchr(text, '0') != NULL);
  emily__vec_free(&ids);
  return text;
}

static void hears_the_language_where_nothing_says_it(void **state) {
  (void)state;
  emily__whisper_generation g = multilingual((int32_t[]){-1, TRANSCRIBE}, 2);
  assert_string_equal(tokens(&g, NULL, NULL, true), "105");
  assert_string_equal(tokens(&g, NULL, NULL, false), "1056");
  assert_string_equal(tokens(&g, NULL, "translate", true), "104");
  g = multilingual(NULL, 0);
  assert_string_equal(tokens(&g, NULL, NULL, true), "10"); /* without a task: as Transformers */
}

static void takes_what_is_chosen(void **state) {
  (void)state;
  emily__whisper_generation g = multilingual((int32_t[]){-1, TRANSCRIBE}, 2);
  assert_string_equal(tokens(&g, "German", NULL, true), "135");
  assert_string_equal(tokens(&g, "en", "translate", false), "1246");
  g.language = (char[]){"<|de|>"};
  assert_string_equal(tokens(&g, NULL, NULL, true), "135");
  assert_string_equal(tokens(&g, "en", NULL, true), "125");
  g.task = (char[]){"translate"};
  assert_string_equal(tokens(&g, NULL, NULL, true), "134");
}

static void follows_forced_tokens(void **state) {
  (void)state;
  emily__whisper_generation g = multilingual((int32_t[]){DE, TRANSLATE, NOTIMES}, 3);
  assert_string_equal(tokens(&g, NULL, NULL, true), "134");
  assert_string_equal(tokens(&g, NULL, NULL, false), "1346");
  assert_string_equal(tokens(&g, "en", NULL, true), "125");
  g.languages.count = g.tasks.count = 0;
  g.forced.data[0] = -1;
  assert_string_equal(tokens(&g, NULL, NULL, false), "146"); /* open, and nothing to choose from */
}

static void refuses_what_the_model_has_not(void **state) {
  (void)state;
  emily__whisper_generation g = multilingual(NULL, 0);
  assert_string_equal(tokens(&g, "fr", NULL, true), "failed");
  assert_non_null(strstr(emily_last_error()->message, "\"fr\" is not one of this model's"));
  assert_string_equal(tokens(&g, "klingon", NULL, true), "failed");
  assert_string_equal(tokens(&g, NULL, "sing", true), "failed");
  assert_non_null(strstr(emily_last_error()->message, "\"sing\""));
  g.english_only = true;
  assert_string_equal(tokens(&g, "en", NULL, true), "failed");
  assert_non_null(strstr(emily_last_error()->message, "English alone"));
}

static void names_the_language(void **state) {
  (void)state;
  emily__whisper_generation g = multilingual(NULL, 0);
  emily__ids ids = {(int32_t[]){SOT, DE, TRANSCRIBE}, 3, 3};
  assert_string_equal(emily__whisper_prompt_language(&g, &ids), "de");
  ids.data[1] = NOTIMES;
  assert_null(emily__whisper_prompt_language(&g, &ids));
  ids.count = 1;
  assert_null(emily__whisper_prompt_language(&g, &ids));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hears_the_language_where_nothing_says_it), cmocka_unit_test(takes_what_is_chosen),
      cmocka_unit_test(follows_forced_tokens), cmocka_unit_test(refuses_what_the_model_has_not), cmocka_unit_test(names_the_language),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
