/* test_stop.c: stop texts over the borders of pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "generate/stop.h"

/* Push the pieces; what came out, what is held, and whether a stop was found. */
static void run(const char *const *stops, size_t stop_count, const char *const *pieces, const char *out, const char *held,
                bool found) {
  emily__stop stop;
  emily__str text = {0};
  assert_int_equal(emily__stop_begin(&stop, stops, stop_count), EMILY_OK);
  for (; *pieces; pieces++) {
    size_t ready;
    assert_int_equal(emily__stop_push(&stop, *pieces, strlen(*pieces), &ready), EMILY_OK);
    assert_true(emily__str_append(&text, stop.held.data ? stop.held.data : "", ready));
    if (ready) emily__stop_drop(&stop, ready);
  }
  assert_string_equal(text.data, out);
  assert_string_equal(stop.held.data ? stop.held.data : "", held);
  assert_int_equal(stop.found, found);
  emily__str_free(&text);
  emily__stop_free(&stop);
}

#define LIST(...) (const char *const[]){__VA_ARGS__}
#define PIECES(...) (const char *const[]){__VA_ARGS__, NULL}

static void nothing_is_held_without_stops(void **state) {
  (void)state;
  run(NULL, 0, PIECES("a", "", "bc"), "abc", "", false);
}

static void finds_a_stop_across_pieces(void **state) {
  (void)state;
  run(LIST("\n\nQ:"), 1, PIECES("one\n", "\n", "Q", ": two", " three"), "one", "", true);
  run(LIST("end"), 1, PIECES("the end."), "the ", "", true);
  run(LIST("end"), 1, PIECES("end"), "", "", true);
}

static void holds_only_what_may_become_a_stop(void **state) {
  (void)state;
  run(LIST("abc"), 1, PIECES("xab"), "x", "ab", false);
  run(LIST("abc"), 1, PIECES("xab", "d"), "xabd", "", false);
  run(LIST("aab"), 1, PIECES("a", "a", "a"), "a", "aa", false);
  run(LIST("aab"), 1, PIECES("a", "a", "a", "b"), "a", "", true);
}

static void the_earliest_of_several_counts(void **state) {
  (void)state;
  run(LIST("zz", "b"), 2, PIECES("abczz"), "a", "", true);
  run(LIST("xyz", "y"), 2, PIECES("ax", "y"), "ax", "", true);
}

static void keeps_characters_whole(void **state) {
  (void)state;
  run(LIST("\xc3\xa9!"), 1, PIECES("a\xc3\xa9"), "a", "\xc3\xa9", false);
  run(LIST("\xc3\xa9!"), 1, PIECES("a\xc3\xa9", "\xc3\xa8"), "a\xc3\xa9\xc3\xa8", "", false);
}

static void refuses_texts_that_cannot_stop(void **state) {
  (void)state;
  emily__stop stop;
  assert_int_equal(emily__stop_begin(&stop, LIST(""), 1), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__stop_begin(&stop, LIST("a", "\xa9"), 2), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "stop text 2"));
  assert_int_equal(emily__stop_begin(&stop, LIST(NULL), 1), EMILY_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_held_without_stops),     cmocka_unit_test(finds_a_stop_across_pieces),
      cmocka_unit_test(holds_only_what_may_become_a_stop), cmocka_unit_test(the_earliest_of_several_counts),
      cmocka_unit_test(keeps_characters_whole),            cmocka_unit_test(refuses_texts_that_cannot_stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
