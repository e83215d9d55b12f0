/* main.c: finds the command, reads its options, runs it, and sees to it that standard output was written. */
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"

#include "emily/array.h"
#include "emily/runtime.h"

#include <stdlib.h>
#include <string.h>

static bool is_cpu(const char *device) { return !strcmp(device, "cpu"); }

/* The device must be there. Commands that compute nothing run where the default one cannot (a wrong EMILY_CPU). */
static int check_device(const cli_command *command, const char *device) {
  if (!command->computes && is_cpu(device)) return CLI_OK;
  emily_stream *stream = emily_stream_new(device);
  emily_stream_release(stream);
  if (stream) return CLI_OK;
  if (is_cpu(device)) return cli_library_error();
  return cli_error(CLI_UNSUPPORTED, "--device %s: %s", device, emily_last_error()->message);
}

static int run(const cli_command *command, int argc, char **argv) {
  cli_call call;
  void *settings = calloc(1, command->settings_size ? command->settings_size : 1);
  if (!settings) return cli_error(CLI_FAILED, "out of memory");
  int code = cli_options_parse(command, argc, argv, settings, &call);
  if (!code && call.common.help) {
    cli_help_of(command);
  } else if (!code) {
    if (call.common.threads.given) emily_set_threads((int32_t)call.common.threads.value);
    code = check_device(command, call.common.device);
    if (!code) code = command->run(&call);
  }
  cli_options_free(command, settings, &call);
  free(settings);
  cli_out_flush();
  return code;
}

int main(int argc, char **argv) {
  cli_out_start();
  if (argc < 2) {
    cli_help_overview(stderr);
    return CLI_USAGE;
  }
  const char *word = argv[1];
  if (!strcmp(word, "--help") || !strcmp(word, "-h")) word = "help";
  if (!strcmp(word, "--version") || !strcmp(word, "-V")) word = "version";
  const cli_command *command = cli_command_find(word);
  return command ? run(command, argc - 2, argv + 2) : cli_unknown_command(word);
}
