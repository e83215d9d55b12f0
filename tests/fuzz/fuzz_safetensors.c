/* fuzz_safetensors.c: any bytes as a safetensors file. What is accepted must lie within the bytes, tile them and be
 * found by its name; each tensor's bytes are read, so that AddressSanitizer sees where they lie. */
#include "io/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily__safetensors *file = NULL;
  emily_status status = emily__safetensors_parse(data, size, "fuzz", &file);
  if (status != EMILY_OK) {
    check(!file && (status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED) && emily_last_error()->message[0]);
    return 0;
  }
  static volatile uint8_t sink;
  uint64_t bytes = 0;
  for (size_t i = 0; i < file->count; i++) {
    const emily__st_entry *entry = &file->entries[i];
    uint64_t elements = 1;
    for (int32_t d = 0; d < entry->rank; d++) elements *= (uint64_t)entry->shape[d];
    check(entry->bytes == elements * entry->dtype->size);
    check(entry->offset <= size && entry->bytes <= size - entry->offset);
    check(emily__safetensors_find(file, entry->name) == entry);
    for (uint64_t b = 0; b < entry->bytes; b++) sink ^= data[entry->offset + b];
    bytes += entry->bytes;
  }
  (void)sink;
  check(bytes <= size);
  emily__safetensors_close(file);
  return 0;
}
