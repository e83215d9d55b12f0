/* gguf_source.h: which GGUF file a path of a model means, and the parts of one that was split.
 *
 * A path may be the file itself (told by its first bytes, not by its name), or a folder without safetensors that holds one
 * model as GGUF. llama.cpp splits large models into NAME-00001-of-00003.gguf and so on: the first part has the metadata, and any
 * of them stands for the whole.
 */
#ifndef EMILY_IO_GGUF_SOURCE_H
#define EMILY_IO_GGUF_SOURCE_H

#include "io/gguf.h"

enum { EMILY__GGUF_PARTS_MAX = 4096 };

/* *out: the path of the first file, to be freed with emily__free; NULL where the path means no GGUF file, or nothing.
 * EMILY_UNSUPPORTED: a folder with several models, which are named. */
emily_status emily__gguf_source(const char *path, char **out);

typedef struct emily__gguf_parts {
  emily_gguf **files; /* the first has the metadata */
  size_t count;
} emily__gguf_parts;

/* Open a file, and where it is a part, all parts. EMILY_NOT_FOUND names a part that is not there. */
emily_status emily__gguf_parts_open(const char *path, emily__gguf_parts *out);
void emily__gguf_parts_close(emily__gguf_parts *parts);

#endif
