/* shell.h: run the built command (EMILY_TEST_BUILD/emily) and keep what it says. Every function asserts that it
 * worked. */
#ifndef EMILY_TESTS_SHELL_H
#define EMILY_TESTS_SHELL_H

#include <stddef.h>
#include <sys/types.h>

typedef struct shell {
  int code;  /* the exit code, or 128 + the signal that ended it */
  char *out; /* standard output and error, each followed by a NUL */
  char *err;
  size_t out_length;
} shell;

/* Runs `emily ARGS…`, its standard input the given bytes (NULL: empty). shell_free. */
shell shell_run_bytes(const void *input, size_t length, const char *const *args);
shell shell_run_text(const char *input, const char *const *args);
#define shell_run(input, ...) shell_run_text((input), (const char *const[]){__VA_ARGS__, NULL})
void shell_free(shell *result);

/* Starts it with standard input, output (-1: closed) and error as given, and does not wait. */
pid_t shell_start(int in, int out, int err, const char *const *args);
int shell_wait(pid_t pid); /* the code, as in shell */

/* One message, "emily: …", that holds `part`; nothing of a crash or a sanitizer. */
void shell_assert_error(const shell *result, int code, const char *part);

#endif
