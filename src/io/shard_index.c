/* shard_index.c: see shard_index.h. */
#include "io/shard_index.h"

#include "io/file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_BYTES_MAX = 100000000 }; /* as for a safetensors header, which holds more a tensor */

static const char WHERE[] = "checkpoint";

typedef struct pair { /* a tensor's place in the list, and its file */
  const char *file;
  size_t tensor;
} pair;

static bool is_plain_name(const char *name) {
  return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static emily_status check_map(json_t *map, const char *path, size_t *text) {
  const char *name;
  json_t *file;
  if (!json_is_object(map)) return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s has no object \"weight_map\"", path);
  json_object_foreach(map, name, file) {
    if (!json_is_string(file))
      return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: the file of tensor '%.200s' is not a string", path, name);
    if (!is_plain_name(json_string_value(file)))
      return emily__fail(
          EMILY_BAD_FORMAT, WHERE,
          "%s: the file of tensor '%.200s' is '%.200s', which is no plain name of a file in its folder", path, name,
          json_string_value(file));
    *text += strlen(name) + strlen(json_string_value(file)) + 2;
  }
  return EMILY_OK;
}

static char *keep_text(char **at, const char *text) {
  size_t bytes = strlen(text) + 1;
  char *kept = memcpy(*at, text, bytes);
  *at += bytes;
  return kept;
}

static int compare_files(const void *a, const void *b) {
  return strcmp(((const pair *)a)->file, ((const pair *)b)->file);
}

static void fill(emily__shard_index *index, json_t *map, pair *pairs) {
  const char *name;
  char *at = index->text;
  json_t *file;
  json_object_foreach(map, name, file) {
    pairs[index->count] = (pair){keep_text(&at, json_string_value(file)), index->count};
    index->tensors[index->count++].name = keep_text(&at, name);
  }
  qsort(pairs, index->count, sizeof *pairs, compare_files);
  for (size_t i = 0; i < index->count; i++) {
    if (i == 0 || strcmp(pairs[i].file, pairs[i - 1].file) != 0) index->shards[index->shard_count++] = pairs[i].file;
    index->tensors[pairs[i].tensor].shard = (uint32_t)(index->shard_count - 1);
  }
}

static emily_status read_map(json_t *map, const char *path, emily__shard_index *index) {
  size_t count = json_object_size(map), text = 0;
  EMILY__TRY(check_map(map, path, &text));
  pair *pairs = emily__alloc_array(count, sizeof *pairs);
  index->tensors = pairs ? emily__alloc_array(count, sizeof *index->tensors) : NULL;
  index->shards = index->tensors ? emily__alloc_array(count, sizeof *index->shards) : NULL;
  index->text = index->shards ? emily__malloc(text) : NULL;
  if (index->text) fill(index, map, pairs);
  emily__free(pairs);
  return index->text ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

emily_status emily__shard_index_parse(const char *json, size_t length, const char *path, emily__shard_index *out) {
  json_error_t error;
  emily__shard_index index = {0};
  json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
  if (!root && json_error_code(&error) == json_error_out_of_memory) return emily__fail_memory(WHERE, length, 0);
  if (!root)
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s is no sound JSON: %s (line %d, column %d)", path, error.text,
                       error.line, error.column);
  emily_status status = read_map(json_object_get(root, "weight_map"), path, &index);
  json_decref(root);
  if (status == EMILY_OK) *out = index;
  else emily__shard_index_free(&index);
  return status;
}

emily_status emily__shard_index_read(const char *path, emily__shard_index *out) {
  emily__str text = {0};
  EMILY__TRY(emily__file_read(path, INDEX_BYTES_MAX, &text));
  emily_status status = emily__shard_index_parse(text.data, text.count, path, out);
  emily__str_free(&text);
  return status;
}

void emily__shard_index_free(emily__shard_index *index) {
  emily__free(index->tensors);
  emily__free(index->shards);
  emily__free(index->text);
  *index = (emily__shard_index){0};
}
