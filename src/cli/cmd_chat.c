/* cmd_chat.c: `emily chat`: a conversation at the terminal, or from lines of standard input. */
#include "base/status.h"
#include "base/vec.h"
#include "cli/chat_input.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/sampling.h"

#include "emily/chat.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct settings {
  const char *system, *template, *date;
  cli_texts variables;
  bool think, no_think;
  cli_int max_new_tokens;
  cli_sampling sampling;
} settings;

static const cli_option options[] = {
    {"system", 0, CLI_TEXT, "TEXT", NULL, "what the model is told before the conversation",
     .offset = offsetof(settings, system)},
    {"think", 0, CLI_FLAG, NULL, NULL, "let the model think first (the template's variable enable_thinking)",
     .offset = offsetof(settings, think)},
    {"no-think", 0, CLI_FLAG, NULL, NULL, "let the model answer at once", .offset = offsetof(settings, no_think)},
    {"max-new-tokens", 'n', CLI_INT, "N", "2048", "cut an answer off after N tokens", 1, 1e9,
     offsetof(settings, max_new_tokens)},
    CLI_SAMPLING_OPTIONS(settings),
    {"var", 0, CLI_TEXTS, "NAME=JSON", NULL, "a variable of the chat template; may be repeated",
     .offset = offsetof(settings, variables)},
    {"template", 0, CLI_TEXT, "NAME", NULL, "the chat template of this name, where there are several",
     .offset = offsetof(settings, template)},
    {"date", 0, CLI_TEXT, "DATE", NULL, "the day or time that the template sees (default: now)",
     .offset = offsetof(settings, date)},
};

typedef struct stats {
  size_t turns, new_tokens, prompt_tokens, reused_tokens;
  double prompt_seconds, decode_seconds;
} stats;

typedef struct task {
  const settings *settings;
  emily_model *model;
  emily_tokenizer *tokenizer;
  emily_chat_template *template;
  emily_chat *chat;
  cli_chat_input input;
  stats all, last;
  bool interactive;
  bool line_open; /* what was written last ends no line */
  int code;       /* of a turn that failed */
} task;

/* ---- Ctrl-C: stops an answer; the editor sees to it while a line is typed ---- */

static int32_t cancelled;
static volatile sig_atomic_t answering, typing;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  if (!answering && !typing) _exit(CLI_INTERRUPTED);
  __atomic_store_n(&cancelled, 1, __ATOMIC_RELAXED);
}

static void catch_interrupt(void) {
  struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
  sigaction(SIGINT, &action, NULL);
}

/* ---- answers ---- */

/* To a terminal, control characters but newlines and tabs go as \xNN: a model may write anything. */
static void put_answer(task *t, const char *text, size_t length) {
  size_t begin = 0;
  for (size_t i = 0; t->interactive && i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t') continue;
    cli_out_bytes(text + begin, i - begin);
    cli_outf("\\x%02X", c);
    begin = i + 1;
  }
  cli_out_bytes(text + begin, length - begin);
  if (length) t->line_open = text[length - 1] != '\n';
}

static int32_t on_piece(const emily_generation_piece *piece, void *context) {
  put_answer(context, piece->text, piece->length);
  cli_out_flush();
  return 0;
}

static void take_settings(emily_generate_options *o, const settings *s) {
  o->max_new_tokens = s->max_new_tokens.value;
  cli_sampling_apply(&s->sampling, o);
}

static void count(task *t, const emily_generation *g) {
  t->last = (stats){1, g->token_count, g->prompt_count, g->reused_count, g->prompt_seconds, g->decode_seconds};
  t->all.turns++;
  t->all.new_tokens += g->token_count;
  t->all.prompt_tokens += g->prompt_count;
  t->all.reused_tokens += g->reused_count;
  t->all.prompt_seconds += g->prompt_seconds;
  t->all.decode_seconds += g->decode_seconds;
}

static void end_answer(task *t, const emily_generation *g) {
  if (t->line_open || !g->text_length) cli_out("\n"); /* an empty answer, too, is a line */
  t->line_open = false;
  if (g->finish_reason == EMILY_FINISH_CANCELLED && t->interactive)
    fputs("(stopped; Ctrl-C once more leaves)\n", stderr);
  if (g->finish_reason == EMILY_FINISH_LENGTH)
    cli_note("cut off after %zu tokens (--max-new-tokens, or the model's context)", g->token_count);
  cli_out_flush();
}

static void say(task *t, const char *text) {
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  emily_generation *g;
  take_settings(&o, t->settings);
  o.callback = on_piece;
  o.context = t;
  o.cancel = &cancelled;
  __atomic_store_n(&cancelled, 0, __ATOMIC_RELAXED);
  answering = 1;
  emily_status status = emily_chat_say(t->chat, text, &o, &g);
  answering = 0;
  if (status) {
    if (t->line_open) cli_out("\n");
    t->line_open = false;
    t->code = cli_library_error();
    return;
  }
  count(t, g);
  end_answer(t, g);
  cli_chat_input_stopped(&t->input, g->finish_reason == EMILY_FINISH_CANCELLED);
  emily_generation_free(g);
}

/* ---- commands ---- */

static double per_second(size_t tokens, double seconds) { return seconds > 0 ? (double)tokens / seconds : 0; }

/* On standard error: at a terminal as it is, so that it reads well there. */
EMILY_PRINTF(2, 3) static void tell(const task *t, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (t->interactive) fprintf(stderr, "%s\n", text);
  else cli_note("%s", text);
}

static void show_stats(const task *t) {
  const stats *l = &t->last, *a = &t->all;
  tell(t, "%zu messages, %zu tokens remembered of %lld that the model can hold", emily_chat_message_count(t->chat),
       emily_chat_token_count(t->chat), (long long)emily_model_context_length(t->model));
  if (!a->turns) return;
  tell(t, "last turn: %zu tokens read (%zu remembered), %.1f tokens/s; %zu written, %.1f tokens/s", l->prompt_tokens,
       l->reused_tokens, per_second(l->prompt_tokens - l->reused_tokens, l->prompt_seconds), l->new_tokens,
       per_second(l->new_tokens ? l->new_tokens - 1 : 0, l->decode_seconds));
  tell(t, "all %zu turns: %zu tokens read (%zu remembered), %zu written, %.1f s", a->turns, a->prompt_tokens,
       a->reused_tokens, a->new_tokens, a->prompt_seconds + a->decode_seconds);
}

static void show_help(const task *t) {
  tell(t, "/reset         forget the conversation");
  tell(t, "/system TEXT   tell the model TEXT before the conversation; without TEXT: nothing");
  tell(t, "/stats         what was said so far in numbers");
  tell(t, "/exit          leave (so does Ctrl-D)");
  tell(t, "Several lines: begin and end with \"\"\", or end each line but the last with \\");
  tell(t, "Ctrl-C stops an answer; at an empty line, twice, it leaves. A message that begins with /: //...");
}

static bool is_word(const char *line, const char *word) {
  size_t length = strlen(word);
  return !strncmp(line, word, length) && (!line[length] || strchr(" \t\n", line[length]));
}

static void set_system(task *t, const char *text) {
  text += strspn(text, " \t\n");
  if (emily_chat_set_system(t->chat, *text ? text : NULL)) t->code = cli_library_error();
  else tell(t, *text ? "the model is told that from now on" : "the model is told nothing before the conversation");
}

static void unknown(const char *line) {
  static const char *const names[] = {"/reset", "/system", "/stats", "/help", "/exit"};
  char word[32];
  size_t length = strcspn(line, " \t\n");
  if (length >= sizeof word) length = sizeof word - 1;
  memcpy(word, line, length);
  word[length] = '\0';
  const char *nearest = cli_nearest(word, names, sizeof names / sizeof *names);
  if (nearest) cli_note("there is no command %s: did you mean %s?", word, nearest);
  else cli_note("there is no command %s (/help lists all)", word);
}

/* False: leave. */
static bool command(task *t, const char *line) {
  if (is_word(line, "/exit") || is_word(line, "/quit")) return false;
  if (is_word(line, "/help")) show_help(t);
  else if (is_word(line, "/stats")) show_stats(t);
  else if (is_word(line, "/system")) set_system(t, line + 7);
  else if (is_word(line, "/reset")) {
    emily_chat_clear(t->chat);
    tell(t, "the conversation is forgotten");
  } else {
    unknown(line);
    if (!t->interactive) t->code = CLI_FAILED;
  }
  return true;
}

static int converse(task *t) {
  for (;;) {
    const char *line;
    typing = t->interactive;
    emily_status status = cli_chat_input_next(&t->input, &line);
    typing = 0;
    if (status) return cli_library_error();
    if (!line) return t->interactive ? CLI_OK : t->code;
    if (!line[strspn(line, " \t\r\n")]) continue;
    if (line[0] == '/' && line[1] != '/') {
      if (!command(t, line)) return t->interactive ? CLI_OK : t->code;
    } else {
      say(t, line + (line[0] == '/'));
    }
  }
}

/* ---- loading ---- */

static emily_status set_variables(task *t) {
  const settings *s = t->settings;
  if (s->think || s->no_think)
    EMILY__TRY(emily_chat_set_variable(t->chat, "enable_thinking", s->think ? "true" : "false"));
  for (size_t i = 0; i < s->variables.count; i++) {
    const char *given = s->variables.items[i], *equals = strchr(given, '=');
    char *name = emily__strndup(given, (size_t)(equals - given));
    emily_status status = name ? emily_chat_set_variable(t->chat, name, equals + 1) : EMILY_OUT_OF_MEMORY;
    emily__free(name);
    EMILY__TRY(status);
  }
  return EMILY_OK;
}

static emily_status prepare(task *t, const char *path, const char *device) {
  emily_model_options model_options = EMILY_MODEL_OPTIONS_INIT;
  emily_render_options render_options = EMILY_RENDER_OPTIONS_INIT;
  model_options.device = device;
  render_options.template_name = t->settings->template;
  render_options.now = t->settings->date;
  EMILY__TRY(emily_chat_template_load(path, &t->template));
  EMILY__TRY(emily_tokenizer_load(path, &t->tokenizer));
  EMILY__TRY(emily_model_load(path, &model_options, &t->model));
  EMILY__TRY(emily_chat_new(t->model, t->tokenizer, t->template, &t->chat));
  EMILY__TRY(emily_chat_set_options(t->chat, &render_options));
  EMILY__TRY(set_variables(t));
  return t->settings->system ? emily_chat_set_system(t->chat, t->settings->system) : EMILY_OK;
}

static int check(const settings *s) {
  if (s->think && s->no_think) return cli_error(CLI_USAGE, "chat: --think and --no-think exclude each other");
  for (size_t i = 0; i < s->variables.count; i++) {
    const char *equals = strchr(s->variables.items[i], '=');
    if (!equals || equals == s->variables.items[i])
      return cli_error(CLI_USAGE, "chat: --var takes NAME=JSON, and '%.100s' is not", s->variables.items[i]);
  }
  return CLI_OK;
}

static int run(const cli_call *call) {
  task t = {.settings = call->settings};
  int code = check(t.settings);
  if (code) return code;
  code = prepare(&t, call->operands[0], call->common.device) ? cli_library_error() : CLI_OK;
  if (!code) {
    catch_interrupt();
    t.interactive = cli_chat_input_open(&t.input);
    if (t.interactive) tell(&t, "/help tells what can be done here");
    code = converse(&t);
    cli_chat_input_close(&t.input);
  }
  emily_chat_free(t.chat);
  emily_chat_template_release(t.template);
  emily_model_release(t.model);
  emily_tokenizer_release(t.tokenizer);
  return code;
}

static const char *const examples[] = {
    "emily chat SmolLM3-3B",
    "emily chat Qwen3-0.6B --no-think --system \"Be brief.\" --temperature 0.7",
    "printf 'Name a fruit.\\nAnother.\\n' | emily chat Qwen3-0.6B --temperature 0",
    NULL,
};

const cli_command cli_chat_command = {
    .name = "chat",
    .synopsis = "MODEL",
    .summary = "Talk with a language model",
    .details =
        "A line is a message, and the answer comes as it is made. The model remembers what\n"
        "was said, so that a turn reads only what is new. Messages are written as the\n"
        "model's chat template does (emily render shows it). What no option says of the\n"
        "choice of tokens, the model's generation_config.json decides.\n"
        "\n"
        "  /reset         forget the conversation\n"
        "  /system TEXT   tell the model TEXT before the conversation\n"
        "  /stats         tokens and speed\n"
        "  /help, /exit\n"
        "\n"
        "A message of several lines begins and ends with \"\"\", or each of its lines but the\n"
        "last ends with a backslash; pasted text keeps its lines. Ctrl-C stops an answer;\n"
        "at an empty line, twice, it leaves, as Ctrl-D does.\n"
        "\n"
        "Where standard input is no terminal, each of its lines is a message, answers alone\n"
        "go to standard output, and the exit code is that of the last turn that failed.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = 1,
    .computes = true,
    .run = run,
};
