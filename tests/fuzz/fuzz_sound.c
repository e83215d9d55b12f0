/* fuzz_sound.c: any bytes as a sound file, through libsndfile and the resampler, up to samples. */
#include "media/sound.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily__sound sound;
  emily_status status = emily__sound_decode(data, size, "fuzz", 16000, 20, &sound);
  bool expected = status == EMILY_OK || status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED;
  if (!expected || (status != EMILY_OK && !emily_last_error()->message[0])) abort();
  if (status != EMILY_OK) return 0;
  for (size_t i = 0; i < sound.count; i++)
    if (!isfinite(sound.samples[i])) abort();
  emily__sound_free(&sound);
  return 0;
}
