/* cmd_quantize.c: `emily quantize`: a model with weights of a few bits. */
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/rewriting.h"

typedef struct settings {
  cli_int bits, group_size, shard_size;
  const char *mode, *dtype;
  bool dry_run, report;
} settings;

static const cli_option options[] = {
    {"bits", 'b', CLI_INT, "B", NULL, "2, 3, 4, 5, 6 or 8 bits a weight (default: 4; other modes than affine have their own)", 1, 64,
     offsetof(settings, bits)},
    {"group-size", 'g', CLI_INT, "G", NULL, "32, 64 or 128 weights share a scale (default: 64; other modes than affine have their own)", 1, 1024,
     offsetof(settings, group_size)},
    {"mode", 'm', CLI_TEXT, "MODE", "affine", "affine, mxfp4, mxfp8 or nvfp4", .offset = offsetof(settings, mode)},
    {"dtype", 0, CLI_TEXT, "DTYPE", NULL, "take all weights to f32, f16 or bf16 first (default: they stay)", .offset = offsetof(settings, dtype)},
    {"shard-size", 0, CLI_INT, "MB", NULL, "so many megabytes a file of weights at most (default: 5000)", 1, 1e9, offsetof(settings, shard_size)},
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "write nothing: say what would be written", .offset = offsetof(settings, dry_run)},
    {"report", 'r', CLI_FLAG, NULL, NULL, "a line for each layer and tensor: how it is stored, sizes, and the error that packing makes",
     .offset = offsetof(settings, report)},
};

static int run(const cli_call *call) {
  const settings *s = call->settings;
  const char *out = s->dry_run ? NULL : call->operand_count > 1 ? call->operands[1] : NULL;
  emily_quantize_options o = EMILY_QUANTIZE_OPTIONS_INIT;
  emily_rewrite_totals totals = EMILY_REWRITE_TOTALS_INIT;
  cli_rewriting rewriting;
  if (!out && !s->dry_run) return cli_error(CLI_USAGE, "quantize: name the folder to write, or give --dry-run");
  if (!cli_rewriting_dtype("quantize", s->dtype, &o.dtype)) return CLI_USAGE;
  o.mode = s->mode;
  o.bits = s->bits.value;
  o.group_size = s->group_size.value;
  o.dry_run = s->dry_run;
  o.measure = s->report;
  o.shard_bytes = cli_rewriting_shard(s->shard_size.value);
  o.each = cli_rewriting_each;
  o.context = &rewriting;
  cli_rewriting_begin(&rewriting, "Quantizing", s->report);
  return cli_rewriting_end(&rewriting, emily_model_quantize(call->operands[0], out, &o, &totals), &totals, out);
}

static const char *const examples[] = {
    "emily quantize Qwen3-0.6B Qwen3-0.6B-4bit",
    "emily quantize Qwen3-0.6B --dry-run --report --bits 3 --group-size 32",
    "emily quantize Qwen3-0.6B Qwen3-0.6B-mxfp4 --mode mxfp4",
    NULL,
};

const cli_command cli_quantize_command = {
    .name = "quantize",
    .synopsis = "MODEL [OUT]",
    .summary = "Write a model with weights of a few bits",
    .details =
        "OUT is a folder that is not there yet: weights in MLX's layout, which MLX reads\n"
        "too, config.json, and the model's other files. The matrices of linear layers,\n"
        "embeddings and experts are packed where their rows are whole groups; all else\n"
        "stays as it is.\n"
        "\n"
        "The error of a layer is the root mean square of what packing changes, over that\n"
        "of its weights. Memory does not grow with the model.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 2,
    .run = run,
};
