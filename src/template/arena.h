/* arena.h: memory that is given back all at once, with a bound.
 *
 * A template's syntax tree lives in one arena, and everything that a rendering makes in another: values refer to each
 * other freely (macros to the scopes that hold them), and nothing is counted. The bound is what keeps a hostile
 * template from taking all memory.
 */
#ifndef EMILY_TEMPLATE_ARENA_H
#define EMILY_TEMPLATE_ARENA_H

#include "base/alloc.h"

typedef struct emily__arena_block emily__arena_block;

typedef struct emily__arena {
  emily__arena_block *blocks; /* the latest first */
  size_t room;                /* bytes left in it */
  size_t taken, limit;        /* bytes of all blocks, and the most there may be */
  bool exceeded;              /* an allocation failed for the limit, not for want of memory */
} emily__arena;

/* Aligned for any type, not zeroed; NULL where memory is out or the limit reached. */
void *emily__arena_alloc(emily__arena *arena, size_t bytes);
void *emily__arena_array(emily__arena *arena, size_t count, size_t size); /* checked product */
void emily__arena_free(emily__arena *arena);

#endif
