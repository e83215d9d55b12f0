/* file.h: reading files: mapped for weights, whole into memory for small texts.
 *
 * A mapping is read-only and private: pages come from the page cache as they are touched, so a checkpoint costs no
 * heap and processes share it. It is counted: each array made from it holds a reference. Another process must not
 * shorten the file while it is mapped: the kernel answers a read past the new end with SIGBUS, which a library cannot
 * turn into an error. (Replacing a file by rename, as emily's own writers do, is safe: the old content stays.)
 */
#ifndef EMILY_IO_FILE_H
#define EMILY_IO_FILE_H

#include "base/status.h"
#include "base/vec.h"

typedef struct emily__file_map {
  _Atomic int64_t references;
  const uint8_t *data; /* page-aligned; NULL for an empty file */
  size_t size;
  char *path; /* as it was opened */
} emily__file_map;

/* Map a regular file. EMILY_NOT_FOUND, EMILY_IO_ERROR (a folder, a pipe, no permission). One reference, the caller's.
 */
emily_status emily__file_map_open(const char *path, emily__file_map **out);
emily__file_map *emily__file_map_retain(emily__file_map *map);
void emily__file_map_release(emily__file_map *map); /* NULL does nothing */

/* The whole file, NUL-terminated, in *out (to be freed with emily__str_free). More than most bytes: EMILY_BAD_FORMAT.
 */
emily_status emily__file_read(const char *path, size_t most, emily__str *out);

bool emily__file_is_regular(const char *path); /* links are followed */
bool emily__file_is_folder(const char *path);

/* "folder/name", without a second slash; NULL when memory is out. To be freed with emily__free. */
char *emily__path_join(const char *folder, const char *name);

#endif
