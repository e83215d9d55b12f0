/* rewrite.c: see rewrite.h. Here: from a model to its items. */
#include "models/rewrite.h"

#include "base/status.h"
#include "io/file.h"
#include "io/model_files.h"

#include <stdio.h>
#include <string.h>

/* What a layer's tensors may be called behind its name. */
static const char *const tails[] = {".weight", ".scales", ".biases", ".weight_scale_inv", ".weight_scale", ".input_scale"};

/* Takes a tensor out of those that belong to no layer; its bytes. */
static uint64_t claim_tensor(const emily__rewrite *r, const char *name, bool *claimed) {
  size_t index;
  if (emily_checkpoint_find(r->checkpoint, name, &index) != EMILY_OK || claimed[index]) return 0;
  claimed[index] = true;
  return emily_checkpoint_nbytes(r->checkpoint, index);
}

static uint64_t claim(const emily__rewrite *r, const emily__weight_use *use, bool *claimed) {
  char full[EMILY__WEIGHT_NAME_MAX + 32];
  uint64_t bytes = 0;
  if (use->source) return claim_tensor(r, use->source, claimed);
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    snprintf(full, sizeof full, "%s%s", use->name, tails[i]);
    bytes += claim_tensor(r, full, claimed);
  }
  return bytes;
}

/* How many of the uses from `first` on are experts of its stack. */
static size_t stack_length(const emily__weights *w, size_t first, bool mlx_layout) {
  const emily__weight_use *uses = w->uses.data;
  size_t count = 1;
  if (!mlx_layout || !uses[first].stack) return 1;
  while (first + count < w->uses.count && uses[first + count].stack && strcmp(uses[first].stack, uses[first + count].stack) == 0) count++;
  return count;
}

static emily_status add_layer(emily__rewrite *r, const emily__weights *w, size_t first, size_t count, bool stacked, bool *claimed) {
  const emily__weight_use *use = &w->uses.data[first];
  emily__rewrite_item item = {.layer = true, .across = use->across, .source_count = (int64_t)count, .ndim = use->ndim + stacked};
  item.from = use->weight.packing ? -1 : emily_array_dtype(use->weight.data);
  item.dtype = use->weight.packing ? EMILY_FLOAT32 : item.from;
  memcpy(item.shape + stacked, use->shape, (size_t)use->ndim * sizeof *use->shape);
  if (stacked) item.shape[0] = (int64_t)count;
  for (size_t i = 0; i < count; i++) item.bytes_before += claim(r, &w->uses.data[first + i], claimed);
  item.name = emily__strdup(stacked ? use->stack : use->name);
  item.sources = item.name ? emily__alloc_array(count, sizeof *item.sources) : NULL;
  for (size_t i = 0; i < count && item.sources; i++) item.sources[i] = w->uses.data[first + i].weight;
  if (item.sources && emily__vec_push(&r->items, item)) return EMILY_OK;
  emily__free(item.name);
  emily__free(item.sources);
  return EMILY_OUT_OF_MEMORY;
}

static emily_status add_tensor(emily__rewrite *r, size_t index) {
  const char *name = emily_checkpoint_name(r->checkpoint, index);
  emily__rewrite_item item = {.tensor = name, .ndim = emily_checkpoint_ndim(r->checkpoint, index),
                              .bytes_before = emily_checkpoint_nbytes(r->checkpoint, index), .source_count = 1};
  if (item.ndim > EMILY__REWRITE_AXES)
    return emily__fail(EMILY_UNSUPPORTED, "convert", "\"%s\" has %d axes; at most %d are rewritten", name, item.ndim, EMILY__REWRITE_AXES);
  memcpy(item.shape, emily_checkpoint_shape(r->checkpoint, index), (size_t)item.ndim * sizeof *item.shape);
  item.from = item.dtype = emily_checkpoint_dtype(r->checkpoint, index);
  item.name = emily__strdup(name);
  if (item.name && emily__vec_push(&r->items, item)) return EMILY_OK;
  emily__free(item.name);
  return EMILY_OUT_OF_MEMORY;
}

/* A head that the file has a second time, though it is tied to the table: mlx-lm's files have it once. */
static bool is_copy(const emily__weight_use *use) {
  const void *a, *b;
  return use->twin && !use->weight.packing && emily_array_dtype(use->twin) == emily_array_dtype(use->weight.data) &&
         emily_array_data(use->twin, true, &a) == EMILY_OK && emily_array_data(use->weight.data, true, &b) == EMILY_OK &&
         memcmp(a, b, emily_array_nbytes(use->twin)) == 0;
}

static emily_status add_items(emily__rewrite *r, bool mlx_layout, bool *claimed) {
  const emily__weights *w = emily__model_weights(r->model);
  const size_t count = emily_checkpoint_count(r->checkpoint);
  for (size_t i = 0; i < w->uses.count;) {
    const bool stacked = mlx_layout && w->uses.data[i].stack;
    const size_t length = stack_length(w, i, mlx_layout);
    if (mlx_layout && is_copy(&w->uses.data[i])) claim(r, &w->uses.data[i], claimed);
    else EMILY__TRY(add_layer(r, w, i, length, stacked, claimed));
    i += length;
  }
  for (size_t i = 0; i < count; i++)
    if (!claimed[i]) EMILY__TRY(add_tensor(r, i));
  return EMILY_OK;
}

static emily_status load_config(emily__rewrite *r, const char *path) {
  char *name = emily__path_join(path, "config.json");
  if (!name) return EMILY_OUT_OF_MEMORY;
  const emily_status status = emily__model_file_load(name, &r->config);
  emily__free(name);
  return status;
}

emily_status emily__rewrite_open(emily__rewrite *r, const char *path, bool mlx_layout) {
  EMILY__TRY(emily__model_record(path, &r->model));
  EMILY__TRY(emily_checkpoint_open(path, &r->checkpoint));
  EMILY__TRY(load_config(r, path));
  bool *claimed = emily__calloc(emily_checkpoint_count(r->checkpoint) + 1, sizeof *claimed);
  if (!claimed) return EMILY_OUT_OF_MEMORY;
  const emily_status status = add_items(r, mlx_layout, claimed);
  emily__free(claimed);
  return status == EMILY_OK ? emily__rewrite_from_gguf(r) : status;
}

void emily__rewrite_close(emily__rewrite *r) {
  for (size_t i = 0; i < r->items.count; i++) {
    emily__free(r->items.data[i].name);
    emily__free(r->items.data[i].sources);
  }
  emily__vec_free(&r->items);
  json_decref(r->config);
  emily_checkpoint_release(r->checkpoint);
  emily_model_release(r->model);
}

void emily__rewrite_settle(emily__rewrite_item *item) {
  const bool across = item->across != EMILY__ALONG && !item->pack.mode; /* as the item is to stand */
  item->turn = across != (item->across == EMILY__ACROSS);
  if (!across) return;
  const int64_t rows = item->shape[0];
  item->shape[0] = item->shape[1];
  item->shape[1] = rows;
}
