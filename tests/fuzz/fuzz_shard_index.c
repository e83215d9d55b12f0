/* fuzz_shard_index.c: any text as model.safetensors.index.json. No accepted file name may leave the folder. */
#include "io/shard_index.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily__shard_index index = {0};
  emily_status status = emily__shard_index_parse((const char *)data, size, "fuzz", &index);
  if (status != EMILY_OK) {
    check(status == EMILY_BAD_FORMAT && !index.tensors && emily_last_error()->message[0]);
    return 0;
  }
  for (size_t i = 0; i < index.shard_count; i++) {
    check(index.shards[i][0] && !strchr(index.shards[i], '/') && strcmp(index.shards[i], "..") != 0);
    check(i == 0 || strcmp(index.shards[i - 1], index.shards[i]) < 0);
  }
  for (size_t i = 0; i < index.count; i++) check(index.tensors[i].shard < index.shard_count && index.tensors[i].name);
  emily__shard_index_free(&index);
  return 0;
}
