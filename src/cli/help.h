/* help.h: help texts from the command table, for people and as JSON. */
#ifndef EMILY_CLI_HELP_H
#define EMILY_CLI_HELP_H

#include "cli/command.h"

#include <stdio.h>

void cli_help_overview(FILE *file); /* what `emily --help` says */
void cli_help_of(const cli_command *command);
void cli_help_json(void); /* one object a command, one a line */

#endif
