/* fuzz_preprocessor.c: any text as a preprocessor_config.json. */
#include "models/preprocessor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily_preprocessor *p = NULL;
  emily_status status = emily__preprocessor_parse((const char *)data, size, "fuzz", &p);
  bool expected = status == EMILY_OK || status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED;
  if (!expected || (status != EMILY_OK && !emily_last_error()->message[0])) abort();
  emily_preprocessor_release(p);
  return 0;
}
