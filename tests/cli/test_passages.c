/* test_passages.c: lines, or paragraphs, with the numbers of their lines. */
#include "cli/passages.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void check(const char *text, bool paragraphs, const char *wanted) {
  char *folder = folder_new(), out[512] = "";
  folder_puts(folder, "t", text);
  cli_input input;
  assert_int_equal(cli_input_open(&input, in(folder, "t")), EMILY_OK);
  cli_passages passages = {.input = &input, .paragraphs = paragraphs};
  for (size_t at = 0;;) {
    const char *passage;
    size_t length;
    uint64_t line;
    assert_int_equal(cli_passages_next(&passages, &passage, &length, &line), EMILY_OK);
    if (!passage) break;
    at += (size_t)snprintf(out + at, sizeof out - at, "%d[%.*s]", (int)line, (int)length, passage);
  }
  assert_string_equal(out, wanted);
  cli_passages_free(&passages);
  cli_input_close(&input);
  folder_remove(folder);
}

static void lines_that_are_not_blank(void **state) {
  (void)state;
  check("a\n\n b \n \t\r\nc", false, "1[a]3[ b ]5[c]");
  check("a\r\nb\r\n", false, "1[a]2[b]");
  check("", false, "");
  check("\n \n", false, "");
}

static void paragraphs_between_blank_lines(void **state) {
  (void)state;
  check("a\nb\n\n\nc\n \nd\ne\n", true, "1[a\nb]5[c]7[d\ne]");
  check("\n\na\r\nb", true, "3[a\nb]");
  check("", true, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_that_are_not_blank),
      cmocka_unit_test(paragraphs_between_blank_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
