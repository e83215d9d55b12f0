/* gguf_source.c: see gguf_source.h. */
#include "io/gguf_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- names of parts ---- */

enum { TAIL = sizeof "-00001-of-00003.gguf" - 1 };

static bool digits(const char *text, unsigned *out) {
  *out = 0;
  for (int i = 0; i < 5; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    *out = *out * 10 + (unsigned)(text[i] - '0');
  }
  return true;
}

/* Whether a name ends as that of part `number` of `count`. */
static bool part_of(const char *name, unsigned *number, unsigned *count) {
  size_t length = strlen(name);
  if (length < TAIL) return false;
  const char *tail = name + length - TAIL;
  return tail[0] == '-' && digits(tail + 1, number) && !strncmp(tail + 6, "-of-", 4) && digits(tail + 10, count) &&
         !strcmp(tail + 15, ".gguf");
}

/* The path with another part's number; emily__free. */
static char *part_path(const char *path, unsigned number) {
  char *copy = emily__strdup(path), text[8];
  if (!copy) return NULL;
  snprintf(text, sizeof text, "%05u", number % 100000u);
  memcpy(copy + strlen(copy) - TAIL + 1, text, 5);
  return copy;
}

/* ---- which file ---- */

static bool has_magic(const char *path) {
  char magic[4] = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool is = read(fd, magic, 4) == 4 && !memcmp(magic, EMILY__GGUF_MAGIC, 4);
  close(fd);
  return is;
}

/* A part stands for all of them: the first one's path. */
static emily_status first_part(const char *path, char **out) {
  unsigned number, count;
  *out = part_of(path, &number, &count) ? part_path(path, 1) : emily__strdup(path);
  return *out ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static bool has_safetensors(const char *folder, emily_status *status) {
  static const char *const names[] = {"model.safetensors", "model.safetensors.index.json"};
  bool found = false;
  for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
    char *path = emily__path_join(folder, names[i]);
    if (!path) return *status = EMILY_OUT_OF_MEMORY, false;
    found = emily__file_is_regular(path);
    emily__free(path);
  }
  return found;
}

/* A model of its own: not a later part, and not the projector of images that lies beside some models. */
static bool is_model_name(const char *name) {
  size_t length = strlen(name);
  unsigned number, count;
  if (length < 5 || strcmp(name + length - 5, ".gguf") || !strncmp(name, "mmproj", 6)) return false;
  return !part_of(name, &number, &count) || number == 1;
}

/* names: "a.gguf, b.gguf"; *one: the first, by order of names. */
static emily_status list_models(const char *folder, emily__str *names, char **one, int *count) {
  struct dirent **entries;
  int n = scandir(folder, &entries, NULL, alphasort);
  emily_status status = EMILY_OK;
  for (int i = 0; i < n; i++) {
    if (status == EMILY_OK && is_model_name(entries[i]->d_name)) {
      if (!*one && !(*one = emily__strdup(entries[i]->d_name))) status = EMILY_OUT_OF_MEMORY;
      if (*count < 4 && !emily__str_printf(names, "%s%.200s", *count ? ", " : "", entries[i]->d_name)) status = EMILY_OUT_OF_MEMORY;
      ++*count;
    }
    free(entries[i]);
  }
  if (n >= 0) free(entries);
  return status;
}

static emily_status in_folder(const char *folder, char **out) {
  emily__str names = {0};
  char *one = NULL;
  int count = 0;
  emily_status status = EMILY_OK;
  if (has_safetensors(folder, &status) || status != EMILY_OK) return status;
  status = list_models(folder, &names, &one, &count);
  if (status == EMILY_OK && count > 1)
    status = emily__fail(EMILY_UNSUPPORTED, "gguf", "%s holds %d models (%s%s): name one of these files", folder, count, names.data,
                         count > 4 ? ", …" : "");
  if (status == EMILY_OK && count == 1 && !(*out = emily__path_join(folder, one))) status = EMILY_OUT_OF_MEMORY;
  emily__str_free(&names);
  emily__free(one);
  return status;
}

emily_status emily__gguf_source(const char *path, char **out) {
  *out = NULL;
  if (emily__file_is_folder(path)) return in_folder(path, out);
  return emily__file_is_regular(path) && has_magic(path) ? first_part(path, out) : EMILY_OK;
}

/* ---- parts ---- */

/* How many files the metadata speaks of; 1 where it does not. */
static emily_status count_parts(const emily_gguf *file, const char *path, unsigned *count) {
  size_t index;
  unsigned number, named;
  uint64_t said = 1;
  if (emily__gguf_find(file, &file->keys, "split.count", &index)) {
    const emily__gguf_value *value = &file->values.data[index];
    size_t size = emily__gguf_kind_size(value->kind);
    said = 0;
    if (size && size <= 8) memcpy(&said, file->data + value->offset, size);
  }
  *count = 1;
  if (said <= 1) return EMILY_OK;
  if (said > EMILY__GGUF_PARTS_MAX) return emily__fail(EMILY_BAD_FORMAT, "gguf", "%s: split.count is no count of files", path);
  if (!part_of(path, &number, &named) || named != said)
    return emily__fail(EMILY_UNSUPPORTED, "gguf", "%s is a part of %d files, and is not named as one (NAME-00001-of-%05d.gguf)", path,
                       (int)said, (int)said);
  *count = (unsigned)said;
  return EMILY_OK;
}

static emily_status open_part(const char *first, unsigned number, emily__gguf_parts *parts) {
  char *path = part_path(first, number);
  emily_status status = path ? emily_gguf_open(path, &parts->files[number - 1]) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) parts->count++;
  else if (status == EMILY_NOT_FOUND) status = emily__fail_context("a part of %s is missing; fetch it again", first);
  emily__free(path);
  return status;
}

emily_status emily__gguf_parts_open(const char *path, emily__gguf_parts *out) {
  unsigned count;
  emily__gguf_parts parts = {0};
  emily_gguf *file = NULL;
  EMILY__TRY(emily_gguf_open(path, &file));
  emily_status status = count_parts(file, path, &count);
  if (status == EMILY_OK && !(parts.files = emily__calloc(count, sizeof *parts.files))) status = EMILY_OUT_OF_MEMORY;
  if (status != EMILY_OK) return emily_gguf_close(file), status;
  parts.files[parts.count++] = file;
  for (unsigned i = 2; status == EMILY_OK && i <= count; i++) status = open_part(path, i, &parts);
  if (status == EMILY_OK) *out = parts;
  else emily__gguf_parts_close(&parts);
  return status;
}

void emily__gguf_parts_close(emily__gguf_parts *parts) {
  for (size_t i = 0; i < parts->count; i++) emily_gguf_close(parts->files[i]);
  emily__free(parts->files);
  *parts = (emily__gguf_parts){0};
}
