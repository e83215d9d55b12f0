/* test_output.c: a reader that goes away, a full disk. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static char *read_all(int fd) {
  static char text[4096];
  ssize_t got, count = 0;
  while ((got = read(fd, text + count, sizeof text - 1 - (size_t)count)) > 0) count += got;
  text[count] = '\0';
  return text;
}

static void check_gone(__sighandler_t disposition) {
  int out[2], err[2], in = open("/dev/null", O_RDONLY);
  assert_true(!pipe(out) && !pipe(err));
  close(out[0]); /* nobody reads */
  signal(SIGPIPE, disposition);
  pid_t pid = shell_start(in, out[1], err[1], (const char *const[]){"help", "--json", NULL});
  close(out[1]), close(err[1]);
  assert_string_equal(read_all(err[0]), "");
  assert_int_equal(shell_wait(pid), 141);
  close(err[0]), close(in);
}

static void a_reader_that_goes_away_ends_it_quietly(void **state) {
  (void)state;
  check_gone(SIG_DFL);
  check_gone(SIG_IGN);
}

static void a_full_disk_is_told(void **state) {
  (void)state;
  const char *const commands[][3] = {{"version", NULL}, {"help", "--json", NULL}};
  for (int i = 0; i < 2; i++) {
    int err[2], in = open("/dev/null", O_RDONLY), full = open("/dev/full", O_WRONLY);
    if (full < 0) skip();
    assert_true(!pipe(err));
    pid_t pid = shell_start(in, full, err[1], commands[i]);
    close(err[1]), close(in), close(full);
    assert_string_equal(read_all(err[0]), "emily: cannot write to standard output: No space left on device\n");
    assert_int_equal(shell_wait(pid), 1);
    close(err[0]);
  }
}

/* With its standard output closed it must not write into a file that it opens itself. */
static void a_closed_output_is_told(void **state) {
  (void)state;
  int err[2], in = open("/dev/null", O_RDONLY);
  assert_true(!pipe2(err, O_CLOEXEC));
  pid_t pid = shell_start(in, -1, err[1], (const char *const[]){"version", NULL});
  close(err[1]), close(in);
  assert_string_equal(read_all(err[0]), "emily: cannot write to standard output: Bad file descriptor\n");
  assert_int_equal(shell_wait(pid), 1);
  close(err[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reader_that_goes_away_ends_it_quietly),
      cmocka_unit_test(a_full_disk_is_told),
      cmocka_unit_test(a_closed_output_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
