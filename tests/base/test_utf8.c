/* test_utf8.c: every code point round-trips; malformed bytes are replaced by maximal subparts. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void every_code_point_round_trips(void **state) {
  (void)state;
  for (int32_t c = 0; c <= 0x10FFFF; c++) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    char bytes[4];
    size_t n = emily__utf8_encode(c, bytes), used = 0;
    assert_int_equal(emily__utf8_decode(bytes, n, &used), c);
    assert_int_equal(used, n);
    assert_int_equal(emily__utf8_back(bytes, n), 0);
    for (size_t cut = 1; cut < n; cut++) {
      assert_int_equal(emily__utf8_decode(bytes, cut, &used), -1);
      assert_int_equal(used, cut);
      assert_int_equal(emily__utf8_incomplete_tail(bytes, cut), cut);
    }
    assert_int_equal(emily__utf8_incomplete_tail(bytes, n), 0);
  }
}

static void malformed_parts_become_replacements(void **state) {
  (void)state;
#define R "\xEF\xBF\xBD"
  static const struct {
    const char *in, *out;
  } cases[] = {
      {"", ""},
      {"a\x80z", "a" R "z"},
      {"\xC0\xAF", R R},                         /* overlong */
      {"\xED\xA0\x80", R R R},                   /* a surrogate */
      {"\xF4\x90\x80\x80", R R R R},             /* above U+10FFFF */
      {"\xE2\x82", R},                           /* cut short: one subpart */
      {"\xF0\x9F\x98 x", R " x"},                /* three of four bytes */
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", R R R R "A"}, /* the Unicode Standard's table 3-8 */
      {"\xFF\xFE", R R},
      {"\xE2\x82\xAC\xE2", "\xE2\x82\xAC" R},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    emily__str out = {0};
    assert_true(emily__utf8_append_repaired(&out, cases[i].in, strlen(cases[i].in)));
    assert_string_equal(out.data, cases[i].out);
    assert_int_equal(emily__utf8_valid(cases[i].in, strlen(cases[i].in)), strcmp(cases[i].in, cases[i].out) == 0);
    emily__str_free(&out);
  }
  emily__str out = {0};
  assert_true(emily__utf8_append_repaired(&out, NULL, 0));
  assert_string_equal(out.data, "");
  emily__str_free(&out);
}

static void tails_that_cannot_be_completed_are_not_incomplete(void **state) {
  (void)state;
  assert_int_equal(emily__utf8_incomplete_tail("\xED\xA0", 2), 0);
  assert_int_equal(emily__utf8_incomplete_tail("\x80\x80\x80", 3), 0);
  assert_int_equal(emily__utf8_incomplete_tail("a\xF0\x9F", 3), 2);
  assert_int_equal(emily__utf8_incomplete_tail("", 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_point_round_trips),
      cmocka_unit_test(malformed_parts_become_replacements),
      cmocka_unit_test(tails_that_cannot_be_completed_are_not_incomplete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
