/* fuzz_model_config.c: any text as a model's config.json, up to the point where weights would be asked for. */
#include "models/family.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily_status status = emily__model_config_check((const char *)data, size, "fuzz");
  bool expected = status == EMILY_OK || status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED;
  if (!expected || (status != EMILY_OK && !emily_last_error()->message[0])) abort();
  return 0;
}
