/* shell.c: see shell.h. */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { ARGS_MAX = 4096 };

pid_t shell_start(int in, int out, int err, const char *const *args) {
  static const char *argv[ARGS_MAX];
  char path[1024];
  const char *build = getenv("EMILY_TEST_BUILD");
  size_t count = 0;
  snprintf(path, sizeof path, "%s/emily", build ? build : "build");
  argv[count++] = path;
  for (; *args && count < ARGS_MAX - 1; args++) argv[count++] = *args;
  argv[count] = NULL;
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid) return pid;
  dup2(in, STDIN_FILENO);
  if (out < 0) close(STDOUT_FILENO);
  else dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  for (int fd = 3; fd < 64; fd++) close(fd);
  execv(path, (char *const *)(uintptr_t)argv);
  _exit(127);
}

int shell_wait(pid_t pid) {
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

typedef struct sink {
  char *bytes;
  size_t count;
} sink;

/* False at the end. */
static int take(int fd, sink *s) {
  char block[65536];
  ssize_t got = read(fd, block, sizeof block);
  if (got <= 0) return 0;
  s->bytes = realloc(s->bytes, s->count + (size_t)got + 1);
  assert_non_null(s->bytes);
  memcpy(s->bytes + s->count, block, (size_t)got);
  s->count += (size_t)got;
  return 1;
}

static void feed(int *fd, const char *input, size_t length, size_t *sent) {
  ssize_t put = write(*fd, input + *sent, length - *sent);
  if (put > 0) *sent += (size_t)put;
  if (*sent < length && (put > 0 || (put < 0 && errno == EAGAIN))) return;
  close(*fd);
  *fd = -1;
}

static void converse(int in, int out, int err, const char *input, size_t length, sink *sinks) {
  size_t sent = 0;
  struct pollfd fds[3] = {{in, POLLOUT, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}};
  if (!length) close(in), fds[0].fd = -1;
  while (fds[1].fd >= 0 || fds[2].fd >= 0) {
    assert_true(poll(fds, 3, 120000) > 0); /* a command that hangs fails the test */
    if (fds[0].fd >= 0 && fds[0].revents) feed(&fds[0].fd, input, length, &sent);
    for (int i = 1; i < 3; i++)
      if (fds[i].fd >= 0 && fds[i].revents && !take(fds[i].fd, &sinks[i - 1])) fds[i].fd = -1;
  }
  if (fds[0].fd >= 0) close(fds[0].fd);
}

static char *ended(sink *s) {
  if (!s->bytes) s->bytes = malloc(1);
  assert_non_null(s->bytes);
  s->bytes[s->count] = '\0';
  return s->bytes;
}

shell shell_run_bytes(const void *input, size_t length, const char *const *args) {
  int in[2], out[2], err[2];
  sink sinks[2] = {{NULL, 0}, {NULL, 0}};
  signal(SIGPIPE, SIG_IGN);
  assert_true(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC) && !pipe2(err, O_CLOEXEC));
  assert_int_equal(fcntl(in[1], F_SETFL, O_NONBLOCK), 0); /* the command may answer before it has read all */
  pid_t pid = shell_start(in[0], out[1], err[1], args);
  close(in[0]), close(out[1]), close(err[1]);
  converse(in[1], out[0], err[0], input, length, sinks);
  close(out[0]), close(err[0]);
  shell result = {.code = shell_wait(pid), .out_length = sinks[0].count};
  result.out = ended(&sinks[0]);
  result.err = ended(&sinks[1]);
  return result;
}

shell shell_run_text(const char *input, const char *const *args) {
  return shell_run_bytes(input, input ? strlen(input) : 0, args);
}

void shell_free(shell *result) {
  free(result->out);
  free(result->err);
}

void shell_assert_error(const shell *result, int code, const char *part) {
  const char *end = strchr(result->err, '\n');
  if (result->code != code || !strstr(result->err, part))
    fail_msg("exit code %d (wanted %d), message: %s (wanted: %s)", result->code, code, result->err, part);
  assert_int_equal(strncmp(result->err, "emily: ", 7), 0);
  if (!end || end[1]) fail_msg("not one line: %s", result->err);
}
