/* cmd_embed.c: `emily embed`: a vector for each text. */
#include "base/status.h"
#include "cli/commands.h"
#include "cli/cosine.h"
#include "cli/input.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text_batch.h"

#include <math.h>
#include <string.h>

enum { SHOWN_VALUES = 6, SHOWN_BYTES = 60, COMPARED_MAX = 12 };

typedef struct settings {
  bool json;
  const char *jsonl, *prompt;
} settings;

static const cli_option options[] = {
    {"prompt", 'p', CLI_TEXT, "NAME", NULL,
     "put this one of the model's prompts before each text (default: the one that its files choose, if any)",
     .offset = offsetof(settings, prompt)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"text\": \"...\", \"embedding\": [...]} for each text",
     .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"text\": \"...\"} lines and print {\"embedding\": [...]} for each; - is standard input",
     .offset = offsetof(settings, jsonl)},
};

typedef struct task {
  const settings *settings;
  emily_embedder *embedder;
  cli_text_batch batch;
  cli_progress progress;
} task;

static size_t size_of(const task *t) { return (size_t)emily_embedder_size(t->embedder); }

static const float *vector(const task *t, size_t index) { return t->batch.vectors.data + index * size_of(t); }

static void print_json(const task *t, size_t index, bool with_text) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  if (with_text) {
    cli_json_key(&json, "text");
    cli_json_bytes(&json, cli_text_batch_text(&t->batch, index), t->batch.lengths.data[index]);
  }
  cli_json_key(&json, "embedding");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < size_of(t); i++) cli_json_float(&json, vector(t, index)[i]);
  cli_json_end(&json, ']');
  cli_json_end(&json, '}');
}

/* "[384] 0.0332 0.0044 … length 1.0000  A man is eating" */
static void print_line(const task *t, size_t index) {
  const float *v = vector(t, index);
  size_t bytes = t->batch.lengths.data[index], shown = bytes;
  const char *text = cli_text_batch_text(&t->batch, index);
  double square = 0;
  for (size_t i = 0; i < size_of(t); i++) square += (double)v[i] * (double)v[i];
  cli_outf("[%zu]", size_of(t));
  for (size_t i = 0; i < size_of(t) && i < SHOWN_VALUES; i++) cli_outf(" %.5f", (double)v[i]);
  cli_outf(" ... length %.4f  ", sqrt(square));
  if (shown > SHOWN_BYTES)
    for (shown = SHOWN_BYTES; shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80;) shown--;
  cli_out_visible(text, shown);
  cli_out(shown < bytes ? "...\n" : "\n");
}

static void print_similarities(const task *t, size_t count) {
  cli_out("\ncosine similarity\n");
  for (size_t i = 0; i < count; i++) {
    cli_outf("%4zu", i + 1);
    for (size_t j = 0; j < count; j++) cli_outf(" %7.4f", cli_cosine(vector(t, i), vector(t, j), size_of(t)));
    cli_out("\n");
  }
}

static emily_status flush_batch(task *t) {
  if (!t->batch.starts.count) return EMILY_OK;
  EMILY__TRY(cli_text_batch_embed(&t->batch, t->embedder, t->settings->prompt));
  for (size_t i = 0; i < t->batch.starts.count; i++) {
    if (t->settings->json || t->settings->jsonl) print_json(t, i, !t->settings->jsonl);
    else print_line(t, i);
  }
  return EMILY_OK;
}

static emily_status embed_operands(task *t, const cli_call *call) {
  size_t count = call->operand_count - 1;
  for (size_t i = 1; i <= count; i++) {
    const char *text = call->operands[i];
    EMILY__TRY(cli_text_batch_add(&t->batch, text, strlen(text), i));
  }
  EMILY__TRY(flush_batch(t));
  if (!t->settings->json && count > 1 && count <= COMPARED_MAX) print_similarities(t, count);
  return EMILY_OK;
}

static emily_status flush_and_clear(task *t, const cli_input *input) {
  emily_status status = flush_batch(t);
  cli_text_batch_clear(&t->batch);
  cli_progress_set(&t->progress, input->taken);
  return status;
}

static emily_status embed_lines(task *t, cli_input *input) {
  char *line;
  size_t length;
  for (;;) {
    if (cli_text_batch_full(&t->batch) || !cli_input_ready(input)) {
      EMILY__TRY(flush_and_clear(t, input));
      if (!cli_input_ready(input)) cli_out_flush();
    }
    EMILY__TRY(cli_input_line(input, &line, &length));
    if (!line) return flush_and_clear(t, input);
    EMILY__TRY(cli_text_batch_add(&t->batch, line, length, input->line));
  }
}

/* A bad line's answer comes after those of the lines before it. */
static emily_status reject_line(task *t, const cli_input *input) {
  emily__error error;
  emily__error_save(&error);
  EMILY__TRY(flush_and_clear(t, input));
  emily__error_restore(&error);
  cli_jsonl_reject(input->line);
  return EMILY_OK;
}

static emily_status add_object(task *t, const cli_input *input, const json_t *object) {
  const char *text;
  size_t length;
  EMILY__TRY(cli_jsonl_text(object, "text", &text, &length));
  return cli_text_batch_add(&t->batch, text, length, input->line);
}

static emily_status embed_jsonl(task *t, cli_input *input, bool *rejected) {
  for (bool end = false;;) {
    json_t *object = NULL;
    if (cli_text_batch_full(&t->batch) || !cli_input_ready(input)) {
      EMILY__TRY(flush_and_clear(t, input));
      if (!cli_input_ready(input)) cli_out_flush();
    }
    emily_status status = cli_jsonl_next(input, &object, &end);
    if (end) return flush_and_clear(t, input);
    if (!status) status = add_object(t, input, object);
    if (object) json_decref(object);
    if (cli_jsonl_fatal(status)) return status;
    if (!status) continue;
    *rejected = true;
    EMILY__TRY(reject_line(t, input));
  }
}

static int embed_input(task *t) {
  cli_input input;
  bool rejected = false;
  emily_status status = cli_input_open(&input, t->settings->jsonl ? t->settings->jsonl : "-");
  if (!status) {
    cli_progress_begin(&t->progress, "Embedding", input.size);
    status = t->settings->jsonl ? embed_jsonl(t, &input, &rejected) : embed_lines(t, &input);
    cli_progress_end(&t->progress);
  }
  cli_input_close(&input);
  return status ? cli_library_error() : rejected ? CLI_FAILED : CLI_OK;
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  emily_model_options model = EMILY_MODEL_OPTIONS_INIT;
  model.device = call->common.device;
  bool operands = call->operand_count > 2 || (call->operand_count == 2 && strcmp(call->operands[1], "-") != 0);
  if (cli_jsonl_alone("embed", t.settings->jsonl, "texts", call->operand_count)) return CLI_USAGE;
  if (emily_embedder_load(call->operands[0], &model, &t.embedder)) return cli_library_error();
  int code = !operands ? embed_input(&t) : embed_operands(&t, call) ? cli_library_error() : CLI_OK;
  cli_text_batch_free(&t.batch);
  emily_embedder_release(t.embedder);
  return code;
}

static const char *const examples[] = {
    "emily embed MiniLM \"A man is eating food.\" \"Someone has lunch.\"",
    "emily embed MiniLM --json - <lines.txt",
    "printf '{\"text\": \"one\"}\\n{\"text\": \"two\"}\\n' | emily embed MiniLM --jsonl -",
    NULL,
};

const cli_command cli_embed_command = {
    .name = "embed",
    .synopsis = "MODEL [TEXT... | -]",
    .summary = "Turn texts into vectors",
    .details =
        "Texts are pooled and normalised as the model's own files say. Without TEXT, or\n"
        "with -, each line of standard input is a text. For people, the first values of\n"
        "each vector are printed, and for a few texts how alike they are; --json and\n"
        "--jsonl print whole vectors, with digits enough to read back the same float32.\n"
        "\n"
        "A line of --jsonl that cannot be answered gets {\"error\": \"...\"} in its place and a\n"
        "message; the others are answered, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = SIZE_MAX,
    .computes = true,
    .run = run,
};
