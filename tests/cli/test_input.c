/* test_input.c: lines of any length and with any bytes, and what is left. */
#include "cli/input.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *folder;
static cli_input input;

static void open_bytes(const void *bytes, size_t count) {
  folder = folder_new();
  folder_put(folder, "t", bytes, count);
  assert_int_equal(cli_input_open(&input, in(folder, "t")), EMILY_OK);
  assert_int_equal(input.size, count);
}

static void close_input(void) {
  cli_input_close(&input);
  folder_remove(folder);
}

static void check_line(const char *wanted, size_t wanted_length) {
  char *line;
  size_t length;
  assert_int_equal(cli_input_line(&input, &line, &length), EMILY_OK);
  assert_non_null(line);
  assert_int_equal(length, wanted_length);
  assert_memory_equal(line, wanted, length);
  assert_int_equal(line[length], '\0');
}

static void check_end(void) {
  char *line;
  size_t length;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(cli_input_line(&input, &line, &length), EMILY_OK);
    assert_null(line);
  }
}

static void lines_lose_their_ends(void **state) {
  (void)state;
  open_bytes("a\r\n\nb\0c\n\rd\xFF", 11);
  check_line("a", 1);
  check_line("", 0);
  check_line("b\0c", 3);
  assert_int_equal(input.line, 3);
  check_line("\rd\xFF", 3); /* the last needs no end */
  check_end();
  assert_int_equal(input.taken, 11);
  close_input();
}

static void an_empty_file_has_no_line(void **state) {
  (void)state;
  open_bytes("", 0);
  check_end();
  close_input();
}

static void long_lines(void **state) {
  (void)state;
  enum { LENGTH = 300000 };
  char *text = malloc(2 * LENGTH + 2);
  memset(text, 'x', 2 * LENGTH + 2);
  text[LENGTH] = '\n';
  open_bytes(text, 2 * LENGTH + 2);
  check_line(text, LENGTH);
  check_line(text + LENGTH + 1, LENGTH + 1);
  check_end();
  close_input();
  free(text);
}

static void what_is_left_after_a_line(void **state) {
  (void)state;
  char *text;
  size_t length;
  open_bytes("one\ntwo\nthree\n", 14);
  check_line("one", 3);
  assert_true(cli_input_ready(&input));
  assert_int_equal(cli_input_rest(&input, &text, &length), EMILY_OK);
  assert_int_equal(length, 10);
  assert_string_equal(text, "two\nthree\n");
  check_end();
  close_input();
  open_bytes("one\ntwo", 7);
  check_line("one", 3);
  input.ended = true; /* as after a read that found the end: nothing more is read */
  assert_int_equal(cli_input_text(&input, &text, &length), EMILY_OK);
  assert_string_equal(text, "two");
  close_input();
}

static void all_of_it_less_one_newline(void **state) {
  (void)state;
  char *text;
  size_t length;
  open_bytes("a\n\n", 3);
  assert_int_equal(cli_input_text(&input, &text, &length), EMILY_OK);
  assert_string_equal(text, "a\n");
  assert_int_equal(length, 2);
  close_input();
  open_bytes("", 0);
  assert_int_equal(cli_input_text(&input, &text, &length), EMILY_OK);
  assert_string_equal(text, "");
  close_input();
}

static void what_cannot_be_read_is_named(void **state) {
  (void)state;
  char *line;
  size_t length;
  assert_int_equal(cli_input_open(&input, "/nonexistent/file"), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "/nonexistent/file"));
  cli_input_close(&input);
  assert_int_equal(cli_input_open(&input, "/"), EMILY_OK); /* a folder opens, and cannot be read */
  assert_int_equal(cli_input_line(&input, &line, &length), EMILY_IO_ERROR);
  cli_input_close(&input);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_lose_their_ends),
      cmocka_unit_test(an_empty_file_has_no_line),
      cmocka_unit_test(long_lines),
      cmocka_unit_test(what_is_left_after_a_line),
      cmocka_unit_test(all_of_it_less_one_newline),
      cmocka_unit_test(what_cannot_be_read_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
