/* cmd_convert.c: `emily convert`: a model with weights of another dtype. */
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/rewriting.h"

typedef struct settings {
  const char *dtype;
  cli_int shard_size;
  bool dry_run, report;
} settings;

static const cli_option options[] = {
    {"dtype", 0, CLI_TEXT, "DTYPE", "bf16", "f32, f16 or bf16", .offset = offsetof(settings, dtype)},
    {"shard-size", 0, CLI_INT, "MB", NULL, "so many megabytes a file of weights at most (default: 5000)", 1, 1e9, offsetof(settings, shard_size)},
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "write nothing: say what would be written", .offset = offsetof(settings, dry_run)},
    {"report", 'r', CLI_FLAG, NULL, NULL, "a line for each layer and tensor", .offset = offsetof(settings, report)},
};

static int run(const cli_call *call) {
  const settings *s = call->settings;
  const char *out = s->dry_run ? NULL : call->operand_count > 1 ? call->operands[1] : NULL;
  emily_convert_options o = EMILY_CONVERT_OPTIONS_INIT;
  emily_rewrite_totals totals = {0};
  cli_rewriting rewriting;
  if (!out && !s->dry_run) return cli_error(CLI_USAGE, "convert: name the folder to write, or give --dry-run");
  if (!cli_rewriting_dtype("convert", s->dtype, &o.dtype)) return CLI_USAGE;
  o.dry_run = s->dry_run;
  o.shard_bytes = cli_rewriting_shard(s->shard_size.value);
  o.each = cli_rewriting_each;
  o.context = &rewriting;
  cli_rewriting_begin(&rewriting, "Converting", s->report);
  return cli_rewriting_end(&rewriting, emily_model_convert(call->operands[0], out, &o, &totals), &totals, out);
}

static const char *const examples[] = {
    "emily convert Qwen3-0.6B Qwen3-0.6B-f16 --dtype f16",
    "emily convert Qwen3-0.6B-4bit Qwen3-0.6B-dense --dtype bf16",
    NULL,
};

const cli_command cli_convert_command = {
    .name = "convert",
    .synopsis = "MODEL [OUT]",
    .summary = "Write a model with weights of another dtype",
    .details =
        "OUT is a folder that is not there yet: the weights in safetensors files,\n"
        "config.json, and the model's other files. All floats become DTYPE; packed and\n"
        "8-bit weights become dense. The last line says whether numbers were rounded. A\n"
        "number that is too large for f16 is an error.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 2,
    .run = run,
};
