/* vec.c: see vec.h. */
#include "base/vec.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool emily__vec_grow(void **data, size_t *capacity, size_t count, size_t extra, size_t size) {
  if (extra <= *capacity - count) return true;
  size_t need, bytes;
  if (__builtin_add_overflow(count, extra, &need)) need = SIZE_MAX;
  size_t wanted = *capacity + *capacity / 2 + 8;
  if (wanted < need) wanted = need;
  if (!emily__mul_size(wanted, size, &bytes) || bytes > PTRDIFF_MAX) {
    emily__fail_memory("", SIZE_MAX, 0);
    return false;
  }
  void *moved = emily__realloc(*data, bytes);
  if (!moved) return false;
  *data = moved;
  *capacity = wanted;
  return true;
}

static bool str_reserve(emily__str *str, size_t extra) {
  size_t with_nul = extra == SIZE_MAX ? extra : extra + 1; /* memory is out either way */
  return emily__vec_grow((void **)&str->data, &str->capacity, str->count, with_nul, 1);
}

bool emily__str_append(emily__str *str, const void *bytes, size_t count) {
  if (!str_reserve(str, count)) return false;
  if (count) memcpy(str->data + str->count, bytes, count);
  str->count += count;
  str->data[str->count] = '\0';
  return true;
}

bool emily__str_puts(emily__str *str, const char *text) { return emily__str_append(str, text, strlen(text)); }

bool emily__str_printf(emily__str *str, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  bool ok = length >= 0 && str_reserve(str, (size_t)length);
  if (ok) {
    vsnprintf(str->data + str->count, (size_t)length + 1, format, again);
    str->count += (size_t)length;
  }
  va_end(again);
  return ok;
}

void emily__str_clear(emily__str *str) {
  str->count = 0;
  if (str->data) str->data[0] = '\0';
}

void emily__str_free(emily__str *str) {
  emily__free(str->data);
  *str = (emily__str){0};
}
