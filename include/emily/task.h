/* emily/task.h: what all tasks over many texts have in common: how much at a time, progress, cancelling. */
#ifndef EMILY_TASK_H
#define EMILY_TASK_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Told after each pass how much of the whole is done, on the calling thread. Anything but 0 stops: EMILY_CANCELLED. */
typedef int32_t emily_task_progress(size_t done, size_t total, void *context);

/* What each task's options point to. Texts of like length share a pass, which changes a result by rounding at most. */
typedef struct emily_task_run {
  size_t struct_size;
  int64_t batch_tokens; /* most tokens a pass, padding counted; 0: the task's default. A longer text goes alone */
  emily_task_progress *progress; /* may be NULL */
  void *context;                 /* of progress */
  const int32_t *cancel; /* may be NULL; read atomically between passes: anything but 0 stops, with EMILY_CANCELLED. Another thread
                            or a signal handler may write it */
  emily_stream *stream;  /* NULL: the model's */
} emily_task_run;
#define EMILY_TASK_RUN_INIT {sizeof(emily_task_run), 0, NULL, NULL, NULL, NULL}

#ifdef __cplusplus
}
#endif
#endif
