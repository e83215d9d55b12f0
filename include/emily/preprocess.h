/* emily/preprocess.h: from a file to what a model takes as its input, as the checkpoint's preprocessor_config.json says.
 *
 *     emily_preprocessor *preprocessor;
 *     emily_array *features;
 *     emily_status status = emily_preprocessor_load("whisper-tiny", &preprocessor);
 *     status = emily_preprocess_file(preprocessor, "speech.flac", &features);
 *     … emily_array_map_set(inputs, emily_preprocessor_input(preprocessor), features) …
 *     emily_preprocessor_release(preprocessor);
 *
 * Sounds (WhisperFeatureExtractor): WAV, FLAC, Ogg, MP3 and what else libsndfile reads; mixed to one channel, resampled,
 * cut or filled up to the window of the model: "input_features" [1, mels, frames].
 *
 * Pictures (ViTImageProcessor, DeiTImageProcessor): JPEG and PNG, turned as their EXIF orientation says, as RGB (grey
 * levels and palettes are spread out, an alpha channel is dropped); resized as Pillow 13 does, to the bit, cropped,
 * scaled, normalised: "pixel_values" [1, 3, height, width].
 */
#ifndef EMILY_PREPROCESS_H
#define EMILY_PREPROCESS_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: any number of threads may use one at the same time. */
typedef struct emily_preprocessor emily_preprocessor;

/* Read preprocessor_config.json of a checkpoint's folder, or where there is none its processor_config.json. EMILY_NOT_FOUND, EMILY_BAD_FORMAT, EMILY_UNSUPPORTED (a
 * preprocessor or a setting that emily does not know). The caller owns one reference. */
EMILY_API emily_status emily_preprocessor_load(const char *folder, emily_preprocessor **out);
EMILY_API emily_preprocessor *emily_preprocessor_retain(emily_preprocessor *preprocessor);
EMILY_API void emily_preprocessor_release(emily_preprocessor *preprocessor); /* NULL does nothing */

/* The input of emily_model_forward that it makes: "input_features", "pixel_values". Static. */
EMILY_API const char *emily_preprocessor_input(const emily_preprocessor *preprocessor);

/* A file as that input, float32 [1, …]; the caller owns it. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT (damaged,
 * or not of a format that is read), EMILY_UNSUPPORTED (too large). */
EMILY_API emily_status emily_preprocess_file(const emily_preprocessor *preprocessor, const char *path, emily_array **out);

/* The same of a file in memory; `name` stands for it in messages. */
EMILY_API emily_status emily_preprocess_memory(const emily_preprocessor *preprocessor, const void *data, size_t size,
                                               const char *name, emily_array **out);

#ifdef __cplusplus
}
#endif
#endif
