/* pool.h: the one thread pool that all CPU streams share.
 *
 * A job is `count` blocks, cut by the caller so that their borders do not depend on the number of threads: results are the same
 * bits for one thread and for many. Blocks are handed out one by one (an atomic counter), the caller works too. While another
 * stream's job holds the pool, or inside a job, a call runs its blocks on the calling thread alone. Workers spin for some
 * tens of microseconds after a job before they sleep: a futex wake costs 40 to 70 µs, and a decode step has hundreds of jobs.
 */
#ifndef EMILY_BACKEND_CPU_POOL_H
#define EMILY_BACKEND_CPU_POOL_H

#include <stdint.h>

typedef void emily__pool_fn(void *context, int64_t block);

/* Run fn(context, 0 … count - 1), each once, and return when all are done. */
void emily__pool_run(emily__pool_fn *fn, void *context, int64_t count);

/* Threads that take part, the caller included: the usable processors (base/limits.h) until set. n < 1: back to that. */
int32_t emily__pool_threads(void);
void emily__pool_set_threads(int32_t n);

#endif
