/* test_bytelevel.c: GPT-2's alphabet. */
#include "text/bytelevel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void each_byte_has_its_own_character(void **state) {
  (void)state;
  bool seen[EMILY__BYTE_CHAR_COUNT] = {false};
  for (int byte = 0; byte < 256; byte++) {
    int32_t code = emily__byte_to_char((uint8_t)byte);
    assert_in_range(code, 0x21, EMILY__BYTE_CHAR_COUNT - 1);
    assert_false(seen[code]);
    seen[code] = true;
    assert_int_equal(emily__char_to_byte(code), byte);
  }
  for (int32_t code = 0; code < EMILY__BYTE_CHAR_COUNT; code++)
    if (!seen[code]) assert_int_equal(emily__char_to_byte(code), -1);
}

static void they_are_those_of_gpt2(void **state) {
  (void)state;
  static const int32_t pairs[][2] = {{'!', '!'},    {'A', 'A'},    {'~', '~'},    {0xA1, 0xA1},  {0xFF, 0xFF}, {0, 0x100},
                                     {'\n', 0x10A}, {' ', 0x120},  {0x7F, 0x121}, {0x80, 0x122}, {0xA0, 0x142}, {0xAD, 0x143}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    assert_int_equal(emily__byte_to_char((uint8_t)pairs[i][0]), pairs[i][1]);
}

static void other_characters_are_no_byte(void **state) {
  (void)state;
  static const int32_t others[] = {0, ' ', 0x7F, 0xA0, 0xAD, 0x144, 0x20AC, 0x10FFFF, -1};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_int_equal(emily__char_to_byte(others[i]), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_byte_has_its_own_character),
      cmocka_unit_test(they_are_those_of_gpt2),
      cmocka_unit_test(other_characters_are_no_byte),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
