/* text_rows.h: many texts through a model: what every task over texts does between tokens and results.
 *
 * A row is an encoding, or a window of one. Rows are sorted by length, longest first (what is too large for the memory
 * shows at once), and cut into batches of like length; a batch is one evaluation. Rows are padded at the right.
 */
#ifndef EMILY_MODELS_TEXT_ROWS_H
#define EMILY_MODELS_TEXT_ROWS_H

#include "base/vec.h"
#include "emily/array_map.h"
#include "emily/model.h"
#include "emily/task.h"
#include "emily/tokenizer.h"

typedef struct emily__text_row {
  const emily_encoding *encoding; /* borrowed from the rows */
  size_t text, window;            /* whose it is, and which of its windows */
  int64_t tokens;                 /* at least 1: an encoding without tokens is a row of padding */
} emily__text_row;

typedef struct emily__text_rows {
  EMILY__VEC(emily__text_row) list;
  EMILY__VEC(emily_encoding *) encodings; /* owned */
} emily__text_rows;

/* A row for each window of an encoding, which is taken over, also on failure. */
emily_status emily__text_rows_add(emily__text_rows *rows, emily_encoding *encoding, size_t text);
void emily__text_rows_free(emily__text_rows *rows);

/* Rows that go through the model together: ids [count, length]. */
typedef struct emily__text_batch {
  const emily__text_row *rows;
  size_t count;
  int64_t length;
} emily__text_batch;

typedef struct emily__text_work {
  const char *where; /* the public function, for messages */
  emily_model *model;
  const emily_task_run *run; /* NULL: as it comes */
  int64_t batch_tokens; /* where `run` says nothing */
  const char *const *outputs; /* of the model, that reduce needs */
  size_t output_count;
  void *context; /* of both functions */
  /* What is kept of a batch, lazily: float32 [count, …]. */
  emily_array *(*reduce)(void *context, emily_scope *scope, const emily__text_batch *batch, const emily_array_map *inputs,
                         const emily_array_map *outputs);
  /* Its values, so many a row. */
  emily_status (*take)(void *context, const emily__text_batch *batch, const float *values, size_t row_size);
} emily__text_work;

/* Between passes: tells how much is done, and looks whether to stop (EMILY_CANCELLED). items: what is counted. run may be
 * NULL. */
emily_status emily__task_run_step(const emily_task_run *run, const char *where, const char *items, size_t done, size_t total);

/* All rows; their order in the list changes. */
emily_status emily__text_rows_run(const emily__text_work *work, emily__text_rows *rows);

#endif
