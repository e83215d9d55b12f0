/* status.h: how a failure is reported inside the library.
 *
 * A failing function records the details in thread-local storage (no allocation, so it works when memory is out)
 * and returns the code:
 *
 *     if (n < 0) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_arange", "n is %d; it must not be negative", n);
 *
 * Whoever passes a failure on just returns the code. A failure that crosses threads is carried as an
 * emily__error by value: emily__error_save on the thread that failed, emily__error_restore on the one that waits.
 */
#ifndef EMILY_BASE_STATUS_H
#define EMILY_BASE_STATUS_H

#include "emily/base.h"

#include <stdarg.h>

enum { EMILY__WHERE_MAX = 48, EMILY__MESSAGE_MAX = 976 };

typedef struct emily__error {
  emily_status status;
  char where[EMILY__WHERE_MAX];
  char message[EMILY__MESSAGE_MAX];
  uint64_t bytes_asked, bytes_free;
} emily__error;

/* Record a failure on this thread; returns `status`. Longer messages are cut at a whole UTF-8 character. Control
 * characters and bytes that are not UTF-8 (of names in files, say) stand in the message as \x1B. */
emily_status emily__fail(emily_status status, const char *where, const char *format, ...) EMILY_PRINTF(3, 4);
emily_status emily__failv(emily_status status, const char *where, const char *format, va_list args);

/* Record "out of memory" with the sizes; returns EMILY_OUT_OF_MEMORY. bytes_free is 0 when unknown. */
emily_status emily__fail_memory(const char *where, uint64_t bytes_asked, uint64_t bytes_free);

/* Put words before the message of this thread's latest failure ("while loading model.safetensors"); returns its code. */
emily_status emily__fail_context(const char *format, ...) EMILY_PRINTF(1, 2);

void emily__error_save(emily__error *out);           /* this thread's latest failure, by value */
emily_status emily__error_restore(const emily__error *error); /* make it this thread's latest failure */

#define EMILY__TRY(expression)                                                                                    \
  do {                                                                                                            \
    emily_status emily__try_status = (expression);                                                                \
    if (emily__try_status != EMILY_OK) return emily__try_status;                                                  \
  } while (0)

#endif
