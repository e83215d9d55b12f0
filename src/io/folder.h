/* folder.h: folders that are written: made or found empty, files copied into them, and all of it taken away again on failure. */
#ifndef EMILY_IO_FOLDER_H
#define EMILY_IO_FOLDER_H

#include "base/status.h"

#include <stdbool.h>

/* Make a folder, or find that it is there and empty. *made: it was made. EMILY_INVALID_ARGUMENT where it holds something,
 * EMILY_IO_ERROR where it can't be made. */
emily_status emily__folder_take(const char *path, bool *made);

/* Remove what the folder holds (files, and folders of files); itself too. Failures are passed over: it is called after one. */
void emily__folder_clear(const char *path, bool itself);

/* Copy the files of a folder, and of its folders, for which `wanted` says yes, none of which may be larger than `most` bytes (such are
 * passed over). Hidden ones, links to folders and deeper folders are passed over. */
emily_status emily__folder_copy(const char *from, const char *to, bool (*wanted)(const char *name), uint64_t most);

#endif
