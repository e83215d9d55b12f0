/* text_task.h: what every task holds: a model with the right head, its tokenizer (of pictures: its preprocessor), and who
 * shares them. */
#ifndef EMILY_TASKS_TEXT_TASK_H
#define EMILY_TASKS_TEXT_TASK_H

#include "emily/preprocess.h"
#include "emily/task.h"
#include "emily/tokenizer.h"
#include "models/model.h"
#include "models/text_rows.h"

#include <stdatomic.h>

typedef struct emily__text_task {
  atomic_int references;
  emily_model *model;
  emily_tokenizer *tokenizer;       /* NULL for a model of pictures */
  emily_preprocessor *preprocessor; /* NULL for one of texts */
  int64_t max_tokens; /* that a text may have, special ones included */
  void (*dispose)(void *task); /* what a task holds beside these; NULL: nothing */
} emily__text_task;

/* Load a folder whose model has one of the heads (1u << emily__task each). where: the public function; size: of the
 * task's own struct, which begins with an emily__text_task and is zeroed. EMILY_UNSUPPORTED for another head. */
emily_status emily__text_task_load(const char *where, const char *path, const emily_model_options *options, uint32_t heads,
                                   size_t size, void *out);
/* The id of a special token of the folder at `path` ("cls_token"); -1: its tokenizer has none. */
emily_status emily__text_task_token(const emily__text_task *task, const char *path, const char *name, int32_t *id);
void *emily__text_task_retain(void *task);
void emily__text_task_release(void *task); /* NULL does nothing */

/* Arguments that every run has: NULL in texts is named by its index. */
emily_status emily__text_task_check(const char *where, const void *task, const char *const *texts, size_t count, bool sized);

/* Valid UTF-8: malformed parts become U+FFFD, as tokenizers have it. NULL when memory is out; emily__free. */
char *emily__text_repaired(const char *text, const size_t *lengths, size_t index, size_t *length);

/* Characters (code points) in the first `bytes` bytes of valid UTF-8. */
int64_t emily__text_characters(const char *text, size_t bytes);

/* exp(x - max) / sum, in place. */
void emily__softmax(float *values, size_t count);

#endif
