/* gguf_export_pooling.c: how an embedding model's vectors are pooled, as the metadata of a GGUF file, see gguf_export.h. That they are brought to
 * length 1 afterwards the format cannot say. */
#include "base/status.h"
#include "io/file.h"
#include "io/model_files.h"
#include "models/gguf_export.h"

#include <stdio.h>
#include <string.h>

/* By llama.cpp's number. */
static const char *const poolings[] = {NULL, "mean", "cls", "lasttoken"};
enum { POOLINGS = sizeof poolings / sizeof *poolings };

/* Whether a pooling's config asks for one: "pooling_mode": "mean", or a flag. */
static bool asks_for(const json_t *pooling, const char *name) {
  char flag[64], longer[64];
  const json_t *mode = emily__json_at(pooling, "pooling_mode");
  if (json_is_string(mode)) return !strcmp(json_string_value(mode), name);
  snprintf(flag, sizeof flag, "pooling_mode_%s", name);
  snprintf(longer, sizeof longer, "pooling_mode_%s_%s", name, strcmp(name, "mean") ? "token" : "tokens");
  return json_is_true(emily__json_at(pooling, flag)) || json_is_true(emily__json_at(pooling, longer));
}

static emily_status put(const emily__gguf_arch *arch, const json_t *pooling, emily__gguf_metadata *m) {
  uint32_t found = 0, count = 0;
  for (uint32_t i = 1; i < POOLINGS; i++)
    if (asks_for(pooling, poolings[i])) found = i, count++;
  if (count != 1) return emily__fail(EMILY_UNSUPPORTED, "emily_model_to_gguf", "1_Pooling/config.json: GGUF has the poolings mean, cls and lasttoken alone");
  emily__gguf_put_uint(m, found, "%s.pooling_type", arch->name);
  return m->status;
}

emily_status emily__gguf_export_pooling(const char *folder, const emily__gguf_arch *arch, emily__gguf_metadata *m) {
  json_t *pooling = NULL;
  char *path = emily__path_join(folder, "1_Pooling/config.json");
  emily_status status = path ? emily__model_file_find(path, &pooling) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK && pooling) status = put(arch, pooling, m);
  json_decref(pooling);
  emily__free(path);
  return status;
}
