/* gguf_read.c: open GGUF files: metadata and tensors as users ask for them, see emily/gguf.h. */
#include "io/gguf.h"

#include "base/status.h"

#include <string.h>

emily_status emily_gguf_open(const char *path, emily_gguf **out) {
  emily__file_map *map = NULL;
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_gguf_open", "path or out is NULL");
  EMILY__TRY(emily__file_map_open(path, &map));
  emily_status status = emily__gguf_parse(map->data, map->size, map->path, out);
  if (status == EMILY_OK) (*out)->map = map;
  else emily__file_map_release(map);
  return status;
}

void emily_gguf_close(emily_gguf *file) {
  if (!file) return;
  emily__vec_free(&file->texts);
  emily__vec_free(&file->values);
  emily__vec_free(&file->tensors);
  emily__vec_free(&file->keys.texts);
  emily__vec_free(&file->names.texts);
  emily__free(file->keys.order);
  emily__free(file->names.order);
  emily__free(file->block);
  emily__file_map_release(file->map);
  emily__free(file);
}

/* ---- metadata ---- */

static const emily__gguf_value *value_at(const emily_gguf *file, size_t index) {
  return file && index < file->values.count ? &file->values.data[index] : NULL;
}

size_t emily_gguf_metadata_count(const emily_gguf *file) { return file ? file->values.count : 0; }

const char *emily_gguf_metadata_key(const emily_gguf *file, size_t index) {
  return value_at(file, index) ? emily__gguf_name(file, &file->keys, index) : NULL;
}

emily_gguf_kind emily_gguf_metadata_kind(const emily_gguf *file, size_t index) {
  const emily__gguf_value *value = value_at(file, index);
  return value ? value->kind : -1;
}

emily_gguf_kind emily_gguf_metadata_item_kind(const emily_gguf *file, size_t index) {
  const emily__gguf_value *value = value_at(file, index);
  return value ? value->item : -1;
}

uint64_t emily_gguf_metadata_length(const emily_gguf *file, size_t index) {
  const emily__gguf_value *value = value_at(file, index);
  return value ? value->count : 0;
}

static emily_status find(const emily_gguf *file, bool tensor, const char *name, size_t *out) {
  const char *where = tensor ? "emily_gguf_find" : "emily_gguf_metadata_find";
  if (!file || !name || !out) return emily__fail(EMILY_INVALID_ARGUMENT, where, "the file, the name or out is NULL");
  if (emily__gguf_find(file, tensor ? &file->names : &file->keys, name, out)) return EMILY_OK;
  return emily__fail(EMILY_NOT_FOUND, where, "%s has no %s '%.200s'", file->path, tensor ? "tensor" : "key", name);
}

emily_status emily_gguf_metadata_find(const emily_gguf *file, const char *key, size_t *out) {
  return find(file, false, key, out);
}

const char *emily_gguf_metadata_text(const emily_gguf *file, size_t index, uint64_t item, size_t *length) {
  const emily__gguf_value *value = value_at(file, index);
  if (!value || value->item != EMILY_GGUF_STRING || item >= value->count) return NULL;
  const emily__gguf_text *text = &file->texts.data[value->first_text + item];
  if (length) *length = text->length;
  return text->text;
}

emily_status emily_gguf_metadata_array(const emily_gguf *file, size_t index, emily_array **out) {
  const emily__gguf_value *value = value_at(file, index);
  if (!value || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_gguf_metadata_array", "there is no value %zu, or out is NULL", index);
  emily_dtype dtype = emily__gguf_kind_dtype(value->item);
  if (dtype < 0)
    return emily__fail(EMILY_UNSUPPORTED, "emily_gguf_metadata_array", "'%.200s' of %s holds no numbers",
                       emily_gguf_metadata_key(file, index), file->path);
  int64_t count = (int64_t)value->count; /* the file holds so many */
  emily_array *array = emily_array_from_data(file->data + value->offset, &count, value->kind == EMILY_GGUF_ARRAY, dtype);
  if (!array) return emily_last_error()->status;
  *out = array;
  return EMILY_OK;
}

/* ---- tensors ---- */

static const emily__gguf_tensor *tensor_at(const emily_gguf *file, size_t index) {
  return file && index < file->tensors.count ? &file->tensors.data[index] : NULL;
}

size_t emily_gguf_count(const emily_gguf *file) { return file ? file->tensors.count : 0; }

const char *emily_gguf_name(const emily_gguf *file, size_t index) {
  return tensor_at(file, index) ? emily__gguf_name(file, &file->names, index) : NULL;
}

int32_t emily_gguf_ndim(const emily_gguf *file, size_t index) {
  const emily__gguf_tensor *tensor = tensor_at(file, index);
  return tensor ? tensor->rank : -1;
}

const int64_t *emily_gguf_shape(const emily_gguf *file, size_t index) {
  const emily__gguf_tensor *tensor = tensor_at(file, index);
  return tensor ? tensor->shape : NULL;
}

const char *emily_gguf_type_name(const emily_gguf *file, size_t index) {
  const emily__gguf_tensor *tensor = tensor_at(file, index);
  return tensor ? tensor->type->name : NULL;
}

uint64_t emily_gguf_nbytes(const emily_gguf *file, size_t index) {
  const emily__gguf_tensor *tensor = tensor_at(file, index);
  return tensor ? tensor->bytes : 0;
}

emily_status emily_gguf_find(const emily_gguf *file, const char *name, size_t *out) { return find(file, true, name, out); }

/* ---- arrays ---- */

static void release_map(void *map) { emily__file_map_release(map); }

/* The tensor's bytes as an array of a dtype: mapped, or copied where they are not aligned (or not in a file). */
static emily_array *as_stored(const emily_gguf *file, const emily__gguf_tensor *tensor, const int64_t *shape, emily_dtype dtype) {
  const uint8_t *data = file->data + tensor->offset;
  if (!file->map || tensor->offset % emily_dtype_size(dtype)) return emily_array_from_data(data, shape, tensor->rank, dtype);
  emily__file_map *map = emily__file_map_retain(file->map);
  emily_array *array = emily_array_wrap(data, shape, tensor->rank, dtype, release_map, map);
  if (!array) emily__file_map_release(map);
  return array;
}

static emily_array *direct(const emily_gguf *file, const emily__gguf_tensor *tensor) {
  return as_stored(file, tensor, tensor->shape, tensor->type->dtype);
}

emily_status emily_gguf_blocks(const emily_gguf *file, size_t index, emily_array **out) {
  const emily__gguf_tensor *tensor = tensor_at(file, index);
  int64_t shape[EMILY__GGUF_RANK_MAX];
  if (!tensor || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_gguf_blocks", "there is no tensor %zu, or out is NULL", index);
  memcpy(shape, tensor->shape, sizeof shape);
  const bool plain = tensor->type->use == EMILY__GGUF_DIRECT;
  if (!plain) shape[tensor->rank - 1] = shape[tensor->rank - 1] / tensor->type->block * tensor->type->size; /* a scalar is no whole block */
  emily_array *array = as_stored(file, tensor, shape, plain ? tensor->type->dtype : EMILY_UINT8);
  if (!array) return emily_last_error()->status;
  *out = array;
  return EMILY_OK;
}

/* An array over a block of memory, which it frees (on failure too). NULL memory: NULL. */
static emily_array *over(void *memory, const int64_t *shape, int32_t rank, emily_dtype dtype) {
  emily_array *array = memory ? emily_array_wrap(memory, shape, rank, dtype, emily__free, memory) : NULL;
  if (!array) emily__free(memory);
  return array;
}

static emily_array *dequantized(const emily_gguf *file, const emily__gguf_tensor *tensor) {
  size_t elements;
  if (!emily__mul_size((size_t)tensor->blocks, tensor->type->block, &elements)) return NULL; /* parse saw to it */
  uint16_t *out = emily__alloc_array(elements, sizeof *out);
  if (out) emily__gguf_dequantize(tensor->type, file->data + tensor->offset, tensor->blocks, out);
  return over(out, tensor->shape, tensor->rank, EMILY_FLOAT16);
}

static emily_status packed(const emily_gguf *file, const emily__gguf_tensor *tensor, emily_array *out[3]) {
  size_t blocks = (size_t)tensor->blocks, bits = (size_t)emily__gguf_bits(tensor->type);
  int64_t shape[EMILY__GGUF_RANK_MAX];
  memcpy(shape, tensor->shape, sizeof shape);
  int64_t *last = &shape[tensor->rank - 1]; /* a scalar is no whole block */
  *last /= 32;
  uint8_t *weight = emily__alloc_array(blocks, 4 * bits);
  uint16_t *scales = emily__alloc_array(blocks, sizeof *scales), *biases = emily__alloc_array(blocks, sizeof *biases);
  if (weight && scales && biases)
    emily__gguf_pack(tensor->type, file->data + tensor->offset, tensor->blocks, weight, scales, biases);
  out[1] = over(scales, shape, tensor->rank, EMILY_FLOAT16);
  out[2] = over(biases, shape, tensor->rank, EMILY_FLOAT16);
  *last *= (int64_t)bits;
  out[0] = over(weight, shape, tensor->rank, EMILY_UINT32);
  if (out[0] && out[1] && out[2]) return EMILY_OK;
  for (int i = 0; i < 3; i++) emily_array_release(out[i]), out[i] = NULL;
  return EMILY_OUT_OF_MEMORY;
}

emily_status emily_gguf_array(const emily_gguf *file, size_t index, emily_array *out[3]) {
  const emily__gguf_tensor *tensor = tensor_at(file, index);
  emily_array *made[3] = {NULL, NULL, NULL};
  emily_status status = EMILY_OK;
  if (!tensor || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_gguf_array", "there is no tensor %zu, or out is NULL", index);
  switch (tensor->type->use) {
    case EMILY__GGUF_DIRECT: made[0] = direct(file, tensor); break;
    case EMILY__GGUF_AFFINE: status = packed(file, tensor, made); break;
    case EMILY__GGUF_DEQUANTIZED: made[0] = dequantized(file, tensor); break;
    default:
      status = emily__fail(EMILY_UNSUPPORTED, "emily_gguf_array", "%s: tensor '%.200s' has the type %s, which emily does not dequantize",
                           file->path, emily_gguf_name(file, index), tensor->type->name);
  }
  if (status == EMILY_OK && !made[0]) status = emily_last_error()->status;
  if (status == EMILY_OK) memcpy(out, made, sizeof made);
  return status;
}

/* ---- all of them ---- */

/* The name without ".weight", and the part behind it. NULL when memory is out. */
static char *part_name(const char *name, const char *part) {
  static const char weight[] = ".weight";
  size_t length = strlen(name), tail = sizeof weight - 1;
  if (length >= tail && !strcmp(name + length - tail, weight)) length -= tail;
  emily__str text = {0};
  if (emily__str_append(&text, name, length) && emily__str_puts(&text, part)) return text.data;
  emily__str_free(&text);
  return NULL;
}

static emily_status set_new(const emily_gguf *file, emily_array_map *map, const char *name, emily_array *array) {
  if (!emily_array_map_get(map, name)) return emily_array_map_set(map, name, array);
  return emily__fail(EMILY_BAD_FORMAT, "gguf", "%s: there would be two arrays named '%.200s'", file->path, name);
}

static emily_status set_part(const emily_gguf *file, emily_array_map *map, const char *name, const char *part, emily_array *array) {
  char *whole = part_name(name, part);
  emily_status status = whole ? set_new(file, map, whole, array) : EMILY_OUT_OF_MEMORY;
  emily__free(whole);
  return status;
}

static emily_status set_tensor(const emily_gguf *file, size_t index, emily_array_map *map) {
  emily_array *arrays[3];
  const char *name = emily_gguf_name(file, index);
  EMILY__TRY(emily_gguf_array(file, index, arrays));
  emily_status status = set_new(file, map, name, arrays[0]);
  if (status == EMILY_OK && arrays[1]) status = set_part(file, map, name, ".scales", arrays[1]);
  if (status == EMILY_OK && arrays[2]) status = set_part(file, map, name, ".biases", arrays[2]);
  for (int i = 0; i < 3; i++) emily_array_release(arrays[i]);
  return status;
}

emily_status emily_gguf_arrays(const emily_gguf *file, emily_array_map **out) {
  if (!file || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_gguf_arrays", "file or out is NULL");
  emily_array_map *map = emily_array_map_new();
  emily_status status = map ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < file->tensors.count && status == EMILY_OK; i++) status = set_tensor(file, i, map);
  if (status == EMILY_OK) *out = map;
  else emily_array_map_release(map);
  return status;
}

emily_status emily_gguf_load(const char *path, emily_array_map **out) {
  emily_gguf *file = NULL;
  if (!out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_gguf_load", "out is NULL");
  EMILY__TRY(emily_gguf_open(path, &file));
  emily_status status = emily_gguf_arrays(file, out);
  emily_gguf_close(file);
  return status;
}
