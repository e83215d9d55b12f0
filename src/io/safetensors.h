/* safetensors.h: reading the safetensors format: 8 bytes of header length (little-endian), a JSON header, the data.
 *
 * The header is checked in full before anything is believed: its length fits the file and the format's cap, its JSON
 * has no duplicate keys, every shape's product holds in 63 bits, every tensor's bytes are exactly dtype × shape, and
 * the tensors tile the data: no overlap, no hole, nothing after the last (as the format's description asks). An
 * offset that is not a multiple of the element's alignment is allowed by the format and kept: whoever wraps the bytes
 * as an array looks at emily__st_aligned and copies that tensor.
 *
 * Everything lies in a few blocks of known size: entries, their shapes, their names, an order by name for look-ups.
 */
#ifndef EMILY_IO_SAFETENSORS_H
#define EMILY_IO_SAFETENSORS_H

#include "emily/dtype.h"
#include "io/file.h"

enum { EMILY__ST_HEADER_MAX = 100000000 }; /* the cap that the format's own reader has */

typedef struct emily__st_dtype {
  char name[12];     /* as files spell it: "BF16" */
  uint8_t size;      /* bytes an element takes */
  uint8_t align;     /* what an address must be a multiple of */
  emily_dtype dtype; /* -1: known, and no dtype of emily's (the exponents of block scales) */
} emily__st_dtype;

typedef struct emily__st_entry {
  const char *name;
  const emily__st_dtype *dtype;
  int32_t rank;
  const int64_t *shape;
  uint64_t offset; /* of the first byte, from the start of the file */
  uint64_t bytes;
} emily__st_entry;

typedef struct emily__safetensors {
  emily__file_map *map; /* NULL when parsed from memory */
  const char *path;     /* for messages; the map's, or the caller's when parsed from memory */
  const uint8_t *data;  /* the whole file */
  size_t size;
  emily__st_entry *entries; /* in the header's order */
  size_t count;
  uint32_t *by_name;     /* indices of entries, their names ascending by strcmp */
  const char **metadata; /* key, value, key, value, … */
  size_t metadata_count; /* pairs */
  int64_t *shapes;       /* what entries point into */
  char *text;            /* names and metadata */
} emily__safetensors;

/* Map and check a file. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT, EMILY_UNSUPPORTED (an unknown dtype). */
emily_status emily__safetensors_open(const char *path, emily__safetensors **out);

/* The same for bytes in memory, which must outlive the result, as must path (only for messages). */
emily_status emily__safetensors_parse(const uint8_t *data, size_t size, const char *path, emily__safetensors **out);

void emily__safetensors_close(emily__safetensors *file); /* NULL does nothing; arrays keep the mapping they use */

/* NULL where there is none of that name. Logarithmic in the count. */
const emily__st_entry *emily__safetensors_find(const emily__safetensors *file, const char *name);

bool emily__st_aligned(const emily__st_entry *entry);

/* By the name in files; NULL where unknown. By emily's dtype; NULL for a value that is no dtype. */
const emily__st_dtype *emily__st_dtype_named(const char *name);
const emily__st_dtype *emily__st_dtype_of(emily_dtype dtype);

#endif
