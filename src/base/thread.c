/* thread.c: see thread.h. */
#include "base/thread.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What a thread does to itself stays deliverable: crash reporters and profilers need it. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};

static size_t usable_stack(size_t wanted) {
  long least = sysconf(_SC_THREAD_STACK_MIN), page = sysconf(_SC_PAGESIZE);
  size_t floor = least > 0 ? (size_t)least : 16384, unit = page > 0 ? (size_t)page : 4096;
  if (wanted < floor) wanted = floor;
  return (wanted + unit - 1) / unit * unit;
}

static int create(pthread_t *out, size_t stack_bytes, void *(*body)(void *), void *argument) {
  pthread_attr_t attributes;
  if (emily__alloc_should_fail()) return EAGAIN;
  int error = pthread_attr_init(&attributes);
  if (error) return error;
  if (stack_bytes) error = pthread_attr_setstacksize(&attributes, usable_stack(stack_bytes));
  if (!error) error = pthread_create(out, &attributes, body, argument);
  pthread_attr_destroy(&attributes);
  return error;
}

void emily__signals_block(sigset_t *before) {
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_SETMASK, &all, before); /* a new thread inherits the mask of the one that starts it */
}

emily_status emily__thread_start(pthread_t *out, const char *name, size_t stack_bytes, void *(*body)(void *),
                                 void *argument) {
  sigset_t before;
  pthread_t thread;
  emily__signals_block(&before);
  int error = create(&thread, stack_bytes, body, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error)
    return emily__fail(EMILY_OUT_OF_MEMORY, "",
                       "cannot start thread '%s': %s; use fewer threads, or raise the limit on processes (ulimit -u)",
                       name, strerror(error));
  char kept[16]; /* the system refuses longer names */
  snprintf(kept, sizeof kept, "%s", name);
  pthread_setname_np(thread, kept);
  *out = thread;
  return EMILY_OK;
}
