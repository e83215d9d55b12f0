/* thread.h: starting a thread of the library's own.
 *
 * Such a thread takes no signals but its own faults, so that Ctrl-C and timers always reach a thread of the program,
 * and it has a name that debuggers and `top -H` show. Mutexes, conditions and once are used from pthread.h directly.
 */
#ifndef EMILY_BASE_THREAD_H
#define EMILY_BASE_THREAD_H

#include "base/status.h"

#include <pthread.h>
#include <signal.h>

/* Run body(argument) on a new joinable thread. name: at most 15 bytes are kept. stack_bytes: 0 for the system's
 * default, else at least what the system needs (raised to it). EMILY_OUT_OF_MEMORY where no thread can be had; it
 * takes part in the failing-allocation runs (alloc.h). */
emily_status emily__thread_start(pthread_t *out, const char *name, size_t stack_bytes, void *(*body)(void *),
                                 void *argument);

/* Block the signals that a thread of the library's takes none of, on the calling thread and so for the threads that are started
 * until the mask is set back to *before. */
void emily__signals_block(sigset_t *before);

#endif
