/* convert.c: emily_model_convert: every float in one dtype, nothing packed. */
#include "base/status.h"
#include "models/rewrite.h"

static const char WHERE[] = "emily_model_convert";

bool emily__rewrite_takes(emily_dtype dtype) { return dtype == EMILY_FLOAT32 || dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16; }

bool emily__rewrite_set_dtype(json_t *config, emily_dtype dtype) {
  const char *key = json_object_get(config, "torch_dtype") ? "torch_dtype" : "dtype"; /* Transformers' older and newer name */
  return json_object_set_new(config, key, json_string(emily_dtype_name(dtype))) == 0;
}

static emily_status check(const char *path, const char *out, const emily_convert_options *o) {
  if (!path || !o || (!out && !o->dry_run)) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "path, out and options must not be NULL");
  if (o->struct_size < sizeof *o) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "options must begin as EMILY_CONVERT_OPTIONS_INIT");
  if (!emily__rewrite_takes(o->dtype)) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "dtype must be float32, float16 or bfloat16");
  return EMILY_OK;
}

emily_status emily_model_convert(const char *path, const char *out, const emily_convert_options *o, emily_rewrite_totals *totals) {
  EMILY__TRY(check(path, out, o));
  EMILY__TRY(emily__rewrite_check_totals(totals));
  emily__rewrite r = {.dry_run = o->dry_run, .shard_bytes = o->shard_bytes, .each = o->each, .context = o->context};
  emily_status status = emily__rewrite_open(&r, path, false);
  for (size_t i = 0; i < r.items.count; i++) {
    emily__rewrite_settle(&r.items.data[i]);
    if (emily_dtype_is_float(r.items.data[i].dtype)) r.items.data[i].dtype = o->dtype;
  }
  if (status == EMILY_OK) {
    json_object_del(r.config, "quantization");
    json_object_del(r.config, "quantization_config");
    status = emily__rewrite_set_dtype(r.config, o->dtype) ? emily__rewrite_run(&r, out) : EMILY_OUT_OF_MEMORY;
  }
  if (status == EMILY_OK) emily__rewrite_tell_totals(&r, totals);
  emily__rewrite_close(&r);
  return status;
}
