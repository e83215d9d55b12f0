/* test_unicode.c: each notion of a character, at its edges and where Unicode's versions differ. */
#include "text/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* `yes` and `no` are lists that end with -1. */
static void check(bool (*test)(int32_t c), const int32_t *yes, const int32_t *no) {
  for (; *yes >= 0; yes++) {
    if (!test(*yes)) print_message("U+%04X is left out\n", (unsigned)*yes);
    assert_true(test(*yes));
  }
  for (; *no >= 0; no++) {
    if (test(*no)) print_message("U+%04X is taken in\n", (unsigned)*no);
    assert_false(test(*no));
  }
}

#define YES(...) ((const int32_t[]){__VA_ARGS__, -1})
#define NO YES

static void spaces(void **state) {
  (void)state;
  check(emily__is_space, YES(9, 10, 13, ' ', 0x85, 0xA0, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
        NO(0, 8, 14, 0x1C, 0x1F, '_', 'a', 0x180E, 0x200B, 0x2060, 0xFEFF));
  int count = 0;
  for (int32_t c = 0; c <= 0x10FFFF; c++) count += emily__is_space(c);
  assert_int_equal(count, 25); /* White_Space in PropList.txt */
}

static void words(void **state) {
  (void)state;
  /* é, a mark, Ⅷ, ٣, ‿, the joiners, Ⓐ (alphabetic, and no letter), a letter of Unicode 16 */
  check(emily__is_word, YES('a', 'Z', '0', '_', 0xE9, 0x301, 0x2167, 0x663, 0x203F, 0x200C, 0x200D, 0x24B6, 0x1C89),
        NO('-', ' ', '@', '[', '`', '{', 0xB2, 0xBD, 0x20AC, 0x2014, 0x2028, 0x1F600));
}

static void numbers(void **state) {
  (void)state;
  check(emily__is_numeric, YES('0', '9', 0xB2, 0xBD, 0x2167, 0x663, 0x3007, 0x10D40), NO('a', '/', ':', 0x4E00, 0x20AC));
}

static void punctuation(void **state) {
  (void)state;
  for (int32_t c = 0; c < 0x80; c++)
    assert_int_equal(emily__is_punctuation(c), c > ' ' && c < 0x7F && !emily__is_word(c) ? 1 : c == '_');
  check(emily__is_punctuation, YES(0xAB, 0x2014, 0x2019, 0x3002, 0xFF01), NO(0x20AC, 0xA9, 0xB4, 0xE9, 0x301));
}

static void what_bert_drops(void **state) {
  (void)state;
  check(emily__is_bert_control, YES(0, 1, 0x7F, 0x80, 0xAD, 0x200B, 0x200D, 0xE000, 0xFFFD, 0xFEFF),
        NO(' ', 'a', 0xA0, 0xE9, 0x301, 0x2028, 0x4E00));
}

static void the_ideographs_that_bert_lists(void **state) {
  (void)state;
  static const int32_t blocks[][2] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},  {0x20000, 0x2A6DF},
                                      {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  int64_t members = 0, wanted = 0;
  for (size_t i = 0; i < COUNT(blocks); i++) {
    assert_true(emily__is_cjk(blocks[i][0]) && emily__is_cjk(blocks[i][1]));
    assert_false(emily__is_cjk(blocks[i][0] - 1) || emily__is_cjk(blocks[i][1] + 1));
    wanted += blocks[i][1] - blocks[i][0] + 1;
  }
  for (int32_t c = 0; c <= 0x10FFFF; c++) members += emily__is_cjk(c);
  assert_int_equal(members, wanted);
  check(emily__is_cjk, YES(0x4E2D), NO('a', 0x3042, 0x30AB, 0xAC00));
}

static void marks(void **state) {
  (void)state;
  check(emily__is_nonspacing_mark, YES(0x300, 0x301, 0x5B0, 0xFE0F), NO('a', 0x2FF, 0x903, 0x20DD, 0xE9));
  check(emily__is_combining_mark, YES(0x300, 0x301, 0x5B0, 0x903, 0x20DD), NO('a', 0x2FF, 0xE9, 0x4E2D));
}

static void lower_case(void **state) {
  (void)state;
  /* the last three: letters of Unicode 16 and 17 */
  static const int32_t pairs[][2] = {{'A', 'a'},       {'Z', 'z'},       {'@', '@'},       {'[', '['},     {'a', 'a'},
                                     {'1', '1'},       {0xC9, 0xE9},     {0x3A3, 0x3C3},   {0xDF, 0xDF},   {0x1E9E, 0xDF},
                                     {0x1C5, 0x1C6},   {0x2126, 0x3C9},  {0x4E2D, 0x4E2D}, {0x1F1E6, 0x1F1E6},
                                     {0x1C89, 0x1C8A}, {0xA7CB, 0x264},  {0x10D50, 0x10D70}};
  int32_t out[2];
  for (size_t i = 0; i < COUNT(pairs); i++) {
    assert_int_equal(emily__lower(pairs[i][0], out), 1);
    assert_int_equal(out[0], pairs[i][1]);
  }
  assert_int_equal(emily__lower(0x130, out), 2);
  assert_true(out[0] == 'i' && out[1] == 0x307);
}

static void inert_characters(void **state) {
  (void)state;
  check(emily__is_inert, YES(0x378, 0x1E08F, 0x10FFFE), NO(0, 'a', 0xE9, 0x301, 0xAC01, 0x1D15E));
}

static const char *extra(const char *name) {
  static char text[1 << 16];
  emily__str out = {0};
  assert_true(emily__str_puts(&out, "") && emily__class_extra(name, &out));
  assert_true(out.count < sizeof text);
  memcpy(text, out.data, out.count + 1);
  emily__str_free(&out);
  return text;
}

static void later_characters_of_a_class(void **state) {
  (void)state;
  assert_string_equal(extra("Han"), "\\x{2EBF0}-\\x{2EE5D}\\x{31350}-\\x{323AF}");
  assert_string_equal(extra("Cc"), "");
  assert_non_null(strstr(extra("Lo"), "\\x{31350}-\\x{323AF}"));
  assert_non_null(strstr(extra("L"), "\\x{31350}-\\x{323AF}"));
  assert_null(strstr(extra("Lu"), "\\x{31350}-\\x{323AF}"));
  assert_non_null(strstr(extra("w"), "\\x{31350}-\\x{323AF}"));
  assert_non_null(strstr(extra("w"), "\\x{24B6}-\\x{24E9}"));
  assert_null(strstr(extra("L"), "\\x{24B6}-\\x{24E9}"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spaces),
      cmocka_unit_test(words),
      cmocka_unit_test(numbers),
      cmocka_unit_test(punctuation),
      cmocka_unit_test(what_bert_drops),
      cmocka_unit_test(the_ideographs_that_bert_lists),
      cmocka_unit_test(marks),
      cmocka_unit_test(lower_case),
      cmocka_unit_test(inert_characters),
      cmocka_unit_test(later_characters_of_a_class),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
