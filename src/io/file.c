/* file.c: see file.h. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static emily_status fail_errno(const char *what, const char *path) {
  int error = errno;
  emily_status status = error == ENOENT || error == ENOTDIR ? EMILY_NOT_FOUND : EMILY_IO_ERROR;
  return emily__fail(status, "", "cannot %s %s: %s", what, path, strerror(error));
}

/* Open a regular file; *size is its length. Non-blocking, so that a pipe without a writer is refused and not waited
 * for. */
static emily_status open_regular(const char *path, int *out, uint64_t *size) {
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fail_errno("open", path);
  if (fstat(fd, &info) != 0) {
    fail_errno("examine", path);
    close(fd);
    return EMILY_IO_ERROR;
  }
  if (!S_ISREG(info.st_mode)) {
    close(fd);
    return emily__fail(EMILY_IO_ERROR, "", "%s is %s, not a file", path,
                       S_ISDIR(info.st_mode) ? "a folder" : "a device or a pipe");
  }
  *out = fd;
  *size = (uint64_t)info.st_size;
  return EMILY_OK;
}

static emily_status map_open_file(int fd, uint64_t size, emily__file_map *map) {
  if (size == 0) return EMILY_OK; /* the system maps no empty range */
  if (size > SIZE_MAX) return emily__fail(EMILY_IO_ERROR, "", "%s is too large to map", map->path);
  void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return fail_errno("map", map->path);
  map->data = data;
  map->size = (size_t)size;
  return EMILY_OK;
}

emily_status emily__file_map_open(const char *path, emily__file_map **out) {
  int fd;
  uint64_t size;
  EMILY__TRY(open_regular(path, &fd, &size));
  emily__file_map *map = emily__calloc(1, sizeof *map);
  emily_status status = map && (map->path = emily__strdup(path)) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = map_open_file(fd, size, map);
  close(fd);
  if (status != EMILY_OK) {
    if (map) emily__free(map->path);
    emily__free(map);
    return status;
  }
  atomic_init(&map->references, 1);
  *out = map;
  return EMILY_OK;
}

emily__file_map *emily__file_map_retain(emily__file_map *map) {
  atomic_fetch_add_explicit(&map->references, 1, memory_order_relaxed);
  return map;
}

void emily__file_map_release(emily__file_map *map) {
  if (!map || atomic_fetch_sub_explicit(&map->references, 1, memory_order_acq_rel) != 1) return;
  if (map->data) munmap((void *)map->data, map->size);
  emily__free(map->path);
  emily__free(map);
}

/* Up to `most` bytes; the file may have grown since it was measured, so the end is where read says. */
static emily_status read_open_file(int fd, const char *path, size_t most, emily__str *out) {
  char block[16384];
  if (!emily__str_append(out, "", 0)) return EMILY_OUT_OF_MEMORY;
  for (;;) {
    ssize_t count = read(fd, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read", path);
    if (count == 0) return EMILY_OK;
    if ((size_t)count > most - out->count)
      return emily__fail(EMILY_BAD_FORMAT, "", "%s is larger than the %zu bytes expected at most", path, most);
    if (!emily__str_append(out, block, (size_t)count)) return EMILY_OUT_OF_MEMORY;
  }
}

emily_status emily__file_read(const char *path, size_t most, emily__str *out) {
  int fd;
  uint64_t size;
  emily__str text = {0};
  EMILY__TRY(open_regular(path, &fd, &size));
  emily_status status = read_open_file(fd, path, most, &text);
  close(fd);
  if (status == EMILY_OK) *out = text;
  else emily__str_free(&text);
  return status;
}

bool emily__file_is_regular(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool emily__file_is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

char *emily__path_join(const char *folder, const char *name) {
  size_t front = strlen(folder), back = strlen(name);
  bool slash = front > 0 && folder[front - 1] != '/';
  char *path = emily__malloc(front + slash + back + 1);
  if (!path) return NULL;
  memcpy(path, folder, front);
  if (slash) path[front] = '/';
  memcpy(path + front + slash, name, back + 1);
  return path;
}
