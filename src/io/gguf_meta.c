/* gguf_meta.c: see gguf_meta.h. */
#include "io/gguf_meta.h"

#include <string.h>

const emily__gguf_value *emily__gguf_at(const emily_gguf *file, const char *key) {
  size_t index;
  return emily__gguf_find(file, &file->keys, key, &index) ? &file->values.data[index] : NULL;
}

const emily__gguf_tensor *emily__gguf_tensor_of(const emily_gguf *file, const char *name) {
  size_t index;
  return emily__gguf_find(file, &file->names, name, &index) ? &file->tensors.data[index] : NULL;
}

static const uint8_t *bytes_of(const emily_gguf *file, const emily__gguf_value *value, uint64_t item) {
  size_t size = value ? emily__gguf_kind_size(value->item) : 0;
  return size && item < value->count ? file->data + value->offset + item * size : NULL;
}

bool emily__gguf_item_int(const emily_gguf *file, const emily__gguf_value *value, uint64_t item, int64_t *out) {
  const uint8_t *bytes = bytes_of(file, value, item);
  uint64_t number = 0;
  if (!bytes || value->item == EMILY_GGUF_FLOAT32 || value->item == EMILY_GGUF_FLOAT64) return false;
  memcpy(&number, bytes, emily__gguf_kind_size(value->item));
  switch (value->item) {
    case EMILY_GGUF_INT8: *out = (int8_t)number; return true;
    case EMILY_GGUF_INT16: *out = (int16_t)number; return true;
    case EMILY_GGUF_INT32: *out = (int32_t)number; return true;
    default: *out = (int64_t)number; return *out >= 0 || value->item == EMILY_GGUF_INT64;
  }
}

bool emily__gguf_item_real(const emily_gguf *file, const emily__gguf_value *value, uint64_t item, double *out) {
  const uint8_t *bytes = bytes_of(file, value, item);
  float narrow;
  int64_t whole;
  if (bytes && value->item == EMILY_GGUF_FLOAT64) return memcpy(out, bytes, sizeof *out), true;
  if (bytes && value->item == EMILY_GGUF_FLOAT32) return memcpy(&narrow, bytes, sizeof narrow), *out = (double)narrow, true;
  if (!emily__gguf_item_int(file, value, item, &whole)) return false;
  *out = (double)whole;
  return true;
}

bool emily__gguf_int(const emily_gguf *file, const char *key, int64_t *out) {
  const emily__gguf_value *value = emily__gguf_at(file, key);
  return value && value->kind != EMILY_GGUF_ARRAY && emily__gguf_item_int(file, value, 0, out);
}

bool emily__gguf_bool(const emily_gguf *file, const char *key, bool *out) {
  const emily__gguf_value *value = emily__gguf_at(file, key);
  if (!value || value->kind != EMILY_GGUF_BOOL) return false;
  *out = file->data[value->offset];
  return true;
}

const char *emily__gguf_item_text(const emily_gguf *file, const emily__gguf_value *value, uint64_t item, size_t *length) {
  if (!value || value->item != EMILY_GGUF_STRING || item >= value->count) return NULL;
  const emily__gguf_text *text = &file->texts.data[value->first_text + item];
  if (length) *length = text->length;
  return text->text;
}

const char *emily__gguf_string(const emily_gguf *file, const char *key) {
  const emily__gguf_value *value = emily__gguf_at(file, key);
  return value && value->kind == EMILY_GGUF_STRING ? emily__gguf_item_text(file, value, 0, NULL) : NULL;
}
