/* fuzz_gguf.c: any bytes as a GGUF file. What is accepted is asked for everything: metadata, and each tensor's arrays, whose bytes are
 * read, so that AddressSanitizer sees where they lie. */
#include "io/gguf.h"

#include "base/status.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void read_metadata(const emily_gguf *file, size_t index) {
  size_t found, length;
  emily_array *array = NULL;
  check(emily_gguf_metadata_find(file, emily_gguf_metadata_key(file, index), &found) == EMILY_OK && found == index);
  if (emily_gguf_metadata_item_kind(file, index) == EMILY_GGUF_STRING)
    for (uint64_t i = 0; i < emily_gguf_metadata_length(file, index); i++)
      check(!emily_gguf_metadata_text(file, index, i, &length)[length]);
  if (emily_gguf_metadata_array(file, index, &array) == EMILY_OK) emily_array_release(array);
}

static void read_tensor(const emily_gguf *file, size_t index, size_t size) {
  emily_array *arrays[3];
  const void *data;
  static volatile uint8_t sink;
  check(emily_gguf_nbytes(file, index) <= size);
  if (emily_gguf_array(file, index, arrays) != EMILY_OK) return;
  for (int i = 0; i < 3; i++) {
    if (!arrays[i]) continue;
    check(emily_array_data(arrays[i], true, &data) == EMILY_OK);
    for (size_t b = 0; b < emily_array_nbytes(arrays[i]); b++) sink ^= ((const uint8_t *)data)[b];
    emily_array_release(arrays[i]);
  }
  (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily_gguf *file = NULL;
  emily_status status = emily__gguf_parse(data, size, "fuzz", &file);
  if (status != EMILY_OK) {
    check(!file && (status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED) && emily_last_error()->message[0]);
    return 0;
  }
  for (size_t i = 0; i < emily_gguf_metadata_count(file); i++) read_metadata(file, i);
  for (size_t i = 0; i < emily_gguf_count(file); i++) read_tensor(file, i, size);
  emily_gguf_close(file);
  return 0;
}
