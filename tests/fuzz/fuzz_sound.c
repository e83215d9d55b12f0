/* fuzz_sound.c: any bytes as a sound file, through libsndfile and the resampler, up to samples. */
#include "media/sound.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where a damaged file is given up, libsndfile 1.2.0 forgets what its decoders had allocated (docs/DEPENDENCIES.md).
 * What sound.c leaks is still found. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__lsan_default_options(void) { return "print_suppressions=0"; }
const char *__lsan_default_suppressions(void) {
  return "leak:libsndfile\nleak:libvorbis\nleak:libogg\nleak:libFLAC\nleak:libopus\nleak:libmpg123\n";
}

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
