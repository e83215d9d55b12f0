/* gguf_metadata.c: metadata of a GGUF file being gathered, see gguf_export.h. */
#include "base/status.h"
#include "models/gguf_export.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 160 };

#define FORMAT_KEY(key, format)              \
  char key[KEY_MAX];                         \
  do {                                       \
    va_list args_;                           \
    va_start(args_, format);                 \
    vsnprintf(key, sizeof key, format, args_); \
    va_end(args_);                           \
  } while (0)

static void fail(emily__gguf_metadata *m, emily_status status) {
  if (m->status == EMILY_OK) m->status = status;
}

void emily__gguf_metadata_free(emily__gguf_metadata *m) {
  for (size_t i = 0; i < m->pairs.count; i++) emily_array_release(m->pairs.data[i].numbers);
  for (size_t i = 0; i < m->texts.count; i++) emily__free(m->texts.data[i]);
  for (size_t i = 0; i < m->lists.count; i++) emily__free((void *)m->lists.data[i]);
  for (size_t i = 0; i < m->documents.count; i++) json_decref(m->documents.data[i]);
  emily__vec_free(&m->pairs);
  emily__vec_free(&m->texts);
  emily__vec_free(&m->lists);
  emily__vec_free(&m->documents);
}

char *emily__gguf_keep(emily__gguf_metadata *m, const char *text) {
  char *copy = emily__strdup(text);
  if (copy && emily__vec_push(&m->texts, copy)) return copy;
  emily__free(copy);
  fail(m, EMILY_OUT_OF_MEMORY);
  return NULL;
}

json_t *emily__gguf_keep_json(emily__gguf_metadata *m, json_t *document) {
  if (emily__vec_push(&m->documents, document)) return document;
  json_decref(document);
  fail(m, EMILY_OUT_OF_MEMORY);
  return NULL;
}

static bool there(const emily__gguf_metadata *m, const char *key) {
  for (size_t i = 0; i < m->pairs.count; i++)
    if (!strcmp(m->pairs.data[i].key, key)) return true;
  return false;
}

/* Takes the array that the pair has. */
static void push(emily__gguf_metadata *m, const char *key, emily_gguf_pair pair) {
  if (m->status == EMILY_OK && !there(m, key)) {
    pair.key = emily__gguf_keep(m, key);
    if (pair.key && emily__vec_push(&m->pairs, pair)) return;
    fail(m, EMILY_OUT_OF_MEMORY);
  }
  emily_array_release(pair.numbers);
}

static void put_numbers(emily__gguf_metadata *m, const char *key, emily_array *numbers) {
  if (numbers) push(m, key, (emily_gguf_pair){.numbers = numbers});
  else fail(m, emily_last_error()->status);
}

void emily__gguf_put_array(emily__gguf_metadata *m, emily_array *numbers, const char *format, ...) {
  FORMAT_KEY(key, format);
  put_numbers(m, key, numbers);
}

void emily__gguf_put_uint(emily__gguf_metadata *m, uint32_t value, const char *format, ...) {
  FORMAT_KEY(key, format);
  put_numbers(m, key, emily_array_from_int(value, EMILY_UINT32));
}

void emily__gguf_put_float(emily__gguf_metadata *m, double value, const char *format, ...) {
  FORMAT_KEY(key, format);
  put_numbers(m, key, emily_array_from_float(value, EMILY_FLOAT32));
}

void emily__gguf_put_bool(emily__gguf_metadata *m, bool value, const char *format, ...) {
  FORMAT_KEY(key, format);
  put_numbers(m, key, emily_array_from_int(value, EMILY_BOOL));
}

void emily__gguf_put_text(emily__gguf_metadata *m, const char *value, const char *format, ...) {
  FORMAT_KEY(key, format);
  const char **list = emily__alloc_array(1, sizeof *list);
  if (!list || !emily__vec_push(&m->lists, list)) {
    emily__free((void *)list);
    fail(m, EMILY_OUT_OF_MEMORY);
    return;
  }
  list[0] = emily__gguf_keep(m, value);
  if (list[0]) push(m, key, (emily_gguf_pair){.texts = list, .text_count = -1});
}

void emily__gguf_put_list(emily__gguf_metadata *m, const char **texts, int64_t count, const char *key) {
  if (emily__vec_push(&m->lists, texts)) {
    push(m, key, (emily_gguf_pair){.texts = texts, .text_count = count});
    return;
  }
  emily__free((void *)texts);
  fail(m, EMILY_OUT_OF_MEMORY);
}
