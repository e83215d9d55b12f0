/* vec.h: growable arrays, by macro so that elements keep their type.
 *
 *     EMILY__VEC(int32_t) ids = {0};
 *     if (!emily__vec_push(&ids, 7)) return EMILY_OUT_OF_MEMORY;   (the failure is recorded already)
 *     … ids.data[i], ids.count …
 *     emily__vec_free(&ids);
 */
#ifndef EMILY_BASE_VEC_H
#define EMILY_BASE_VEC_H

#include "base/alloc.h"

#define EMILY__VEC(type)                                                                                          \
  struct {                                                                                                        \
    type *data;                                                                                                   \
    size_t count, capacity;                                                                                       \
  }

/* Room for `extra` more elements; false when memory is out. */
#define emily__vec_reserve(vec, extra)                                                                            \
  emily__vec_grow((void **)&(vec)->data, &(vec)->capacity, (vec)->count, (extra), sizeof *(vec)->data)

#define emily__vec_push(vec, ...)                                                                                 \
  (emily__vec_reserve((vec), 1) ? ((vec)->data[(vec)->count++] = (__VA_ARGS__), true) : false)

#define emily__vec_free(vec) (emily__free((vec)->data), (vec)->data = NULL, (vec)->count = (vec)->capacity = 0)

bool emily__vec_grow(void **data, size_t *capacity, size_t count, size_t extra, size_t size);

/* A growable byte string, always NUL-terminated once anything was appended. */
typedef struct emily__str {
  char *data;
  size_t count, capacity;
} emily__str;

bool emily__str_append(emily__str *str, const void *bytes, size_t count);
bool emily__str_puts(emily__str *str, const char *text);
bool emily__str_printf(emily__str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
void emily__str_clear(emily__str *str); /* keeps the room */
void emily__str_free(emily__str *str);

#endif
