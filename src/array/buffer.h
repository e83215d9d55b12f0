/* buffer.h: reference-counted memory that arrays look at. */
#ifndef EMILY_ARRAY_BUFFER_H
#define EMILY_ARRAY_BUFFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gives the memory back; called once, by whichever thread drops the last reference. */
typedef void emily__buffer_release(void *data, size_t bytes, void *context);

typedef struct emily__buffer {
  _Atomic int32_t refs;
  bool read_only; /* mapped or the caller's: never donated */
  void *data;
  size_t bytes;
  emily__buffer_release *release; /* may be NULL */
  void *context;
} emily__buffer;

/* One reference to the caller; NULL when memory is out, and then `release` is not called. */
emily__buffer *emily__buffer_new(void *data, size_t bytes, bool read_only, emily__buffer_release *release, void *context);
emily__buffer *emily__buffer_retain(emily__buffer *buffer);
void emily__buffer_unref(emily__buffer *buffer); /* NULL does nothing */

/* True where the caller's reference is the only one and writing is allowed. */
bool emily__buffer_exclusive(const emily__buffer *buffer);

#endif
