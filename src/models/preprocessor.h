/* preprocessor.h: a kind of preprocessor is one row of a table (preprocessor.c): its names in preprocessor_config.json,
 * the input that it makes, how its settings are read and how they are applied.
 */
#ifndef EMILY_MODELS_PREPROCESSOR_H
#define EMILY_MODELS_PREPROCESSOR_H

#include "emily/preprocess.h"
#include "models/config.h"

typedef struct emily__preprocessor_kind {
  const char *input;        /* "pixel_values" */
  const char *const *names; /* values of "feature_extractor_type" or "image_processor_type"; NULL-terminated */
  size_t size;              /* bytes of the kind's own settings, which the functions get as `self`, zeroed at first */
  /* Read every key but the type's. Errors stick in the config. */
  void (*configure)(emily__config *config, void *self);
  /* A file in memory as the input, a new array. */
  emily_status (*run)(const void *self, const void *data, size_t size, const char *name, emily_array **out);
} emily__preprocessor_kind;

extern const emily__preprocessor_kind emily__preprocessor_image;
extern const emily__preprocessor_kind emily__preprocessor_sound;

/* The settings of a preprocessor of that kind; NULL where it is of another one. */
const void *emily__preprocessor_self(const emily_preprocessor *preprocessor, const emily__preprocessor_kind *kind);

/* From the text of a preprocessor_config.json: what loading it does, and what fuzzers call. */
emily_status emily__preprocessor_parse(const char *text, size_t length, const char *name, emily_preprocessor **out);

#endif
