/* folder.c: see folder.h. */
#include "io/folder.h"

#include "base/alloc.h"
#include "io/file.h"
#include "io/replace.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static emily_status fail_errno(const char *what, const char *path) {
  return emily__fail(EMILY_IO_ERROR, "", "cannot %s %s: %s", what, path, strerror(errno));
}

static bool is_dots(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/* ---- taking ---- */

static emily_status check_empty(const char *path) {
  DIR *folder = opendir(path);
  bool empty = true;
  if (!folder) return fail_errno("open the folder", path);
  for (const struct dirent *entry; empty && (entry = readdir(folder));) empty = is_dots(entry->d_name);
  closedir(folder);
  if (empty) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, "", "%s is not empty: name a folder that is not there yet, or remove it first", path);
}

emily_status emily__folder_take(const char *path, bool *made) {
  *made = mkdir(path, 0777) == 0;
  if (*made) return EMILY_OK;
  if (errno != EEXIST) return fail_errno("make the folder", path);
  if (!emily__file_is_folder(path)) return emily__fail(EMILY_INVALID_ARGUMENT, "", "%s is there, and is not a folder", path);
  return check_empty(path);
}

/* ---- clearing ---- */

static void clear(const char *path, bool itself, int depth) {
  DIR *folder = opendir(path);
  if (!folder) return;
  for (const struct dirent *entry; (entry = readdir(folder));) {
    char *name = is_dots(entry->d_name) ? NULL : emily__path_join(path, entry->d_name);
    if (name && unlink(name) != 0 && depth > 0) clear(name, true, depth - 1);
    emily__free(name);
  }
  closedir(folder);
  if (itself) rmdir(path);
}

void emily__folder_clear(const char *path, bool itself) { clear(path, itself, 1); }

/* ---- copying ---- */

static emily_status copy_map(const emily__file_map *map, const char *to) {
  emily__replacement file;
  EMILY__TRY(emily__replace_begin(to, &file));
  const emily_status status = emily__replace_write(&file, map->data, map->size);
  if (status == EMILY_OK) return emily__replace_commit(&file);
  emily__replace_abort(&file);
  return status;
}

static emily_status copy_file(const char *from, const char *to) {
  emily__file_map *map;
  EMILY__TRY(emily__file_map_open(from, &map));
  const emily_status status = copy_map(map, to);
  emily__file_map_release(map);
  return status;
}

static emily_status copy_folder(const char *from, const char *to, bool (*wanted)(const char *), uint64_t most, int depth);

/* Whether a path is the folder that is copied to, which may lie in the one that is copied. */
static bool is_same(const struct stat *info, const char *to) {
  struct stat target;
  return stat(to, &target) == 0 && target.st_dev == info->st_dev && target.st_ino == info->st_ino;
}

/* One entry, a file or a folder. */
static emily_status copy_entry(const char *from, const char *to, const char *name, bool (*wanted)(const char *), uint64_t most, int depth) {
  struct stat info;
  emily_status status = EMILY_OK;
  char *source = emily__path_join(from, name), *target = source ? emily__path_join(to, name) : NULL;
  if (!target) status = EMILY_OUT_OF_MEMORY;
  else if (stat(source, &info) != 0) status = EMILY_OK; /* a link to nothing */
  else if (S_ISREG(info.st_mode) && wanted(name) && (uint64_t)info.st_size <= most) status = copy_file(source, target);
  else if (S_ISDIR(info.st_mode) && depth > 0 && !is_same(&info, to)) status = copy_folder(source, target, wanted, most, depth - 1);
  emily__free(source);
  emily__free(target);
  return status;
}

static emily_status copy_folder(const char *from, const char *to, bool (*wanted)(const char *), uint64_t most, int depth) {
  DIR *folder = opendir(from);
  emily_status status = EMILY_OK;
  if (!folder) return fail_errno("open the folder", from);
  if (mkdir(to, 0777) != 0 && errno != EEXIST) status = fail_errno("make the folder", to);
  for (const struct dirent *entry; status == EMILY_OK && (entry = readdir(folder));)
    if (entry->d_name[0] != '.') status = copy_entry(from, to, entry->d_name, wanted, most, depth);
  closedir(folder);
  rmdir(to); /* where nothing was wanted */
  return status;
}

emily_status emily__folder_copy(const char *from, const char *to, bool (*wanted)(const char *name), uint64_t most) {
  return copy_folder(from, to, wanted, most, 1);
}
