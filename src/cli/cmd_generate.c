/* cmd_generate.c: `emily generate`: text from a language model, as it comes. */
#include "base/status.h"
#include "cli/commands.h"
#include "cli/generation_out.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/sampling.h"
#include "cli/prompt_lines.h"

#include "emily/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
  const char *prompt, *tokens, *jsonl;
  cli_int max_new_tokens, batch, kv_bits, prefill_chunk;
  cli_sampling sampling;
  cli_texts stops;
  bool ignore_eos, json;
} settings;

static const cli_option options[] = {
    {"prompt", 'p', CLI_TEXT, "TEXT", NULL, "the text to go on from", .offset = offsetof(settings, prompt)},
    {"tokens", 0, CLI_TEXT, "IDS", NULL, "the prompt as token ids, \"1,2,3\": no tokenizer is needed then",
     .offset = offsetof(settings, tokens)},
    {"max-new-tokens", 'n', CLI_INT, "N", NULL,
     "stop after N tokens (default: what generation_config.json says, or 256)", 0, 1e9,
     offsetof(settings, max_new_tokens)},
    CLI_SAMPLING_OPTIONS(settings),
    {"stop", 0, CLI_TEXTS, "TEXT", NULL, "end where TEXT comes, without it; may be repeated",
     .offset = offsetof(settings, stops)},
    {"ignore-eos", 0, CLI_FLAG, NULL, NULL, "go on after an end token", .offset = offsetof(settings, ignore_eos)},
    {"kv-bits", 0, CLI_INT, "BITS", NULL,
     "8 or 4: keep keys and values of earlier tokens quantized, which takes less memory and is less exact", 4, 8,
     offsetof(settings, kv_bits)},
    {"prefill-chunk", 0, CLI_INT, "N", NULL, "read the prompt N tokens at a time (default: 512); fewer take less memory", 1,
     1e9, offsetof(settings, prefill_chunk)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print one JSON line at the end instead of the text",
     .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"text\": \"...\"} or {\"tokens\": [...]} lines and print a line of --json for each; - is standard input",
     .offset = offsetof(settings, jsonl)},
    {"batch", 'b', CLI_INT, "N", NULL, "with --jsonl: write N texts at a time, at most 32 (default: 8)", 1, 32,
     offsetof(settings, batch)},
};

typedef struct task {
  const settings *settings;
  emily_model *model;
  emily_tokenizer *tokenizer; /* NULL: ids alone */
  cli_ids prompt;
  cli_progress progress; /* with --json, where nothing else shows that it goes on */
  uint64_t made;
  bool written; /* something of the answer stands on standard output */
} task;

static int32_t on_piece(const emily_generation_piece *piece, void *context) {
  task *t = context;
  if (t->settings->json) {
    cli_progress_set(&t->progress, ++t->made);
    return 0;
  }
  if (!t->tokenizer && piece->token >= 0) {
    cli_outf(t->written ? " %d" : "%d", piece->token);
    t->written = true;
  }
  cli_out_bytes(piece->text, piece->length);
  t->written |= piece->length > 0;
  cli_out_flush();
  return 0;
}

static emily_status encode_input(task *t) {
  cli_input input;
  char *text;
  size_t length;
  emily_status status = cli_input_open(&input, "-");
  if (!status) status = cli_input_text(&input, &text, &length);
  if (!status) status = cli_prompt_encode(t->tokenizer, text, length, &t->prompt);
  cli_input_close(&input);
  return status;
}

/* Where prompts may be ids, a folder without a tokenizer, or with one that emily cannot read, gives ids alone. */
static emily_status load_tokenizer(task *t, const char *path) {
  emily_status status = emily_tokenizer_load(path, &t->tokenizer);
  if (!status || !(t->settings->tokens || t->settings->jsonl) || status == EMILY_OUT_OF_MEMORY) return status;
  if (status != EMILY_NOT_FOUND) cli_note("there will be ids and no text: %s", emily_last_error()->message);
  return EMILY_OK;
}

static emily_status read_prompt(task *t) {
  if (t->settings->jsonl) return EMILY_OK;
  if (t->settings->tokens) return cli_ids_from_text(&t->prompt, t->settings->tokens);
  if (t->settings->prompt) return cli_prompt_encode(t->tokenizer, t->settings->prompt, strlen(t->settings->prompt), &t->prompt);
  return encode_input(t);
}

static void take_settings(emily_generate_options *o, const settings *s) {
  if (s->max_new_tokens.given) o->max_new_tokens = s->max_new_tokens.value;
  cli_sampling_apply(&s->sampling, o);
  if (s->kv_bits.given) o->kv_bits = (int32_t)s->kv_bits.value;
  if (s->prefill_chunk.given) o->prefill_chunk = s->prefill_chunk.value;
  if (s->batch.given) o->batch_size = s->batch.value;
  o->ignore_eos = s->ignore_eos;
  o->stops = s->stops.items;
  o->stop_count = s->stops.count;
}

static int generate(task *t) {
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  emily_generation *g;
  take_settings(&o, t->settings);
  o.callback = on_piece;
  o.context = t;
  o.cancel = cli_interrupt_catch();
  if (t->settings->jsonl) return cli_prompt_lines(t->settings->jsonl, t->model, t->tokenizer, &o);
  cli_progress_begin(&t->progress, "generate", o.max_new_tokens > 0 ? (uint64_t)o.max_new_tokens : 0);
  emily_status status = emily_generate(t->model, t->tokenizer, t->prompt.data, t->prompt.count, &o, &g);
  cli_progress_end(&t->progress);
  if (t->written || (!status && !t->settings->json)) cli_out("\n");
  if (status) return cli_library_error();
  if (t->settings->json) cli_generation_json(g);
  cli_generation_note(g);
  int code = g->finish_reason == EMILY_FINISH_CANCELLED ? CLI_INTERRUPTED : CLI_OK;
  emily_generation_free(g);
  return code;
}

static emily_status prepare(task *t, const char *path, const char *device) {
  emily_model_options model_options = EMILY_MODEL_OPTIONS_INIT;
  model_options.device = device;
  EMILY__TRY(load_tokenizer(t, path));
  EMILY__TRY(read_prompt(t));
  return emily_model_load(path, &model_options, &t->model);
}

static int check_prompt(const cli_call *call) {
  const settings *s = call->settings;
  bool operand = call->operand_count > 1;
  if (operand && strcmp(call->operands[1], "-"))
    return cli_error(CLI_USAGE, "generate: a prompt is given with -p TEXT, --tokens IDS, or - for standard input");
  int given = (s->prompt != NULL) + (s->tokens != NULL) + (s->jsonl != NULL) + operand;
  if (given > 1) return cli_error(CLI_USAGE, "generate: -p, --tokens, --jsonl and - exclude each other");
  if (!given) return cli_error(CLI_USAGE, "generate: no prompt: give -p TEXT, --tokens IDS, --jsonl FILE, or - for standard input");
  return CLI_OK;
}

static int check_settings(const settings *s) {
  if (s->kv_bits.given && s->kv_bits.value != 8 && s->kv_bits.value != 4)
    return cli_error(CLI_USAGE, "generate: --kv-bits is 8 or 4");
  if (s->batch.given && !s->jsonl) return cli_error(CLI_USAGE, "generate: --batch goes with --jsonl, whose lines are the texts of a batch");
  return CLI_OK;
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  int code = check_prompt(call);
  if (!code) code = check_settings(t.settings);
  if (code) return code;
  code = prepare(&t, call->operands[0], call->common.device) ? cli_library_error() : generate(&t);
  emily__vec_free(&t.prompt);
  emily_model_release(t.model);
  emily_tokenizer_release(t.tokenizer);
  return code;
}

static const char *const examples[] = {
    "emily generate Qwen3-0.6B -p \"The sea at night\" -n 100",
    "emily generate Qwen3-0.6B --temperature 0.7 --top-p 0.9 --seed 1 - <prompt.txt",
    "emily generate Qwen3-0.6B --tokens 785,9396,518 --json",
    "emily generate Qwen3-0.6B --jsonl prompts.jsonl --batch 16 -n 200",
    NULL,
};

const cli_command cli_generate_command = {
    .name = "generate",
    .synopsis = "MODEL [-p TEXT | --tokens IDS | --jsonl FILE | -]",
    .summary = "Write on from a text with a language model",
    .details =
        "The text is printed as it comes, and at its end, on standard error, how many\n"
        "tokens a second were read and written. With - the prompt is standard input, less\n"
        "one newline at its end. What no option says, the model's generation_config.json\n"
        "decides; where neither asks for a random choice, the likeliest token is taken.\n"
        "A folder without a tokenizer prints the ids of the tokens.\n"
        "\n"
        "Ctrl-C ends the text cleanly: what was made is printed, finish_reason is\n"
        "\"cancelled\", and the exit code is 130.\n"
        "\n"
        "The line of --json is {\"tokens\": [new ids], \"text\": \"...\" or null,\n"
        "\"finish_reason\": \"stop\", \"length\" or \"cancelled\", ...}. With --jsonl there\n"
        "is one for each line, in the order of the lines: --batch of them are in the making\n"
        "at a time, which reads the weights once for all, and a text is the one that its\n"
        "prompt gives alone, whatever stands beside it. Each prompt's random choice begins\n"
        "one further than that of the prompt before: its line says where.\n"
        "\n"
        "A line of --jsonl that cannot be answered gets {\"error\": \"...\"} in its place and a\n"
        "message; the others are answered, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 2,
    .computes = true,
    .run = run,
};
