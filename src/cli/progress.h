/* progress.h: a progress bar on standard error, only where that is a terminal, and only for work that takes a while.
 */
#ifndef EMILY_CLI_PROGRESS_H
#define EMILY_CLI_PROGRESS_H

#include "emily/base.h"

typedef struct cli_progress {
  const char *label;
  uint64_t total;   /* 0: unknown, and nothing is shown */
  uint64_t next_ns; /* when the bar may be drawn (again) */
  bool terminal, drawn;
} cli_progress;

void cli_progress_begin(cli_progress *progress, const char *label, uint64_t total);
void cli_progress_set(cli_progress *progress, uint64_t done);
void cli_progress_end(cli_progress *progress); /* takes the bar away */

#endif
