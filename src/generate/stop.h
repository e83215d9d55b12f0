/* stop.h: texts at which generation stops, found across the borders of tokens.
 *
 * Text goes in piece by piece. What may be the beginning of a stop text is held back until it is known whether it is; the rest comes out
 * at once. A stop text itself never comes out.
 */
#ifndef EMILY_GENERATE_STOP_H
#define EMILY_GENERATE_STOP_H

#include "base/status.h"
#include "base/vec.h"

typedef struct emily__stop {
  const char *const *texts; /* borrowed */
  size_t count;
  emily__str held;  /* not yet given out */
  bool found;       /* a stop text came: held then ends before it */
} emily__stop;

/* Texts must be UTF-8 and not empty: EMILY_INVALID_ARGUMENT. */
emily_status emily__stop_begin(emily__stop *stop, const char *const *texts, size_t count);
void emily__stop_free(emily__stop *stop);

/* Add a piece (whole characters); `ready` bytes at the start of stop->held may go out. The caller uses them and then
 * calls emily__stop_drop. */
emily_status emily__stop_push(emily__stop *stop, const char *piece, size_t length, size_t *ready);
void emily__stop_drop(emily__stop *stop, size_t bytes);

#endif
