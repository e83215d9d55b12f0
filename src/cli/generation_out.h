/* generation_out.h: a generation on standard output and its speed on standard error: what the commands that generate share. */
#ifndef EMILY_CLI_GENERATION_OUT_H
#define EMILY_CLI_GENERATION_OUT_H

#include "emily/generate.h"

/* One line of JSON. */
void cli_generation_json(const emily_generation *generation);

/* "prompt: 8 tokens, 120.5 tokens/s; decode: …". */
void cli_generation_note(const emily_generation *generation);

double cli_per_second(size_t count, double seconds); /* 0 where there were no seconds */

#endif
