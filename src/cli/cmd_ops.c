/* cmd_ops.c: `emily ops`: the op table, with signatures. */
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/op_args.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
  bool json;
  const char *group;
} settings;

static const cli_option options[] = {
    {"json", 0, CLI_FLAG, NULL, NULL, "an op a line, as JSON", .offset = offsetof(settings, json)},
    {"group", 'g', CLI_TEXT, "GROUP", NULL, "the ops of one group alone", .offset = offsetof(settings, group)},
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

static void print_one(const emily_op_info *op, bool json) {
  if (json) print_json(op);
  else print(op);
}

static void print_groups(bool json) {
  const char *group = "";
  for (int32_t i = 0; i < emily_op_count(); i++) {
    const emily_op_info *op = emily_op_at(i);
    if (!json && strcmp(group, op->group)) cli_outf("%s%s:\n", *group ? "\n" : "", op->group);
    group = op->group;
    print_one(op, json);
  }
}

/* The groups with spaces between, for a message. */
static const char *group_names(void) {
  static char text[512];
  size_t length = 0;
  const char *before = "";
  for (int32_t i = 0; i < emily_op_count() && length < sizeof text; i++) {
    const char *group = emily_op_at(i)->group;
    if (!strcmp(group, before)) continue;
    length += (size_t)snprintf(text + length, sizeof text - length, " %s", group);
    before = group;
  }
  return text;
}

static int print_group(const char *group, bool json) {
  bool found = false;
  for (int32_t i = 0; i < emily_op_count(); i++) {
    const emily_op_info *op = emily_op_at(i);
    if (strcmp(op->group, group)) continue;
    print_one(op, json);
    found = true;
  }
  return found ? CLI_OK : cli_error(CLI_NOT_FOUND, "there is no group '%s' of ops; there are:%s", group, group_names());
}

static int print_named(const cli_call *call, bool json) {
  for (size_t i = 0; i < call->operand_count; i++)
    if (!emily_op_find(call->operands[i])) return cli_unknown_op(call->operands[i]);
  for (size_t i = 0; i < call->operand_count; i++) print_one(emily_op_find(call->operands[i]), json);
  return CLI_OK;
}

static int run(const cli_call *call) {
  const settings *wanted = call->settings;
  if (wanted->group && call->operand_count)
    return cli_error(CLI_USAGE, "ops: --group lists a whole group: give it or names of ops");
  if (wanted->group) return print_group(wanted->group, wanted->json);
  if (call->operand_count) return print_named(call, wanted->json);
  print_groups(wanted->json);
  return CLI_OK;
}

static const char *const examples[] = {"emily ops", "emily ops softmax rms_norm", "emily ops --group linalg",
                                       "emily ops --json", NULL};

const cli_command cli_ops_command = {
    .name = "ops",
    .synopsis = "[NAME... | --group GROUP]",
    .summary = "List the tensor ops and what they take",
    .details =
        "Arguments of kind array (or arrays: a list of them) are operands, the others\n"
        "attributes; an argument with a default may be left out. docs/OPS.md of the\n"
        "sources tells more of each.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .most_operands = SIZE_MAX,
    .run = run,
};
