/* output.h: standard output.
 *
 * Writing never fails for the caller: when the reader went away the process ends quietly with CLI_NO_READER, and when
 * a write fails for another reason (a full disk) it says so and ends with CLI_FAILED. Nothing is lost silently.
 */
#ifndef EMILY_CLI_OUTPUT_H
#define EMILY_CLI_OUTPUT_H

#include "cli/command.h"

void cli_out_start(void); /* once, before anything else: SIGPIPE becomes a write error */
void cli_out(const char *text);
void cli_out_bytes(const void *bytes, size_t count);
void cli_outf(const char *format, ...) EMILY_PRINTF(1, 2);
void cli_out_flush(void);

/* Text that may hold anything (a token, a line of a file) as one line: control characters as \xNN, malformed UTF-8 as
 * U+FFFD. */
void cli_out_visible(const char *text, size_t length);

/* Whether standard output is a terminal that wants colour: NO_COLOR is not set and TERM is not "dumb". */
bool cli_out_colour(void);

#endif
