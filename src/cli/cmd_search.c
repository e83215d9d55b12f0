/* cmd_search.c: `emily search`: the passages of a file that are nearest to a question. */
#include "base/status.h"
#include "cli/commands.h"
#include "cli/cosine.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/passages.h"
#include "cli/progress.h"
#include "cli/ranking.h"
#include "cli/text_batch.h"

#include <string.h>

typedef struct settings {
  const char *query, *query_prompt, *prompt;
  cli_int top;
  bool lines, paragraphs, json;
} settings;

static const cli_option options[] = {
    {"query", 'q', CLI_TEXT, "TEXT", NULL, "what to look for (required)", .offset = offsetof(settings, query)},
    {"top", 'k', CLI_INT, "K", "5", "how many passages to show", 1, 1000000, offsetof(settings, top)},
    {"lines", 0, CLI_FLAG, NULL, NULL, "each line is a passage: the default", .offset = offsetof(settings, lines)},
    {"paragraphs", 0, CLI_FLAG, NULL, NULL, "lines between blank lines are one passage",
     .offset = offsetof(settings, paragraphs)},
    {"query-prompt", 0, CLI_TEXT, "NAME", NULL, "put this one of the model's prompts before the query",
     .offset = offsetof(settings, query_prompt)},
    {"prompt", 0, CLI_TEXT, "NAME", NULL, "put this one of the model's prompts before each passage",
     .offset = offsetof(settings, prompt)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"score\": ..., \"line\": ..., \"text\": \"...\"} for each passage",
     .offset = offsetof(settings, json)},
};

typedef struct task {
  const settings *settings;
  emily_embedder *embedder;
  cli_input input;
  cli_passages passages;
  cli_text_batch query, batch;
  cli_ranking ranking;
  cli_progress progress;
} task;

static emily_status rank_batch(task *t) {
  size_t size = (size_t)emily_embedder_size(t->embedder);
  if (!t->batch.starts.count) return EMILY_OK;
  EMILY__TRY(cli_text_batch_embed(&t->batch, t->embedder, t->settings->prompt));
  for (size_t i = 0; i < t->batch.starts.count; i++) {
    double score = cli_cosine(t->query.vectors.data, t->batch.vectors.data + i * size, size);
    EMILY__TRY(cli_ranking_add(&t->ranking, score, t->batch.lines.data[i], cli_text_batch_text(&t->batch, i),
                               t->batch.lengths.data[i]));
  }
  cli_text_batch_clear(&t->batch);
  cli_progress_set(&t->progress, t->input.taken);
  return EMILY_OK;
}

static emily_status rank_all(task *t) {
  const char *text;
  size_t length;
  uint64_t line;
  for (;;) {
    if (cli_text_batch_full(&t->batch)) EMILY__TRY(rank_batch(t));
    EMILY__TRY(cli_passages_next(&t->passages, &text, &length, &line));
    if (!text) return rank_batch(t);
    EMILY__TRY(cli_text_batch_add(&t->batch, text, length, line));
  }
}

static emily_status search(task *t, const char *file) {
  const char *query = t->settings->query;
  t->passages = (cli_passages){.input = &t->input, .paragraphs = t->settings->paragraphs};
  t->ranking.most = (size_t)t->settings->top.value;
  EMILY__TRY(cli_input_open(&t->input, file));
  EMILY__TRY(cli_text_batch_add(&t->query, query, strlen(query), 0));
  EMILY__TRY(cli_text_batch_embed(&t->query, t->embedder, t->settings->query_prompt));
  cli_progress_begin(&t->progress, "Searching", t->input.size);
  emily_status status = rank_all(t);
  cli_progress_end(&t->progress);
  return status;
}

/* The lines of a paragraph stand under each other. */
static void print_text(const cli_hit *hit) {
  const char *text = hit->text, *end = hit->text + hit->length;
  for (const char *newline; (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
    cli_out_visible(text, (size_t)(newline - text));
    cli_outf("\n%16s", "");
  }
  cli_out_visible(text, (size_t)(end - text));
  cli_out("\n");
}

static void print(const cli_ranking *ranking) {
  const char *bold = cli_out_colour() ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";
  for (size_t i = 0; i < ranking->hits.count; i++) {
    const cli_hit *hit = &ranking->hits.data[i];
    cli_outf("%s%7.4f%s %6llu: ", bold, hit->score, plain, (unsigned long long)hit->line);
    print_text(hit);
  }
}

static void print_json(const cli_ranking *ranking) {
  for (size_t i = 0; i < ranking->hits.count; i++) {
    const cli_hit *hit = &ranking->hits.data[i];
    cli_json json = {0};
    cli_json_begin(&json, '{');
    cli_json_put_real(&json, "score", hit->score);
    cli_json_put_unsigned(&json, "line", hit->line);
    cli_json_key(&json, "text");
    cli_json_bytes(&json, hit->text, hit->length);
    cli_json_end(&json, '}');
  }
}

static int report(const task *t, const char *file) {
  if (t->settings->json) print_json(&t->ranking);
  else print(&t->ranking);
  if (!t->ranking.hits.count) cli_note("%s holds no passages", file);
  return CLI_OK;
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings, .input.fd = -1};
  const char *file = call->operands[1];
  emily_model_options model = EMILY_MODEL_OPTIONS_INIT;
  model.device = call->common.device;
  if (!t.settings->query) return cli_error(CLI_USAGE, "search: what should be looked for? Give --query TEXT");
  if (t.settings->lines && t.settings->paragraphs)
    return cli_error(CLI_USAGE, "search: --lines and --paragraphs exclude each other");
  if (emily_embedder_load(call->operands[0], &model, &t.embedder)) return cli_library_error();
  int code = search(&t, file) ? cli_library_error() : report(&t, file);
  cli_ranking_free(&t.ranking);
  cli_text_batch_free(&t.query);
  cli_text_batch_free(&t.batch);
  cli_passages_free(&t.passages);
  cli_input_close(&t.input);
  emily_embedder_release(t.embedder);
  return code;
}

static const char *const examples[] = {
    "emily search MiniLM --query \"How do bees find home?\" passages.txt",
    "emily search MiniLM -q \"refund policy\" --paragraphs --top 3 --json handbook.txt",
    NULL,
};

const cli_command cli_search_command = {
    .name = "search",
    .synopsis = "MODEL --query TEXT FILE",
    .summary = "Find the passages of a file that are nearest to a question",
    .details =
        "Prints the best passages with their scores (the cosine of the two vectors, at\n"
        "most 1) and the numbers of the lines where they begin. FILE may be - for standard\n"
        "input, and of any size. Of a passage longer than the model reads, only the\n"
        "beginning counts.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 2,
    .most_operands = 2,
    .computes = true,
    .run = run,
};
