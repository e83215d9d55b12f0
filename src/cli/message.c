/* message.c: see message.h. */
#include "cli/message.h"

#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 2048, WORD_MAX = 48 };

/* Control characters, and the two that UTF-8 puts at 0x80 … 0x9F, never reach a terminal from here. */
static void put_visible(const char *text, FILE *file) {
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    bool control = *at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0);
    if (*at == '\n') fputs("; ", file);
    else if (control) fprintf(file, "\\x%02X", *at);
    else fputc(*at, file);
  }
}

static void say(const char *format, va_list args) {
  char text[MESSAGE_MAX];
  vsnprintf(text, sizeof text, format, args);
  cli_out_flush(); /* where both go to one terminal or file, they stand in order */
  flockfile(stderr);
  fputs("emily: ", stderr);
  put_visible(text, stderr);
  fputc('\n', stderr);
  funlockfile(stderr);
}

void cli_note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
}

int cli_error(int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
  return code;
}

int cli_code(emily_status status) {
  switch (status) {
    case EMILY_OK: return CLI_OK;
    case EMILY_NOT_FOUND:
    case EMILY_IO_ERROR: return CLI_NOT_FOUND;
    case EMILY_BAD_FORMAT: return CLI_BAD_FORMAT;
    case EMILY_UNSUPPORTED: return CLI_UNSUPPORTED;
    case EMILY_CANCELLED: return CLI_INTERRUPTED;
    default: return CLI_FAILED;
  }
}

int cli_library_error(void) {
  const emily_error *error = emily_last_error();
  return cli_error(cli_code(error->status), "%s", error->message);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Changes of one letter (one more, one less, another, two swapped) that lead from a to b. */
static size_t distance(const char *a, const char *b) {
  size_t rows[3][WORD_MAX + 1] = {{0}};
  size_t n = strlen(a), m = strlen(b);
  if (n > WORD_MAX || m > WORD_MAX) return WORD_MAX;
  for (size_t j = 0; j <= m; j++) rows[0][j] = j;
  for (size_t i = 1; i <= n; i++) {
    size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= m; j++) {
      now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = least(now[j], before[j - 2] + 1);
    }
  }
  return rows[n % 3][m];
}

const char *cli_nearest(const char *word, const char *const *names, size_t count) {
  const char *nearest = NULL;
  size_t best = strlen(word) / 3 + 2; /* further than this is another word */
  for (size_t i = 0; i < count; i++) {
    bool begins = strlen(word) >= 2 && !strncmp(names[i], word, strlen(word));
    size_t d = begins ? 1 : distance(word, names[i]);
    if (d < best && d < strlen(names[i])) best = d, nearest = names[i];
  }
  return nearest;
}

int cli_unknown_command(const char *name) {
  const char *names[32];
  size_t count = cli_command_count < 32 ? cli_command_count : 32;
  for (size_t i = 0; i < count; i++) names[i] = cli_commands[i]->name;
  const char *nearest = cli_nearest(name, names, count);
  if (name[0] == '-')
    return cli_error(CLI_USAGE, "'%s' stands before a command: emily COMMAND [OPTIONS] ('emily help' lists all)",
                     name);
  if (nearest)
    return cli_error(CLI_USAGE, "there is no command '%s': did you mean '%s'? ('emily help' lists all)", name,
                     nearest);
  return cli_error(CLI_USAGE, "there is no command '%s' ('emily help' lists all)", name);
}
