/* stream.c: see stream.h. */
#include "graph/stream.h"

#include "base/alloc.h"
#include "graph/eval.h"

#include <stdio.h>
#include <string.h>

static emily_stream *default_stream;
static pthread_mutex_t default_mutex = PTHREAD_MUTEX_INITIALIZER;

emily_stream *emily_stream_new(const char *device) {
  const emily__backend *backend = device ? emily__backend_find(device) : emily__backend_default();
  if (!backend) return NULL;
  emily_stream *stream = emily__calloc(1, sizeof *stream);
  if (!stream) return NULL;
  atomic_init(&stream->refs, 1);
  stream->backend = backend;
  snprintf(stream->device, sizeof stream->device, "%s", device ? device : backend->name);
  pthread_mutex_init(&stream->mutex, NULL);
  pthread_cond_init(&stream->work, NULL);
  pthread_cond_init(&stream->changed, NULL);
  return stream;
}

emily_stream *emily_stream_retain(emily_stream *stream) {
  if (stream) atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed);
  return stream;
}

/* The worker holds a reference of its own, so the last one goes only after it has left. */
static void stream_free(emily_stream *stream) {
  pthread_cond_destroy(&stream->work);
  pthread_cond_destroy(&stream->changed);
  pthread_mutex_destroy(&stream->mutex);
  emily__free(stream);
}

/* The worker leaves when only its own reference is left; it looks under the mutex, so the last two references are dropped
 * under the mutex too: nobody touches the stream after the one who frees it. */
void emily_stream_release(emily_stream *stream) {
  if (!stream) return;
  int32_t refs = atomic_load_explicit(&stream->refs, memory_order_relaxed);
  while (refs > 2)
    if (atomic_compare_exchange_weak_explicit(&stream->refs, &refs, refs - 1, memory_order_release, memory_order_relaxed))
      return;
  pthread_mutex_lock(&stream->mutex);
  bool last = atomic_fetch_sub_explicit(&stream->refs, 1, memory_order_acq_rel) == 1;
  if (!last && stream->has_worker) pthread_cond_signal(&stream->work);
  pthread_mutex_unlock(&stream->mutex);
  if (last) stream_free(stream);
}

const char *emily_stream_device(const emily_stream *stream) { return stream ? stream->device : ""; }

emily_stream *emily_stream_default(void) {
  pthread_mutex_lock(&default_mutex);
  if (!default_stream) default_stream = emily_stream_new(NULL);
  emily_stream *stream = default_stream;
  pthread_mutex_unlock(&default_mutex);
  return stream;
}

void emily__stream_push(emily_stream *stream, emily__task *task) {
  atomic_fetch_add_explicit(&task->refs, 1, memory_order_relaxed);
  pthread_mutex_lock(&stream->mutex);
  task->next = NULL;
  if (stream->tail)
    stream->tail->next = task;
  else
    stream->head = task;
  stream->tail = task;
  stream->queued++;
  pthread_mutex_unlock(&stream->mutex);
}

/* With the mutex held, a task queued and nobody running: run the head. */
static void run_head(emily_stream *stream) {
  emily__task *task = stream->head;
  stream->head = task->next;
  if (!stream->head) stream->tail = NULL;
  stream->running = true;
  pthread_mutex_unlock(&stream->mutex);
  emily__task_run(task);
  pthread_mutex_lock(&stream->mutex);
  stream->running = false;
  stream->queued--;
  task->done = true;
  if (stream->waiters) pthread_cond_broadcast(&stream->changed);
  if (stream->head && stream->has_worker) pthread_cond_signal(&stream->work);
  pthread_mutex_unlock(&stream->mutex);
  emily__task_unref(task);
  pthread_mutex_lock(&stream->mutex);
}

static void wait_for_change(emily_stream *stream) {
  stream->waiters++;
  pthread_cond_wait(&stream->changed, &stream->mutex);
  stream->waiters--;
}

/* The worker: takes what is queued while no other thread runs the stream. */
static void *worker(void *argument) {
  emily_stream *stream = argument;
  pthread_mutex_lock(&stream->mutex);
  for (;;) {
    if (stream->head && !stream->running)
      run_head(stream);
    else if (!stream->head && atomic_load_explicit(&stream->refs, memory_order_acquire) == 1)
      break;
    else
      pthread_cond_wait(&stream->work, &stream->mutex);
  }
  pthread_mutex_unlock(&stream->mutex);
  stream_free(stream); /* ours was the last reference */
  return NULL;
}

static bool start_worker(emily_stream *stream) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  emily_stream_retain(stream);
  bool started = pthread_create(&thread, &attributes, worker, stream) == 0;
  if (!started) atomic_fetch_sub(&stream->refs, 1); /* the caller's reference is still there */
  pthread_attr_destroy(&attributes);
  return started;
}

void emily__stream_kick(emily_stream *stream) {
  pthread_mutex_lock(&stream->mutex);
  if (!stream->has_worker) stream->has_worker = start_worker(stream);
  if (stream->has_worker)
    pthread_cond_signal(&stream->work);
  else
    while (stream->head && !stream->running) run_head(stream);
  pthread_mutex_unlock(&stream->mutex);
}

emily_status emily__stream_wait(emily__task *task) {
  emily_stream *stream = task->stream;
  pthread_mutex_lock(&stream->mutex);
  while (!task->done) {
    if (stream->head && !stream->running)
      run_head(stream);
    else
      wait_for_change(stream);
  }
  pthread_mutex_unlock(&stream->mutex);
  return task->status == EMILY_OK ? EMILY_OK : emily__error_restore(&task->error);
}

void emily__stream_throttle(emily_stream *stream) {
  pthread_mutex_lock(&stream->mutex);
  while (stream->queued > EMILY__QUEUE_LIMIT) {
    if (stream->head && !stream->running)
      run_head(stream);
    else
      wait_for_change(stream);
  }
  pthread_mutex_unlock(&stream->mutex);
}

emily_status emily_stream_synchronize(emily_stream *stream) {
  if (!stream) stream = emily_stream_default();
  if (!stream) return emily_last_error()->status;
  pthread_mutex_lock(&stream->mutex);
  while (stream->queued) {
    if (stream->head && !stream->running)
      run_head(stream);
    else
      wait_for_change(stream);
  }
  pthread_mutex_unlock(&stream->mutex);
  return EMILY_OK;
}
