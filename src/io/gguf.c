/* gguf.c: see gguf.h. A cursor walks over the file's head; what it can't take is a failure that says where. */
#include "io/gguf.h"

#include "base/status.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "GGUF data are little-endian and are used in place: this host would need to swap them"
#endif

static const struct {
  uint8_t size;
  emily_dtype dtype;
} kinds[] = {
    [EMILY_GGUF_UINT8] = {1, EMILY_UINT8},     [EMILY_GGUF_INT8] = {1, EMILY_INT8},       [EMILY_GGUF_UINT16] = {2, EMILY_UINT16},
    [EMILY_GGUF_INT16] = {2, EMILY_INT16},     [EMILY_GGUF_UINT32] = {4, EMILY_UINT32},   [EMILY_GGUF_INT32] = {4, EMILY_INT32},
    [EMILY_GGUF_FLOAT32] = {4, EMILY_FLOAT32}, [EMILY_GGUF_BOOL] = {1, EMILY_BOOL},       [EMILY_GGUF_STRING] = {0, -1},
    [EMILY_GGUF_ARRAY] = {0, -1},              [EMILY_GGUF_UINT64] = {8, EMILY_UINT64},   [EMILY_GGUF_INT64] = {8, EMILY_INT64},
    [EMILY_GGUF_FLOAT64] = {8, EMILY_FLOAT64},
};

static bool is_kind(uint32_t kind) { return kind < sizeof kinds / sizeof *kinds; }
size_t emily__gguf_kind_size(emily_gguf_kind kind) { return is_kind((uint32_t)kind) ? kinds[kind].size : 0; }
emily_dtype emily__gguf_kind_dtype(emily_gguf_kind kind) {
  return emily__gguf_kind_size(kind) ? kinds[kind].dtype : -1;
}

/* ---- the cursor ---- */

typedef struct cursor {
  emily_gguf *file;
  uint64_t at;       /* never past the size */
  uint64_t text_sum; /* bytes that the copies of all texts take */
} cursor;

#define BAD(...) emily__fail(EMILY_BAD_FORMAT, "gguf", __VA_ARGS__)

static uint64_t left(const cursor *c) { return c->file->size - c->at; }

static emily_status ends_early(const cursor *c) {
  return BAD("%s: the file ends at byte %zu, in the middle of its head", c->file->path, c->file->size);
}

static emily_status read_bytes(cursor *c, void *out, size_t count) {
  if (left(c) < count) return ends_early(c);
  memcpy(out, c->file->data + c->at, count);
  c->at += count;
  return EMILY_OK;
}

static emily_status read_text(cursor *c) {
  uint64_t length = 0;
  EMILY__TRY(read_bytes(c, &length, sizeof length));
  if (left(c) < length) return ends_early(c);
  if (!emily__vec_push(&c->file->texts, (emily__gguf_text){.offset = c->at, .length = length})) return EMILY_OUT_OF_MEMORY;
  c->at += length;
  c->text_sum += length + 1; /* 8 bytes of length stand in the file: this stays below its size */
  return EMILY_OK;
}

/* A key or a tensor's name: UTF-8 without a NUL. */
static emily_status read_name(cursor *c, emily__gguf_names *names) {
  emily_gguf *file = c->file;
  EMILY__TRY(read_text(c));
  const emily__gguf_text *text = &file->texts.data[file->texts.count - 1];
  const char *bytes = (const char *)file->data + text->offset;
  if (!emily__utf8_valid(bytes, text->length) || memchr(bytes, 0, text->length))
    return BAD("%s: the name at byte %llu is not UTF-8", file->path, (unsigned long long)text->offset);
  return emily__vec_push(&names->texts, file->texts.count - 1) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* ---- metadata ---- */

static emily_status read_kind(cursor *c, emily_gguf_kind *out) {
  uint32_t kind = 0;
  EMILY__TRY(read_bytes(c, &kind, sizeof kind));
  if (!is_kind(kind)) return BAD("%s: %u at byte %llu is no kind of metadata", c->file->path, kind, (unsigned long long)c->at - 4);
  *out = (emily_gguf_kind)kind;
  return EMILY_OK;
}

static emily_status skip_numbers(cursor *c, emily_gguf_kind kind, uint64_t count) {
  uint64_t size = emily__gguf_kind_size(kind);
  if (count > left(c) / size) return ends_early(c);
  for (uint64_t i = 0; kind == EMILY_GGUF_BOOL && i < count; i++)
    if (c->file->data[c->at + i] > 1) return BAD("%s: a bool at byte %llu is neither 0 nor 1", c->file->path, (unsigned long long)(c->at + i));
  c->at += count * size;
  return EMILY_OK;
}

static emily_status skip_items(cursor *c, emily_gguf_kind item, uint64_t count, int depth);

static emily_status read_array_head(cursor *c, emily_gguf_kind *item, uint64_t *count) {
  EMILY__TRY(read_kind(c, item));
  return read_bytes(c, count, sizeof *count);
}

/* Arrays of arrays: checked and passed over, nobody reads them. */
static emily_status skip_array(cursor *c, int depth) {
  emily_gguf_kind item = 0;
  uint64_t count = 0;
  if (depth > EMILY__GGUF_NESTING_MAX) return BAD("%s: arrays of metadata are nested more than %d deep", c->file->path, EMILY__GGUF_NESTING_MAX);
  EMILY__TRY(read_array_head(c, &item, &count));
  return skip_items(c, item, count, depth);
}

/* Each string and each array takes bytes of the file, so a hostile count ends the loop with the file. */
static emily_status skip_items(cursor *c, emily_gguf_kind item, uint64_t count, int depth) {
  if (emily__gguf_kind_size(item)) return skip_numbers(c, item, count);
  for (uint64_t i = 0; i < count; i++)
    EMILY__TRY(item == EMILY_GGUF_STRING ? read_text(c) : skip_array(c, depth + 1));
  return EMILY_OK;
}

static emily_status read_value(cursor *c) {
  emily__gguf_value value = {.count = 1};
  EMILY__TRY(read_name(c, &c->file->keys));
  EMILY__TRY(read_kind(c, &value.kind));
  value.item = value.kind;
  if (value.kind == EMILY_GGUF_ARRAY) EMILY__TRY(read_array_head(c, &value.item, &value.count));
  value.offset = c->at;
  value.first_text = c->file->texts.count;
  EMILY__TRY(skip_items(c, value.item, value.count, 1));
  return emily__vec_push(&c->file->values, value) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* ---- tensors ---- */

static emily_status read_shape(cursor *c, emily__gguf_tensor *tensor, const char *name) {
  uint32_t rank = 0;
  EMILY__TRY(read_bytes(c, &rank, sizeof rank));
  if (rank > EMILY__GGUF_RANK_MAX) return BAD("%s: %s has %u axes, more than %d", c->file->path, name, rank, EMILY__GGUF_RANK_MAX);
  tensor->rank = (int32_t)rank;
  for (int32_t i = tensor->rank - 1; i >= 0; i--) {
    EMILY__TRY(read_bytes(c, &tensor->shape[i], sizeof *tensor->shape));
    if (tensor->shape[i] < 0) return BAD("%s: an extent of %s does not fit 63 bits", c->file->path, name);
  }
  return EMILY_OK;
}

/* Blocks and bytes: rows are whole blocks, and no product wraps, not even of the extents beside a zero. */
static emily_status measure(const cursor *c, emily__gguf_tensor *tensor, const char *name) {
  int64_t row = tensor->rank ? tensor->shape[tensor->rank - 1] : 1, blocks = row / tensor->type->block, bytes, whole = 1;
  if (row % tensor->type->block)
    return BAD("%s: %s has rows of %lld elements, which are no whole blocks of %s", c->file->path, name, (long long)row, tensor->type->name);
  bool fits = true;
  for (int32_t i = 0; i + 1 < tensor->rank; i++) fits = fits && emily__mul_i64(blocks, tensor->shape[i], &blocks);
  for (int32_t i = 0; i < tensor->rank; i++) fits = fits && emily__mul_i64(whole, tensor->shape[i] ? tensor->shape[i] : 1, &whole);
  if (!fits || !emily__mul_i64(whole, 8, &whole) || !emily__mul_i64(blocks, tensor->type->size, &bytes))
    return BAD("%s: the size of %s does not fit 63 bits", c->file->path, name);
  tensor->blocks = blocks;
  tensor->bytes = (uint64_t)bytes;
  return EMILY_OK;
}

static emily_status read_tensor(cursor *c) {
  emily_gguf *file = c->file;
  emily__gguf_tensor tensor = {0};
  uint32_t type = 0;
  char name[80];
  EMILY__TRY(read_name(c, &file->names));
  const emily__gguf_text *text = &file->texts.data[file->texts.count - 1];
  snprintf(name, sizeof name, "tensor '%.*s'", (int)(text->length < 60 ? text->length : 60), (const char *)file->data + text->offset);
  EMILY__TRY(read_shape(c, &tensor, name));
  EMILY__TRY(read_bytes(c, &type, sizeof type));
  EMILY__TRY(read_bytes(c, &tensor.offset, sizeof tensor.offset));
  tensor.type = emily__gguf_type_of(type);
  if (!tensor.type) return emily__fail(EMILY_UNSUPPORTED, "gguf", "%s: %s has the type %u, which emily does not know", file->path, name, type);
  EMILY__TRY(measure(c, &tensor, name));
  return emily__vec_push(&file->tensors, tensor) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* Offsets count from where the data begin: the head's end, aligned. */
static emily_status place_tensors(const cursor *c) {
  emily_gguf *file = c->file;
  uint64_t start = (c->at + file->alignment - 1) / file->alignment * file->alignment;
  for (size_t i = 0; i < file->tensors.count; i++) {
    emily__gguf_tensor *tensor = &file->tensors.data[i];
    const char *name = emily__gguf_name(file, &file->names, i);
    if (tensor->offset % file->alignment)
      return BAD("%s: tensor '%.200s' does not begin at a multiple of %llu", file->path, name, (unsigned long long)file->alignment);
    if (start > file->size || tensor->offset > file->size - start || tensor->bytes > file->size - start - tensor->offset)
      return BAD("%s: tensor '%.200s' does not lie within the file: is it whole?", file->path, name);
    tensor->offset += start;
  }
  return EMILY_OK;
}

/* ---- texts and names ---- */

static emily_status copy_texts(cursor *c) {
  emily_gguf *file = c->file;
  char *at = file->block = emily__malloc(c->text_sum);
  if (!at) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < file->texts.count; i++) {
    emily__gguf_text *text = &file->texts.data[i];
    memcpy(at, file->data + text->offset, text->length);
    at[text->length] = 0;
    text->text = at;
    at += text->length + 1;
  }
  return EMILY_OK;
}

typedef struct order {
  const emily_gguf *file;
  const emily__gguf_names *names;
} order;

static int compare(const void *a, const void *b, void *context) {
  const order *o = context;
  return strcmp(emily__gguf_name(o->file, o->names, *(const uint32_t *)a), emily__gguf_name(o->file, o->names, *(const uint32_t *)b));
}

static emily_status sort_names(const emily_gguf *file, emily__gguf_names *names) {
  size_t count = names->texts.count;
  order context = {file, names};
  if (count > UINT32_MAX) return BAD("%s: too many names", file->path);
  names->order = emily__alloc_array(count, sizeof *names->order);
  if (!names->order) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) names->order[i] = (uint32_t)i;
  qsort_r(names->order, count, sizeof *names->order, compare, &context);
  for (size_t i = 1; i < count; i++)
    if (!compare(&names->order[i - 1], &names->order[i], &context))
      return BAD("%s: the name '%.200s' stands twice", file->path, emily__gguf_name(file, names, names->order[i]));
  return EMILY_OK;
}

bool emily__gguf_find(const emily_gguf *file, const emily__gguf_names *names, const char *name, size_t *out) {
  size_t low = 0, high = names->texts.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int side = strcmp(name, emily__gguf_name(file, names, names->order[middle]));
    if (side == 0) return *out = names->order[middle], true;
    if (side < 0) high = middle;
    else low = middle + 1;
  }
  return false;
}

/* ---- the whole ---- */

static emily_status read_alignment(emily_gguf *file) {
  size_t index;
  uint32_t alignment;
  file->alignment = EMILY__GGUF_ALIGNMENT;
  if (!emily__gguf_find(file, &file->keys, EMILY__GGUF_ALIGNMENT_KEY, &index)) return EMILY_OK;
  const emily__gguf_value *value = &file->values.data[index];
  if (value->kind != EMILY_GGUF_UINT32) return BAD("%s: " EMILY__GGUF_ALIGNMENT_KEY " is no uint32", file->path);
  memcpy(&alignment, file->data + value->offset, sizeof alignment);
  if (!alignment || alignment & (alignment - 1))
    return BAD("%s: " EMILY__GGUF_ALIGNMENT_KEY " is %u, which is no power of two", file->path, alignment);
  file->alignment = alignment;
  return EMILY_OK;
}

static emily_status read_head(cursor *c, uint64_t *tensors, uint64_t *values) {
  char magic[4];
  if (left(c) < 24 || (read_bytes(c, magic, 4), memcmp(magic, EMILY__GGUF_MAGIC, 4)))
    return BAD("%s: this is no GGUF file", c->file->path);
  EMILY__TRY(read_bytes(c, &c->file->version, 4));
  uint32_t version = c->file->version;
  if (version != 2 && version != 3)
    return emily__fail(EMILY_UNSUPPORTED, "gguf", version & 0xFFFF ? "%s: version %u of GGUF; 2 and 3 are read" : "%s: a big-endian file (%u)",
                       c->file->path, version);
  EMILY__TRY(read_bytes(c, tensors, 8));
  return read_bytes(c, values, 8);
}

static emily_status parse(cursor *c) {
  uint64_t tensors = 0, values = 0;
  EMILY__TRY(read_head(c, &tensors, &values));
  for (uint64_t i = 0; i < values; i++) EMILY__TRY(read_value(c));
  for (uint64_t i = 0; i < tensors; i++) EMILY__TRY(read_tensor(c));
  EMILY__TRY(copy_texts(c));
  EMILY__TRY(sort_names(c->file, &c->file->keys));
  EMILY__TRY(sort_names(c->file, &c->file->names));
  EMILY__TRY(read_alignment(c->file));
  return place_tensors(c);
}

emily_status emily__gguf_parse(const uint8_t *data, size_t size, const char *path, emily_gguf **out) {
  emily_gguf *file = emily__calloc(1, sizeof *file);
  if (!file) return EMILY_OUT_OF_MEMORY;
  file->path = path;
  file->data = data;
  file->size = size;
  cursor c = {.file = file};
  emily_status status = parse(&c);
  if (status == EMILY_OK) *out = file;
  else emily_gguf_close(file);
  return status;
}
