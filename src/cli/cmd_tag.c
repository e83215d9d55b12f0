/* cmd_tag.c: `emily tag`: labelled spans of texts. */
#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/text_work.h"
#include "emily/tag.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 72 };

typedef struct settings {
  const char *aggregation;
  cli_int max_tokens, stride, top_k;
  bool json;
  const char *jsonl;
} settings;

static const cli_option options[] = {
    {"aggregation", 'a', CLI_TEXT, "HOW", "simple", "how tokens become spans: simple, none, first, average or max",
     .offset = offsetof(settings, aggregation)},
    {"max-tokens", 0, CLI_INT, "N", NULL, "tokens that are read at a time (default: as many as the model reads)", 4, 1 << 24,
     offsetof(settings, max_tokens)},
    {"stride", 0, CLI_INT, "N", NULL, "tokens that neighbouring parts of a long text share (default: a quarter of a part, at most 128)",
     1, 1 << 24, offsetof(settings, stride)},
    {"top-k", 'k', CLI_INT, "K", NULL, "only the K surest spans of a text (default: all)", 1, 1 << 24, offsetof(settings, top_k)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"text\": \"...\", \"spans\": [...]} for each text", .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"text\": \"...\"} lines and print {\"spans\": [{\"label\": ..., \"text\": \"...\", \"start\": ..., \"end\": ..., "
     "\"score\": ...}]} for each; - is standard input",
     .offset = offsetof(settings, jsonl)},
};

static const char *const ways[] = {[EMILY_TAG_SIMPLE] = "simple", [EMILY_TAG_NONE] = "none", [EMILY_TAG_FIRST] = "first",
                                   [EMILY_TAG_AVERAGE] = "average", [EMILY_TAG_MAX] = "max"};
enum { WAYS = sizeof ways / sizeof *ways };

typedef struct task {
  const settings *settings;
  int32_t aggregation;
  emily_tagger *tagger;
  emily_tags *tags; /* of the latest batch */
} task;

static emily_status tag(void *context, const char *const *texts, const size_t *lengths, const char *const *seconds,
                        const size_t *second_lengths, size_t count, const emily_task_run *how) {
  (void)seconds, (void)second_lengths;
  task *t = context;
  emily_tag_options wanted = EMILY_TAG_OPTIONS_INIT;
  wanted.run = how;
  wanted.aggregation = t->aggregation;
  wanted.max_tokens = t->settings->max_tokens.value;
  wanted.stride = t->settings->stride.value;
  emily_tags_free(t->tags);
  t->tags = NULL;
  return emily_tag(t->tagger, texts, lengths, count, &wanted, &t->tags);
}

/* Which spans of a text are its K surest: those above a score, and the first few of those with it. */
typedef struct limit {
  float score;
  size_t equals;
} limit;

static int by_score(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return x > y ? -1 : x < y;
}

static limit find_limit(const task *t, size_t index) {
  size_t count = emily_tags_count(t->tags, index), most = (size_t)t->settings->top_k.value;
  limit all = {-1, 0}, cut = all;
  if (!t->settings->top_k.given || count <= most) return all;
  float *scores = emily__alloc_array(count, sizeof *scores);
  if (!scores) return all;
  for (size_t i = 0; i < count; i++) scores[i] = emily_tags_at(t->tags, index, i)->score;
  qsort(scores, count, sizeof *scores, by_score);
  cut.score = scores[most - 1];
  for (size_t i = 0; i < most; i++) cut.equals += scores[i] == cut.score;
  emily__free(scores);
  return cut;
}

static bool within(limit *cut, float score) {
  if (score == cut->score) return cut->equals && cut->equals--;
  return score > cut->score;
}

static void print_json(const task *t, const char *text, size_t length, size_t index) {
  cli_json json = {0};
  limit cut = find_limit(t, index);
  cli_json_begin(&json, '{');
  if (!t->settings->jsonl) {
    cli_json_key(&json, "text");
    cli_json_bytes(&json, text, length);
  }
  cli_json_key(&json, "spans");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < emily_tags_count(t->tags, index); i++) {
    const emily_tag_span *span = emily_tags_at(t->tags, index, i);
    if (!within(&cut, span->score)) continue;
    cli_json_begin(&json, '{');
    cli_json_put_text(&json, "label", span->label);
    cli_json_put_text(&json, "text", span->text);
    cli_json_put_int(&json, "start", span->start);
    cli_json_put_int(&json, "end", span->end);
    cli_json_key(&json, "score");
    cli_json_float(&json, span->score);
    cli_json_end(&json, '}');
  }
  cli_json_end(&json, ']');
  cli_json_end(&json, '}');
}

/* The text, and under it its spans: "  0.9931  PER  Ada Lovelace (4-16)" */
static void print_lines(const task *t, const char *text, size_t length, size_t index) {
  const char *bold = cli_out_colour() ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";
  limit cut = find_limit(t, index);
  cli_text_shown(text, length, SHOWN_BYTES);
  cli_out("\n");
  for (size_t i = 0; i < emily_tags_count(t->tags, index); i++) {
    const emily_tag_span *span = emily_tags_at(t->tags, index, i);
    if (!within(&cut, span->score)) continue;
    cli_outf("  %.4f  %-6s %s", (double)span->score, span->label, bold);
    cli_out_visible(span->text, strlen(span->text));
    cli_outf("%s (%lld-%lld)\n", plain, (long long)span->start, (long long)span->end);
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
  while (t.aggregation < WAYS && strcmp(ways[t.aggregation], t.settings->aggregation)) t.aggregation++;
  if (t.aggregation == WAYS)
    return cli_error(CLI_USAGE, "tag: --aggregation is simple, none, first, average or max, and not '%s'", t.settings->aggregation);
  if (cli_jsonl_alone("tag", t.settings->jsonl, "texts", call->operand_count)) return CLI_USAGE;
  if (emily_tagger_load(call->operands[0], &model, &t.tagger)) return cli_library_error();
  cli_text_work work = {.doing = "Tagging", .jsonl = t.settings->jsonl, .key = "text", .context = &t, .run = tag, .print = print};
  int code = cli_text_work_run(&work, call, 1);
  emily_tags_free(t.tags);
  emily_tagger_release(t.tagger);
  return code;
}

static const char *const examples[] = {
    "emily tag ner \"Ada Lovelace lived in London.\"",
    "emily tag pos --aggregation first --json - <lines.txt",
    "echo '{\"text\": \"Ada was here.\"}' | emily tag ner --jsonl -",
    NULL,
};

const cli_command cli_tag_command = {
    .name = "tag",
    .synopsis = "MODEL [TEXT... | -]",
    .summary = "Find names, places and other labelled parts of texts",
    .details =
        "Prints the labelled parts of each text, with their scores and where they stand,\n"
        "counted in characters (Unicode code points) from 0; the second number is that of\n"
        "the first character behind. What the model labels O is left out. Without TEXT, or\n"
        "with -, each line of standard input is a text. A long text is read in parts that\n"
        "overlap.\n"
        "\n"
        "Neighbouring tokens of one label become one part, where B- begins a new one and I-\n"
        "goes on (simple); first, average and max give all tokens of a word one label\n"
        "before: that of the first, of their mean, or of the surest. none prints every\n"
        "token by itself, with its whole label.\n"
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
