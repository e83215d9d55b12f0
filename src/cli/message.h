/* message.h: what the command says on standard error: one line a message, "emily: …".
 *
 * Bytes that could steer a terminal (a file name or a token may hold any) are shown as \xNN.
 */
#ifndef EMILY_CLI_MESSAGE_H
#define EMILY_CLI_MESSAGE_H

#include "cli/command.h"

void cli_note(const char *format, ...) EMILY_PRINTF(1, 2);

/* The note, and the exit code: `return cli_error(CLI_USAGE, "…")`. */
int cli_error(int code, const char *format, ...) EMILY_PRINTF(2, 3);

/* Say the calling thread's latest library failure; the exit code that its status maps to. */
int cli_library_error(void);
int cli_code(emily_status status);

/* Names what was meant; CLI_USAGE. */
int cli_unknown_command(const char *name);

/* The nearest of `count` names, close enough to have been meant; NULL for none. */
const char *cli_nearest(const char *word, const char *const *names, size_t count);

#endif
