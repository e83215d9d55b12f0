/* options.h: a command line into a command's settings, operands and common options.
 *
 * `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`; options and operands in any order; `--` ends the options;
 * "-" is an operand. A slip is said in one line, with the nearest option that there is.
 */
#ifndef EMILY_CLI_OPTIONS_H
#define EMILY_CLI_OPTIONS_H

#include "cli/command.h"

/* settings: zeroed, settings_size bytes. CLI_OK or CLI_USAGE. What `call` holds points into argv and settings, and is
 * freed by cli_options_free, also after a failure. --help stops the parsing: nothing else is checked then. */
int cli_options_parse(const cli_command *command, int argc, char **argv, void *settings, cli_call *call);
void cli_options_free(const cli_command *command, void *settings, cli_call *call);

/* A whole number, or a list of them ("1,2,3", maybe empty), written in decimal; false where it is not. The list is
 * freed by free(). */
bool cli_parse_int(const char *text, int64_t *out);
bool cli_parse_real(const char *text, double *out);
bool cli_parse_ints(const char *text, int64_t **out, size_t *count);

#endif
