/* test_normalization.c: the four forms on the standard's own examples (UAX 15), with origins; long runs of marks. */
#include "text/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void normalized(emily__form form, const char *bytes, size_t length, emily__text *out) {
  emily__text in = {0};
  assert_int_equal(emily__text_begin(&in, bytes, length), EMILY_OK);
  assert_int_equal(emily__normalize(form, &in, out), EMILY_OK);
  assert_int_equal(out->origins.count, out->bytes.count);
  emily__text_free(&in);
}

static void check(emily__form form, const char *text, const char *wanted) {
  emily__text out = {0};
  normalized(form, text, strlen(text), &out);
  assert_string_equal(out.bytes.count ? out.bytes.data : "", wanted);
  emily__text_free(&out);
}

static void check_all(const char *text, const char *nfc, const char *nfd, const char *nfkc, const char *nfkd) {
  check(EMILY__NFC, text, nfc);
  check(EMILY__NFD, text, nfd);
  check(EMILY__NFKC, text, nfkc);
  check(EMILY__NFKD, text, nfkd);
}

static void the_standards_examples(void **state) {
  (void)state;
  check_all("", "", "", "", "");
  check_all("plain", "plain", "plain", "plain", "plain");
  check_all("x\u212By", "x\u00C5y", "xA\u030Ay", "x\u00C5y", "xA\u030Ay"); /* Ångström sign */
  check_all("\u2126", "\u03A9", "\u03A9", "\u03A9", "\u03A9");
  check_all("A\u030A", "\u00C5", "A\u030A", "\u00C5", "A\u030A");
  check_all("\uFB01", "\uFB01", "\uFB01", "fi", "fi");
  check_all("2\u2075", "2\u2075", "2\u2075", "25", "25");
  check_all("\u1E9B\u0323", "\u1E9B\u0323", "\u017F\u0323\u0307", "\u1E69", "s\u0323\u0307");
  check_all("\u1E0A\u0323", "\u1E0C\u0307", "D\u0323\u0307", "\u1E0C\u0307", "D\u0323\u0307");
  check_all("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307");
  check_all("\uAC01", "\uAC01", "\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8");
  check_all("\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8");
}

static void what_does_not_compose(void **state) {
  (void)state;
  check(EMILY__NFC, "\u0958", "\u0915\u093C");            /* excluded from composition */
  check(EMILY__NFC, "\u0344", "\u0308\u0301");            /* decomposes into marks alone */
  check(EMILY__NFC, "a\u0301\u0300", "\u00E1\u0300");     /* the second is blocked by one of its class */
  check(EMILY__NFC, "a\u0301x\u0301", "\u00E1x\u0301");   /* no composite of x */
  check(EMILY__NFC, "\u0301a", "\u0301a");                /* a mark with nothing before it */
  check(EMILY__NFC, "\u1100x\u1161", "\u1100x\u1161");    /* something between */
  check(EMILY__NFC, "a\u0305\u0323", "\u1EA1\u0305");     /* past a mark of another class */
}

/* Characters newer than the reference's tables, and unassigned ones, stand still and block. */
static void inert_characters_stay_where_they_are(void **state) {
  (void)state;
  check(EMILY__NFD, "a\U0001E08F\u0323", "a\U0001E08F\u0323");
  check(EMILY__NFC, "a\U0001E08F\u0301", "a\U0001E08F\u0301");
  check(EMILY__NFC, "\u0378\u0301", "\u0378\u0301");
}

static void nul_is_a_character(void **state) {
  (void)state;
  emily__text out = {0};
  normalized(EMILY__NFC, "e\u0301\0e\u0301", 7, &out);
  assert_int_equal(out.bytes.count, 5);
  assert_memory_equal(out.bytes.data, "\u00E9\0\u00E9", 5);
  emily__text_free(&out);
}

static void origins_are_kept(void **state) {
  (void)state;
  emily__text out = {0};
  normalized(EMILY__NFC, "ae\u0301z", 5, &out); /* a, é, z */
  emily__span a = emily__text_origin(&out, 0, 1), both = emily__text_origin(&out, 1, 3), z = emily__text_origin(&out, 3, 4);
  assert_true(a.start == 0 && a.end == 1 && both.start == 1 && both.end == 4 && z.start == 4 && z.end == 5);
  emily__text_clear(&out);
  normalized(EMILY__NFD, "\u00E9z", 3, &out); /* both parts stand for the whole character */
  emily__span e = emily__text_origin(&out, 0, 1), mark = emily__text_origin(&out, 1, 3);
  assert_true(e.start == 0 && e.end == 2 && mark.start == 0 && mark.end == 2);
  emily__text_free(&out);
}

/* `pairs` times U+0301 (class 230) and U+0323 (220) after an a, and what NFD makes of it. */
static void check_run(size_t pairs) {
  emily__str text = {0}, wanted = {0};
  assert_true(emily__str_puts(&text, "a") && emily__str_puts(&wanted, "a"));
  for (size_t i = 0; i < pairs; i++)
    assert_true(emily__str_puts(&text, i % 2 ? "\u0301\u0323" : "\u0300\u0323") && emily__str_puts(&wanted, "\u0323"));
  for (size_t i = 0; i < pairs; i++) assert_true(emily__str_puts(&wanted, i % 2 ? "\u0301" : "\u0300"));
  check(EMILY__NFD, text.data, wanted.data);
  emily__str_free(&text);
  emily__str_free(&wanted);
}

static void marks_are_ordered_by_class_and_stay_in_order_within(void **state) {
  (void)state;
  for (size_t pairs = 1; pairs < 40; pairs++) check_run(pairs); /* both ways of sorting */
  struct timespec begin, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
  check_run(200000);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  assert_true(end.tv_sec - begin.tv_sec < 20); /* linear: far below; quadratic: hours */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_standards_examples),
      cmocka_unit_test(what_does_not_compose),
      cmocka_unit_test(inert_characters_stay_where_they_are),
      cmocka_unit_test(nul_is_a_character),
      cmocka_unit_test(origins_are_kept),
      cmocka_unit_test(marks_are_ordered_by_class_and_stay_in_order_within),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
