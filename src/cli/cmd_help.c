/* cmd_help.c: `emily help`. */
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/output.h"

typedef struct settings {
  bool json;
} settings;

static const cli_option options[] = {
    {"json", 0, CLI_FLAG, NULL, NULL, "every command with its options, as JSON lines",
     .offset = offsetof(settings, json)},
};

static int run(const cli_call *call) {
  if (((const settings *)call->settings)->json) {
    cli_help_json();
    return CLI_OK;
  }
  if (!call->operand_count) {
    cli_out_flush();
    cli_help_overview(stdout);
    return CLI_OK;
  }
  const cli_command *command = cli_command_find(call->operands[0]);
  if (!command) return cli_unknown_command(call->operands[0]);
  cli_help_of(command);
  return CLI_OK;
}

static const char *const examples[] = {"emily help embed", "emily help --json", NULL};

const cli_command cli_help_command = {
    .name = "help",
    .synopsis = "[COMMAND]",
    .summary = "Tell how a command is used",
    .details = "Without COMMAND, lists the commands.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .most_operands = 1,
    .run = run,
};
