/* cmd_ops.c: `emily ops`: the op table, with signatures. */
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/op_args.h"
#include "cli/output.h"

#include <string.h>

typedef struct settings {
  bool json;
} settings;

static const cli_option options[] = {
    {"json", 0, CLI_FLAG, NULL, NULL, "an op a line, as JSON", .offset = offsetof(settings, json)},
};

static void print(const emily_op_info *op) {
  cli_outf("%s(", op->name);
  for (int32_t i = 0; i < op->arg_count; i++) {
    const emily_arg_info *arg = &op->args[i];
    cli_outf("%s%s: %s", i ? ", " : "", arg->name, cli_arg_kind_name(arg->kind));
    if (!arg->required && arg->kind != EMILY_ARG_OPTIONAL) cli_outf(" = %s", cli_arg_default(arg));
  }
  static const char *const results[] = {" -> arrays", "", " -> 2 arrays", " -> 3 arrays"};
  cli_outf(")%s\n    %s\n", results[op->results], op->summary);
}

static void print_json(const emily_op_info *op) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  cli_json_put_text(&json, "op", op->name);
  cli_json_put_text(&json, "group", op->group);
  cli_json_put_text(&json, "summary", op->summary);
  cli_json_put_int(&json, "results", op->results);
  cli_json_key(&json, "args");
  cli_json_begin(&json, '[');
  for (int32_t i = 0; i < op->arg_count; i++) {
    const emily_arg_info *arg = &op->args[i];
    cli_json_begin(&json, '{');
    cli_json_put_text(&json, "name", arg->name);
    cli_json_put_text(&json, "kind", cli_arg_kind_name(arg->kind));
    cli_json_put_bool(&json, "required", arg->required);
    cli_json_put_text(&json, "default", arg->required ? NULL : cli_arg_default(arg));
    cli_json_end(&json, '}');
  }
  cli_json_end(&json, ']');
  cli_json_end(&json, '}');
}

static void print_groups(bool json) {
  const char *group = "";
  for (int32_t i = 0; i < emily_op_count(); i++) {
    const emily_op_info *op = emily_op_at(i);
    if (!json && strcmp(group, op->group)) cli_outf("%s%s:\n", *group ? "\n" : "", op->group);
    group = op->group;
    if (json) print_json(op);
    else print(op);
  }
}

static int run(const cli_call *call) {
  bool json = ((const settings *)call->settings)->json;
  if (!call->operand_count) {
    print_groups(json);
    return CLI_OK;
  }
  const emily_op_info *op = emily_op_find(call->operands[0]);
  if (!op) return cli_unknown_op(call->operands[0]);
  if (json) print_json(op);
  else print(op);
  return CLI_OK;
}

static const char *const examples[] = {"emily ops", "emily ops softmax", "emily ops --json", NULL};

const cli_command cli_ops_command = {
    .name = "ops",
    .synopsis = "[NAME]",
    .summary = "List the tensor ops and what they take",
    .details =
        "Arguments of kind array (or arrays: a list of them) are operands, the others\n"
        "attributes; an argument with a default may be left out.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .most_operands = 1,
    .run = run,
};
