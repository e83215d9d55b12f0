/* preprocess_sound.c: see preprocess_sound.h. */
#include "models/preprocess_sound.h"

#include "base/alloc.h"
#include "base/status.h"

#include <string.h>

/* A hostile file must not make a window that memory or patience does not hold: whisper has 480,000 samples and 384,000
 * features. */
enum { MOST_RATE = 384000, MOST_SECONDS = 3600, MOST_SAMPLES = 1 << 24, MOST_FEATURES = 1 << 24 };

static void check(emily__config *c, const emily__sound_settings *s) {
  if (c->status != EMILY_OK) return;
  if (!emily__log_mel_fft_serves(s->mel.fft))
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"n_fft\": %lld is not supported: at most %d, and no prime factor above %d",
                       (long long)s->mel.fft, EMILY__LOG_MEL_MOST_FFT, EMILY__LOG_MEL_MOST_PRIME);
  else if (s->window < s->mel.fft || s->mel.hop > s->window)
    emily__config_fail(c, EMILY_BAD_FORMAT, "a window of %lld samples does not hold \"n_fft\" %lld and \"hop_length\" %lld",
                       (long long)s->window, (long long)s->mel.fft, (long long)s->mel.hop);
  else if (s->window > MOST_SAMPLES || emily__sound_window_frames(s) > MOST_FEATURES / s->mel.mels)
    emily__config_fail(c, EMILY_UNSUPPORTED, "a window of %lld samples and %lld frames is more than emily takes at once",
                       (long long)s->window, (long long)emily__sound_window_frames(s));
}

static void configure(emily__config *c, void *self) {
  emily__sound_settings *s = self;
  int64_t seconds = 30;
  double dither = 0;
  *s = (emily__sound_settings){.mel = {.mels = 80, .rate = 16000, .fft = 400, .hop = 160}};
  emily__config_int(c, "feature_size", 1, EMILY__LOG_MEL_MOST_MELS, &s->mel.mels);
  emily__config_int(c, "sampling_rate", 1000, MOST_RATE, &s->mel.rate);
  emily__config_int(c, "n_fft", 2, INT32_MAX, &s->mel.fft);
  emily__config_int(c, "hop_length", 1, INT32_MAX, &s->mel.hop);
  emily__config_int(c, "chunk_length", 1, MOST_SECONDS, &seconds);
  emily__config_real(c, "padding_value", -1, 1, &s->padding);
  emily__config_real(c, "dither", -1, 1, &dither);
  emily__config_only_text(c, "padding_side", "right");
  /* Follow from the others, whatever the file says of them; the filters are in files of the first days. The mask is no
   * input of the model. */
  static const char *const derived[] = {"n_samples", "nb_max_frames", "mel_filters", "return_attention_mask"};
  for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) emily__config_skip(c, derived[i]);
  if (c->status == EMILY_OK && dither != 0)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"dither\": %g is not supported (only 0 is)", dither);
  s->window = seconds * s->mel.rate;
  check(c, s);
}

int64_t emily__sound_window_frames(const emily__sound_settings *settings) {
  return emily__log_mel_frames(&settings->mel, (size_t)settings->window);
}

/* `count` samples of the sound, which is filled up where it has not as many; emily__free. */
static float *padded(const emily__sound_settings *settings, const emily__sound *sound, size_t count) {
  float *samples = emily__alloc_array(count, sizeof *samples);
  if (!samples) return NULL;
  if (sound->count) memcpy(samples, sound->samples, sound->count * sizeof *samples);
  for (size_t i = sound->count; i < count; i++) samples[i] = (float)settings->padding;
  return samples;
}

static emily_status compute(const emily__sound_settings *settings, const float *samples, size_t count, emily_array **out) {
  int64_t frames = emily__log_mel_frames(&settings->mel, count), shape[] = {1, settings->mel.mels, frames};
  float *values = emily__alloc_array((size_t)(settings->mel.mels * frames), sizeof *values);
  if (!values) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily__log_mel(&settings->mel, samples, count, values);
  emily_array *array = NULL;
  if (status == EMILY_OK) {
    array = emily_array_wrap(values, shape, 3, EMILY_FLOAT32, emily__free, values);
    if (!array) status = emily_last_error()->status;
  }
  if (array) *out = array;
  else emily__free(values);
  return status;
}

emily_status emily__sound_features(const emily__sound_settings *settings, const emily__sound *sound, bool whole,
                                   emily_array **out) {
  size_t window = (size_t)settings->window;
  if (sound->count >= window) return compute(settings, sound->samples, whole ? sound->count : window, out);
  float *samples = padded(settings, sound, window);
  if (!samples) return EMILY_OUT_OF_MEMORY;
  emily_status status = compute(settings, samples, window, out);
  emily__free(samples);
  return status;
}

static emily_status run(const void *self, const void *data, size_t size, const char *name, emily_array **out) {
  const emily__sound_settings *settings = self;
  emily__sound sound;
  EMILY__TRY(emily__sound_decode(data, size, name, settings->mel.rate, EMILY__SOUND_MOST_SECONDS, &sound));
  emily_status status = emily__sound_features(settings, &sound, false, out);
  emily__sound_free(&sound);
  return status;
}

const emily__preprocessor_kind emily__preprocessor_sound = {
    .input = "input_features",
    .names = (const char *const[]){"WhisperFeatureExtractor", NULL},
    .size = sizeof(emily__sound_settings),
    .configure = configure,
    .run = run,
};
