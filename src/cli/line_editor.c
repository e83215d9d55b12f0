/* line_editor.c: see line_editor.h. */
#include "cli/line_editor.h"

#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

enum { HISTORY_MAX = 500, ESCAPE = 27, DELETE = 127, ESCAPE_WAIT_MS = 50 };

/* ---- the terminal ---- */

/* What a signal that ends the process must put back. */
static struct termios put_back;
static volatile sig_atomic_t raw_fd = -1;

static void on_end(int signal_number) {
  if (raw_fd >= 0) tcsetattr(raw_fd, TCSANOW, &put_back);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

bool cli_editor_can(int in, int out) {
  const char *term = getenv("TERM");
  return isatty(in) && isatty(out) && term && *term && strcmp(term, "dumb");
}

static void write_all(const cli_editor *e, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t wrote = write(e->out, bytes, count);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    bytes += wrote;
    count -= (size_t)wrote;
  }
}

static bool raw_on(cli_editor *e) {
  if (tcgetattr(e->in, &e->before)) return false;
  struct termios raw = e->before;
  raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  put_back = e->before;
  raw_fd = e->in;
  if (tcsetattr(e->in, TCSADRAIN, &raw)) return false;
  write_all(e, "\x1b[?2004h", 8); /* pasted text comes between marks */
  return true;
}

static void raw_off(cli_editor *e) {
  write_all(e, "\x1b[?2004l", 8);
  tcsetattr(e->in, TCSADRAIN, &e->before);
  raw_fd = -1;
}

void cli_editor_open(cli_editor *e, int in, int out) {
  *e = (cli_editor){.in = in, .out = out};
  signal(SIGTERM, on_end);
  signal(SIGHUP, on_end);
}

void cli_editor_close(cli_editor *e) {
  for (size_t i = 0; i < e->history.count; i++) emily__free(e->history.data[i]);
  emily__vec_free(&e->history);
  emily__str_free(&e->line);
}

/* ---- drawing ---- */

static size_t columns(const cli_editor *e) {
  struct winsize size;
  return !ioctl(e->out, TIOCGWINSZ, &size) && size.ws_col > 10 ? size.ws_col : 80;
}

/* The width of the character at `at`, and its bytes; a newline is shown as one mark, control characters as "?". */
static size_t width_at(const cli_editor *e, size_t at, size_t *used) {
  int32_t c = emily__utf8_decode(e->line.data + at, e->line.count - at, used);
  if (c < 0x20 || c == DELETE) return 1;
  int width = utf8proc_charwidth(c);
  return width < 0 ? 1 : (size_t)width;
}

static size_t width_between(const cli_editor *e, size_t begin, size_t end) {
  size_t width = 0, used;
  for (; begin < end; begin += used) width += width_at(e, begin, &used);
  return width;
}

static bool put_char(const cli_editor *e, emily__str *out, size_t at, size_t used) {
  int32_t c = emily__utf8_decode(e->line.data + at, used, &used);
  if (c == '\n') return emily__str_puts(out, "\xE2\x86\xB5");
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return emily__str_puts(out, "?");
  return emily__str_append(out, e->line.data + at, used);
}

/* The row: the prompt, and as much of the line as there is room for around the cursor. */
static void draw(cli_editor *e, const char *prompt) {
  emily__str out = {0};
  size_t start = 0, used, width = 0, prompt_width = strlen(prompt), room = columns(e);
  room = room > prompt_width + 8 ? room - prompt_width - 1 : 8;
  while (width_between(e, start, e->cursor) >= room) {
    width_at(e, start, &used);
    start += used;
  }
  bool good = emily__str_printf(&out, "\r%s", prompt);
  for (size_t at = start; good && at < e->line.count; at += used) {
    width += width_at(e, at, &used);
    if (width > room) break;
    good = put_char(e, &out, at, used);
  }
  good = good && emily__str_printf(&out, "\x1b[K\r\x1b[%zuC", prompt_width + width_between(e, start, e->cursor));
  if (good) write_all(e, out.data, out.count);
  emily__str_free(&out);
}

/* ---- editing ---- */

static void insert(cli_editor *e, const char *bytes, size_t count) {
  if (!emily__str_append(&e->line, bytes, count)) {
    e->failed = true;
    return;
  }
  memmove(e->line.data + e->cursor + count, e->line.data + e->cursor, e->line.count - count - e->cursor);
  memcpy(e->line.data + e->cursor, bytes, count);
  e->cursor += count;
}

static void erase(cli_editor *e, size_t begin, size_t end) {
  memmove(e->line.data + begin, e->line.data + end, e->line.count - end + 1);
  e->line.count -= end - begin;
  e->cursor = begin;
}

static void cursor_move(cli_editor *e, bool right) {
  size_t used;
  if (right && e->cursor < e->line.count) width_at(e, e->cursor, &used), e->cursor += used;
  if (!right && e->cursor > 0) do
      e->cursor--;
    while (e->cursor > 0 && ((unsigned char)e->line.data[e->cursor] & 0xC0) == 0x80);
}

static void erase_char(cli_editor *e, bool before) {
  size_t at = e->cursor;
  cursor_move(e, !before);
  size_t to = e->cursor;
  if (at != to) erase(e, at < to ? at : to, at < to ? to : at);
}

static void erase_word(cli_editor *e) {
  size_t begin = e->cursor;
  while (begin > 0 && e->line.data[begin - 1] == ' ') begin--;
  while (begin > 0 && e->line.data[begin - 1] != ' ') begin--;
  if (begin < e->cursor) erase(e, begin, e->cursor);
}

static void set_line(cli_editor *e, const char *text) {
  emily__str_clear(&e->line);
  if (!emily__str_puts(&e->line, text)) e->failed = true;
  e->cursor = e->line.count;
}

static void browse(cli_editor *e, bool older) {
  if (older ? e->shown == 0 : e->shown >= e->history.count) return;
  e->shown += older ? (size_t)-1 : 1;
  set_line(e, e->shown < e->history.count ? e->history.data[e->shown] : "");
}

void cli_editor_remember(cli_editor *e, const char *text) {
  if (!*text || (e->history.count && !strcmp(e->history.data[e->history.count - 1], text))) return;
  if (e->history.count == HISTORY_MAX) {
    emily__free(e->history.data[0]);
    memmove(e->history.data, e->history.data + 1, --e->history.count * sizeof *e->history.data);
  }
  char *copy = emily__strdup(text);
  if (copy && !emily__vec_push(&e->history, copy)) emily__free(copy); /* forgotten: no harm */
}

/* ---- keys ---- */

/* A byte, or -1: the end, 3 (Ctrl-C) where a signal came instead. wait: milliseconds, below 0: for ever. */
static int read_byte(const cli_editor *e, int wait) {
  struct pollfd ready = {.fd = e->in, .events = POLLIN};
  unsigned char byte;
  int polled = poll(&ready, 1, wait);
  if (polled < 0) return errno == EINTR ? 3 : -1;
  if (polled == 0) return -1;
  return read(e->in, &byte, 1) == 1 ? byte : -1;
}

/* Behind ESC: "[", parameters and a letter. */
static void escape_sequence(cli_editor *e) {
  char parameters[16] = "";
  size_t count = 0;
  int c = read_byte(e, ESCAPE_WAIT_MS);
  if (c != '[' && c != 'O') return;
  while ((c = read_byte(e, ESCAPE_WAIT_MS)) >= 0 && (c < '@' || c > '~'))
    if (count + 1 < sizeof parameters) parameters[count++] = (char)c;
  int number = atoi(parameters);
  if (c == 'A' || c == 'B') browse(e, c == 'A');
  else if (c == 'C' || c == 'D') cursor_move(e, c == 'C');
  else if (c == 'H' || (c == '~' && (number == 1 || number == 7))) e->cursor = 0;
  else if (c == 'F' || (c == '~' && (number == 4 || number == 8))) e->cursor = e->line.count;
  else if (c == '~' && number == 3) erase_char(e, false);
  else if (c == '~' && (number == 200 || number == 201)) e->pasting = number == 200;
}

static void control(cli_editor *e, int c) {
  switch (c) {
    case ESCAPE: escape_sequence(e); break;
    case 'A' & 31: e->cursor = 0; break;
    case 'E' & 31: e->cursor = e->line.count; break;
    case 'B' & 31: cursor_move(e, false); break;
    case 'F' & 31: cursor_move(e, true); break;
    case 'D' & 31: erase_char(e, false); break;
    case 'H' & 31:
    case DELETE: erase_char(e, true); break;
    case 'W' & 31: erase_word(e); break;
    case 'U' & 31: erase(e, 0, e->cursor); break;
    case 'K' & 31: erase(e, e->cursor, e->line.count); break;
    case 'P' & 31: browse(e, true); break;
    case 'N' & 31: browse(e, false); break;
    case 'L' & 31: write_all(e, "\x1b[H\x1b[2J", 7); break;
    case '\t': insert(e, "\t", 1); break;
    default: break;
  }
}

/* A character comes whole, so that none is drawn in half. */
static void text(cli_editor *e, int c) {
  char bytes[4] = {(char)c};
  size_t count = 1, whole = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
  for (; count < whole; count++) {
    int next = read_byte(e, ESCAPE_WAIT_MS);
    if (next < 0) break;
    bytes[count] = (char)next;
  }
  if (emily__utf8_valid(bytes, count)) insert(e, bytes, count);
}

/* True where the line is done. */
static bool key(cli_editor *e, int c, cli_edited *out) {
  if (e->pasting && (c == '\r' || c == '\n')) return insert(e, "\n", 1), false;
  bool leaves = c < 0 || (c == ('D' & 31) && !e->line.count);
  *out = leaves ? CLI_EDITED_END : c == ('C' & 31) ? CLI_EDITED_INTERRUPT : CLI_EDITED_LINE;
  if (leaves || *out == CLI_EDITED_INTERRUPT || c == '\r' || c == '\n') return true;
  if (c < 0x20 || c == DELETE) control(e, c);
  else text(e, c);
  return e->failed;
}

cli_edited cli_editor_line(cli_editor *e, const char *prompt) {
  cli_edited result = CLI_EDITED_END;
  emily__str_clear(&e->line);
  e->cursor = 0;
  e->shown = e->history.count;
  e->pasting = e->failed = false;
  if (!emily__str_append(&e->line, "", 0) || !raw_on(e)) return CLI_EDITED_END;
  do draw(e, prompt);
  while (!key(e, read_byte(e, -1), &result));
  raw_off(e);
  write_all(e, "\r\n", 2);
  return result;
}
