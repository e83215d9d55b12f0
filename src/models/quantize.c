/* quantize.c: emily_model_quantize: which matrices are packed, and what the config says of it. */
#include "base/status.h"
#include "models/rewrite.h"

#include <string.h>

static const char WHERE[] = "emily_model_quantize";

/* A router of experts loses more than it saves: 8 bits, as mlx-lm has it. */
static const emily__pack_settings router = {"affine", 64, 8};

static bool ends(const char *name, const char *tail) {
  const size_t length = strlen(name), end = strlen(tail);
  return length >= end && strcmp(name + length - end, tail) == 0;
}

static bool same(const emily__pack_settings *a, const emily__pack_settings *b) {
  return strcmp(a->mode, b->mode) == 0 && a->group_size == b->group_size && a->bits == b->bits;
}

static void decide(emily__rewrite_item *item, const emily__pack_settings *base, emily_dtype dtype) {
  const emily__pack_settings *settings = ends(item->name, ".mlp.gate") ? &router : base;
  if (emily_dtype_is_float(item->dtype) && dtype >= 0) item->dtype = dtype;
  if (!item->layer) return;
  if (item->dtype == EMILY_FLOAT64) item->dtype = EMILY_FLOAT32;
  if (item->shape[item->ndim - 1] % settings->group_size == 0) item->pack = *settings;
  else item->kept = "its rows are no whole groups";
  emily__rewrite_settle(item);
}

/* {"group_size": …, "bits": …, "mode": …} */
static json_t *settings_json(const emily__pack_settings *s) {
  return json_pack("{s:I,s:I,s:s}", "group_size", (json_int_t)s->group_size, "bits", (json_int_t)s->bits, "mode", s->mode);
}

static emily_status write_config(emily__rewrite *r, const emily__pack_settings *base, emily_dtype dtype) {
  json_t *section = settings_json(base);
  bool ok = section;
  for (size_t i = 0; i < r->items.count && ok; i++) {
    const emily__rewrite_item *item = &r->items.data[i];
    if (item->pack.mode && !same(&item->pack, base)) ok = json_object_set_new(section, item->name, settings_json(&item->pack)) == 0;
  }
  ok = ok && json_object_set(r->config, "quantization", section) == 0 && json_object_set(r->config, "quantization_config", section) == 0;
  json_decref(section);
  if (ok && dtype >= 0) ok = emily__rewrite_set_dtype(r->config, dtype);
  return ok ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status check_new(const emily__rewrite *r) {
  const emily__quantization *q = emily__model_quantization(r->model);
  bool packed = q->groups || q->float8;
  for (size_t i = 0; i < r->items.count && !packed; i++)
    for (int64_t j = 0; j < r->items.data[i].source_count && r->items.data[i].layer; j++) packed |= r->items.data[i].sources[j].packing != NULL;
  if (!packed) return EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, WHERE, "%s is quantized already: take the checkpoint that it was made from, or make it dense by `emily convert`",
                     emily_model_path(r->model));
}

/* A group that is longer than every row packs nothing. */
static emily_status check_some(const emily__rewrite *r, const emily__pack_settings *base) {
  for (size_t i = 0; i < r->items.count; i++)
    if (r->items.data[i].pack.mode) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "no matrix of %s has rows of whole groups of %lld: nothing would be packed",
                     emily_model_path(r->model), (long long)base->group_size);
}

static emily_status check(const char *path, const char *out, const emily_quantize_options *o, const emily_rewrite_totals *totals,
                          emily__pack_settings *settings) {
  if (!path || !o || (!out && !o->dry_run)) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "path, out and options must not be NULL");
  if (o->struct_size < sizeof *o) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "options must begin as EMILY_QUANTIZE_OPTIONS_INIT");
  EMILY__TRY(emily__rewrite_check_totals(totals));
  if (o->dtype != -1 && !emily__rewrite_takes(o->dtype))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "dtype must be float32, float16 or bfloat16");
  return emily__pack_settings_make(o->mode ? o->mode : "affine", o->group_size, o->bits, settings);
}

emily_status emily_model_quantize(const char *path, const char *out, const emily_quantize_options *o, emily_rewrite_totals *totals) {
  emily__pack_settings settings;
  EMILY__TRY(check(path, out, o, totals, &settings));
  emily__rewrite r = {.dry_run = o->dry_run, .measure = o->measure, .shard_bytes = o->shard_bytes, .each = o->each, .context = o->context};
  emily_status status = emily__rewrite_open(&r, path, true);
  if (status == EMILY_OK) status = check_new(&r);
  for (size_t i = 0; i < r.items.count && status == EMILY_OK; i++) decide(&r.items.data[i], &settings, o->dtype);
  if (status == EMILY_OK) status = check_some(&r, &settings);
  if (status == EMILY_OK) status = write_config(&r, &settings, o->dtype);
  if (status == EMILY_OK) status = emily__rewrite_run(&r, out);
  if (status == EMILY_OK) emily__rewrite_tell_totals(&r, totals);
  emily__rewrite_close(&r);
  return status;
}
