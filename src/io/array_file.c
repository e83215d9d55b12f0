/* array_file.c: emily_safetensors_load and emily_safetensors_save, see emily/array_map.h. */
#include "emily/array_map.h"

#include "base/vec.h"
#include "io/safetensors_write.h"
#include "io/tensor_array.h"

/* ---- load ---- */

static emily_status fill_map(const emily__safetensors *file, emily_array_map *map) {
  for (size_t i = 0; i < file->count; i++) {
    emily_array *array = NULL;
    EMILY__TRY(emily__st_array(file, &file->entries[i], &array));
    emily_status status = emily_array_map_set(map, file->entries[i].name, array);
    emily_array_release(array);
    EMILY__TRY(status);
  }
  return EMILY_OK;
}

emily_status emily_safetensors_load(const char *path, emily_array_map **out) {
  emily__safetensors *file = NULL;
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_safetensors_load", "path or out is NULL");
  EMILY__TRY(emily__safetensors_open(path, &file));
  emily_array_map *map = emily_array_map_new();
  emily_status status = map ? fill_map(file, map) : EMILY_OUT_OF_MEMORY;
  emily__safetensors_close(file);
  if (status == EMILY_OK) *out = map;
  else emily_array_map_release(map);
  return status;
}

/* ---- save ---- */

typedef struct plan {
  size_t count;
  emily_array **arrays;      /* in the order of the file */
  emily__st_tensor *tensors; /* beside them */
} plan;

static void add(plan *p, const char *name, emily_array *array) {
  p->arrays[p->count] = array;
  p->tensors[p->count++] =
      (emily__st_tensor){name, emily_array_dtype(array), emily_array_ndim(array), emily_array_shape(array)};
}

/* Widest first, in the map's order among equals. */
static emily_status make_plan(const emily_array_map *map, plan *out) {
  size_t count = emily_array_map_count(map);
  out->arrays = emily__alloc_array(count, sizeof *out->arrays);
  if (!out->arrays) return EMILY_OUT_OF_MEMORY;
  out->tensors = emily__alloc_array(count, sizeof *out->tensors);
  if (!out->tensors) return EMILY_OUT_OF_MEMORY;
  for (size_t width = 8; width > 0; width /= 2)
    for (size_t i = 0; i < count; i++) {
      emily_array *array = emily_array_map_at(map, i);
      if (emily_dtype_size(emily_array_dtype(array)) == width) add(out, emily_array_map_name(map, i), array);
    }
  return EMILY_OK;
}

static emily_status put_array(emily__st_writer *writer, emily_array *array) {
  const void *data = NULL;
  size_t bytes = emily_array_nbytes(array);
  if (emily_array_data(array, true, &data) == EMILY_OK) return emily__st_writer_put(writer, data, bytes);
  void *copy = emily__malloc(bytes); /* a strided view: its elements in order */
  if (!copy) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily_array_read(array, copy, bytes);
  if (status == EMILY_OK) status = emily__st_writer_put(writer, copy, bytes);
  emily__free(copy);
  return status;
}

static emily_status write_plan(const char *path, const plan *p, const char *const *metadata) {
  size_t strings = 0;
  emily__st_writer *writer = NULL;
  while (metadata && metadata[strings]) strings++;
  if (strings % 2 != 0)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_safetensors_save", "metadata has a key without a value");
  EMILY__TRY(emily__st_writer_open(path, p->tensors, p->count, metadata, strings / 2, &writer));
  for (size_t i = 0; i < p->count; i++) {
    emily_status status = put_array(writer, p->arrays[i]);
    if (status == EMILY_OK) continue;
    emily__st_writer_abort(writer);
    return status;
  }
  return emily__st_writer_commit(writer);
}

emily_status emily_safetensors_save(const char *path, const emily_array_map *map, const char *const *metadata) {
  plan p = {0};
  if (!path || !map) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_safetensors_save", "path or map is NULL");
  emily_status status = make_plan(map, &p);
  if (status == EMILY_OK) status = emily_eval(p.arrays, p.count);
  if (status == EMILY_OK) status = write_plan(path, &p, metadata);
  emily__free(p.arrays);
  emily__free(p.tensors);
  return status;
}
