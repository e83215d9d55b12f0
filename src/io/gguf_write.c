/* gguf_write.c: emily_gguf_save, see emily/gguf.h. The head is made in memory, the data are streamed behind it; the file appears whole or
 * not at all (replace.h). */
#include "base/status.h"
#include "io/gguf.h"
#include "io/replace.h"

#include <string.h>

#define WHERE "emily_gguf_save"

static bool put32(emily__str *out, uint32_t value) { return emily__str_append(out, &value, sizeof value); }
static bool put64(emily__str *out, uint64_t value) { return emily__str_append(out, &value, sizeof value); }

static bool put_text(emily__str *out, const char *text) {
  size_t length = strlen(text);
  return put64(out, length) && emily__str_append(out, text, length);
}

/* ---- metadata ---- */

static emily_gguf_kind kind_of(emily_dtype dtype) {
  for (emily_gguf_kind kind = 0; kind <= EMILY_GGUF_FLOAT64; kind++)
    if (emily__gguf_kind_dtype(kind) == dtype) return kind;
  return -1;
}

static emily_status put_numbers(emily__str *out, const emily_gguf_pair *pair) {
  emily_gguf_kind kind = kind_of(emily_array_dtype(pair->numbers));
  int32_t rank = emily_array_ndim(pair->numbers);
  size_t bytes = emily_array_nbytes(pair->numbers);
  if (kind < 0 || rank > 1)
    return emily__fail(EMILY_UNSUPPORTED, WHERE, "metadata '%.200s': numbers are a scalar or a list, of integers, float32, float64 or bools",
                       pair->key);
  bool ok = rank == 0 ? put32(out, (uint32_t)kind)
                      : put32(out, EMILY_GGUF_ARRAY) && put32(out, (uint32_t)kind) && put64(out, (uint64_t)emily_array_size(pair->numbers));
  void *copy = ok ? emily__malloc(bytes) : NULL;
  if (!copy) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily_array_read(pair->numbers, copy, bytes);
  if (status == EMILY_OK && !emily__str_append(out, copy, bytes)) status = EMILY_OUT_OF_MEMORY;
  emily__free(copy);
  return status;
}

static emily_status put_texts(emily__str *out, const emily_gguf_pair *pair) {
  if (!pair->texts && pair->text_count) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "metadata '%.200s' has no value", pair->key);
  bool list = pair->text_count >= 0;
  int64_t count = list ? pair->text_count : 1;
  bool ok = !list || (put32(out, EMILY_GGUF_ARRAY));
  ok = ok && put32(out, EMILY_GGUF_STRING) && (!list || put64(out, (uint64_t)count));
  for (int64_t i = 0; i < count && ok; i++) {
    if (!pair->texts[i]) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "a text of metadata '%.200s' is NULL", pair->key);
    ok = put_text(out, pair->texts[i]);
  }
  return ok ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status put_pair(emily__str *out, const emily_gguf_pair *pair) {
  if (!pair->key) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "a key of the metadata is NULL");
  if (!put_text(out, pair->key)) return EMILY_OUT_OF_MEMORY;
  return pair->numbers ? put_numbers(out, pair) : put_texts(out, pair);
}

static emily_status refuse_twins(const emily_gguf_pair *metadata, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++)
      if (metadata[i].key && metadata[j].key && !strcmp(metadata[i].key, metadata[j].key))
        return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "metadata has the key '%.200s' twice", metadata[i].key);
  return EMILY_OK;
}

/* What the reader will take it for. */
static emily_status find_alignment(const emily_gguf_pair *metadata, size_t count, uint64_t *out) {
  int64_t value = EMILY__GGUF_ALIGNMENT;
  for (size_t i = 0; i < count; i++) {
    const emily_gguf_pair *pair = &metadata[i];
    if (!pair->key || strcmp(pair->key, EMILY__GGUF_ALIGNMENT_KEY) != 0) continue;
    bool fits = pair->numbers && emily_array_dtype(pair->numbers) == EMILY_UINT32 && emily_array_ndim(pair->numbers) == 0;
    if (fits) EMILY__TRY(emily_array_item_int(pair->numbers, &value));
    if (!fits || value < 8 || value & (value - 1) || value > 1 << 20)
      return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, EMILY__GGUF_ALIGNMENT_KEY " is a uint32, a power of two from 8 to 2^20");
  }
  *out = (uint64_t)value;
  return EMILY_OK;
}

/* ---- tensors ---- */

static uint64_t aligned(uint64_t at, uint64_t alignment) { return (at + alignment - 1) / alignment * alignment; }

static uint64_t item_bytes(const emily__gguf_item *item) {
  uint64_t count = 1; /* arrays of these extents are there, or will be: no product wraps */
  for (int32_t i = 0; i < item->rank; i++) count *= (uint64_t)item->shape[i];
  return count / item->type->block * item->type->size;
}

static emily_status put_item(emily__str *out, const emily__gguf_item *item, uint64_t alignment, uint64_t *offset) {
  bool ok = put_text(out, item->name) && put32(out, (uint32_t)item->rank);
  for (int32_t i = item->rank - 1; i >= 0 && ok; i--) ok = put64(out, (uint64_t)item->shape[i]);
  ok = ok && put32(out, item->type->id) && put64(out, *offset);
  *offset = aligned(*offset + item_bytes(item), alignment);
  return ok ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status make_head(emily__str *out, const emily__gguf_content *content, const emily_gguf_pair *metadata, size_t count,
                              uint64_t alignment) {
  uint64_t offset = 0;
  if (!emily__str_append(out, EMILY__GGUF_MAGIC, 4) || !put32(out, 3) || !put64(out, content->count) || !put64(out, count))
    return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) EMILY__TRY(put_pair(out, &metadata[i]));
  for (size_t i = 0; i < content->count; i++) EMILY__TRY(put_item(out, &content->items[i], alignment, &offset));
  return EMILY_OK;
}

/* ---- the file ---- */

static emily_status pad(emily__replacement *file, uint64_t size, uint64_t alignment) {
  static const uint8_t zeros[4096];
  for (uint64_t left = aligned(size, alignment) - size; left;) {
    size_t step = left < sizeof zeros ? (size_t)left : sizeof zeros;
    EMILY__TRY(emily__replace_write(file, zeros, step));
    left -= step;
  }
  return EMILY_OK;
}

static emily_status write_array(emily__replacement *file, emily_array *array) {
  const void *data = NULL;
  size_t bytes = emily_array_nbytes(array);
  if (emily_array_data(array, true, &data) == EMILY_OK) return emily__replace_write(file, data, bytes);
  void *copy = emily__malloc(bytes); /* a strided view: its elements in order */
  if (!copy) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily_array_read(array, copy, bytes);
  if (status == EMILY_OK) status = emily__replace_write(file, copy, bytes);
  emily__free(copy);
  return status;
}

static emily_status write_item(emily__replacement *file, const emily__gguf_content *content, size_t index, uint64_t alignment) {
  emily_array *array = NULL;
  EMILY__TRY(content->make(content->context, index, &array));
  emily_status status = emily_eval(&array, 1);
  if (status == EMILY_OK && emily_array_nbytes(array) != item_bytes(&content->items[index]))
    status = emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "'%.200s' is not what was announced", content->items[index].name);
  if (status == EMILY_OK) status = write_array(file, array);
  if (status == EMILY_OK) status = pad(file, emily_array_nbytes(array), alignment);
  emily_array_release(array);
  return status;
}

static emily_status write_parts(emily__replacement *file, const emily__str *head, const emily__gguf_content *content, uint64_t alignment) {
  EMILY__TRY(emily__replace_write(file, head->data, head->count));
  EMILY__TRY(pad(file, head->count, alignment));
  for (size_t i = 0; i < content->count; i++) EMILY__TRY(write_item(file, content, i, alignment));
  return EMILY_OK;
}

static emily_status write_file(const char *path, const emily__str *head, const emily__gguf_content *content, uint64_t alignment) {
  emily__replacement file;
  EMILY__TRY(emily__replace_begin(path, &file));
  emily_status status = write_parts(&file, head, content, alignment);
  if (status == EMILY_OK) return emily__replace_commit(&file);
  emily__replace_abort(&file);
  return status;
}

emily_status emily__gguf_write(const char *path, const emily__gguf_content *content, const emily_gguf_pair *metadata, size_t metadata_count) {
  emily__str head = {0};
  uint64_t alignment = EMILY__GGUF_ALIGNMENT;
  EMILY__TRY(refuse_twins(metadata, metadata_count));
  EMILY__TRY(find_alignment(metadata, metadata_count, &alignment));
  emily_status status = make_head(&head, content, metadata, metadata_count, alignment);
  if (status == EMILY_OK) status = write_file(path, &head, content, alignment);
  emily__str_free(&head);
  return status;
}

/* ---- arrays of a map ---- */

static emily_status describe(const char *name, const emily_array *array, emily__gguf_item *out) {
  *out = (emily__gguf_item){.name = name, .type = emily__gguf_type_for(emily_array_dtype(array)), .rank = emily_array_ndim(array)};
  if (!out->type || out->rank > EMILY__GGUF_RANK_MAX)
    return emily__fail(EMILY_UNSUPPORTED, WHERE, "'%.200s' is of %s and has %d axes: GGUF has floats, signed integers and up to %d axes", name,
                       emily_dtype_name(emily_array_dtype(array)), out->rank, EMILY__GGUF_RANK_MAX);
  for (int32_t i = 0; i < out->rank; i++) out->shape[i] = emily_array_dim(array, i);
  return EMILY_OK;
}

static emily_status from_map(void *context, size_t index, emily_array **out) {
  *out = emily_array_retain(emily_array_map_at(context, index));
  return EMILY_OK;
}

emily_status emily_gguf_save(const char *path, const emily_array_map *map, const emily_gguf_pair *metadata, size_t metadata_count) {
  if (!path || !map || (metadata_count && !metadata)) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "path, map or metadata is NULL");
  const size_t count = emily_array_map_count(map);
  emily__gguf_item *items = emily__calloc(count, sizeof *items);
  emily_status status = items ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < count && status == EMILY_OK; i++)
    status = describe(emily_array_map_name(map, i), emily_array_map_at(map, i), &items[i]);
  emily__gguf_content content = {.items = items, .count = count, .make = from_map, .context = (void *)map};
  if (status == EMILY_OK) status = emily__gguf_write(path, &content, metadata, metadata_count);
  emily__free(items);
  return status;
}
