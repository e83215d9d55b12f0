/* status.c: the thread-local record of the latest failure. See status.h. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

static _Thread_local emily__error last;
static _Thread_local emily_error last_public;

const char *emily_status_name(emily_status status) {
  switch (status) {
    case EMILY_OK: return "ok";
    case EMILY_INVALID_ARGUMENT: return "invalid argument";
    case EMILY_OUT_OF_MEMORY: return "out of memory";
    case EMILY_IO_ERROR: return "input/output error";
    case EMILY_BAD_FORMAT: return "bad format";
    case EMILY_UNSUPPORTED: return "unsupported";
    case EMILY_NOT_FOUND: return "not found";
    case EMILY_CANCELLED: return "cancelled";
    case EMILY_DEBUG_CHECK: return "debug check failed";
    case EMILY_INTERNAL: return "internal error";
    default: return "unknown status";
  }
}

const emily_error *emily_last_error(void) {
  last_public = (emily_error){last.status, last.where, last.message, last.bytes_asked, last.bytes_free};
  return &last_public;
}

/* Drop a multi-byte character that the end of the buffer cut in two. */
static void trim_partial_utf8(char *text, size_t length) {
  size_t start = length;
  while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
  if (start == 0) return;
  unsigned char lead = (unsigned char)text[start - 1];
  size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (length - (start - 1) < need) text[start - 1] = '\0';
}

emily_status emily__failv(emily_status status, const char *where, const char *format, va_list args) {
  /* The new message may be made from the old one: format it aside first. */
  char message[EMILY__MESSAGE_MAX];
  int length = vsnprintf(message, sizeof message, format, args);
  if (length < 0) message[0] = '\0';
  if (length >= (int)sizeof message) trim_partial_utf8(message, sizeof message - 1);
  last.status = status;
  snprintf(last.where, sizeof last.where, "%s", where ? where : "");
  memcpy(last.message, message, sizeof message);
  last.bytes_asked = last.bytes_free = 0;
  return status;
}

emily_status emily__fail(emily_status status, const char *where, const char *format, ...) {
  va_list args;
  va_start(args, format);
  emily__failv(status, where, format, args);
  va_end(args);
  return status;
}

emily_status emily__fail_memory(const char *where, uint64_t bytes_asked, uint64_t bytes_free) {
  if (bytes_free)
    emily__fail(EMILY_OUT_OF_MEMORY, where, "out of memory: %llu bytes asked for, %llu free",
                (unsigned long long)bytes_asked, (unsigned long long)bytes_free);
  else
    emily__fail(EMILY_OUT_OF_MEMORY, where, "out of memory: %llu bytes asked for", (unsigned long long)bytes_asked);
  last.bytes_asked = bytes_asked;
  last.bytes_free = bytes_free;
  return EMILY_OUT_OF_MEMORY;
}

emily_status emily__fail_context(const char *format, ...) {
  char context[EMILY__MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(context, sizeof context, format, args);
  va_end(args);
  uint64_t asked = last.bytes_asked, free_bytes = last.bytes_free;
  char where[EMILY__WHERE_MAX];
  memcpy(where, last.where, sizeof where);
  emily__fail(last.status, where, "%s: %s", context, last.message);
  last.bytes_asked = asked;
  last.bytes_free = free_bytes;
  return last.status;
}

void emily__error_save(emily__error *out) { *out = last; }

emily_status emily__error_restore(const emily__error *error) {
  if (error != &last) last = *error;
  return error->status;
}
