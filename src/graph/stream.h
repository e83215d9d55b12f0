/* stream.h: queues of tasks and who runs them.
 *
 * A stream is a queue and a `running` flag. Whoever sets the flag runs tasks from the head: the stream's worker thread, or a
 * thread that waits for one of its tasks (so that a small evaluation never hops to another thread). Tasks of one stream
 * run in the order they were queued, one at a time.
 */
#ifndef EMILY_GRAPH_STREAM_H
#define EMILY_GRAPH_STREAM_H

#include "backend/backend.h"
#include "base/status.h"
#include "emily/array.h"

#include <pthread.h>
#include <stdatomic.h>

enum { EMILY__QUEUE_LIMIT = 64 }; /* tasks a stream holds before emily_async_eval waits */

struct emily_stream {
  _Atomic int32_t refs;
  const emily__backend *backend;
  char device[16];
  pthread_mutex_t mutex;
  pthread_cond_t work;    /* for the worker: a task was queued, or the last other reference went */
  pthread_cond_t changed; /* for those who wait: a task ended */
  struct emily__task *head, *tail;
  int32_t queued;
  int32_t waiters;
  bool running, has_worker;
};

/* A run of nodes on one stream: the unit that is queued. Fields without a comment belong to the evaluator (eval.c). */
typedef struct emily__task {
  _Atomic int32_t refs;
  emily_stream *stream; /* one reference */
  struct emily__task *next;
  bool done; /* under the stream's mutex */
  emily_status status; /* set before done */
  struct emily__node **nodes;
  size_t node_count, node_capacity;
  struct emily__task **waits_for; /* tasks of other streams, or earlier ones whose failure matters */
  size_t wait_count, wait_capacity;
  emily_array **roots; /* held until the task ends */
  size_t root_count, root_capacity;
  emily__error error;
} emily__task;

void emily__task_unref(emily__task *task);

/* Append; the queue takes a reference. Does not block. */
void emily__stream_push(emily_stream *stream, emily__task *task);

/* Let the worker run what is queued; without one (no thread could be started) the calling thread runs it. */
void emily__stream_kick(emily_stream *stream);

/* Wait for the task, running the stream's queue where nobody does. Its status, with the failure recorded. */
emily_status emily__stream_wait(emily__task *task);

/* Block while the queue is over its bound. */
void emily__stream_throttle(emily_stream *stream);

#endif
