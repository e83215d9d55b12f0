/* replace.c: see replace.h. */
#include "io/replace.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static emily_status fail_errno(const char *path) {
  return emily__fail(EMILY_IO_ERROR, "", "cannot write %s: %s", path, strerror(errno));
}

/* "PATH.PID-N.tmp": unique among the threads and processes of this machine. */
static char *temporary_name(const char *path) {
  static _Atomic uint32_t counter;
  size_t room = strlen(path) + 40;
  char *name = emily__malloc(room);
  if (name) snprintf(name, room, "%s.%ld-%u.tmp", path, (long)getpid(), (unsigned)atomic_fetch_add(&counter, 1));
  return name;
}

static emily_status open_temporary(emily__replacement *file) {
  /* Mode 0666 less the umask, as for any file that a program writes (mkstemp's 0600 would stay after the rename). */
  file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return file->fd < 0 ? fail_errno(file->path) : EMILY_OK;
}

emily_status emily__replace_begin(const char *path, emily__replacement *out) {
  struct stat info;
  emily__replacement file = {.fd = -1};
  if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
    return emily__fail(EMILY_IO_ERROR, "", "cannot write %s: it is %s, not a file", path,
                       S_ISDIR(info.st_mode) ? "a folder" : "a device or a pipe");
  file.path = emily__strdup(path);
  file.temporary = file.path ? temporary_name(path) : NULL;
  emily_status status = file.temporary ? open_temporary(&file) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) {
    *out = file;
    return EMILY_OK;
  }
  emily__free(file.temporary);
  emily__free(file.path);
  return status;
}

emily_status emily__replace_write(emily__replacement *file, const void *bytes, size_t count) {
  const char *from = bytes;
  while (count > 0) {
    ssize_t done = write(file->fd, from, count);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_errno(file->path);
    from += done;
    count -= (size_t)done;
  }
  return EMILY_OK;
}

static void forget(emily__replacement *file) {
  emily__free(file->temporary);
  emily__free(file->path);
  *file = (emily__replacement){.fd = -1};
}

emily_status emily__replace_commit(emily__replacement *file) {
  emily_status status = fsync(file->fd) == 0 ? EMILY_OK : fail_errno(file->path);
  if (close(file->fd) != 0 && status == EMILY_OK) status = fail_errno(file->path);
  if (status == EMILY_OK && rename(file->temporary, file->path) != 0) status = fail_errno(file->path);
  if (status != EMILY_OK) unlink(file->temporary);
  forget(file);
  return status;
}

void emily__replace_abort(emily__replacement *file) {
  close(file->fd);
  unlink(file->temporary);
  forget(file);
}
