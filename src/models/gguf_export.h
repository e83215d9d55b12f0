/* gguf_export.h: the parts of emily_model_to_gguf: what a Hugging Face checkpoint says, as the metadata and tensors of a GGUF file. */
#ifndef EMILY_MODELS_GGUF_EXPORT_H
#define EMILY_MODELS_GGUF_EXPORT_H

#include "base/json.h"
#include "base/vec.h"
#include "emily/gguf.h"
#include "io/gguf_arch.h"

/* Metadata being gathered: pairs, and what they point to. Failures stick. */
typedef struct emily__gguf_metadata {
  EMILY__VEC(emily_gguf_pair) pairs;
  EMILY__VEC(char *) texts;          /* keys, and values that are copies */
  EMILY__VEC(const char **) lists;
  EMILY__VEC(json_t *) documents;    /* whose strings are values */
  emily_status status;
} emily__gguf_metadata;

void emily__gguf_metadata_free(emily__gguf_metadata *metadata);

/* Keys are printf's; one that is there already is left as it is. */
void emily__gguf_put_uint(emily__gguf_metadata *m, uint32_t value, const char *key, ...) EMILY_PRINTF(3, 4);
void emily__gguf_put_float(emily__gguf_metadata *m, double value, const char *key, ...) EMILY_PRINTF(3, 4);
void emily__gguf_put_bool(emily__gguf_metadata *m, bool value, const char *key, ...) EMILY_PRINTF(3, 4);
void emily__gguf_put_text(emily__gguf_metadata *m, const char *value, const char *key, ...) EMILY_PRINTF(3, 4);
void emily__gguf_put_array(emily__gguf_metadata *m, emily_array *numbers, const char *key, ...) EMILY_PRINTF(3, 4); /* takes it; NULL fails */
void emily__gguf_put_list(emily__gguf_metadata *m, const char **texts, int64_t count, const char *key); /* takes the list, not the texts */
char *emily__gguf_keep(emily__gguf_metadata *m, const char *text);      /* a copy; NULL on failure */
json_t *emily__gguf_keep_json(emily__gguf_metadata *m, json_t *document); /* takes it */

/* The settings of config.json. EMILY_UNSUPPORTED names a setting that GGUF has no word for. */
emily_status emily__gguf_export_config(const emily__gguf_arch *arch, const json_t *config, emily__gguf_metadata *m);

/* Llama 3's factors of rope, float32 [head_dim / 2]; *out NULL where the config scales in no such way. The caller owns it. */
emily_status emily__gguf_export_rope(const json_t *config, emily_array **out);

/* The pooling of an embedding model; nothing where the folder has none. */
emily_status emily__gguf_export_pooling(const char *folder, const emily__gguf_arch *arch, emily__gguf_metadata *m);

/* The tokenizer and the chat template of the folder; nothing where it has none. rows: of the embedding. */
emily_status emily__gguf_export_tokenizer(const char *folder, const json_t *config, int64_t rows, emily__gguf_metadata *m);

#endif
