/* gguf_files.h: the files that a Hugging Face checkpoint has beside its weights, made of a GGUF file's metadata.
 *
 * Every family reads config.json and every tokenizer tokenizer.json: a GGUF file is given to them in that form, so that there is one
 * reader of settings. Each function's *out is a new reference, or NULL where the file says nothing of that kind.
 */
#ifndef EMILY_IO_GGUF_FILES_H
#define EMILY_IO_GGUF_FILES_H

#include "io/gguf.h"

#include <jansson.h>

/* config.json. A key of the architecture that emily does not know is put in under its own name, where the family's reader refuses it.
 * EMILY_UNSUPPORTED: an architecture that is not known. */
emily_status emily__gguf_config(const emily_gguf *file, json_t **out);

emily_status emily__gguf_generation_config(const emily_gguf *file, json_t **out);
emily_status emily__gguf_tokenizer(const emily_gguf *file, json_t **out);        /* tokenizer.json */
emily_status emily__gguf_tokenizer_config(const emily_gguf *file, json_t **out); /* special tokens, the chat template */
emily_status emily__gguf_modules(const emily_gguf *file, json_t **out);          /* modules.json of an embedding model */
emily_status emily__gguf_pooling(const emily_gguf *file, json_t **out);          /* its 1_Pooling/config.json */

/* A set of new objects and values, which fails once and for all when memory is out: json_object_set_new with a NULL value fails. */
emily_status emily__gguf_made(json_t *made, bool ok, json_t **out);

#endif
