/* progress.c: see progress.h. Drawn first after half a second, then ten times a second at most. */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void cli_progress_begin(cli_progress *progress, const char *label, uint64_t total) {
  const char *term = getenv("TERM");
  *progress = (cli_progress){.label = label, .total = total, .next_ns = now_ns() + 500000000u};
  progress->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

static int bar_width(const char *label) {
  struct winsize size;
  int columns = !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
  int width = columns - (int)strlen(label) - 10; /* "\rLABEL [####----] 100%" and one column to spare */
  return width < 4 ? 4 : width > 50 ? 50 : width;
}

void cli_progress_set(cli_progress *progress, uint64_t done) {
  if (!progress->terminal || !progress->total) return;
  uint64_t now = now_ns();
  if (now < progress->next_ns) return;
  progress->next_ns = now + 100000000u;
  progress->drawn = true;
  double part = done < progress->total ? (double)done / (double)progress->total : 1;
  int width = bar_width(progress->label), full = (int)(part * width);
  fprintf(stderr, "\r%s [", progress->label);
  for (int i = 0; i < width; i++) fputc(i < full ? '#' : '-', stderr);
  fprintf(stderr, "] %3d%%", (int)(part * 100));
  fflush(stderr);
}

void cli_progress_end(cli_progress *progress) {
  if (progress->drawn) fputs("\r\033[K", stderr);
  progress->drawn = false;
}
