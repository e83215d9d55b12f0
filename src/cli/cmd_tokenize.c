/* cmd_tokenize.c: `emily tokenize`: text to token ids. */
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/input.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"

#include <string.h>

typedef struct settings {
  bool json, no_special;
  const char *jsonl, *pair;
} settings;

static const cli_option options[] = {
    {"pair", 0, CLI_TEXT, "TEXT", NULL, "a second text, put behind the first as the tokenizer says",
     .offset = offsetof(settings, pair)},
    {"no-special", 0, CLI_FLAG, NULL, NULL, "add no special tokens", .offset = offsetof(settings, no_special)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"ids\": [...], \"tokens\": [...]}",
     .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"text\": \"...\"} lines, with an optional \"pair\", and print {\"ids\": [...]} for each; - is standard "
     "input",
     .offset = offsetof(settings, jsonl)},
};

typedef struct task {
  const settings *settings;
  emily_tokenizer *tokenizer;
  emily_encode_options options;
} task;

static void put_ids(cli_json *json, const emily_encoding *encoding) {
  const int32_t *ids = emily_encoding_ids(encoding);
  cli_json_key(json, "ids");
  cli_json_begin(json, '[');
  for (size_t i = 0; i < emily_encoding_count(encoding); i++) cli_json_int(json, ids[i]);
  cli_json_end(json, ']');
}

static emily_status answer(const json_t *object, void *context) {
  const task *t = context;
  const char *text = NULL, *pair = NULL;
  size_t length = 0, pair_length = 0;
  emily_encoding *encoding;
  EMILY__TRY(cli_jsonl_text(object, "text", &text, &length));
  if (emily__json_at(object, "pair")) EMILY__TRY(cli_jsonl_text(object, "pair", &pair, &pair_length));
  EMILY__TRY(emily_tokenizer_encode(t->tokenizer, text, length, pair, pair_length, &t->options, &encoding));
  cli_json json = {0};
  cli_json_begin(&json, '{');
  put_ids(&json, encoding);
  cli_json_end(&json, '}');
  emily_encoding_free(encoding);
  return EMILY_OK;
}

static void token_of(const task *t, int32_t id, const char **token, size_t *length) {
  if (emily_tokenizer_id_to_token(t->tokenizer, id, token, length) != EMILY_OK) *token = "", *length = 0;
}

static void print_json(const task *t, const emily_encoding *encoding) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  put_ids(&json, encoding);
  cli_json_key(&json, "tokens");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < emily_encoding_count(encoding); i++) {
    const char *token;
    size_t length;
    token_of(t, emily_encoding_ids(encoding)[i], &token, &length);
    cli_json_bytes(&json, token, length);
  }
  cli_json_end(&json, ']');
  cli_json_end(&json, '}');
}

static void print_table(const task *t, const emily_encoding *encoding) {
  for (size_t i = 0; i < emily_encoding_count(encoding); i++) {
    const char *token;
    size_t length;
    int32_t id = emily_encoding_ids(encoding)[i];
    token_of(t, id, &token, &length);
    cli_outf("%d\t", id);
    cli_out_visible(token, length);
    cli_out("\n");
  }
}

static int tokenize(const task *t, const char *text, size_t length) {
  const char *pair = t->settings->pair;
  emily_encoding *encoding;
  if (emily_tokenizer_encode(t->tokenizer, text, length, pair, pair ? strlen(pair) : 0, &t->options, &encoding))
    return cli_library_error();
  if (t->settings->json) print_json(t, encoding);
  else print_table(t, encoding);
  emily_encoding_free(encoding);
  return CLI_OK;
}

static int tokenize_input(const task *t) {
  cli_input input;
  char *text;
  size_t length;
  bool read = !cli_input_open(&input, "-") && !cli_input_text(&input, &text, &length);
  int code = read ? tokenize(t, text, length) : cli_library_error();
  cli_input_close(&input);
  return code;
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  const char *text = call->operand_count > 1 ? call->operands[1] : "-";
  if (t.settings->jsonl && (call->operand_count > 1 || t.settings->pair))
    return cli_error(CLI_USAGE,
                     "tokenize: with --jsonl, texts and pairs come from its lines: give no TEXT and no --pair");
  if (cli_encode_options(call->operands[0], &t.options)) return cli_library_error();
  if (emily_tokenizer_load(call->operands[0], &t.tokenizer)) return cli_library_error();
  t.options.add_special_tokens = !t.settings->no_special;
  int code = t.settings->jsonl   ? cli_jsonl_each(t.settings->jsonl, answer, &t)
             : strcmp(text, "-") ? tokenize(&t, text, strlen(text))
                                 : tokenize_input(&t);
  emily_tokenizer_release(t.tokenizer);
  return code;
}

static const char *const examples[] = {
    "emily tokenize MiniLM \"A man is eating food.\"",
    "emily tokenize MiniLM --json \"Is it far?\" --pair \"Two hours by train.\"",
    "printf '{\"text\": \"one\"}\\n{\"text\": \"two\"}\\n' | emily tokenize MiniLM --jsonl -",
    NULL,
};

const cli_command cli_tokenize_command = {
    .name = "tokenize",
    .synopsis = "MODEL [TEXT | -]",
    .summary = "Turn text into token ids",
    .details =
        "Prints a line for each token: its id, a tab, and the token as the tokenizer writes\n"
        "it. Without TEXT, or with -, the text is standard input, less one newline at its\n"
        "end. Special tokens are added as the tokenizer says. Text is cut where\n"
        "sentence_bert_config.json says, or else tokenizer.json; nothing is padded.\n"
        "\n"
        "MODEL is a folder with a tokenizer.json, or that file.\n"
        "\n"
        "A line of --jsonl that cannot be answered gets {\"error\": \"...\"} in its place and a\n"
        "message; the others are answered, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 2,
    .run = run,
};
