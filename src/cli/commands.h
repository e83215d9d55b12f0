/* commands.h: the commands, each defined in its cmd_*.c. */
#ifndef EMILY_CLI_COMMANDS_H
#define EMILY_CLI_COMMANDS_H

#include "cli/command.h"

extern const cli_command cli_embed, cli_search, cli_generate, cli_forward, cli_tokenize, cli_detokenize, cli_info,
    cli_doctor, cli_op, cli_ops, cli_version, cli_help;

#endif
