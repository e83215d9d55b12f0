/* cmd_families.c: `emily families`: which models this build runs. */
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/output.h"
#include "emily/model.h"

typedef struct settings {
  bool json;
} settings;

static const cli_option options[] = {
    {"json", 0, CLI_FLAG, NULL, NULL, "one JSON object a family", .offset = offsetof(settings, json)},
};

static void print_json(const emily_family_info *family) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  cli_json_put_text(&json, "model_type", family->model_type);
  cli_json_put_text(&json, "class", family->class_name);
  cli_json_put_text(&json, "title", family->title);
  cli_json_key(&json, "tasks");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < family->task_count; i++) cli_json_text(&json, family->tasks[i]);
  cli_json_end(&json, ']');
  cli_json_put_text(&json, "checked", family->checked);
  cli_json_put_text(&json, "limits", family->limits);
  cli_json_end(&json, '}');
}

/* "bert            BertModel, BertForMaskedLM …" */
static void print_line(const emily_family_info *family) {
  cli_outf("%-14s", family->model_type);
  for (size_t i = 0; i < family->task_count; i++)
    cli_outf("%s%s%s", i ? ", " : "", i ? "" : family->class_name, family->tasks[i]);
  cli_out("\n");
}

static int run(const cli_call *call) {
  bool json = ((const settings *)call->settings)->json;
  emily_family_info family = EMILY_FAMILY_INFO_INIT;
  for (size_t i = 0; emily_family_at(i, &family); i++) {
    if (json) print_json(&family);
    else print_line(&family);
  }
  return CLI_OK;
}

static const char *const examples[] = {"emily families", "emily families --json", NULL};

const cli_command cli_families_command = {
    .name = "families",
    .synopsis = "",
    .summary = "List the model families that this build runs",
    .details =
        "Each line is a \"model_type\" of config.json and the classes of it that are\n"
        "known. docs/MODELS.md of the sources says what each is checked against, and what\n"
        "of it is refused.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .run = run,
};
