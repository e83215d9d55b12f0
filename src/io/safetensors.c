/* safetensors.c: see safetensors.h. Two passes over the header's JSON: one that counts, so that each block is taken
 * once at its size, and one that checks and fills. Then the tensors are ordered by offset and compared with their
 * neighbours. */
#include "io/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char WHERE[] = "safetensors";

static const emily__st_dtype dtypes[] = {
    {"BOOL", 1, 1, EMILY_BOOL},   {"U8", 1, 1, EMILY_UINT8},      {"I8", 1, 1, EMILY_INT8},
    {"U16", 2, 2, EMILY_UINT16},  {"I16", 2, 2, EMILY_INT16},     {"U32", 4, 4, EMILY_UINT32},
    {"I32", 4, 4, EMILY_INT32},   {"U64", 8, 8, EMILY_UINT64},    {"I64", 8, 8, EMILY_INT64},
    {"F16", 2, 2, EMILY_FLOAT16}, {"BF16", 2, 2, EMILY_BFLOAT16}, {"F32", 4, 4, EMILY_FLOAT32},
    {"F64", 8, 8, EMILY_FLOAT64}, {"C64", 8, 4, EMILY_COMPLEX64}, {"F8_E4M3", 1, 1, EMILY_FLOAT8_E4M3FN},
    {"F8_E5M2", 1, 1, EMILY_FLOAT8_E5M2}, {"F8_E8M0", 1, 1, -1},
};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

const emily__st_dtype *emily__st_dtype_named(const char *name) {
  for (size_t i = 0; i < DTYPES; i++)
    if (strcmp(name, dtypes[i].name) == 0) return &dtypes[i];
  return NULL;
}

const emily__st_dtype *emily__st_dtype_of(emily_dtype dtype) {
  for (size_t i = 0; i < DTYPES; i++)
    if (dtypes[i].dtype == dtype && dtype >= 0) return &dtypes[i];
  return NULL;
}

bool emily__st_aligned(const emily__st_entry *entry) { return entry->offset % entry->dtype->align == 0; }

/* ---- the header's bytes ---- */

static emily_status find_header(const emily__safetensors *file, const char **out, size_t *length) {
  uint64_t n = 0;
  if (file->size < 8)
    return emily__fail(EMILY_BAD_FORMAT, WHERE,
                       "%s has %zu bytes, fewer than a safetensors header takes; was its download cut short?",
                       file->path, file->size);
  for (int i = 7; i >= 0; i--) n = n << 8 | file->data[i];
  if (n > EMILY__ST_HEADER_MAX)
    return emily__fail(
        EMILY_BAD_FORMAT, WHERE,
        "%s says that its header has %llu bytes, more than the %d allowed; it is no safetensors file, or damaged",
        file->path, (unsigned long long)n, EMILY__ST_HEADER_MAX);
  if (n > file->size - 8)
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s is truncated: its header has %llu bytes, and only %zu are there",
                       file->path, (unsigned long long)n, file->size - 8);
  if (n < 2 || file->data[8] != '{')
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: the header does not begin with '{'; it is no safetensors file",
                       file->path);
  *out = (const char *)file->data + 8;
  *length = (size_t)n;
  return EMILY_OK;
}

/* ---- first pass: shapes of the JSON, and how much there is ---- */

typedef struct totals {
  size_t tensors, dimensions, pairs, text;
} totals;

static emily_status bad_tensor(const emily__safetensors *file, const char *name, const char *what) {
  return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: tensor '%.200s': %s", file->path, name, what);
}

static emily_status count_tensor(const emily__safetensors *file, const char *name, const json_t *value, totals *sum) {
  if (!json_is_object(value)) return bad_tensor(file, name, "its header entry is not an object");
  const json_t *shape = json_object_get(value, "shape"), *offsets = json_object_get(value, "data_offsets");
  if (!json_is_string(json_object_get(value, "dtype"))) return bad_tensor(file, name, "its dtype is not a string");
  if (!json_is_array(shape)) return bad_tensor(file, name, "its shape is not an array");
  if (!json_is_array(offsets) || json_array_size(offsets) != 2)
    return bad_tensor(file, name, "its data_offsets are not an array of two numbers");
  if (json_array_size(shape) > INT32_MAX) return bad_tensor(file, name, "its rank is out of range");
  sum->tensors++;
  sum->dimensions += json_array_size(shape);
  sum->text += strlen(name) + 1;
  return EMILY_OK;
}

static emily_status count_metadata(const emily__safetensors *file, json_t *metadata, totals *sum) {
  const char *key;
  json_t *value;
  if (json_is_null(metadata)) return EMILY_OK; /* MLX writes it so where there is none */
  if (!json_is_object(metadata))
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: __metadata__ is not an object", file->path);
  json_object_foreach(metadata, key, value) {
    if (!json_is_string(value))
      return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: __metadata__ '%.200s' is not a string", file->path, key);
    sum->pairs++;
    sum->text += strlen(key) + strlen(json_string_value(value)) + 2;
  }
  return EMILY_OK;
}

static emily_status count_all(const emily__safetensors *file, json_t *header, totals *sum) {
  const char *key;
  json_t *value;
  json_object_foreach(header, key, value) {
    if (strcmp(key, "__metadata__") == 0) EMILY__TRY(count_metadata(file, value, sum));
    else EMILY__TRY(count_tensor(file, key, value, sum));
  }
  if (sum->tensors > UINT32_MAX) return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: too many tensors", file->path);
  return EMILY_OK;
}

static emily_status take_blocks(emily__safetensors *file, const totals *sum) {
  file->entries = emily__alloc_array(sum->tensors, sizeof *file->entries);
  if (!file->entries) return EMILY_OUT_OF_MEMORY;
  file->by_name = emily__alloc_array(sum->tensors, sizeof *file->by_name);
  if (!file->by_name) return EMILY_OUT_OF_MEMORY;
  file->shapes = emily__alloc_array(sum->dimensions, sizeof *file->shapes);
  if (!file->shapes) return EMILY_OUT_OF_MEMORY;
  file->metadata = emily__alloc_array(2 * sum->pairs, sizeof *file->metadata);
  if (!file->metadata) return EMILY_OUT_OF_MEMORY;
  file->text = emily__malloc(sum->text);
  return file->text ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* ---- second pass: check and fill ---- */

typedef struct cursor {
  int64_t *shape;
  char *text;
  uint64_t data_start; /* of the data, from the start of the file */
} cursor;

static const char *keep_text(cursor *at, const char *text) {
  size_t bytes = strlen(text) + 1;
  char *kept = memcpy(at->text, text, bytes);
  at->text += bytes;
  return kept;
}

/* A JSON integer that is not negative. */
static bool read_count(const json_t *value, int64_t *out) {
  if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
  *out = (int64_t)json_integer_value(value);
  return true;
}

/* The shape, and in *elements its product. A zero dimension does not excuse the others' product from holding: code
 * that computes strides multiplies them all the same. */
static emily_status fill_shape(const emily__safetensors *file, const json_t *shape, emily__st_entry *entry,
                               cursor *at, int64_t *elements) {
  int64_t product = 1;
  bool empty = false;
  entry->shape = at->shape;
  entry->rank = (int32_t)json_array_size(shape);
  for (int32_t i = 0; i < entry->rank; i++) {
    int64_t n;
    if (!read_count(json_array_get(shape, (size_t)i), &n))
      return bad_tensor(file, entry->name, "a dimension is not a whole number of at least 0");
    if (!emily__mul_i64(product, n > 0 ? n : 1, &product))
      return bad_tensor(file, entry->name, "the product of its shape does not fit 63 bits");
    empty |= n == 0;
    *at->shape++ = n;
  }
  *elements = empty ? 0 : product;
  return EMILY_OK;
}

static emily_status fill_range(const emily__safetensors *file, const json_t *offsets, emily__st_entry *entry,
                               cursor *at, int64_t elements) {
  int64_t begin, end, bytes, room = (int64_t)(file->size - at->data_start);
  if (!read_count(json_array_get(offsets, 0), &begin) || !read_count(json_array_get(offsets, 1), &end))
    return bad_tensor(file, entry->name, "its data_offsets are not whole numbers of at least 0");
  if (begin > end) return bad_tensor(file, entry->name, "its data_offsets end before they begin");
  if (end > room)
    return emily__fail(
        EMILY_BAD_FORMAT, WHERE,
        "%s: tensor '%.200s' ends at byte %lld of the data, which has only %lld; was the file cut short?", file->path,
        entry->name, (long long)end, (long long)room);
  if (!emily__mul_i64(elements, entry->dtype->size, &bytes))
    return bad_tensor(file, entry->name, "its size in bytes does not fit 63 bits");
  if (bytes != end - begin)
    return emily__fail(EMILY_BAD_FORMAT, WHERE,
                       "%s: tensor '%.200s' has %lld bytes of data where its dtype and shape take %lld", file->path,
                       entry->name, (long long)(end - begin), (long long)bytes);
  entry->offset = at->data_start + (uint64_t)begin;
  entry->bytes = (uint64_t)bytes;
  return EMILY_OK;
}

static emily_status fill_entry(emily__safetensors *file, const char *name, const json_t *value, cursor *at) {
  emily__st_entry *entry = &file->entries[file->count];
  const char *dtype = json_string_value(json_object_get(value, "dtype"));
  int64_t elements = 0;
  *entry = (emily__st_entry){.name = keep_text(at, name), .dtype = emily__st_dtype_named(dtype)};
  if (!entry->dtype)
    return emily__fail(EMILY_UNSUPPORTED, WHERE,
                       "%s: tensor '%.200s' has the dtype '%.40s', which emily does not know", file->path, name,
                       dtype);
  EMILY__TRY(fill_shape(file, json_object_get(value, "shape"), entry, at, &elements));
  EMILY__TRY(fill_range(file, json_object_get(value, "data_offsets"), entry, at, elements));
  file->by_name[file->count] = (uint32_t)file->count;
  file->count++;
  return EMILY_OK;
}

static void fill_metadata(emily__safetensors *file, json_t *metadata, cursor *at) {
  const char *key;
  json_t *value;
  json_object_foreach(metadata, key, value) {
    file->metadata[2 * file->metadata_count] = keep_text(at, key);
    file->metadata[2 * file->metadata_count++ + 1] = keep_text(at, json_string_value(value));
  }
}

static emily_status fill_all(emily__safetensors *file, json_t *header, uint64_t data_start) {
  cursor at = {.shape = file->shapes, .text = file->text, .data_start = data_start};
  const char *key;
  json_t *value;
  json_object_foreach(header, key, value) {
    if (strcmp(key, "__metadata__") == 0) fill_metadata(file, value, &at);
    else EMILY__TRY(fill_entry(file, key, value, &at));
  }
  return EMILY_OK;
}

/* ---- order by offset, order by name ---- */

static int compare_offsets(const void *a, const void *b, void *file) {
  const emily__st_entry *entries = ((const emily__safetensors *)file)->entries;
  const emily__st_entry *x = &entries[*(const uint32_t *)a], *y = &entries[*(const uint32_t *)b];
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  return x->bytes < y->bytes ? -1 : x->bytes > y->bytes; /* an empty tensor stands before the one that starts there */
}

static int compare_names(const void *a, const void *b, void *file) {
  const emily__st_entry *entries = ((const emily__safetensors *)file)->entries;
  return strcmp(entries[*(const uint32_t *)a].name, entries[*(const uint32_t *)b].name);
}

/* Every byte of the data belongs to one tensor. Uses by_name as scratch, before it takes its own order. */
static emily_status check_tiling(emily__safetensors *file, uint64_t data_start) {
  uint64_t covered = data_start;
  const char *before = "the header";
  qsort_r(file->by_name, file->count, sizeof *file->by_name, compare_offsets, file);
  for (size_t i = 0; i < file->count; i++) {
    const emily__st_entry *entry = &file->entries[file->by_name[i]];
    if (entry->offset != covered)
      return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: tensor '%.200s' %s %.200s", file->path, entry->name,
                         entry->offset < covered ? "overlaps" : "leaves a hole after", before);
    covered += entry->bytes;
    before = entry->name;
  }
  if (covered != file->size)
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: %llu bytes after the last tensor belong to none", file->path,
                       (unsigned long long)(file->size - covered));
  return EMILY_OK;
}

const emily__st_entry *emily__safetensors_find(const emily__safetensors *file, const char *name) {
  size_t low = 0, high = file->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const emily__st_entry *entry = &file->entries[file->by_name[middle]];
    int order = strcmp(name, entry->name);
    if (order == 0) return entry;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

/* ---- opening ---- */

/* The header is an object: its text begins with '{'. */
static emily_status read_header(emily__safetensors *file, json_t *header, uint64_t data_start) {
  totals sum = {0};
  EMILY__TRY(count_all(file, header, &sum));
  EMILY__TRY(take_blocks(file, &sum));
  EMILY__TRY(fill_all(file, header, data_start));
  EMILY__TRY(check_tiling(file, data_start));
  qsort_r(file->by_name, file->count, sizeof *file->by_name, compare_names, file);
  return EMILY_OK;
}

static emily_status parse_into(emily__safetensors *file) {
  const char *text = NULL;
  size_t length = 0;
  json_error_t error;
  EMILY__TRY(find_header(file, &text, &length));
  json_t *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
  if (!header)
    return emily__fail(json_error_code(&error) == json_error_out_of_memory ? EMILY_OUT_OF_MEMORY : EMILY_BAD_FORMAT,
                       WHERE, "%s: the header is no sound JSON: %s (byte %d of the header)", file->path, error.text,
                       error.position);
  emily_status status = read_header(file, header, 8 + (uint64_t)length);
  json_decref(header);
  return status;
}

/* Takes over the reference to map, also where it fails. */
static emily_status parse(emily__file_map *map, const uint8_t *data, size_t size, const char *path,
                          emily__safetensors **out) {
  emily__safetensors *file = emily__calloc(1, sizeof *file);
  if (!file) {
    emily__file_map_release(map);
    return EMILY_OUT_OF_MEMORY;
  }
  *file = (emily__safetensors){.map = map, .path = path, .data = data, .size = size};
  emily_status status = parse_into(file);
  if (status == EMILY_OK) *out = file;
  else emily__safetensors_close(file);
  return status;
}

emily_status emily__safetensors_parse(const uint8_t *data, size_t size, const char *path, emily__safetensors **out) {
  return parse(NULL, data, size, path, out);
}

emily_status emily__safetensors_open(const char *path, emily__safetensors **out) {
  emily__file_map *map;
  EMILY__TRY(emily__file_map_open(path, &map));
  return parse(map, map->data, map->size, map->path, out);
}

void emily__safetensors_close(emily__safetensors *file) {
  if (!file) return;
  emily__free(file->entries);
  emily__free(file->by_name);
  emily__free(file->shapes);
  emily__free(file->metadata);
  emily__free(file->text);
  emily__file_map_release(file->map);
  emily__free(file);
}
