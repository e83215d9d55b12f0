/* model_files.c: see model_files.h. */
#include "io/model_files.h"

#include "base/alloc.h"
#include "io/gguf_files.h"
#include "io/gguf_source.h"

#include <string.h>

typedef emily_status maker(const emily_gguf *file, json_t **out);

static const struct {
  const char *name;
  maker *make;
} made[] = {
    {"config.json", emily__gguf_config},
    {"generation_config.json", emily__gguf_generation_config},
    {"tokenizer.json", emily__gguf_tokenizer},
    {"tokenizer_config.json", emily__gguf_tokenizer_config},
    {"modules.json", emily__gguf_modules},
    {"1_Pooling/config.json", emily__gguf_pooling},
};

/* Where a path ends in "/<name>": the maker of it, and how long the folder is. The longest name wins. */
static maker *maker_of(const char *path, size_t *folder) {
  size_t length = strlen(path), best = 0;
  maker *found = NULL;
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    size_t tail = strlen(made[i].name);
    if (length < tail + 2 || tail < best || path[length - tail - 1] != '/' || strcmp(path + length - tail, made[i].name) != 0) continue;
    best = tail;
    found = made[i].make;
    *folder = length - tail - 1;
  }
  return found;
}

/* *out: the GGUF file that the path leads through; NULL where it is an ordinary path. A file that lies in the folder says more than metadata
 * do (a tokenizer.json beside them), but for the config, which must be that of the tensors. */
static emily_status gguf_behind(const char *path, maker **make, char **out) {
  size_t length = 0;
  *out = NULL;
  *make = maker_of(path, &length);
  if (!*make || (*make != emily__gguf_config && emily__file_is_regular(path))) return EMILY_OK;
  char *folder = emily__strndup(path, length);
  if (!folder) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily__gguf_source(folder, out);
  emily__free(folder);
  return status;
}

static emily_status make_from(const char *gguf, maker *make, json_t **out) {
  emily_gguf *file = NULL;
  EMILY__TRY(emily_gguf_open(gguf, &file));
  emily_status status = make(file, out);
  emily_gguf_close(file);
  return status;
}

emily_status emily__model_file_find(const char *path, json_t **out) {
  char *gguf;
  maker *make;
  *out = NULL;
  EMILY__TRY(gguf_behind(path, &make, &gguf));
  if (!gguf) return emily__file_is_regular(path) ? emily__json_load(path, out) : EMILY_OK;
  emily_status status = make_from(gguf, make, out);
  emily__free(gguf);
  return status;
}

emily_status emily__model_file_load(const char *path, json_t **out) {
  EMILY__TRY(emily__model_file_find(path, out));
  return *out ? EMILY_OK : emily__json_load(path, out); /* which says what is wrong with the path */
}

bool emily__model_file_exists(const char *path) {
  char *gguf = NULL;
  maker *make;
  json_t *json = NULL;
  emily__error before;
  emily__error_save(&before);
  emily_status status = gguf_behind(path, &make, &gguf);
  if (status == EMILY_OK && gguf) status = make_from(gguf, make, &json);
  bool exists = status != EMILY_OK || json || (!gguf && emily__file_is_regular(path));
  emily__error_restore(&before);
  emily__free(gguf);
  json_decref(json);
  return exists;
}
