/* rewrite_folder.c: the items of a rewrite into a folder: files of weights, their index where there are several, config.json, and the other
 * files of the model as they are. config.json comes last: a folder without it is none that loads. */
#include "base/status.h"
#include "io/checkpoint.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/model_files.h"
#include "io/replace.h"
#include "io/safetensors_write.h"
#include "models/rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SHARD_BYTES = UINT64_C(5000000000), OTHER_MOST = UINT64_C(1) << 28;

/* ---- the order of the file ---- */

/* Items whose parts all fill whole words stand first, so that words stay aligned and are not copied when they are loaded. */
static bool fills_words(const emily__rewrite_item *item) {
  emily__rewrite_part parts[EMILY__REWRITE_PARTS];
  const int count = emily__rewrite_parts(item, parts);
  for (int i = 0; i < count; i++)
    if (parts[i].bytes % 8) return false;
  return true;
}

static int compare(const void *a, const void *b) {
  const emily__rewrite_item *x = a, *y = b;
  const bool first = fills_words(x), second = fills_words(y);
  if (first != second) return first ? -1 : 1;
  return strcmp(x->name, y->name);
}

/* Items [from, to) make the next file. */
static size_t file_end(const emily__rewrite *r, size_t from) {
  const uint64_t most = r->shard_bytes ? r->shard_bytes : SHARD_BYTES;
  uint64_t bytes = 0;
  size_t to = from;
  for (; to < r->items.count; to++) {
    bytes += emily__rewrite_bytes(&r->items.data[to]);
    if (bytes > most && to > from) break;
  }
  return to;
}

static size_t file_count(const emily__rewrite *r) {
  size_t count = 0;
  for (size_t from = 0; from < r->items.count; from = file_end(r, from)) count++;
  return count;
}

/* ---- telling ---- */

static emily_status tell(emily__rewrite *r, const emily__rewrite_item *item, double error) {
  emily_rewrite_totals *t = &r->totals;
  const bool packed = item->pack.mode;
  emily_rewrite_tensor told = {.name = item->name, .mode = item->pack.mode, .kept = item->kept, .group_size = item->pack.group_size,
                               .bits = item->pack.bits, .from = item->from, .to = packed ? -1 : item->dtype,
                               .bytes_before = item->bytes_before, .bytes_after = emily__rewrite_bytes(item), .error = error};
  uint64_t parameters = 1;
  for (int32_t i = 0; i < item->ndim; i++) parameters *= (uint64_t)item->shape[i];
  t->tensors++;
  t->packed += packed;
  t->parameters += parameters;
  t->bytes_after += told.bytes_after;
  t->bytes_before += item->bytes_before;
  told.done = t->bytes_before;
  for (size_t i = 0; i < r->items.count; i++) told.total += r->items.data[i].bytes_before;
  if (!r->each || r->each(r->context, &told)) return EMILY_OK;
  return emily__fail(EMILY_CANCELLED, "convert", "stopped");
}

static emily_status make(emily__rewrite *r, const emily__rewrite_item *item, emily__rewrite_put *put, void *to) {
  double error = -1;
  if (put || (r->measure && item->pack.mode))
    EMILY__TRY(emily__rewrite_item_make(r, item, put, to, r->measure ? &error : NULL));
  return tell(r, item, error);
}

/* ---- one file of weights ---- */

static emily_status put(void *to, const void *bytes, size_t count) { return emily__st_writer_put(to, bytes, count); }

typedef struct header {
  EMILY__VEC(emily__st_tensor) tensors;
  EMILY__VEC(emily__rewrite_part) parts; /* whose shapes the tensors point to */
} header;

static void header_free(header *h) {
  for (size_t i = 0; i < h->tensors.count; i++) emily__free((char *)h->tensors.data[i].name);
  emily__vec_free(&h->tensors);
  emily__vec_free(&h->parts);
}

static bool header_add(header *h, const emily__rewrite_item *item) {
  emily__rewrite_part parts[EMILY__REWRITE_PARTS];
  const int count = emily__rewrite_parts(item, parts);
  for (int i = 0; i < count; i++) {
    emily__str name = {0};
    if (!emily__str_printf(&name, "%s%s", item->name, parts[i].tail)) return false;
    const emily__st_tensor tensor = {.name = name.data, .dtype = parts[i].dtype, .rank = item->ndim};
    if (!emily__vec_push(&h->tensors, tensor)) return emily__str_free(&name), false;
    if (!emily__vec_push(&h->parts, parts[i])) return false;
  }
  return true;
}

static emily_status open_writer(const emily__rewrite *r, size_t from, size_t to, const char *path, header *h, emily__st_writer **out) {
  static const char *const metadata[] = {"format", "mlx"}; /* some readers ask for one */
  for (size_t i = from; i < to; i++)
    if (!header_add(h, &r->items.data[i])) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < h->tensors.count; i++) h->tensors.data[i].shape = h->parts.data[i].shape;
  return emily__st_writer_open(path, h->tensors.data, h->tensors.count, metadata, 1, out);
}

static emily_status write_items(emily__rewrite *r, size_t from, size_t to, const char *path) {
  header h = {0};
  emily__st_writer *writer = NULL;
  emily_status status = open_writer(r, from, to, path, &h, &writer);
  header_free(&h);
  EMILY__TRY(status);
  for (size_t i = from; status == EMILY_OK && i < to; i++) status = make(r, &r->items.data[i], put, writer);
  if (status == EMILY_OK) return emily__st_writer_commit(writer);
  emily__st_writer_abort(writer);
  return status;
}

/* ---- files of JSON ---- */

static int append(const char *text, size_t length, void *out) { return emily__str_append(out, text, length) ? 0 : -1; }

static emily_status write_json(const char *folder, const char *name, const json_t *json, size_t flags) {
  emily__str text = {0};
  emily__replacement file;
  char *path = emily__path_join(folder, name);
  emily_status status = EMILY_OUT_OF_MEMORY;
  if (path && json && json_dump_callback(json, append, &text, JSON_INDENT(4) | flags) == 0) {
    status = emily__replace_begin(path, &file);
    if (status == EMILY_OK) {
      status = emily__replace_write(&file, text.data, text.count);
      if (status == EMILY_OK) status = emily__replace_commit(&file);
      else emily__replace_abort(&file);
    }
  }
  emily__str_free(&text);
  emily__free(path);
  return status;
}

static bool place(json_t *map, const emily__rewrite_item *item, const char *file) {
  emily__rewrite_part parts[EMILY__REWRITE_PARTS];
  const int count = emily__rewrite_parts(item, parts);
  for (int i = 0; i < count; i++) {
    emily__str name = {0};
    const bool placed = emily__str_printf(&name, "%s%s", item->name, parts[i].tail) && json_object_set_new(map, name.data, json_string(file)) == 0;
    emily__str_free(&name);
    if (!placed) return false;
  }
  return true;
}

/* {"metadata": {"total_size": …, "total_parameters": …}, "weight_map": …}; the map is taken. */
static emily_status write_index(const emily__rewrite *r, const char *out, json_t *map) {
  json_t *root = json_pack("{s:{s:I,s:I},s:o}", "metadata", "total_size", (json_int_t)r->totals.bytes_after, "total_parameters",
                           (json_int_t)r->totals.parameters, "weight_map", map);
  const emily_status status = root ? write_json(out, "model.safetensors.index.json", root, JSON_SORT_KEYS) : EMILY_OUT_OF_MEMORY;
  json_decref(root);
  return status;
}

/* ---- the folder ---- */

static void file_name(char name[64], size_t index, size_t count) {
  if (count == 1) snprintf(name, 64, "model.safetensors");
  else snprintf(name, 64, "model-%05zu-of-%05zu.safetensors", index, count);
}

static emily_status write_files(emily__rewrite *r, const char *out, json_t *map) {
  const size_t count = file_count(r);
  char name[64];
  for (size_t from = 0, to; from < r->items.count; from = to) {
    to = file_end(r, from);
    file_name(name, ++r->totals.files, count);
    char *path = emily__path_join(out, name);
    const emily_status status = path ? write_items(r, from, to, path) : EMILY_OUT_OF_MEMORY;
    emily__free(path);
    EMILY__TRY(status);
    for (size_t i = from; count > 1 && i < to; i++)
      if (!place(map, &r->items.data[i], name)) return EMILY_OUT_OF_MEMORY;
  }
  return count > 1 ? write_index(r, out, json_incref(map)) : EMILY_OK;
}

static bool ends(const char *name, const char *tail) {
  const size_t length = strlen(name), end = strlen(tail);
  return length >= end && strcmp(name + length - end, tail) == 0;
}

/* What is neither weights nor written anew. */
static bool is_other(const char *name) {
  static const char *const weights[] = {".safetensors", ".index.json", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".gguf", ".npz"};
  for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
    if (ends(name, weights[i])) return false;
  return true;
}

static emily_status make_pooling_folder(const char *out) {
  bool made;
  char *below = emily__path_join(out, "1_Pooling");
  const emily_status status = below ? emily__folder_take(below, &made) : EMILY_OUT_OF_MEMORY;
  emily__free(below);
  return status;
}

/* What a GGUF file has inside, as the files of a folder. */
static emily_status write_made(const char *path, const char *out) {
  static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "generation_config.json", "modules.json", "1_Pooling/config.json"};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < sizeof names / sizeof *names && status == EMILY_OK; i++) {
    json_t *json = NULL;
    char *file = emily__path_join(path, names[i]);
    if (!file) return EMILY_OUT_OF_MEMORY;
    status = emily__model_file_find(file, &json);
    if (status == EMILY_OK && json && strchr(names[i], '/')) status = make_pooling_folder(out);
    if (status == EMILY_OK && json) status = write_json(out, names[i], json, 0);
    json_decref(json);
    emily__free(file);
  }
  return status;
}

/* A folder below may have a config.json of its own (1_Pooling); the model's own is written over afterwards. */
static emily_status write_folder(emily__rewrite *r, const char *out) {
  const char *path = emily_model_path(r->model);
  json_t *map = json_object();
  emily_status status = map ? write_files(r, out, map) : EMILY_OUT_OF_MEMORY;
  json_decref(map);
  if (status == EMILY_OK && emily__checkpoint_gguf(r->checkpoint)) status = write_made(path, out);
  else if (status == EMILY_OK && emily__file_is_folder(path)) status = emily__folder_copy(path, out, is_other, OTHER_MOST);
  return status == EMILY_OK ? write_json(out, "config.json", r->config, 0) : status;
}

static emily_status run_dry(emily__rewrite *r) {
  r->totals.files = file_count(r);
  for (size_t i = 0; i < r->items.count; i++) EMILY__TRY(make(r, &r->items.data[i], NULL, NULL));
  return EMILY_OK;
}

emily_status emily__rewrite_run(emily__rewrite *r, const char *out) {
  bool made;
  if (r->items.count) qsort(r->items.data, r->items.count, sizeof *r->items.data, compare);
  if (r->dry_run) return run_dry(r);
  EMILY__TRY(emily__folder_take(out, &made));
  const emily_status status = write_folder(r, out);
  if (status == EMILY_OK) return EMILY_OK;
  emily__error error;
  emily__error_save(&error);
  emily__folder_clear(out, made);
  emily__error_restore(&error);
  return status;
}

emily_status emily__rewrite_check_totals(const emily_rewrite_totals *totals) {
  if (!totals || totals->struct_size >= sizeof *totals) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, "convert", "totals must begin as EMILY_REWRITE_TOTALS_INIT");
}

void emily__rewrite_tell_totals(const emily__rewrite *r, emily_rewrite_totals *totals) {
  if (!totals) return;
  const size_t size = totals->struct_size;
  *totals = r->totals;
  totals->struct_size = size;
}
