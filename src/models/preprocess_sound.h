/* preprocess_sound.h: WhisperFeatureExtractor: from sound to log-mel features. */
#ifndef EMILY_MODELS_PREPROCESS_SOUND_H
#define EMILY_MODELS_PREPROCESS_SOUND_H

#include "media/log_mel.h"
#include "media/sound.h"
#include "models/preprocessor.h"

typedef struct emily__sound_settings {
  emily__log_mel_settings mel;
  int64_t window; /* samples that the model takes at once */
  double padding; /* what shorter sounds are filled up with */
} emily__sound_settings;

/* How many frames of features a window has. */
int64_t emily__sound_window_frames(const emily__sound_settings *settings);

/* The features of a sound, float32 [1, mels, frames], filled up to the window where it is shorter. A longer one is cut,
 * or, where `whole` is true, taken to its end: the features of all of it are scaled by the largest of all. */
emily_status emily__sound_features(const emily__sound_settings *settings, const emily__sound *sound, bool whole,
                                   emily_array **out);

#endif
