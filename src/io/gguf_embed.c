/* gguf_embed.c: modules.json and 1_Pooling/config.json of an embedding model, see gguf_files.h. The file names the pooling; whether vectors
 * are brought to length 1 afterwards it does not say, and they are not. */
#include "base/status.h"
#include "io/gguf_files.h"
#include "io/gguf_meta.h"

#include <stdio.h>

/* By the number in <architecture>.pooling_type; 0 is none, 4 the score of a ranking model. */
static const char *const poolings[] = {NULL, "mean_tokens", "cls_token", "lasttoken"};

/* The pooling's name; NULL where the file has none, or none that is a vector a text. */
static const char *pooling_of(const emily_gguf *file) {
  char key[128];
  int64_t type;
  const char *arch = emily__gguf_string(file, "general.architecture");
  snprintf(key, sizeof key, "%s.pooling_type", arch ? arch : "");
  if (!emily__gguf_int(file, key, &type) || type < 0 || type >= (int64_t)(sizeof poolings / sizeof *poolings)) return NULL;
  return poolings[type];
}

emily_status emily__gguf_modules(const emily_gguf *file, json_t **out) {
  *out = NULL;
  if (!pooling_of(file)) return EMILY_OK;
  return emily__gguf_made(json_pack("[{s:s, s:s}, {s:s, s:s}]", "type", "sentence_transformers.models.Transformer", "path", "", "type",
                                    "sentence_transformers.models.Pooling", "path", "1_Pooling"),
                          true, out);
}

emily_status emily__gguf_pooling(const emily_gguf *file, json_t **out) {
  char key[64];
  const char *pooling = pooling_of(file);
  *out = NULL;
  if (!pooling) return EMILY_OK;
  snprintf(key, sizeof key, "pooling_mode_%s", pooling);
  return emily__gguf_made(json_pack("{s:b}", key, 1), true, out);
}
