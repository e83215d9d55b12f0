/* rewriting.h: what `emily quantize` and `emily convert` show while a checkpoint is written anew, and at its end. */
#ifndef EMILY_CLI_REWRITING_H
#define EMILY_CLI_REWRITING_H

#include "cli/progress.h"
#include "emily/convert.h"

typedef struct cli_rewriting {
  cli_progress progress;
  bool report; /* a line for each entry */
  bool rounded; /* a cast lost digits */
  size_t kept;  /* layers whose matrices were not packed */
} cli_rewriting;

void cli_rewriting_begin(cli_rewriting *rewriting, const char *label, bool report);

/* The callback of emily/convert.h, its context a cli_rewriting. Ctrl-C ends the work. */
bool cli_rewriting_each(void *context, const emily_rewrite_tensor *tensor);

/* After the work: an exit code. out: the folder; NULL for a dry run. */
int cli_rewriting_end(cli_rewriting *rewriting, emily_status status, const emily_rewrite_totals *totals, const char *out);

/* A float dtype that weights may have, by name; -1 where text is NULL; false (said as CLI_USAGE) for another. */
bool cli_rewriting_dtype(const char *command, const char *text, emily_dtype *out);

/* Megabytes as an option gives them, in bytes; 0 where it was not given. */
uint64_t cli_rewriting_shard(int64_t megabytes);

#endif
