/* fuzz_generation_config.c: any text as generation_config.json. What is accepted is finite and in range. */
#include "models/generation_config.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily__generation_config config = {0};
  emily_status status = emily__generation_config_parse((const char *)data, size, "fuzz", &config);
  if (status != EMILY_OK) {
    check((status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED) && emily_last_error()->message[0]);
    return 0;
  }
  check(isfinite(config.temperature) && config.temperature >= 0 && config.top_k >= 0);
  check(config.top_p >= 0 && config.top_p <= 1 && config.min_p >= 0 && config.min_p <= 1);
  check(isfinite(config.repetition_penalty) && config.repetition_penalty > 0);
  emily__generation_config_free(&config);
  return 0;
}
