/* model_files.h: the JSON files of a model's folder, whether they are files or a GGUF file's metadata.
 *
 * A path is FOLDER/NAME as everywhere. Where FOLDER means a GGUF file (gguf_source.h: "qwen3.gguf", or a folder that holds one),
 * "qwen3.gguf/config.json" is made of its metadata (gguf_files.h); so no reader of settings knows of GGUF. Files that lie in the folder
 * beside it are read in place of metadata, but for config.json, which must be that of the tensors.
 */
#ifndef EMILY_IO_MODEL_FILES_H
#define EMILY_IO_MODEL_FILES_H

#include "base/json.h"

#include <stdbool.h>

/* As emily__json_load: EMILY_NOT_FOUND where there is no such file. */
emily_status emily__model_file_load(const char *path, json_t **out);

/* The same, with *out NULL where there is no such file. */
emily_status emily__model_file_find(const char *path, json_t **out);

/* Whether there is such a file. What fails on the way (memory, a damaged GGUF file) counts as yes: loading it tells. */
bool emily__model_file_exists(const char *path);

#endif
