/* status.c: the thread-local record of the latest failure. See status.h. */
#include "base/status.h"

#include "base/utf8.h"

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

/* How the character at `text` stands in a message: as it is, or escaped where a terminal would obey it rather than show
 * it (control characters, U+0080 to U+009F among them) and where it is not UTF-8. Names in files may hold any bytes. */
static size_t escape(const char *text, size_t length, size_t *used, char out[16]) {
  int32_t code = emily__utf8_decode(text, length, used);
  size_t count = 0;
  if (code >= 0x20 && (code < 0x7F || code >= 0xA0)) return memcpy(out, text, *used), *used;
  for (size_t i = 0; i < *used; i++) count += (size_t)sprintf(out + count, "\\x%02X", (unsigned char)text[i]);
  return count;
}

/* Copies the message with what must be escaped escaped, as many whole characters and escapes as there is room for. */
static void put_message(const char *text, size_t length) {
  char shown[16];
  size_t count = 0, shown_length;
  for (size_t at = 0, used; at < length; at += used) {
    shown_length = escape(text + at, length - at, &used, shown);
    if (count + shown_length >= sizeof last.message) break;
    memcpy(last.message + count, shown, shown_length);
    count += shown_length;
  }
  last.message[count] = '\0';
}

emily_status emily__failv(emily_status status, const char *where, const char *format, va_list args) {
  /* The new message may be made from the old one: format it aside first. */
  char message[EMILY__MESSAGE_MAX];
  int wanted = vsnprintf(message, sizeof message, format, args);
  size_t length = wanted < 0 ? 0 : (size_t)wanted;
  if (length >= sizeof message) {
    length = sizeof message - 1;
    length -= emily__utf8_incomplete_tail(message, length);
  }
  last.status = status;
  snprintf(last.where, sizeof last.where, "%s", where ? where : "");
  put_message(message, length);
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
