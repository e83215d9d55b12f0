/* gguf_meta.h: single values of a GGUF file's metadata, whatever width they were written in. */
#ifndef EMILY_IO_GGUF_META_H
#define EMILY_IO_GGUF_META_H

#include "io/gguf.h"

#include <stdbool.h>

/* What tokenizer.ggml.token_type says of a token. */
enum {
  EMILY__GGUF_TOKEN_NORMAL = 1,
  EMILY__GGUF_TOKEN_UNKNOWN = 2,
  EMILY__GGUF_TOKEN_CONTROL = 3,
  EMILY__GGUF_TOKEN_USER = 4, /* matched whole, and shown */
  EMILY__GGUF_TOKEN_UNUSED = 5,
  EMILY__GGUF_TOKEN_BYTE = 6
};

/* NULL where there is no such key. */
const emily__gguf_value *emily__gguf_at(const emily_gguf *file, const char *key);

/* Element `item` of a value of whole numbers (or bools) or of floats (or whole numbers); false where it is none. */
bool emily__gguf_item_int(const emily_gguf *file, const emily__gguf_value *value, uint64_t item, int64_t *out);
bool emily__gguf_item_real(const emily_gguf *file, const emily__gguf_value *value, uint64_t item, double *out);

/* The same by key; *out stays as it was where the key is absent or holds something else. */
bool emily__gguf_int(const emily_gguf *file, const char *key, int64_t *out);
bool emily__gguf_bool(const emily_gguf *file, const char *key, bool *out);

/* A string, or string `item` of a list of them, ended by NUL; NULL where it is none. */
const char *emily__gguf_item_text(const emily_gguf *file, const emily__gguf_value *value, uint64_t item, size_t *length);
const char *emily__gguf_string(const emily_gguf *file, const char *key);

/* The tensor of a name; NULL where there is none. */
const emily__gguf_tensor *emily__gguf_tensor_of(const emily_gguf *file, const char *name);

#endif
