/* cmd_fill_mask.c: `emily fill-mask`: tokens for masks. */
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/text_work.h"
#include "emily/fill_mask.h"

#include <string.h>

enum { SHOWN_BYTES = 72 };

typedef struct settings {
  cli_int top_k;
  bool json;
  const char *jsonl;
} settings;

static const cli_option options[] = {
    {"top-k", 'k', CLI_INT, "K", "5", "the K best tokens of each mask", 1, 1 << 24, offsetof(settings, top_k)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"text\": \"...\", \"tokens\": [...]} for each text", .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"text\": \"...\"} lines and print {\"tokens\": [{\"mask\": 0, \"token\": ..., \"score\": ..., \"text\": \"...\"}, ...]} for "
     "each; - is standard input",
     .offset = offsetof(settings, jsonl)},
};

typedef struct task {
  const settings *settings;
  emily_filler *filler;
  emily_fills *fills; /* of the latest batch */
} task;

static emily_status fill(void *context, const char *const *texts, const size_t *lengths, const char *const *seconds,
                         const size_t *second_lengths, size_t count, const emily_task_run *how) {
  (void)seconds, (void)second_lengths;
  task *t = context;
  emily_fill_options wanted = EMILY_FILL_OPTIONS_INIT;
  wanted.run = how;
  wanted.top_k = t->settings->top_k.value;
  emily_fills_free(t->fills);
  t->fills = NULL;
  return emily_fill_mask(t->filler, texts, lengths, count, &wanted, &t->fills);
}

static void print_json(const task *t, const char *text, size_t length, size_t index) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  if (!t->settings->jsonl) {
    cli_json_key(&json, "text");
    cli_json_bytes(&json, text, length);
  }
  cli_json_key(&json, "tokens");
  cli_json_begin(&json, '[');
  for (size_t m = 0; m < emily_fills_masks(t->fills, index); m++)
    for (size_t i = 0; i < emily_fills_top_k(t->fills); i++) {
      const emily_fill *fill = emily_fills_at(t->fills, index, m) + i;
      cli_json_begin(&json, '{');
      cli_json_put_unsigned(&json, "mask", m);
      cli_json_put_int(&json, "token", fill->token);
      cli_json_key(&json, "score");
      cli_json_float(&json, fill->score);
      cli_json_put_text(&json, "text", fill->text);
      cli_json_end(&json, '}');
    }
  cli_json_end(&json, ']');
  cli_json_end(&json, '}');
}

/* The text, and under it the tokens of each mask. */
static void print_lines(const task *t, const char *text, size_t length, size_t index) {
  size_t masks = emily_fills_masks(t->fills, index);
  cli_text_shown(text, length, SHOWN_BYTES);
  cli_out("\n");
  for (size_t m = 0; m < masks; m++) {
    if (masks > 1) cli_outf("  mask %zu\n", m + 1);
    for (size_t i = 0; i < emily_fills_top_k(t->fills); i++) {
      const emily_fill *fill = emily_fills_at(t->fills, index, m) + i;
      cli_outf("  %.4f  ", (double)fill->score);
      cli_out_visible(fill->text, strlen(fill->text));
      cli_out("\n");
    }
  }
}

static void print(void *context, const char *text, size_t length, size_t index) {
  const task *t = context;
  if (t->settings->json || t->settings->jsonl) print_json(t, text, length, index);
  else print_lines(t, text, length, index);
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  emily_model_options model = EMILY_MODEL_OPTIONS_INIT;
  model.device = call->common.device;
  if (cli_jsonl_alone("fill-mask", t.settings->jsonl, "texts", call->operand_count)) return CLI_USAGE;
  if (emily_filler_load(call->operands[0], &model, &t.filler)) return cli_library_error();
  cli_text_work work = {.doing = "Filling", .jsonl = t.settings->jsonl, .key = "text", .context = &t, .run = fill, .print = print};
  int code = cli_text_work_run(&work, call, 1);
  emily_fills_free(t.fills);
  emily_filler_release(t.filler);
  return code;
}

static const char *const examples[] = {
    "emily fill-mask bert \"Paris is the [MASK] of France.\"",
    "emily fill-mask roberta --top-k 3 \"<mask> is good for <mask>.\"",
    "echo '{\"text\": \"A [MASK] a day.\"}' | emily fill-mask bert --jsonl -",
    NULL,
};

const cli_command cli_fill_mask_command = {
    .name = "fill-mask",
    .synopsis = "MODEL [TEXT... | -]",
    .summary = "Say which words fit a gap",
    .details =
        "Prints, for each mask token of a text, the tokens that fit best, with their share\n"
        "of all tokens. How the mask is written is the model's: [MASK] for BERT's family,\n"
        "<mask> for RoBERTa's. Without TEXT, or with -, each line of standard input is a\n"
        "text. Of a text longer than the model reads, only the beginning counts.\n"
        "\n"
        "In JSON, \"token\" is the id and \"mask\" the number of the mask, from 0. A line of\n"
        "--jsonl that cannot be answered gets {\"error\": \"...\"} in its place and a message;\n"
        "the others are answered, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = SIZE_MAX,
    .computes = true,
    .run = run,
};
