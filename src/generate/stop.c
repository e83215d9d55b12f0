/* stop.c: see stop.h. */
#include "generate/stop.h"

#include "base/utf8.h"

#include <string.h>

emily_status emily__stop_begin(emily__stop *stop, const char *const *texts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!texts[i] || !texts[i][0] || !emily__utf8_valid(texts[i], strlen(texts[i])))
      return emily__fail(EMILY_INVALID_ARGUMENT, "emily_generate", "stop text %zu is empty or not UTF-8", i + 1);
  *stop = (emily__stop){.texts = texts, .count = count};
  return EMILY_OK;
}

void emily__stop_free(emily__stop *stop) { emily__str_free(&stop->held); }

/* Where the earliest stop text begins in held; false where there is none. */
static bool find(const emily__stop *stop, size_t *at) {
  bool found = false;
  for (size_t i = 0; i < stop->count; i++) {
    const char *hit = memmem(stop->held.data, stop->held.count, stop->texts[i], strlen(stop->texts[i]));
    if (!hit) continue;
    size_t offset = (size_t)(hit - stop->held.data);
    if (!found || offset < *at) *at = offset;
    found = true;
  }
  return found;
}

/* Whether text could go on to be a stop text. */
static bool begins_stop(const emily__stop *stop, const char *text, size_t length) {
  for (size_t i = 0; i < stop->count; i++)
    if (length < strlen(stop->texts[i]) && memcmp(stop->texts[i], text, length) == 0) return true;
  return false;
}

emily_status emily__stop_push(emily__stop *stop, const char *piece, size_t length, size_t *ready) {
  *ready = 0;
  if (stop->found || length == 0) return EMILY_OK;
  if (!emily__str_append(&stop->held, piece, length)) return EMILY_OUT_OF_MEMORY;
  if (find(stop, ready)) {
    stop->found = true;
    stop->held.count = *ready;
    stop->held.data[*ready] = '\0';
    return EMILY_OK;
  }
  while (*ready < stop->held.count && !begins_stop(stop, stop->held.data + *ready, stop->held.count - *ready))
    ++*ready;
  return EMILY_OK;
}

void emily__stop_drop(emily__stop *stop, size_t bytes) {
  stop->held.count -= bytes;
  memmove(stop->held.data, stop->held.data + bytes, stop->held.count);
  if (stop->held.data) stop->held.data[stop->held.count] = '\0';
}
