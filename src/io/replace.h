/* replace.h: writing a file so that nobody ever sees half of it: into a temporary neighbour, then renamed over the
 * target. A failure, or no commit, leaves the target as it was. A link is replaced by the new file; a target that
 * exists and is no regular file (a folder, a device) is refused.
 */
#ifndef EMILY_IO_REPLACE_H
#define EMILY_IO_REPLACE_H

#include "base/status.h"

typedef struct emily__replacement {
  int fd;
  char *path, *temporary;
} emily__replacement;

/* After a failing begin there is nothing to abort; else end with either commit or abort. */
emily_status emily__replace_begin(const char *path, emily__replacement *out);
emily_status emily__replace_write(emily__replacement *file, const void *bytes, size_t count);
emily_status emily__replace_commit(emily__replacement *file); /* to the disk, then renamed; aborts where it fails */
void emily__replace_abort(emily__replacement *file);

#endif
