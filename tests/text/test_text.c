/* test_text.c: every byte remembers what it stands for. */
#include "text/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void check_span(emily__span span, uint32_t start, uint32_t end) {
  assert_int_equal(span.start, start);
  assert_int_equal(span.end, end);
}

static emily__text text_of(const char *bytes) {
  emily__text text = {0};
  assert_int_equal(emily__text_begin(&text, bytes, strlen(bytes)), EMILY_OK);
  return text;
}

static void broken_bytes_are_repaired_and_keep_their_place(void **state) {
  (void)state;
  emily__text text = text_of("a\xFF\xC3\xA9"); /* a, U+FFFD (three bytes), é (two) */
  assert_string_equal(text.bytes.data, "a\uFFFD\u00E9");
  assert_int_equal(text.origins.count, 6);
  check_span(emily__text_origin(&text, 0, 1), 0, 1);
  check_span(emily__text_origin(&text, 1, 4), 1, 2);
  check_span(emily__text_origin(&text, 4, 6), 2, 4);
  check_span(emily__text_origin(&text, 0, 6), 0, 4);
  emily__text_free(&text);
}

static void an_insertion_stands_before_what_follows(void **state) {
  (void)state;
  emily__text text = text_of("a\u00E9z"), none = {0};
  check_span(emily__text_point(&text, 0), 0, 0);
  check_span(emily__text_point(&text, 1), 1, 1);
  check_span(emily__text_point(&text, 3), 3, 3);
  check_span(emily__text_point(&text, 4), 4, 4); /* at the end: after what is there */
  check_span(emily__text_point(&none, 0), 0, 0);
  emily__text_free(&text);
}

static void a_text_is_written_from_another(void **state) {
  (void)state;
  emily__text in = text_of("one two"), out = {0};
  assert_int_equal(emily__text_copy(&out, &in, 4, 7), EMILY_OK);
  assert_int_equal(emily__text_copy(&out, &in, 3, 3), EMILY_OK);
  assert_int_equal(emily__text_put(&out, 0x20AC, (emily__span){9, 10}), EMILY_OK);
  assert_int_equal(emily__text_puts(&out, "!!", 2, (emily__span){10, 11}), EMILY_OK);
  assert_string_equal(out.bytes.data, "two\u20AC!!");
  assert_int_equal(out.origins.count, out.bytes.count);
  check_span(emily__text_origin(&out, 0, 3), 4, 7);
  check_span(emily__text_origin(&out, 2, 6), 6, 10);
  check_span(emily__text_origin(&out, 7, 8), 10, 11);
  emily__text_swap(&in, &out);
  assert_string_equal(in.bytes.data, "two\u20AC!!");
  assert_string_equal(out.bytes.data, "one two");
  emily__text_clear(&in);
  assert_int_equal(in.bytes.count + in.origins.count, 0);
  emily__text_free(&in);
  emily__text_free(&out);
}

static void beginning_empties_and_refuses_what_is_too_long(void **state) {
  (void)state;
  emily__text text = text_of("before");
  assert_int_equal(emily__text_begin(&text, "", 0), EMILY_OK);
  assert_int_equal(text.bytes.count + text.origins.count, 0);
  assert_string_equal(text.bytes.data, "");
  assert_int_equal(emily__text_begin(&text, "x", EMILY__TEXT_MAX + 1), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "split it"));
  emily__text_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(broken_bytes_are_repaired_and_keep_their_place),
      cmocka_unit_test(an_insertion_stands_before_what_follows),
      cmocka_unit_test(a_text_is_written_from_another),
      cmocka_unit_test(beginning_empties_and_refuses_what_is_too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
