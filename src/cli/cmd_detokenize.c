/* cmd_detokenize.c: `emily detokenize`: token ids to text. */
#include "cli/commands.h"
#include "cli/ids.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"

#include "emily/tokenizer.h"

#include <string.h>

typedef struct settings {
  bool json, skip_special;
  const char *jsonl;
} settings;

static const cli_option options[] = {
    {"skip-special", 's', CLI_FLAG, NULL, NULL, "leave special tokens out",
     .offset = offsetof(settings, skip_special)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"text\": \"...\"}", .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"ids\": [...]} lines and print {\"text\": \"...\"} for each; - is standard input",
     .offset = offsetof(settings, jsonl)},
};

typedef struct task {
  const settings *settings;
  emily_tokenizer *tokenizer;
} task;

static emily_status detokenize(const task *t, const cli_ids *ids, bool json_wanted) {
  char *text;
  size_t length;
  EMILY__TRY(emily_tokenizer_decode(t->tokenizer, ids->data, ids->count, t->settings->skip_special, &text, &length));
  if (json_wanted) {
    cli_json json = {0};
    cli_json_begin(&json, '{');
    cli_json_key(&json, "text");
    cli_json_bytes(&json, text, length);
    cli_json_end(&json, '}');
  } else {
    cli_out_bytes(text, length);
    cli_out("\n");
  }
  emily_string_free(text);
  return EMILY_OK;
}

static emily_status answer(const json_t *object, void *context) {
  cli_ids ids = {0};
  emily_status status = cli_ids_from_json(&ids, object, "ids");
  if (status == EMILY_OK) status = detokenize(context, &ids, true);
  emily__vec_free(&ids);
  return status;
}

static int from_operands(const task *t, const cli_call *call) {
  cli_ids ids = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 1; i < call->operand_count && status == EMILY_OK; i++)
    status = cli_ids_from_text(&ids, call->operands[i]);
  int code = status ? cli_error(CLI_USAGE, "detokenize: %s", emily_last_error()->message) : CLI_OK;
  if (!code && detokenize(t, &ids, t->settings->json)) code = cli_library_error();
  emily__vec_free(&ids);
  return code;
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  if (!t.settings->jsonl && call->operand_count < 2)
    return cli_error(CLI_USAGE,
                     "detokenize: no ids: name them, or use --jsonl - ('emily detokenize --help' tells more)");
  if (cli_jsonl_alone("detokenize", t.settings->jsonl, "ids", call->operand_count)) return CLI_USAGE;
  if (emily_tokenizer_load(call->operands[0], &t.tokenizer)) return cli_library_error();
  int code = t.settings->jsonl ? cli_jsonl_each(t.settings->jsonl, answer, &t) : from_operands(&t, call);
  emily_tokenizer_release(t.tokenizer);
  return code;
}

static const char *const examples[] = {
    "emily detokenize MiniLM 101 7592 2088 102",
    "emily detokenize MiniLM --skip-special 101,7592,2088,102",
    "echo '{\"ids\": [101, 7592, 102]}' | emily detokenize MiniLM --jsonl -",
    NULL,
};

const cli_command cli_detokenize_command = {
    .name = "detokenize",
    .synopsis = "MODEL [IDS...]",
    .summary = "Turn token ids into text",
    .details =
        "IDS are numbers, separated by spaces or commas. Ids that the tokenizer does not\n"
        "have are left out. The text ends with a newline that is not its own; --json\n"
        "gives it exactly.\n"
        "\n"
        "MODEL is a folder with a tokenizer.json, or that file.\n"
        "\n"
        "A line of --jsonl that cannot be answered gets {\"error\": \"...\"} in its place and a\n"
        "message; the others are answered, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = SIZE_MAX,
    .run = run,
};
