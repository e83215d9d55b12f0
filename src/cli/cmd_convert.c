/* cmd_convert.c: `emily convert`: a model with weights of another dtype. */
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/rewriting.h"

#include <string.h>

typedef struct settings {
  const char *dtype;
  cli_int shard_size;
  bool dry_run, report;
} settings;

static const cli_option options[] = {
    {"dtype", 0, CLI_TEXT, "DTYPE", NULL, "f32, f16 or bf16 (default: bf16); of OUT.gguf also q8_0 or q4_0 (default: as they are)",
     .offset = offsetof(settings, dtype)},
    {"shard-size", 0, CLI_INT, "MB", NULL, "so many megabytes a file of weights at most (default: 5000)", 1, 1e9, offsetof(settings, shard_size)},
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "write nothing: say what would be written", .offset = offsetof(settings, dry_run)},
    {"report", 'r', CLI_FLAG, NULL, NULL, "a line for each layer and tensor", .offset = offsetof(settings, report)},
};

static bool is_gguf(const char *out) {
  const size_t length = out ? strlen(out) : 0;
  return length > 5 && !strcmp(out + length - 5, ".gguf");
}

/* The dtype, or the format of blocks, that a text names. */
static bool read_dtype(const char *text, bool gguf, emily_convert_options *o) {
  if (gguf && text && !strcmp(text, "q8_0")) return o->blocks = "Q8_0", o->dtype = -1, true;
  if (gguf && text && !strcmp(text, "q4_0")) return o->blocks = "Q4_0", o->dtype = -1, true;
  return cli_rewriting_dtype("convert", text ? text : gguf ? NULL : "bf16", &o->dtype);
}

static int run(const cli_call *call) {
  const settings *s = call->settings;
  const char *out = s->dry_run ? NULL : call->operand_count > 1 ? call->operands[1] : NULL;
  emily_convert_options o = EMILY_CONVERT_OPTIONS_INIT;
  emily_rewrite_totals totals = EMILY_REWRITE_TOTALS_INIT;
  cli_rewriting rewriting;
  const char *named = call->operand_count > 1 ? call->operands[1] : NULL;
  const bool gguf = is_gguf(named);
  if (!out && !s->dry_run) return cli_error(CLI_USAGE, "convert: name the folder or the .gguf file to write, or give --dry-run");
  if (!read_dtype(s->dtype, gguf, &o)) return CLI_USAGE;
  o.dry_run = s->dry_run;
  o.shard_bytes = cli_rewriting_shard(s->shard_size.value);
  o.each = cli_rewriting_each;
  o.context = &rewriting;
  cli_rewriting_begin(&rewriting, "Converting", s->report);
  emily_status status = gguf ? emily_model_to_gguf(call->operands[0], out, &o, &totals) : emily_model_convert(call->operands[0], out, &o, &totals);
  return cli_rewriting_end(&rewriting, status, &totals, out);
}

static const char *const examples[] = {
    "emily convert Qwen3-0.6B Qwen3-0.6B-f16 --dtype f16",
    "emily convert Qwen3-0.6B-4bit Qwen3-0.6B-dense --dtype bf16",
    "emily convert Qwen3-0.6B Qwen3-0.6B.gguf",
    "emily convert Qwen3-0.6B.gguf Qwen3-0.6B-folder --dtype f16",
    NULL,
};

const cli_command cli_convert_command = {
    .name = "convert",
    .synopsis = "MODEL [OUT]",
    .summary = "Write a model with weights of another dtype, or as GGUF, or from GGUF",
    .details =
        "OUT is a folder that is not there yet: the weights in safetensors files,\n"
        "config.json, and the model's other files; or, named OUT.gguf, a GGUF file with\n"
        "all of it inside, as llama.cpp loads it. All floats become DTYPE; packed and\n"
        "8-bit weights become dense. The last line says whether numbers were rounded. A\n"
        "number that is too large for f16 is an error.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 2,
    .run = run,
};
