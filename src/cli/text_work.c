/* text_work.c: see text_work.h. */
#include "cli/text_work.h"

#include "base/status.h"
#include "cli/input.h"
#include "cli/jsonl.h"
#include "cli/message.h"
#include "cli/output.h"

#include <string.h>

void cli_text_shown(const char *text, size_t length, size_t bytes) {
  size_t shown = length;
  if (shown > bytes)
    for (shown = bytes; shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80;) shown--;
  cli_out_visible(text, shown);
  if (shown < length) cli_out("...");
}

/* ---- a batch ---- */

/* The pointers to a batch's texts, which stand still now. */
static emily_status point(cli_text_batch *batch) {
  batch->texts.count = 0;
  if (!emily__vec_reserve(&batch->texts, batch->starts.count)) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < batch->starts.count; i++) emily__vec_push(&batch->texts, cli_text_batch_text(batch, i));
  return EMILY_OK;
}

static int32_t show_progress(size_t done, size_t total, void *context) {
  cli_text_work *work = context;
  if (!work->progress.label) cli_progress_begin(&work->progress, work->doing, total);
  cli_progress_set(&work->progress, done);
  return 0;
}

static emily_status run_items(cli_text_work *work, size_t first, size_t count) {
  bool second = work->seconds.starts.count > 0;
  emily_task_run how = EMILY_TASK_RUN_INIT;
  how.progress = work->measured ? NULL : show_progress;
  how.context = work;
  emily_status status = work->run(work->context, work->texts.texts.data + first, work->texts.lengths.data + first,
                                  second ? work->seconds.texts.data + first : NULL,
                                  second ? work->seconds.lengths.data + first : NULL, count, &how);
  if (!work->measured && work->progress.label) {
    cli_progress_end(&work->progress);
    work->progress.label = NULL;
  }
  if (status != EMILY_OK) return status;
  for (size_t i = 0; i < count; i++)
    work->print(work->context, cli_text_batch_text(&work->texts, first + i), work->texts.lengths.data[first + i], i);
  return EMILY_OK;
}

static emily_status run_one_by_one(cli_text_work *work) {
  for (size_t i = 0; i < work->texts.starts.count; i++) {
    emily_status status = run_items(work, i, 1);
    if (status == EMILY_OK) continue;
    if (!work->jsonl || cli_jsonl_fatal(status)) return status;
    cli_jsonl_reject(work->texts.lines.data[i]);
    work->rejected = true;
  }
  return EMILY_OK;
}

static emily_status flush(cli_text_work *work) {
  size_t count = work->texts.starts.count;
  if (!count) return EMILY_OK;
  EMILY__TRY(point(&work->texts));
  EMILY__TRY(point(&work->seconds));
  emily_status status = run_items(work, 0, count);
  if (status != EMILY_OK && !cli_jsonl_fatal(status)) status = run_one_by_one(work);
  cli_text_batch_clear(&work->texts);
  cli_text_batch_clear(&work->seconds);
  return status;
}

/* ---- lines ---- */

/* Before waiting for input, and where the batch is full: answer what there is. */
static emily_status make_room(cli_text_work *work, cli_input *input) {
  bool ready = cli_input_ready(input);
  if (ready && !cli_text_batch_full(&work->texts) && !cli_text_batch_full(&work->seconds)) return EMILY_OK;
  EMILY__TRY(flush(work));
  if (work->measured) cli_progress_set(&work->progress, input->taken);
  if (!ready) cli_out_flush();
  return EMILY_OK;
}

static emily_status read_lines(cli_text_work *work, cli_input *input) {
  char *line;
  size_t length;
  for (;;) {
    EMILY__TRY(make_room(work, input));
    EMILY__TRY(cli_input_line(input, &line, &length));
    if (!line) return flush(work);
    EMILY__TRY(cli_text_batch_add(&work->texts, line, length, input->line));
  }
}

/* Both texts of a JSON line; where some lines of a batch have a second text and others do not, those have "". */
static emily_status add_object(cli_text_work *work, const cli_input *input, const json_t *object) {
  const char *text, *second = "";
  size_t length, second_length = 0;
  EMILY__TRY(cli_jsonl_text(object, work->key, &text, &length));
  bool has = work->second_key && (work->second_needed || json_object_get(object, work->second_key));
  if (has) EMILY__TRY(cli_jsonl_text(object, work->second_key, &second, &second_length));
  if (has != (work->seconds.starts.count > 0)) EMILY__TRY(flush(work)); /* a batch has them all, or none */
  if (has) EMILY__TRY(cli_text_batch_add(&work->seconds, second, second_length, input->line));
  return cli_text_batch_add(&work->texts, text, length, input->line);
}

/* A bad line's answer comes after those of the lines before it. */
static emily_status reject_line(cli_text_work *work, const cli_input *input) {
  emily__error error;
  emily__error_save(&error);
  EMILY__TRY(flush(work));
  emily__error_restore(&error);
  cli_jsonl_reject(input->line);
  work->rejected = true;
  return EMILY_OK;
}

static emily_status read_jsonl(cli_text_work *work, cli_input *input) {
  for (bool end = false;;) {
    json_t *object = NULL;
    EMILY__TRY(make_room(work, input));
    emily_status status = cli_jsonl_next(input, &object, &end);
    if (end) return flush(work);
    if (!status) status = add_object(work, input, object);
    if (object) json_decref(object);
    if (cli_jsonl_fatal(status)) return status;
    if (status) EMILY__TRY(reject_line(work, input));
  }
}

static emily_status read_input(cli_text_work *work) {
  cli_input input;
  emily_status status = cli_input_open(&input, work->jsonl ? work->jsonl : "-");
  if (!status) {
    work->measured = input.size > 0;
    if (work->measured) cli_progress_begin(&work->progress, work->doing, input.size);
    status = work->jsonl ? read_jsonl(work, &input) : read_lines(work, &input);
    if (work->measured) cli_progress_end(&work->progress);
  }
  cli_input_close(&input);
  return status;
}

/* ---- operands ---- */

static emily_status read_operands(cli_text_work *work, const cli_call *call, size_t first) {
  for (size_t i = first; i < call->operand_count; i++) {
    if (cli_text_batch_full(&work->texts)) EMILY__TRY(flush(work));
    EMILY__TRY(cli_text_batch_add(&work->texts, call->operands[i], strlen(call->operands[i]), i));
  }
  return flush(work);
}

/* Whether standard input is meant: nothing stands there, or "-". */
static bool from_input(const cli_call *call, size_t first) {
  return call->operand_count <= first || (call->operand_count == first + 1 && !strcmp(call->operands[first], "-"));
}

static int finish(cli_text_work *work, emily_status status) {
  cli_text_batch_free(&work->texts);
  cli_text_batch_free(&work->seconds);
  return status ? cli_library_error() : work->rejected ? CLI_FAILED : CLI_OK;
}

int cli_text_work_run(cli_text_work *work, const cli_call *call, size_t first) {
  return finish(work, work->jsonl || from_input(call, first) ? read_input(work) : read_operands(work, call, first));
}

static emily_status add_about(cli_text_work *work, const char *text, const char *second, size_t length) {
  EMILY__TRY(cli_text_batch_add(&work->seconds, second, length, 0));
  return cli_text_batch_add(&work->texts, text, strlen(text), 0);
}

static emily_status read_about(cli_text_work *work, const cli_call *call, const char *text, size_t first) {
  for (size_t i = first; i < call->operand_count; i++)
    EMILY__TRY(add_about(work, text, call->operands[i], strlen(call->operands[i])));
  return flush(work);
}

static emily_status read_whole(cli_text_work *work, const char *text) {
  cli_input input;
  char *whole;
  size_t length;
  emily_status status = cli_input_open(&input, "-");
  if (!status) status = cli_input_text(&input, &whole, &length);
  if (!status) status = add_about(work, text, whole, length);
  cli_input_close(&input);
  return status ? status : flush(work);
}

int cli_text_work_about(cli_text_work *work, const cli_call *call, const char *text, size_t first) {
  return finish(work, from_input(call, first) ? read_whole(work, text) : read_about(work, call, text, first));
}
