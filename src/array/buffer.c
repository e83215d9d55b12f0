/* buffer.c: see buffer.h. */
#include "array/buffer.h"

#include "base/alloc.h"

emily__buffer *emily__buffer_new(void *data, size_t bytes, bool read_only, emily__buffer_release *release, void *context) {
  emily__buffer *buffer = emily__malloc(sizeof *buffer);
  if (!buffer) return NULL;
  *buffer = (emily__buffer){.read_only = read_only, .data = data, .bytes = bytes, .release = release, .context = context};
  atomic_init(&buffer->refs, 1);
  return buffer;
}

emily__buffer *emily__buffer_retain(emily__buffer *buffer) {
  atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
  return buffer;
}

void emily__buffer_unref(emily__buffer *buffer) {
  if (!buffer || atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) != 1) return;
  if (buffer->release) buffer->release(buffer->data, buffer->bytes, buffer->context);
  emily__free(buffer);
}

bool emily__buffer_exclusive(const emily__buffer *buffer) {
  return !buffer->read_only && atomic_load_explicit(&buffer->refs, memory_order_acquire) == 1;
}
