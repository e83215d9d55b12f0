/* shard_index.h: model.safetensors.index.json, which says in which file (shard) of a folder each tensor lies.
 *
 *     {"metadata": {…}, "weight_map": {"TENSOR": "FILE", …}}
 *
 * A shard's name must be a plain file name: one that could leave the folder is refused, since checkpoints come from
 * strangers.
 */
#ifndef EMILY_IO_SHARD_INDEX_H
#define EMILY_IO_SHARD_INDEX_H

#include "base/status.h"

typedef struct emily__sharded {
  const char *name; /* of the tensor */
  uint32_t shard;
} emily__sharded;

typedef struct emily__shard_index {
  emily__sharded *tensors; /* in the index's order */
  size_t count;
  const char **shards; /* each file once, ascending by strcmp */
  size_t shard_count;
  char *text; /* what the names point into */
} emily__shard_index;

/* path: for messages. EMILY_BAD_FORMAT says what is wrong. */
emily_status emily__shard_index_parse(const char *json, size_t length, const char *path, emily__shard_index *out);
emily_status emily__shard_index_read(const char *path, emily__shard_index *out);
void emily__shard_index_free(emily__shard_index *index);

#endif
