/* output.c: see output.h. */
#include "cli/output.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A standard descriptor that the caller closed would be taken by the first file that is opened, and written over.
 * What takes its place here cannot be used in its direction, so that using it is an error. */
static void hold_standard_descriptors(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0)
      open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* the lowest that is free */
}

void cli_out_start(void) {
  hold_standard_descriptors();
  signal(SIGPIPE, SIG_IGN);
  static char buffer[64 * 1024];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

/* Ends the process at once: what follows could only compute for nobody. */
static _Noreturn void write_failed(void) {
  int reason = errno;
  if (reason == EPIPE) _exit(CLI_NO_READER);
  fprintf(stderr, "emily: cannot write to standard output: %s\n", strerror(reason));
  _exit(CLI_FAILED);
}

void cli_out_bytes(const void *bytes, size_t count) {
  if (fwrite(bytes, 1, count, stdout) != count) write_failed();
}

void cli_out(const char *text) { cli_out_bytes(text, strlen(text)); }

void cli_outf(const char *format, ...) {
  va_list args;
  va_start(args, format);
  int written = vfprintf(stdout, format, args);
  va_end(args);
  if (written < 0) write_failed();
}

void cli_out_flush(void) {
  if (fflush(stdout)) write_failed();
}

void cli_out_visible(const char *text, size_t length) {
  for (size_t at = 0, used; at < length; at += used) {
    int32_t code = emily__utf8_decode(text + at, length - at, &used);
    if (code < 0) cli_out("\xEF\xBF\xBD");
    else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) cli_outf("\\x%02X", (unsigned)code);
    else cli_out_bytes(text + at, used);
  }
}

bool cli_out_colour(void) {
  const char *off = getenv("NO_COLOR"), *term = getenv("TERM");
  return !(off && *off) && term && strcmp(term, "dumb") && isatty(STDOUT_FILENO);
}
