/* pool.c: see pool.h. How a job is handed over:
 *
 * The caller takes the pool (`busy`), writes the job, resets the block counter and opens it (`open` = the job's
 * number, never 0). A worker that sees an open job counts itself in (`inside`), looks again that the job is still
 * open, and takes blocks until there are none. The caller takes blocks too, then closes the job and waits for
 * `inside` to be 0: only then may the job's memory go. A worker that counted itself in too late finds the job closed
 * and leaves without touching it. These two flags are read and written in one total order (seq_cst), so either the
 * worker sees "closed" or the caller sees the worker.
 *
 * Idle workers look for a new job for SPINS rounds, then sleep on a condition. The caller wakes them only if some
 * sleep.
 */
#include "backend/cpu/pool.h"

#include "base/limits.h"
#include "base/thread.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

enum {
  MAX_WORKERS = 255,
  SPINS = 3000,      /* rounds of about 20 ns: some 60 µs */
  WAIT_SPINS = 4000, /* the caller's rounds before it offers its processor to others */
  WORKER_STACK = 1 << 20
};

static struct {
  _Alignas(64) _Atomic bool busy;
  _Alignas(64) _Atomic uint32_t open; /* number of the job that may be entered; 0: none */
  _Atomic uint32_t wanted;            /* workers that take part: threads - 1 */
  _Alignas(64) _Atomic int64_t next;  /* block to hand out */
  _Alignas(64) _Atomic int32_t inside;
  _Alignas(64) emily__pool_fn *fn; /* the job: written by the holder of `busy` while `inside` workers read nothing */
  void *context;
  int64_t count;
  uint32_t number;  /* of the latest job; belongs to the holder of `busy` */
  uint32_t workers; /* started; belongs to the holder of `busy` */
  bool no_more;     /* the system refused a thread: do not ask at every job */
  _Atomic int32_t sleepers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static _Atomic int32_t threads_set; /* 0: the machine's */
static int32_t threads_usable;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool in_job;

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* A child process has none of its parent's threads: it starts with an empty pool. */
static void forget_workers(void) {
  atomic_store(&pool.busy, false);
  atomic_store(&pool.open, 0);
  atomic_store(&pool.inside, 0);
  atomic_store(&pool.sleepers, 0);
  pool.workers = 0;
  pool.no_more = false;
  pthread_mutex_init(&pool.mutex, NULL);
  pthread_cond_init(&pool.wake, NULL);
}

static void find_usable(void) {
  emily__limits limits;
  emily__limits_read("", 0, &limits);
  threads_usable = limits.threads;
  pthread_atfork(NULL, NULL, forget_workers);
}

int32_t emily__pool_threads(void) {
  pthread_once(&once, find_usable);
  int32_t set = atomic_load_explicit(&threads_set, memory_order_relaxed);
  int32_t n = set > 0 ? set : threads_usable;
  return n > MAX_WORKERS + 1 ? MAX_WORKERS + 1 : n;
}

void emily__pool_set_threads(int32_t n) { atomic_store(&threads_set, n < 1 ? 0 : n); }

static void take_blocks(emily__pool_fn *fn, void *context, int64_t count) {
  in_job = true;
  for (int64_t block; (block = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed)) < count;)
    fn(context, block);
  in_job = false;
}

static void join_job(uint32_t number) {
  atomic_fetch_add(&pool.inside, 1);
  if (atomic_load(&pool.open) == number) take_blocks(pool.fn, pool.context, pool.count);
  atomic_fetch_sub(&pool.inside, 1);
}

/* The number of an open job that is not `done` and that worker `index` takes part in; 0 if there is none. */
static uint32_t job_for(uint32_t index, uint32_t done) {
  uint32_t number = atomic_load(&pool.open);
  if (number == done || index >= atomic_load_explicit(&pool.wanted, memory_order_relaxed)) return 0;
  return number;
}

static void sleep_until_job(uint32_t index, uint32_t done) {
  pthread_mutex_lock(&pool.mutex);
  atomic_fetch_add(&pool.sleepers, 1); /* before the last look: the caller opens first and then looks for sleepers */
  while (!job_for(index, done)) pthread_cond_wait(&pool.wake, &pool.mutex);
  atomic_fetch_sub(&pool.sleepers, 1);
  pthread_mutex_unlock(&pool.mutex);
}

static void *worker(void *argument) {
  const uint32_t index = (uint32_t)(uintptr_t)argument;
  uint32_t done = 0;
  for (;;) {
    uint32_t number = 0;
    for (int spin = 0; spin < SPINS && !(number = job_for(index, done)); spin++) pause_briefly();
    if (!number) {
      sleep_until_job(index, done);
      continue;
    }
    join_job(number);
    done = number;
  }
  return NULL;
}

/* Fewer threads than wanted is no failure: the caller works, and results do not depend on their number. */
static void start_workers(uint32_t wanted) {
  while (pool.workers < wanted && !pool.no_more) {
    pthread_t thread;
    char name[16];
    emily__error before; /* a refused thread must not stand as the caller's failure */
    emily__error_save(&before);
    snprintf(name, sizeof name, "emily-cpu-%u", pool.workers + 1);
    if (emily__thread_start(&thread, name, WORKER_STACK, worker, (void *)(uintptr_t)pool.workers) == EMILY_OK) {
      pthread_detach(thread);
      pool.workers++;
    } else {
      emily__error_restore(&before);
      pool.no_more = true;
    }
  }
}

static void open_job(emily__pool_fn *fn, void *context, int64_t count, uint32_t wanted) {
  pool.fn = fn;
  pool.context = context;
  pool.count = count;
  if (++pool.number == 0) pool.number = 1;
  atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
  atomic_store_explicit(&pool.wanted, wanted, memory_order_relaxed);
  atomic_store(&pool.open, pool.number);
  if (atomic_load(&pool.sleepers) > 0) {
    pthread_mutex_lock(&pool.mutex);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.mutex);
  }
}

static void close_job(void) {
  atomic_store(&pool.open, 0);
  for (int spin = 0; atomic_load(&pool.inside) != 0; spin++) {
    if (spin < WAIT_SPINS) pause_briefly();
    else sched_yield();
  }
}

void emily__pool_run(emily__pool_fn *fn, void *context, int64_t count) {
  int32_t threads = count > 1 && !in_job ? emily__pool_threads() : 1;
  if (threads > count) threads = (int32_t)count;
  if (threads <= 1 || atomic_exchange(&pool.busy, true)) {
    for (int64_t block = 0; block < count; block++) fn(context, block);
    return;
  }
  start_workers((uint32_t)threads - 1);
  open_job(fn, context, count, (uint32_t)threads - 1);
  take_blocks(fn, context, count);
  close_job();
  atomic_store(&pool.busy, false);
}
