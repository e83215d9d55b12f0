/* cmd_classify.c: `emily classify`: labels for texts or pictures. */
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/text_work.h"
#include "emily/classify.h"

enum { SHOWN_LABELS = 3, SHOWN_BYTES = 60 };

typedef struct settings {
  cli_int top_k;
  bool json;
  const char *jsonl;
} settings;

static const cli_option options[] = {
    {"top-k", 'k', CLI_INT, "K", NULL, "only the K best labels (default: all in JSON, 3 for people)", 1, 1 << 24,
     offsetof(settings, top_k)},
    {"json", 0, CLI_FLAG, NULL, NULL, "print {\"text\": \"...\", \"labels\": [{\"label\": ..., \"score\": ...}]} for each text (\"image\" for each picture)",
     .offset = offsetof(settings, json)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL, "read {\"text\": \"...\"} or {\"image\": \"FILE\"} lines and print {\"labels\": [...]} for each; - is standard input",
     .offset = offsetof(settings, jsonl)},
};

typedef struct task {
  const settings *settings;
  emily_classifier *classifier;
  emily_labels *labels; /* of the latest batch */
} task;

static bool takes_images(const task *t) { return emily_classifier_takes_images(t->classifier); }

/* Texts, or names of files. */
static emily_status classify(void *context, const char *const *texts, const size_t *lengths, const char *const *pairs,
                             const size_t *pair_lengths, size_t count, const emily_task_run *how) {
  task *t = context;
  emily_classify_options wanted = EMILY_CLASSIFY_OPTIONS_INIT;
  wanted.run = how;
  wanted.top_k = t->settings->top_k.given ? t->settings->top_k.value : t->settings->json || t->settings->jsonl ? 0 : SHOWN_LABELS;
  wanted.pairs = pairs;
  wanted.pair_lengths = pair_lengths;
  emily_labels_free(t->labels);
  t->labels = NULL;
  if (takes_images(t)) return emily_classify_images(t->classifier, texts, count, &wanted, &t->labels);
  return emily_classify(t->classifier, texts, lengths, count, &wanted, &t->labels);
}

static void print_json(const task *t, const char *text, size_t length, const emily_label_score *scores) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  if (!t->settings->jsonl) {
    cli_json_key(&json, takes_images(t) ? "image" : "text");
    cli_json_bytes(&json, text, length);
  }
  cli_json_key(&json, "labels");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < emily_labels_top_k(t->labels); i++) {
    cli_json_begin(&json, '{');
    cli_json_put_text(&json, "label", scores[i].name);
    cli_json_key(&json, "score");
    cli_json_float(&json, scores[i].score);
    cli_json_end(&json, '}');
  }
  cli_json_end(&json, ']');
  cli_json_end(&json, '}');
}

/* "POSITIVE 0.9998, NEGATIVE 0.0002  I liked it" */
static void print_line(const task *t, const char *text, size_t length, const emily_label_score *scores) {
  const char *bold = cli_out_colour() ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";
  for (size_t i = 0; i < emily_labels_top_k(t->labels); i++)
    cli_outf("%s%s%s%s %.4f", i ? ", " : "", i ? "" : bold, scores[i].name, i ? "" : plain, (double)scores[i].score);
  cli_out("  ");
  cli_text_shown(text, length, SHOWN_BYTES);
  cli_out("\n");
}

static void print(void *context, const char *text, size_t length, size_t index) {
  const task *t = context;
  const emily_label_score *scores = emily_labels_at(t->labels, index);
  if (t->settings->json || t->settings->jsonl) print_json(t, text, length, scores);
  else print_line(t, text, length, scores);
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  emily_model_options model = EMILY_MODEL_OPTIONS_INIT;
  model.device = call->common.device;
  if (cli_jsonl_alone("classify", t.settings->jsonl, "texts", call->operand_count)) return CLI_USAGE;
  if (emily_classifier_load(call->operands[0], &model, &t.classifier)) return cli_library_error();
  cli_text_work work = {.doing = "Classifying", .jsonl = t.settings->jsonl, .key = takes_images(&t) ? "image" : "text",
                        .second_key = takes_images(&t) ? NULL : "text_pair", .context = &t, .run = classify, .print = print};
  int code = cli_text_work_run(&work, call, 1);
  emily_labels_free(t.labels);
  emily_classifier_release(t.classifier);
  return code;
}

static const char *const examples[] = {
    "emily classify sst2 \"What a lovely day.\" \"Never again!\"",
    "emily classify sst2 --top-k 1 --json - <reviews.txt",
    "emily classify vit-base-patch16-224 cat.jpg dog.png",
    "echo '{\"text\": \"It rains.\", \"text_pair\": \"Wet.\"}' | emily classify mnli --jsonl -",
    NULL,
};

const cli_command cli_classify_command = {
    .name = "classify",
    .synopsis = "MODEL [TEXT... | IMAGE... | -]",
    .summary = "Label texts or pictures",
    .details =
        "Prints the labels of each text with their scores, the best first. Without TEXT,\n"
        "or with -, each line of standard input is a text. Scores are shares of one\n"
        "(a softmax), or each between 0 and 1 by itself where the model may give several\n"
        "labels. Of a text longer than the model reads, only the beginning counts.\n"
        "\n"
        "A model with a head for images takes names of picture files (JPEG, PNG) in place\n"
        "of texts, and {\"image\": \"FILE\"} lines.\n"
        "\n"
        "A line of --jsonl may have \"text_pair\" too, for models that compare two texts. A\n"
        "line that cannot be answered gets {\"error\": \"...\"} in its place and a message; the\n"
        "others are answered, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = SIZE_MAX,
    .computes = true,
    .run = run,
};
