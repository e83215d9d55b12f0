/* log_mel.h: log-mel spectra of sound, as Hugging Face's WhisperFeatureExtractor has them.
 *
 *     power     |DFT of hann · samples around frame · hop|^2, the sound mirrored at its ends
 *     mel       triangles over [0 Hz, 8000 Hz] on Slaney's scale, each of area 1, times power
 *     features  max(log10(max(mel, 1e-10)), the largest of all - 8) / 4 + 1
 *
 * All in float64 up to the result, so that quiet bins beside loud ones are right to float32.
 */
#ifndef EMILY_MEDIA_LOG_MEL_H
#define EMILY_MEDIA_LOG_MEL_H

#include "base/status.h"

/* Bounds of the settings: beyond them lies nothing that a model was trained on, and time without end. */
enum { EMILY__LOG_MEL_MOST_MELS = 1024, EMILY__LOG_MEL_MOST_FFT = 4096, EMILY__LOG_MEL_MOST_PRIME = 61 };

typedef struct emily__log_mel_settings {
  int64_t mels;        /* rows */
  int64_t rate;        /* samples a second */
  int64_t fft, hop;    /* samples a window, and from one window to the next */
} emily__log_mel_settings;

/* True where the length of the transform is within the bounds and has small prime factors alone. */
bool emily__log_mel_fft_serves(int64_t fft);

/* How many columns `count` samples give. */
int64_t emily__log_mel_frames(const emily__log_mel_settings *settings, size_t count);

/* out [mels, frames] of samples[count], which must be more than fft / 2. */
emily_status emily__log_mel(const emily__log_mel_settings *settings, const float *samples, size_t count, float *out);

#endif
