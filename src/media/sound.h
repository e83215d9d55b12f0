/* sound.h: sounds from files, as one channel of float32 samples at a rate that a model asks for.
 *
 * libsndfile decodes (WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF, AU, CAF and others), channels are mixed to their mean,
 * libsoxr resamples at its high quality, in blocks: memory grows with the samples that are there, not with what a header
 * promises.
 */
#ifndef EMILY_MEDIA_SOUND_H
#define EMILY_MEDIA_SOUND_H

#include "base/status.h"

typedef struct emily__sound {
  float *samples; /* owned; integers are scaled to [-1, 1) */
  size_t count;
} emily__sound;

/* Longer sounds are refused: a small file may decode to days of silence. */
enum { EMILY__SOUND_MOST_SECONDS = 12 * 3600 };

/* A file at `rate` samples a second. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT (no sound that libsndfile knows,
 * damaged, samples that are not numbers), EMILY_UNSUPPORTED (a rate out of all bounds, more than most_seconds). A file
 * without samples is sound: count 0. */
emily_status emily__sound_load(const char *path, int64_t rate, int64_t most_seconds, emily__sound *out);
/* The same from memory; `name` stands for the file in messages. */
emily_status emily__sound_decode(const void *data, size_t size, const char *name, int64_t rate, int64_t most_seconds,
                                 emily__sound *out);
void emily__sound_free(emily__sound *sound);

#endif
