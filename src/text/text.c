/* text.c: see text.h. */
#include "text/text.h"

#include <string.h>

void emily__text_clear(emily__text *text) {
  emily__str_clear(&text->bytes);
  text->origins.count = 0;
}

void emily__text_free(emily__text *text) {
  emily__str_free(&text->bytes);
  emily__vec_free(&text->origins);
}

void emily__text_swap(emily__text *a, emily__text *b) {
  emily__text held = *a;
  *a = *b;
  *b = held;
}

emily_status emily__text_puts(emily__text *text, const char *bytes, size_t length, emily__span origin) {
  if (!emily__vec_reserve(&text->origins, length)) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_append(&text->bytes, bytes, length)) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < length; i++) text->origins.data[text->origins.count++] = origin;
  return EMILY_OK;
}

emily_status emily__text_put(emily__text *text, int32_t code, emily__span origin) {
  char bytes[4];
  return emily__text_puts(text, bytes, emily__utf8_encode(code, bytes), origin);
}

emily_status emily__text_copy(emily__text *out, const emily__text *in, size_t start, size_t end) {
  if (start >= end) return EMILY_OK;
  if (!emily__vec_reserve(&out->origins, end - start)) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_append(&out->bytes, in->bytes.data + start, end - start)) return EMILY_OUT_OF_MEMORY;
  memcpy(out->origins.data + out->origins.count, in->origins.data + start, (end - start) * sizeof(emily__span));
  out->origins.count += end - start;
  return EMILY_OK;
}

emily_status emily__text_begin(emily__text *text, const char *bytes, size_t length) {
  emily__text_clear(text);
  if (length > EMILY__TEXT_MAX)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode",
                       "the text has %zu bytes; at most %zu are taken at once: split it", length, EMILY__TEXT_MAX);
  if (!emily__vec_reserve(&text->origins, length) || !emily__str_puts(&text->bytes, "")) return EMILY_OUT_OF_MEMORY;
  for (size_t at = 0, used; at < length; at += used) {
    int32_t code = emily__utf8_decode(bytes + at, length - at, &used);
    emily__span origin = {(uint32_t)at, (uint32_t)(at + used)};
    if (code < 0) EMILY__TRY(emily__text_put(text, EMILY__UTF8_REPLACEMENT, origin));
    else EMILY__TRY(emily__text_puts(text, bytes + at, used, origin));
  }
  return EMILY_OK;
}

emily__span emily__text_origin(const emily__text *text, size_t start, size_t end) {
  return (emily__span){text->origins.data[start].start, text->origins.data[end - 1].end};
}

emily__span emily__text_point(const emily__text *text, size_t at) {
  uint32_t point = 0;
  if (at < text->origins.count) point = text->origins.data[at].start;
  else if (at > 0) point = text->origins.data[at - 1].end;
  return (emily__span){point, point};
}
