/* gguf.h: reading the GGUF format, versions 2 and 3: a head with two counts, metadata, descriptions of tensors, their data.
 *
 * Everything is checked before it is believed: each count and length against the bytes that are left (so that a length alone never makes
 * an allocation), every product, alignment, offsets, kinds, bools, names (UTF-8, none twice). Strings stand in the file without a NUL: all
 * are copied, once, to a block of their own, which is no larger than the file's head. Numbers of metadata are read where they stand.
 */
#ifndef EMILY_IO_GGUF_H
#define EMILY_IO_GGUF_H

#include "emily/gguf.h"
#include "io/file.h"
#include "io/gguf_types.h"

enum { EMILY__GGUF_RANK_MAX = 8, EMILY__GGUF_NESTING_MAX = 8, EMILY__GGUF_ALIGNMENT = 32 };
#define EMILY__GGUF_MAGIC "GGUF"
#define EMILY__GGUF_ALIGNMENT_KEY "general.alignment"

typedef struct emily__gguf_text {
  uint64_t offset, length; /* in the file */
  const char *text;        /* the copy */
} emily__gguf_text;

typedef struct emily__gguf_value {
  emily_gguf_kind kind, item; /* item: what an array is of; else the kind itself */
  uint64_t count;             /* elements of an array; else 1 */
  uint64_t offset;            /* numbers: of the first one in the file */
  size_t first_text;          /* strings: index of the first one */
} emily__gguf_value;

typedef struct emily__gguf_tensor {
  const emily__gguf_type *type;
  int32_t rank;
  int64_t shape[EMILY__GGUF_RANK_MAX]; /* row-major: the file's, reversed */
  int64_t blocks;
  uint64_t offset, bytes; /* in the file */
} emily__gguf_tensor;

/* Names with an order to find them by. */
typedef struct emily__gguf_names {
  EMILY__VEC(size_t) texts; /* index of each */
  uint32_t *order;          /* ascending by strcmp */
} emily__gguf_names;

struct emily_gguf {
  emily__file_map *map; /* NULL when parsed from memory */
  const char *path;
  const uint8_t *data;
  size_t size;
  uint32_t version;
  uint64_t alignment;
  EMILY__VEC(emily__gguf_text) texts;
  EMILY__VEC(emily__gguf_value) values;
  EMILY__VEC(emily__gguf_tensor) tensors;
  emily__gguf_names keys, names; /* beside values and tensors */
  char *block;                   /* the copies of texts */
};

/* Bytes in memory, which must outlive the result, as must path (for messages). EMILY_BAD_FORMAT, EMILY_UNSUPPORTED (other versions,
 * big-endian files, unknown types). */
emily_status emily__gguf_parse(const uint8_t *data, size_t size, const char *path, emily_gguf **out);

/* The index of a name; false where there is none. */
bool emily__gguf_find(const emily_gguf *file, const emily__gguf_names *names, const char *name, size_t *out);
static inline const char *emily__gguf_name(const emily_gguf *file, const emily__gguf_names *names, size_t index) {
  return file->texts.data[names->texts.data[index]].text;
}

size_t emily__gguf_kind_size(emily_gguf_kind kind); /* 0: a string, an array, or no kind */
emily_dtype emily__gguf_kind_dtype(emily_gguf_kind kind); /* of a number; -1 */

/* ---- writing (gguf_write.c) ---- */

typedef struct emily__gguf_item {
  const char *name;
  const emily__gguf_type *type;
  int32_t rank;
  int64_t shape[EMILY__GGUF_RANK_MAX]; /* of the elements; rows of blocks are whole ones */
} emily__gguf_item;

/* Tensors that are made one after the other, while the file is written: make gives a new reference, an array of the type's dtype or, of
 * types in blocks, of their bytes. */
typedef struct emily__gguf_content {
  const emily__gguf_item *items;
  size_t count;
  emily_status (*make)(void *context, size_t index, emily_array **out);
  void *context;
} emily__gguf_content;

emily_status emily__gguf_write(const char *path, const emily__gguf_content *content, const emily_gguf_pair *metadata, size_t metadata_count);

#endif
