/* test_progress.c: a bar on a terminal once the work takes a while, and none in a pipe. */
#include "../support/folder.h"
#include "../support/shell.h"
#include "../support/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_bert(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static int terminal(int *child) {
  int own = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(own >= 0 && !grantpt(own) && !unlockpt(own));
  *child = open(ptsname(own), O_RDWR | O_NOCTTY);
  assert_true(*child >= 0);
  return own;
}

/* A file that takes a while: lines of some 45 bytes. */
static void put_lines(int count) {
  char *text = malloc((size_t)count * 64), *at = text;
  assert_non_null(text);
  for (int i = 0; i < count; i++) at += sprintf(at, "line %d of a text that takes a while to read\n", i);
  folder_put(folder, "lines.txt", text, (size_t)(at - text));
  free(text);
}

static char *on_terminal(const char *term) {
  static char said[65536];
  int child, own = terminal(&child), null = open("/dev/null", O_RDWR);
  size_t count = 0;
  setenv("TERM", term, 1);
  pid_t pid = shell_start(null, null, child,
                          (const char *const[]){"search", folder, "-q", "x", in(folder, "lines.txt"), NULL});
  close(child);
  for (ssize_t got; (got = read(own, said + count, sizeof said - 1 - count)) > 0;) count += (size_t)got;
  said[count] = '\0';
  assert_int_equal(shell_wait(pid), 0);
  close(own), close(null);
  return said;
}

static void a_terminal_sees_a_bar_that_goes_away(void **state) {
  (void)state;
  const char *bar = NULL;
  char *said = NULL;
  for (int lines = 1500; !bar && lines <= 400000; lines *= 4) { /* until the machine needs more than half a second */
    put_lines(lines);
    said = on_terminal("xterm");
    bar = strstr(said, "\rSearching [");
  }
  assert_non_null(bar);
  assert_non_null(strchr(bar, '%'));
  assert_string_equal(said + strlen(said) - 4, "\r\033[K");
}

static void a_dumb_terminal_and_a_pipe_see_none(void **state) {
  (void)state;
  assert_string_equal(on_terminal("dumb"), "");
  setenv("TERM", "xterm", 1);
  shell r = shell_run("", "search", folder, "-q", "x", in(folder, "lines.txt"));
  assert_int_equal(r.code, 0);
  assert_string_equal(r.err, "");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_terminal_sees_a_bar_that_goes_away),
      cmocka_unit_test(a_dumb_terminal_and_a_pipe_see_none),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
