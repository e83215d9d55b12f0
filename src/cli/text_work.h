/* text_work.h: what commands over texts share: where texts come from (operands, lines, JSON lines), how many are taken at
 * a time, whose answer goes where.
 *
 * Items are gathered to a batch and answered together; answers are printed in the order of the items. Where a batch
 * fails, its items are tried one by one: in JSON lines what fails gets {"error": …} in its place (jsonl.h), otherwise it
 * ends the command.
 */
#ifndef EMILY_CLI_TEXT_WORK_H
#define EMILY_CLI_TEXT_WORK_H

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/text_batch.h"
#include "emily/task.h"

typedef struct cli_text_work {
  const char *doing;       /* "Classifying", for the progress bar */
  const char *jsonl;       /* the file of JSON lines, NULL: texts are operands or lines */
  const char *key;         /* of the text in a JSON line */
  const char *second_key;  /* of a second text; NULL: there is none */
  bool second_needed;
  void *context; /* of both functions */
  /* Answer `count` items as `how` says (which shows progress), and print the answer of one of them: `index` in what was
   * answered last. */
  emily_status (*run)(void *context, const char *const *texts, const size_t *lengths, const char *const *seconds,
                      const size_t *second_lengths, size_t count, const emily_task_run *how);
  void (*print)(void *context, const char *text, size_t length, size_t index);

  cli_text_batch texts, seconds; /* seconds: as many as texts, or none */
  cli_progress progress; /* over the bytes of the input; where their number is unknown, over the passes of a batch */
  bool measured;         /* the former */
  bool rejected;
} cli_text_work;

/* The texts that the call gives: its operands from `first` on, or standard input where there is none or a single "-", or
 * JSON lines. An exit code; what failed has been said. */
int cli_text_work_run(cli_text_work *work, const cli_call *call, size_t first);

/* The same for items that are at hand: one text, with each operand from `first` on as its second, or the whole of
 * standard input. */
int cli_text_work_about(cli_text_work *work, const cli_call *call, const char *text, size_t first);

/* At most `bytes` of a text, as one line. */
void cli_text_shown(const char *text, size_t length, size_t bytes);

#endif
