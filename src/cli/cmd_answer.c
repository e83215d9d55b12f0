/* cmd_answer.c: `emily answer`: the part of a context that answers a question. */
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/text_work.h"
#include "emily/answer.h"

#include <string.h>

typedef struct settings {
  cli_int top_k, longest, max_tokens, stride;
  bool none, json;
  const char *jsonl;
} settings;

static const cli_option options[] = {
    {"top-k", 'k', CLI_INT, "K", "1", "at most K answers, the best first", 1, 1000, offsetof(settings, top_k)},
    {"longest", 0, CLI_INT, "N", "15", "an answer has at most N tokens", 1, 1 << 20, offsetof(settings, longest)},
    {"max-tokens", 0, CLI_INT, "N", "384", "tokens of question and context that are read at a time", 8, 1 << 24,
     offsetof(settings, max_tokens)},
    {"stride", 0, CLI_INT, "N", NULL, "tokens that neighbouring parts of a long context share (default: half of a part, at most 128)",
     1, 1 << 24, offsetof(settings, stride)},
    {"allow-none", 0, CLI_FLAG, NULL, NULL, "that the context has no answer may be the answer, with an empty text",
     .offset = offsetof(settings, none)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"question\": \"...\", \"answer\": \"...\", \"start\": ..., \"end\": ..., \"score\": ...}",
     .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"question\": \"...\", \"context\": \"...\"} lines and print {\"answer\": ..., ...} for each; - is standard input",
     .offset = offsetof(settings, jsonl)},
};

typedef struct task {
  const settings *settings;
  emily_answerer *answerer;
  emily_answers *answers; /* of the latest batch */
} task;

static emily_status answer(void *context, const char *const *questions, const size_t *lengths, const char *const *contexts,
                           const size_t *context_lengths, size_t count, const emily_task_run *how) {
  task *t = context;
  emily_answer_options wanted = EMILY_ANSWER_OPTIONS_INIT;
  wanted.run = how;
  wanted.top_k = t->settings->top_k.value;
  wanted.max_answer_tokens = t->settings->longest.value;
  wanted.max_tokens = t->settings->max_tokens.value;
  wanted.stride = t->settings->stride.value;
  wanted.allow_none = t->settings->none;
  emily_answers_free(t->answers);
  t->answers = NULL;
  return emily_answer(t->answerer, questions, lengths, contexts, context_lengths, count, &wanted, &t->answers);
}

/* The keys of one answer; where there is none, an empty one. */
static void put_answer(cli_json *json, const emily_answer_span *span) {
  static const emily_answer_span nothing = {.text = ""};
  if (!span) span = &nothing;
  cli_json_put_text(json, "answer", span->text);
  cli_json_put_int(json, "start", span->start);
  cli_json_put_int(json, "end", span->end);
  cli_json_key(json, "score");
  cli_json_float(json, span->score);
}

static void print_json(const task *t, const char *question, size_t length, size_t index) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  if (!t->settings->jsonl) {
    cli_json_key(&json, "question");
    cli_json_bytes(&json, question, length);
  }
  put_answer(&json, emily_answers_at(t->answers, index, 0));
  if (t->settings->top_k.value > 1) {
    cli_json_key(&json, "answers");
    cli_json_begin(&json, '[');
    for (size_t i = 0; i < emily_answers_count(t->answers, index); i++) {
      cli_json_begin(&json, '{');
      put_answer(&json, emily_answers_at(t->answers, index, i));
      cli_json_end(&json, '}');
    }
    cli_json_end(&json, ']');
  }
  cli_json_end(&json, '}');
}

/* "0.9312  the Alps (17-25)" */
static void print_lines(const task *t, size_t index) {
  const char *bold = cli_out_colour() ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";
  size_t count = emily_answers_count(t->answers, index);
  if (!count) cli_out("(no answer)\n");
  for (size_t i = 0; i < count; i++) {
    const emily_answer_span *span = emily_answers_at(t->answers, index, i);
    cli_outf("%.4f  %s", (double)span->score, bold);
    if (*span->text) cli_out_visible(span->text, strlen(span->text));
    else cli_out("(no answer)");
    cli_outf("%s (%lld-%lld)\n", plain, (long long)span->start, (long long)span->end);
  }
}

static void print(void *context, const char *question, size_t length, size_t index) {
  const task *t = context;
  if (t->settings->json || t->settings->jsonl) print_json(t, question, length, index);
  else print_lines(t, index);
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  emily_model_options model = EMILY_MODEL_OPTIONS_INIT;
  model.device = call->common.device;
  if (cli_jsonl_alone("answer", t.settings->jsonl, "questions", call->operand_count)) return CLI_USAGE;
  if (!t.settings->jsonl && call->operand_count < 2)
    return cli_error(CLI_USAGE, "answer: what is the question? Give QUESTION after MODEL, or --jsonl FILE");
  if (emily_answerer_load(call->operands[0], &model, &t.answerer)) return cli_library_error();
  cli_text_work work = {.doing = "Answering", .jsonl = t.settings->jsonl, .key = "question", .second_key = "context",
                        .second_needed = true, .context = &t, .run = answer, .print = print};
  int code = t.settings->jsonl ? cli_text_work_run(&work, call, 1) : cli_text_work_about(&work, call, call->operands[1], 2);
  emily_answers_free(t.answers);
  emily_answerer_release(t.answerer);
  return code;
}

static const char *const examples[] = {
    "emily answer squad \"Where do bees live?\" \"Bees live in hives.\"",
    "emily answer squad --top-k 3 \"Who wrote it?\" - <chapter.txt",
    "echo '{\"question\": \"Who?\", \"context\": \"Ada.\"}' | emily answer squad --jsonl -",
    NULL,
};

const cli_command cli_answer_command = {
    .name = "answer",
    .synopsis = "MODEL QUESTION [CONTEXT... | -]",
    .summary = "Find the answer to a question in a text",
    .details =
        "Prints the part of each CONTEXT that answers the question best, with its score and\n"
        "where it stands, counted in characters (Unicode code points) from 0; the second\n"
        "number is that of the first character behind it. Without CONTEXT, or with -,\n"
        "standard input is the context, whole. A long context is read in parts that\n"
        "overlap.\n"
        "\n"
        "With --top-k above 1, JSON also has \"answers\", all of them. A line of --jsonl that\n"
        "cannot be answered gets {\"error\": \"...\"} in its place and a message; the others are\n"
        "answered, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = SIZE_MAX,
    .computes = true,
    .run = run,
};
