/* cmd_render.c: `emily render`: a conversation as its model's chat template writes it. */
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/json_out.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"

#include "emily/chat.h"

#include <string.h>

typedef struct settings {
  const char *jsonl, *tools, *template, *date;
  cli_texts messages, variables;
  bool generation_prompt;
} settings;

static const cli_option options[] = {
    {"message", 'm', CLI_TEXTS, "ROLE:TEXT", NULL,
     "a message of the conversation, such as \"user:Hello\"; may be repeated",
     .offset = offsetof(settings, messages)},
    {"generation-prompt", 'g', CLI_FLAG, NULL, NULL, "end with what begins the model's answer",
     .offset = offsetof(settings, generation_prompt)},
    {"tools", 0, CLI_TEXT, "FILE", NULL,
     "the tools that the model may call: a JSON file with a list of their schemas",
     .offset = offsetof(settings, tools)},
    {"var", 0, CLI_TEXTS, "NAME=JSON", NULL,
     "a variable of the template, such as enable_thinking=false; may be repeated",
     .offset = offsetof(settings, variables)},
    {"jsonl", 0, CLI_TEXT, "FILE", NULL,
     "read {\"messages\": [...], ...} lines and print {\"text\": \"...\"} for each; - is standard input",
     .offset = offsetof(settings, jsonl)},
    {"template", 0, CLI_TEXT, "NAME", NULL, "the template of this name, where there are several",
     .offset = offsetof(settings, template)},
    {"date", 0, CLI_TEXT, "DATE", NULL,
     "the day or time that templates see, 2026-07-04 or 2026-07-04T18:30:00 (default: now)",
     .offset = offsetof(settings, date)},
};

typedef struct task {
  const settings *settings;
  emily_chat_template *template;
  emily_render_options options;
} task;

/* ---- lines ---- */

/* That the template refuses a conversation, or reaches a bound, is an answer and not a failure of the line. */
static emily_status put_refusal(emily_status status) {
  cli_json json = {0};
  if (status != EMILY_INVALID_ARGUMENT && status != EMILY_UNSUPPORTED) return status;
  cli_json_begin(&json, '{');
  cli_json_put_text(&json, "error", emily_last_error()->message);
  cli_json_end(&json, '}');
  return EMILY_OK;
}

static emily_status answer(const json_t *object, void *context) {
  const task *t = context;
  char *text, *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
  size_t length;
  cli_json json = {0};
  if (!line) return emily__fail_memory("render", 0, 0);
  emily_status status = emily_chat_template_render(t->template, line, strlen(line), &t->options, &text, &length);
  free(line);
  if (status != EMILY_OK) return put_refusal(status);
  cli_json_begin(&json, '{');
  cli_json_key(&json, "text");
  cli_json_bytes(&json, text, length);
  cli_json_end(&json, '}');
  emily_string_free(text);
  return EMILY_OK;
}

/* ---- one conversation, from options ---- */

static int add_message(json_t *messages, const char *given) {
  const char *colon = strchr(given, ':');
  if (!colon || colon == given)
    return cli_error(CLI_USAGE, "render: --message takes ROLE:TEXT, and '%.100s' is not", given);
  json_t *message = json_pack("{s:s%, s:s}", "role", given, (size_t)(colon - given), "content", colon + 1);
  if (!message) return cli_error(CLI_USAGE, "render: a message is not UTF-8");
  return json_array_append_new(messages, message) ? cli_error(CLI_FAILED, "out of memory") : CLI_OK;
}

static int add_variable(json_t *object, const char *given) {
  const char *equals = strchr(given, '=');
  json_t *value = NULL;
  if (!equals || equals == given)
    return cli_error(CLI_USAGE, "render: --var takes NAME=JSON, and '%.100s' is not", given);
  if (emily__json_parse(equals + 1, strlen(equals + 1), "the value of --var", &value))
    return cli_error(CLI_USAGE, "render: %s (a text needs quotes: 'name=\"value\"')", emily_last_error()->message);
  int failed = json_object_setn_new(object, given, (size_t)(equals - given), value);
  return failed ? cli_error(CLI_USAGE, "render: the name of a variable is not UTF-8") : CLI_OK;
}

static int fill(const settings *s, json_t *object) {
  json_t *messages = json_array(), *tools = NULL;
  int code = json_object_set_new(object, "messages", messages) ? cli_error(CLI_FAILED, "out of memory") : CLI_OK;
  for (size_t i = 0; !code && i < s->messages.count; i++) code = add_message(messages, s->messages.items[i]);
  if (!code && s->tools && emily__json_load(s->tools, &tools)) return cli_library_error();
  if (tools && json_object_set_new(object, "tools", tools)) code = cli_error(CLI_FAILED, "out of memory");
  if (json_object_set_new(object, "add_generation_prompt", json_boolean(s->generation_prompt)) && !code)
    code = cli_error(CLI_FAILED, "out of memory");
  for (size_t i = 0; !code && i < s->variables.count; i++) code = add_variable(object, s->variables.items[i]);
  return code;
}

static int render(const task *t, const json_t *object) {
  char *text, *line = json_dumps(object, JSON_COMPACT);
  size_t length;
  if (!line) return cli_error(CLI_FAILED, "out of memory");
  emily_status status = emily_chat_template_render(t->template, line, strlen(line), &t->options, &text, &length);
  free(line);
  if (status) return cli_library_error();
  cli_out_bytes(text, length);
  if (!length || text[length - 1] != '\n') cli_out("\n");
  emily_string_free(text);
  return CLI_OK;
}

static int render_messages(const task *t) {
  json_t *object = json_object();
  int code = object ? fill(t->settings, object) : cli_error(CLI_FAILED, "out of memory");
  if (!code) code = render(t, object);
  json_decref(object);
  return code;
}

static int check(const settings *s) {
  bool given = s->messages.count || s->tools || s->variables.count || s->generation_prompt;
  if (s->jsonl && given)
    return cli_error(CLI_USAGE, "render: with --jsonl, messages, tools and variables come from its lines");
  if (!s->jsonl && !s->messages.count)
    return cli_error(CLI_USAGE, "render: no conversation: give --message ROLE:TEXT, or --jsonl FILE");
  return CLI_OK;
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings, .options = EMILY_RENDER_OPTIONS_INIT};
  int code = check(t.settings);
  if (code) return code;
  t.options.template_name = t.settings->template;
  t.options.now = t.settings->date;
  if (emily_chat_template_load(call->operands[0], &t.template)) return cli_library_error();
  code = t.settings->jsonl ? cli_jsonl_each(t.settings->jsonl, answer, &t) : render_messages(&t);
  emily_chat_template_release(t.template);
  return code;
}

static const char *const examples[] = {
    "emily render Qwen3-0.6B -g -m \"system:Be brief.\" -m \"user:Why is the sky blue?\"",
    "emily render SmolLM3-3B -g -m \"user:Hi\" --var enable_thinking=false",
    "emily render Qwen3-0.6B --jsonl conversations.jsonl",
    NULL,
};

const cli_command cli_render_command = {
    .name = "render",
    .synopsis = "MODEL",
    .summary = "Write a conversation as the model's chat template does",
    .details =
        "A chat template turns messages into the text that a model was trained on. It is\n"
        "chat_template.jinja of MODEL, or \"chat_template\" in its tokenizer_config.json, and\n"
        "is rendered as Hugging Face Transformers does.\n"
        "\n"
        "A line of --jsonl is {\"messages\": [...], \"tools\": [...], \"add_generation_prompt\":\n"
        "true or false, ...}; any other key is a variable of the template. The answer is\n"
        "{\"text\": \"...\"}, or {\"error\": \"...\"} where the template refuses the conversation,\n"
        "with the template's name and line. A line that is not such an object gets an\n"
        "{\"error\": \"...\"} too, and a message, and the exit code is 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
