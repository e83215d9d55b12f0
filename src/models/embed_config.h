/* embed_config.h: the files that sentence-transformers writes beside a model. */
#ifndef EMILY_MODELS_EMBED_CONFIG_H
#define EMILY_MODELS_EMBED_CONFIG_H

#include "base/vec.h"
#include "models/config.h"
#include "nn/pooling.h"

typedef struct emily__prompt {
  char *name, *text;
} emily__prompt;

typedef struct emily__embed_config {
  char *model_path;            /* the folder of the model itself */
  emily__pooling *pooling[6];  /* results are put side by side */
  int32_t pooling_count;
  int64_t pooling_size;        /* the hidden size that the file speaks of; 0: it does not */
  bool normalize, lowercase;
  int64_t max_tokens;          /* 0: not said */
  EMILY__VEC(emily__prompt) prompts;
  char *default_prompt;        /* a name, or NULL */
} emily__embed_config;

emily_status emily__embed_config_load(const char *folder, emily__embed_config *out);
void emily__embed_config_free(emily__embed_config *config);

/* The text of a prompt: of the name, or of the default where name is NULL ("" where there is none). EMILY_NOT_FOUND. */
emily_status emily__embed_config_prompt(const emily__embed_config *config, const char *name, const char **out);

#endif
