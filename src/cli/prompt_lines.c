/* prompt_lines.c: see prompt_lines.h.
 *
 * Lines are taken a window at a time: as many as keep a batch busy, or as there are before one would have to be waited for. Texts end in any
 * order; their answers come in the order of the lines, each as soon as those before it are there.
 */
#include "cli/prompt_lines.h"

#include "base/status.h"
#include "cli/command.h"
#include "cli/generation_out.h"
#include "cli/input.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"

#include <string.h>

enum { WINDOW = 256 };

/* A line that has been read and not yet answered. */
typedef struct waiting {
  uint64_t line, taken; /* its number; bytes of the input up to its end */
  cli_ids ids;
  const emily_generation *text; /* NULL: not there yet */
  emily__error refusal;         /* why there will be no text */
  bool refused;
} waiting;

typedef struct lines {
  emily_model *model;
  emily_tokenizer *tokenizer;
  emily_generate_options options;
  cli_input input;
  cli_progress progress;
  waiting window[WINDOW];
  size_t count, answered;
  size_t places[WINDOW]; /* prompt i of the batch is this line of the window */
  size_t texts, tokens;  /* in all */
  bool rejected, cancelled;
} lines;

emily_status cli_prompt_encode(emily_tokenizer *tokenizer, const char *text, size_t length, cli_ids *ids) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  emily_encoding *encoding;
  options.max_length = 0;
  EMILY__TRY(emily_tokenizer_encode(tokenizer, text, length, NULL, 0, &options, &encoding));
  size_t count = emily_encoding_count(encoding);
  bool room = emily__vec_reserve(ids, count + 1);
  for (size_t i = 0; room && i < count; i++) emily__vec_push(ids, emily_encoding_ids(encoding)[i]);
  emily_encoding_free(encoding);
  return room ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* ---- reading ---- */

/* What the whole batch would fail for is this line's own failure. */
static emily_status check_ids(const lines *l, const cli_ids *ids) {
  const int64_t vocab = emily_model_vocab_size(l->model), context = emily_model_context_length(l->model);
  if (!ids->count) return emily__fail(EMILY_INVALID_ARGUMENT, "generate", "the prompt has no tokens");
  if ((int64_t)ids->count >= context)
    return emily__fail(EMILY_INVALID_ARGUMENT, "generate", "the prompt has %zu tokens; the model's context of %lld leaves no room for more",
                       ids->count, (long long)context);
  for (size_t i = 0; i < ids->count; i++)
    if (ids->data[i] >= vocab)
      return emily__fail(EMILY_INVALID_ARGUMENT, "generate", "token %d is out of the vocabulary of %lld", ids->data[i], (long long)vocab);
  return EMILY_OK;
}

static emily_status read_ids(const lines *l, const json_t *object, cli_ids *ids) {
  const char *text;
  size_t length;
  if (emily__json_at(object, "tokens")) EMILY__TRY(cli_ids_from_json(ids, object, "tokens"));
  else {
    EMILY__TRY(cli_jsonl_text(object, "text", &text, &length));
    if (!l->tokenizer) return emily__fail(EMILY_NOT_FOUND, "generate", "the model has no tokenizer: give \"tokens\"");
    EMILY__TRY(cli_prompt_encode(l->tokenizer, text, length, ids));
  }
  return check_ids(l, ids);
}

/* The next line into the window; *end says that there is none. */
static emily_status read_line(lines *l, bool *end) {
  json_t *object = NULL;
  waiting *w = &l->window[l->count];
  *w = (waiting){0};
  emily_status status = cli_jsonl_next(&l->input, &object, end);
  if (cli_jsonl_fatal(status) || *end) return status;
  if (status == EMILY_OK) status = read_ids(l, object, &w->ids);
  if (object) json_decref(object);
  if (status == EMILY_OUT_OF_MEMORY) return status;
  l->count++;
  w->line = l->input.line;
  w->taken = l->input.taken;
  w->refused = status != EMILY_OK;
  if (w->refused) emily__error_save(&w->refusal);
  return EMILY_OK;
}

/* ---- answering ---- */

static void answer(lines *l, waiting *w) {
  if (w->refused) {
    emily__error_restore(&w->refusal);
    cli_jsonl_reject(w->line);
    l->rejected = true;
    return;
  }
  cli_generation_json(w->text);
  l->texts++;
  l->tokens += w->text->token_count;
  l->cancelled |= w->text->finish_reason == EMILY_FINISH_CANCELLED;
}

/* The answers that are there, up to the first that is not. */
static void answer_ready(lines *l) {
  for (; l->answered < l->count; l->answered++) {
    waiting *w = &l->window[l->answered];
    if (!w->text && !w->refused) break;
    cli_progress_end(&l->progress);
    answer(l, w);
    cli_progress_set(&l->progress, w->taken);
  }
  cli_out_flush();
}

static int32_t on_done(size_t index, const emily_generation *generation, void *context) {
  lines *l = context;
  l->window[l->places[index]].text = generation;
  answer_ready(l);
  return 0;
}

static emily_status answer_window(lines *l) {
  emily_prompt prompts[WINDOW] = {{NULL, 0}};
  emily_generation *texts[WINDOW];
  size_t count = 0;
  for (size_t i = 0; i < l->count; i++) {
    if (l->window[i].refused) continue;
    prompts[count] = (emily_prompt){l->window[i].ids.data, l->window[i].ids.count};
    l->places[count++] = i;
  }
  emily_status status = emily_generate_batch(l->model, l->tokenizer, prompts, count, &l->options, texts);
  if (status == EMILY_OK) answer_ready(l);
  if (l->options.seed >= 0) l->options.seed = (int64_t)(((uint64_t)l->options.seed + count) & INT64_MAX); /* on from there */
  for (size_t i = 0; i < count; i++) emily_generation_free(texts[i]);
  for (size_t i = 0; i < l->count; i++) emily__vec_free(&l->window[i].ids);
  l->count = l->answered = 0;
  return status;
}

static emily_status answer_all(lines *l) {
  for (bool end = false; !end && !l->cancelled;) {
    EMILY__TRY(read_line(l, &end));
    const bool full = l->count == WINDOW, waits = !end && !cli_input_ready(&l->input);
    if (l->count && (full || end || waits)) EMILY__TRY(answer_window(l));
  }
  return EMILY_OK;
}

int cli_prompt_lines(const char *path, emily_model *model, emily_tokenizer *tokenizer, const emily_generate_options *options) {
  lines *l = emily__calloc(1, sizeof *l);
  if (!l) return cli_library_error();
  l->model = model, l->tokenizer = tokenizer, l->options = *options;
  l->options.done = on_done, l->options.context = l, l->options.callback = NULL;
  emily_status status = cli_input_open(&l->input, path);
  cli_progress_begin(&l->progress, "generate", l->input.size);
  if (!status) status = answer_all(l);
  cli_progress_end(&l->progress);
  int code = status ? cli_library_error() : l->cancelled ? CLI_INTERRUPTED : l->rejected ? CLI_FAILED : CLI_OK;
  if (!status) cli_note("%zu texts, %zu tokens%s", l->texts, l->tokens, l->cancelled ? "; cancelled" : "");
  for (size_t i = 0; i < l->count; i++) emily__vec_free(&l->window[i].ids);
  cli_input_close(&l->input);
  emily__free(l);
  return code;
}
