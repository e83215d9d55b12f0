/* commands.h: the commands, each defined in its cmd_*.c. */
#ifndef EMILY_CLI_COMMANDS_H
#define EMILY_CLI_COMMANDS_H

#include "cli/command.h"

extern const cli_command cli_embed_command, cli_search_command, cli_classify_command, cli_fill_mask_command, cli_answer_command, cli_tag_command,
    cli_generate_command, cli_forward_command, cli_features_command, cli_transcribe_command,
    cli_tokenize_command, cli_detokenize_command, cli_info_command, cli_quantize_command, cli_convert_command, cli_doctor_command, cli_op_command,
    cli_ops_command, cli_families_command, cli_version_command, cli_help_command;
extern const cli_command cli_render_command, cli_chat_command;

#endif
