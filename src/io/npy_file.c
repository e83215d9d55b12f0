/* npy_file.c: .npy and .npz files, see emily/files.h. */
#include "emily/files.h"

#include "io/npy.h"
#include "io/replace.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* The elements of an evaluated array in order: its own memory, or a copy in *copy (free it). */
static emily_status bytes_of(emily_array *array, const void **data, void **copy) {
  *copy = NULL;
  if (emily_array_data(array, true, data) == EMILY_OK) return EMILY_OK;
  *copy = emily__malloc(emily_array_nbytes(array) ? emily_array_nbytes(array) : 1);
  if (!*copy) return EMILY_OUT_OF_MEMORY;
  *data = *copy;
  emily_status status = emily_array_read(array, *copy, emily_array_nbytes(array));
  if (status) emily__free(*copy), *copy = NULL;
  return status;
}

/* ---- npy ---- */

emily_status emily_npy_load(const char *path, emily_array **out) {
  emily__file_map *map = NULL;
  emily__npy npy;
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_npy_load", "path or out is NULL");
  EMILY__TRY(emily__file_map_open(path, &map));
  emily_status status = emily__npy_parse(map->data, map->size, map->size, path, &npy);
  if (status == EMILY_OK) status = emily__npy_array(&npy, map->data, map, path, out);
  emily__file_map_release(map);
  return status;
}

static emily_status write_npy(emily__replacement *file, emily_array *array) {
  const void *data;
  void *copy;
  emily__str header = {0};
  emily_status status = emily__npy_header(array, &header);
  if (status == EMILY_OK) status = emily__replace_write(file, header.data, header.count);
  emily__str_free(&header);
  EMILY__TRY(status);
  EMILY__TRY(bytes_of(array, &data, &copy));
  status = emily__replace_write(file, data, emily_array_nbytes(array));
  emily__free(copy);
  return status;
}

emily_status emily_npy_save(const char *path, emily_array *array) {
  emily__replacement file;
  if (!path || !array) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_npy_save", "path or array is NULL");
  EMILY__TRY(emily_eval(&array, 1));
  EMILY__TRY(emily__replace_begin(path, &file));
  emily_status status = write_npy(&file, array);
  if (status == EMILY_OK) return emily__replace_commit(&file);
  emily__replace_abort(&file);
  return status;
}

/* ---- npz: reading ---- */

/* An archive of no entries: its end record alone. libzip neither writes one nor minds an empty file. */
static const uint8_t empty_archive[22] = {'P', 'K', 5, 6};

static emily_status zip_failure(const char *path, zip_error_t *error) {
  return emily__fail(zip_error_code_zip(error) == ZIP_ER_MEMORY ? EMILY_OUT_OF_MEMORY : EMILY_BAD_FORMAT, "npz", "cannot read %s: %s", path,
                     zip_error_strerror(error));
}

/* Open the archive of a mapped file. */
static emily_status open_archive(const emily__file_map *map, const char *path, zip_t **out) {
  zip_error_t error;
  if (map->size < sizeof empty_archive) return emily__fail(EMILY_BAD_FORMAT, "npz", "cannot read %s: it is too short for an archive", path);
  zip_error_init(&error);
  zip_source_t *source = zip_source_buffer_create(map->data, map->size, 0, &error);
  *out = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) : NULL;
  emily_status status = *out ? EMILY_OK : zip_failure(path, &error);
  if (!*out && source) zip_source_free(source);
  zip_error_fini(&error);
  return status;
}

/* A name of at most 255 bytes without ".npy". */
static emily_status array_name(const char *entry, const char *path, char room[256]) {
  const size_t n = strlen(entry);
  const bool suffixed = n >= 4 && !strcmp(entry + n - 4, ".npy");
  if (n - (suffixed ? 4 : 0) >= 256) return emily__fail(EMILY_BAD_FORMAT, "npz", "%s has an entry with a name of %zu bytes", path, n);
  memcpy(room, entry, n - (suffixed ? 4 : 0));
  room[n - (suffixed ? 4 : 0)] = '\0';
  return EMILY_OK;
}

/* All of an entry, or EMILY_BAD_FORMAT where it is shorter than the archive says, or its checksum is wrong. */
static emily_status read_entry(zip_t *archive, zip_uint64_t index, uint8_t *data, size_t size, const char *path, const char *name) {
  zip_file_t *file = zip_fopen_index(archive, index, 0);
  if (!file) return zip_failure(path, zip_get_error(archive));
  size_t done = 0;
  for (zip_int64_t n = 1; n > 0 && done < size; done += n > 0 ? (size_t)n : 0) n = zip_fread(file, data + done, size - done);
  uint8_t more;
  const bool whole = done == size && zip_fread(file, &more, 1) == 0; /* at the end the checksum is compared */
  zip_fclose(file);
  return whole ? EMILY_OK : emily__fail(EMILY_BAD_FORMAT, "npz", "%s: entry '%.200s' cannot be unpacked as it is described", path, name);
}

static emily_status load_entry(zip_t *archive, zip_uint64_t index, const char *path, emily_array_map *map) {
  zip_stat_t stat;
  char name[256];
  emily__npy npy;
  emily_array *array = NULL;
  if (zip_stat_index(archive, index, 0, &stat) != 0) return zip_failure(path, zip_get_error(archive));
  if ((stat.valid & (ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE)) != (ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE))
    return emily__fail(EMILY_BAD_FORMAT, "npz", "%s has an entry without a name or a size", path);
  EMILY__TRY(array_name(stat.name, path, name));
  if (emily_array_map_get(map, name)) return emily__fail(EMILY_BAD_FORMAT, "npz", "%s has '%.200s' twice", path, name);
  /* deflate packs 1032 to one at most: a size past that is a lie, and not worth the memory */
  if (stat.size / 1032 > stat.comp_size + 1)
    return emily__fail(EMILY_BAD_FORMAT, "npz", "%s: entry '%.200s' claims %llu bytes out of %llu", path, name, (unsigned long long)stat.size,
                       (unsigned long long)stat.comp_size);
  uint8_t *data = emily__malloc(stat.size ? stat.size : 1);
  if (!data) return EMILY_OUT_OF_MEMORY;
  emily_status status = read_entry(archive, index, data, stat.size, path, name);
  if (status == EMILY_OK) status = emily__npy_parse(data, stat.size, stat.size, path, &npy);
  if (status == EMILY_OK) status = emily__npy_array(&npy, data, NULL, path, &array);
  emily__free(data);
  if (status == EMILY_OK) status = emily_array_map_set(map, name, array);
  emily_array_release(array);
  return status;
}

emily_status emily_npz_load(const char *path, emily_array_map **out) {
  emily__file_map *file = NULL;
  zip_t *archive = NULL;
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_npz_load", "path or out is NULL");
  EMILY__TRY(emily__file_map_open(path, &file));
  emily_status status = open_archive(file, path, &archive);
  emily_array_map *map = status ? NULL : emily_array_map_new();
  if (!status && !map) status = EMILY_OUT_OF_MEMORY;
  for (zip_int64_t i = 0; !status && i < zip_get_num_entries(archive, 0); i++) status = load_entry(archive, (zip_uint64_t)i, path, map);
  if (archive) zip_discard(archive);
  emily__file_map_release(file);
  if (status) emily_array_map_release(map);
  else *out = map;
  return status;
}

/* ---- npz: writing. The archive is put together in memory's words (sources) and written to a replacement by a source of ours ---- */

/* Header and data of one array, in one block that libzip frees. */
static emily_status npy_block(emily_array *array, uint8_t **out, size_t *size) {
  const void *data;
  void *copy;
  emily__str header = {0};
  emily_status status = emily__npy_header(array, &header);
  const size_t bytes = emily_array_nbytes(array);
  if (status == EMILY_OK) status = bytes_of(array, &data, &copy);
  if (status == EMILY_OK) {
    *out = malloc(header.count + bytes); /* libzip's free */
    if (*out) {
      memcpy(*out, header.data, header.count);
      if (bytes) memcpy(*out + header.count, data, bytes);
      *size = header.count + bytes;
    } else status = emily__fail(EMILY_OUT_OF_MEMORY, "npz", "no memory for %zu bytes", header.count + bytes);
    emily__free(copy);
  }
  emily__str_free(&header);
  return status;
}

static emily_status add_entry(zip_t *archive, const char *name, emily_array *array, bool compressed) {
  uint8_t *block = NULL;
  size_t size = 0;
  emily__str entry = {0};
  emily_status status = emily__str_printf(&entry, "%s.npy", name) ? npy_block(array, &block, &size) : EMILY_OUT_OF_MEMORY;
  if (status) return emily__str_free(&entry), status;
  zip_source_t *source = zip_source_buffer(archive, block, size, 1);
  if (!source) free(block);
  const zip_int64_t index = source ? zip_file_add(archive, entry.data, source, ZIP_FL_ENC_UTF_8) : -1;
  emily__str_free(&entry);
  if (index >= 0 && zip_set_file_compression(archive, (zip_uint64_t)index, compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) == 0) return EMILY_OK;
  if (source && index < 0) zip_source_free(source);
  return emily__fail(EMILY_IO_ERROR, "npz", "cannot add '%.200s' to the archive: %s", name, zip_strerror(archive));
}

/* The archive written into memory by libzip: *image, which the caller gives back with zip_source_free. */
static emily_status build(const char *path, const emily_array_map *map, bool compressed, zip_source_t **image) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
  zip_t *archive = source ? zip_open_from_source(source, ZIP_TRUNCATE, &error) : NULL;
  emily_status status = archive ? EMILY_OK : emily__fail(EMILY_OUT_OF_MEMORY, "npz", "cannot begin %s: %s", path, zip_error_strerror(&error));
  if (archive) zip_source_keep(source);
  for (size_t i = 0; !status && i < emily_array_map_count(map); i++)
    status = add_entry(archive, emily_array_map_name(map, i), emily_array_map_at(map, i), compressed);
  if (!status && zip_close(archive) != 0) status = emily__fail(EMILY_IO_ERROR, "npz", "cannot pack %s: %s", path, zip_strerror(archive));
  else if (!status) archive = NULL;
  if (archive) zip_discard(archive);
  zip_error_fini(&error);
  if (status && source) zip_source_free(source);
  else *image = source;
  return status;
}

static emily_status write_image(emily__replacement *file, zip_source_t *image, const char *path) {
  uint8_t room[1 << 16];
  zip_int64_t n = zip_source_open(image) == 0 ? 1 : -1;
  emily_status status = EMILY_OK;
  while (n > 0 && !status)
    if ((n = zip_source_read(image, room, sizeof room)) > 0) status = emily__replace_write(file, room, (size_t)n);
  if (n < 0) status = emily__fail(EMILY_IO_ERROR, "npz", "cannot write %s: %s", path, zip_error_strerror(zip_source_error(image)));
  zip_source_close(image);
  return status;
}

emily_status emily_npz_save(const char *path, const emily_array_map *map, bool compressed) {
  emily__replacement file;
  zip_source_t *image = NULL;
  if (!path || !map) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_npz_save", "path or map is NULL");
  const size_t count = emily_array_map_count(map);
  for (size_t i = 0; i < count; i++) {
    emily_array *array = emily_array_map_at(map, i);
    EMILY__TRY(emily_eval(&array, 1));
  }
  if (count) EMILY__TRY(build(path, map, compressed, &image));
  emily_status status = emily__replace_begin(path, &file);
  if (!status) {
    status = count ? write_image(&file, image, path) : emily__replace_write(&file, empty_archive, sizeof empty_archive);
    if (!status) status = emily__replace_commit(&file);
    else emily__replace_abort(&file);
  }
  if (image) zip_source_free(image);
  return status;
}
