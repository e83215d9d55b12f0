/* commands.c: the list of commands, and the options that each of them has. */
#include "cli/commands.h"

#include <string.h>

const cli_command *const cli_commands[] = {
    &cli_embed_command,
    &cli_search_command,
    &cli_classify_command,
    &cli_fill_mask_command,
    &cli_answer_command,
    &cli_tag_command,
    &cli_generate_command,
    &cli_chat_command,
    &cli_render_command,
    &cli_forward_command,
    &cli_transcribe_command,
    &cli_features_command,
    &cli_tokenize_command,
    &cli_detokenize_command,
    &cli_info_command,
    &cli_quantize_command,
    &cli_convert_command,
    &cli_doctor_command,
    &cli_op_command,
    &cli_ops_command,
    &cli_families_command,
    &cli_version_command,
    &cli_help_command,
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;

const cli_option cli_common_options[] = {
    {"threads", 't', CLI_INT, "N", NULL,
     "cpu threads to use (default: what the affinity and the container's quota allow)", 1, 4096,
     offsetof(cli_common, threads)},
    {"device", 'd', CLI_TEXT, "DEVICE", "cpu", "where to compute", .offset = offsetof(cli_common, device)},
    {"help", 'h', CLI_FLAG, NULL, NULL, "show this help and exit", .offset = offsetof(cli_common, help)},
};
const size_t cli_common_option_count = sizeof cli_common_options / sizeof *cli_common_options;

const cli_command *cli_command_find(const char *name) {
  for (size_t i = 0; i < cli_command_count; i++)
    if (!strcmp(cli_commands[i]->name, name)) return cli_commands[i];
  return NULL;
}
