/* test_sizes.c: bytes as people read them. */
#include "cli/sizes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void the_unit_fits(void **state) {
  (void)state;
  static const struct {
    uint64_t bytes;
    const char *text;
  } cases[] = {{0, "0 B"},          {612, "612 B"},       {1023, "1023 B"},         {1024, "1.0 KiB"},
               {1536, "1.5 KiB"},   {90806272, "86.6 MiB"}, {1048575, "1.0 MiB"}, {UINT64_C(3) << 30, "3.0 GiB"},
               {UINT64_MAX, "16.0 EiB"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_string_equal(cli_bytes_text(cases[i].bytes), cases[i].text);
}

static void eight_live_at_a_time(void **state) {
  (void)state;
  const char *texts[8];
  for (uint64_t i = 0; i < 8; i++) texts[i] = cli_bytes_text(i);
  for (int i = 0; i < 8; i++) assert_true(texts[i][0] == '0' + i);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_unit_fits),
      cmocka_unit_test(eight_live_at_a_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
