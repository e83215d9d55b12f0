/* cmd_version.c: `emily version`. */
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/output.h"

typedef struct settings {
  bool json;
} settings;

static const cli_option options[] = {
    {"json", 0, CLI_FLAG, NULL, NULL, "as a JSON line", .offset = offsetof(settings, json)},
};

static int run(const cli_call *call) {
  if (((const settings *)call->settings)->json) {
    cli_json json = {0};
    cli_json_begin(&json, '{');
    cli_json_put_text(&json, "version", emily_version());
    cli_json_end(&json, '}');
  } else {
    cli_outf("emily %s\n", emily_version());
  }
  return CLI_OK;
}

static const char *const examples[] = {"emily version", NULL};

const cli_command cli_version_command = {
    .name = "version",
    .synopsis = "",
    .summary = "Tell the version",
    .details = "Prints the version of the library that runs.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .run = run,
};
