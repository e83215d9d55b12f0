/* model_file.c: emily_model_file, see emily/model.h. */
#include "base/alloc.h"
#include "base/status.h"
#include "emily/model.h"
#include "io/file.h"
#include "io/model_files.h"

static int append(const char *text, size_t length, void *out) { return emily__str_append(out, text, length) ? 0 : -1; }

/* Objects keep the file's order. */
static emily_status write_text(const json_t *json, char **text) {
  emily__str out = {0};
  if (json_dump_callback(json, append, &out, JSON_INDENT(2) | JSON_ENCODE_ANY) == 0 && out.data) return *text = out.data, EMILY_OK;
  emily__str_free(&out);
  return emily__fail_memory("emily_model_file", 0, 0);
}

emily_status emily_model_file(const char *path, const char *name, char **text) {
  if (!path || !name || !text) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_model_file", "an argument is NULL");
  char *whole = emily__path_join(path, name);
  json_t *json = NULL;
  emily_status status = whole ? emily__model_file_load(whole, &json) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = write_text(json, text);
  json_decref(json);
  emily__free(whole);
  return status;
}
