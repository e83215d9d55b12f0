/* fuzz_generation_config.c: any text as generation_config.json, of a language model and of Whisper. What is accepted is finite and in range. */
#include "models/generation_config.h"
#include "models/whisper/generation.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

enum { VOCAB = 1000 };

static void check_ids(const emily__ids *ids, int32_t least) {
  for (size_t i = 0; i < ids->count; i++) check(ids->data[i] >= least && ids->data[i] < VOCAB);
}

static void try_whisper(const char *text, size_t size) {
  emily__whisper_generation g;
  emily_status status = emily__whisper_generation_parse(text, size, "fuzz", VOCAB, &g);
  if (status != EMILY_OK) {
    check((status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED) && emily_last_error()->message[0]);
    return;
  }
  check(g.start < VOCAB && g.eos < VOCAB && g.no_timestamps < VOCAB && g.previous < VOCAB);
  check_ids(&g.suppress, 0), check_ids(&g.begin_suppress, 0), check_ids(&g.forced, -1);
  for (size_t i = 0; i < g.languages.count; i++) check(g.languages.data[i].id >= 0 && g.languages.data[i].id < VOCAB);
  emily__whisper_generation_free(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try_whisper((const char *)data, size);
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
