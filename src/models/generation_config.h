/* generation_config.h: how a checkpoint wants its text to be made: generation_config.json, or, where there is none, the same keys of
 * config.json. */
#ifndef EMILY_MODELS_GENERATION_CONFIG_H
#define EMILY_MODELS_GENERATION_CONFIG_H

#include "base/vec.h"
#include "models/config.h"

typedef struct emily__generation_config {
  bool sample;
  double temperature, top_p, min_p, repetition_penalty;
  int64_t top_k;
  int64_t max_new_tokens;   /* -1: not said */
  int64_t max_length;       /* prompt and new tokens; -1: not said */
  EMILY__VEC(int32_t) eos;
  EMILY__VEC(int32_t) suppressed;       /* ids that are never made … */
  EMILY__VEC(int32_t) suppressed_first; /* … and those that do not begin the text */
  EMILY__VEC(char *) stops;
} emily__generation_config;

/* folder: the checkpoint's. A setting that changes the answer and that emily does not have is EMILY_UNSUPPORTED. */
emily_status emily__generation_config_load(const char *folder, emily__generation_config *out);

/* The same from memory: the text of a generation_config.json. */
emily_status emily__generation_config_parse(const char *text, size_t length, const char *name,
                                            emily__generation_config *out);
void emily__generation_config_free(emily__generation_config *config);

/* What readers of such files share: keys that change no answer (NULL-terminated), and a refusal of the settings that emily does not have. */
extern const char *const emily__generation_config_harmless[];
void emily__generation_config_refuse_absent(emily__config *config);

#endif
