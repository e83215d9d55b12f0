/* checkpoint.c: see emily/checkpoint.h. The tensors of all files stand in one list ordered by name. */
#include "emily/checkpoint.h"

#include "base/vec.h"
#include "io/safetensors.h"
#include "io/shard_index.h"
#include "io/tensor_array.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char WHERE[] = "checkpoint";

typedef struct tensor {
  const emily__st_entry *entry;
  const emily__safetensors *file;
  _Atomic bool used;
} tensor;

struct emily_checkpoint {
  _Atomic int64_t references;
  char *path;
  EMILY__VEC(emily__safetensors *) files;
  tensor *tensors;
  size_t count;
  EMILY__VEC(const emily__st_entry *) unlisted;
};

/* ---- filling ---- */

static emily_status open_file(emily_checkpoint *checkpoint, const char *path) {
  emily__safetensors *file = NULL;
  EMILY__TRY(emily__safetensors_open(path, &file));
  if (emily__vec_push(&checkpoint->files, file)) return EMILY_OK;
  emily__safetensors_close(file);
  return EMILY_OUT_OF_MEMORY;
}

static emily_status take_tensors(emily_checkpoint *checkpoint, size_t count) {
  checkpoint->tensors = emily__calloc(count, sizeof *checkpoint->tensors);
  return checkpoint->tensors ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static void add(emily_checkpoint *checkpoint, const emily__safetensors *file, const emily__st_entry *entry) {
  tensor *t = &checkpoint->tensors[checkpoint->count++];
  t->entry = entry;
  t->file = file;
}

static emily_status fill_from_file(emily_checkpoint *checkpoint, const char *path) {
  EMILY__TRY(open_file(checkpoint, path));
  const emily__safetensors *file = checkpoint->files.data[0];
  EMILY__TRY(take_tensors(checkpoint, file->count));
  for (size_t i = 0; i < file->count; i++) add(checkpoint, file, &file->entries[i]); /* names are unique: checked */
  return EMILY_OK;
}

static emily_status open_shards(emily_checkpoint *checkpoint, const emily__shard_index *index) {
  for (size_t i = 0; i < index->shard_count; i++) {
    char *path = emily__path_join(checkpoint->path, index->shards[i]);
    if (!path) return EMILY_OUT_OF_MEMORY;
    emily_status status = open_file(checkpoint, path);
    emily__free(path);
    if (status == EMILY_NOT_FOUND) return emily__fail_context("%s is incomplete; fetch it again", checkpoint->path);
    EMILY__TRY(status);
  }
  return EMILY_OK;
}

static emily_status place_tensors(emily_checkpoint *checkpoint, const emily__shard_index *index) {
  EMILY__TRY(take_tensors(checkpoint, index->count));
  for (size_t i = 0; i < index->count; i++) {
    const emily__sharded *placed = &index->tensors[i];
    const emily__safetensors *file = checkpoint->files.data[placed->shard];
    const emily__st_entry *entry = emily__safetensors_find(file, placed->name);
    if (!entry)
      return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s does not hold tensor '%.200s', which the index places there",
                         file->path, placed->name);
    add(checkpoint, file, entry);
  }
  return EMILY_OK;
}

static int compare_tensors(const void *a, const void *b) {
  return strcmp(((const tensor *)a)->entry->name, ((const tensor *)b)->entry->name);
}

static const tensor *find(const emily_checkpoint *checkpoint, const char *name) {
  const emily__st_entry wanted = {.name = name};
  const tensor key = {.entry = &wanted};
  return bsearch(&key, checkpoint->tensors, checkpoint->count, sizeof key, compare_tensors);
}

/* What lies in a file and is not reached through the index, which may also place the name in another file. */
static emily_status note_unlisted(emily_checkpoint *checkpoint) {
  for (size_t f = 0; f < checkpoint->files.count; f++) {
    const emily__safetensors *file = checkpoint->files.data[f];
    for (size_t i = 0; i < file->count; i++) {
      const tensor *listed = find(checkpoint, file->entries[i].name);
      if (listed && listed->file == file) continue;
      if (!emily__vec_push(&checkpoint->unlisted, &file->entries[i])) return EMILY_OUT_OF_MEMORY;
    }
  }
  return EMILY_OK;
}

static emily_status fill_from_index(emily_checkpoint *checkpoint, const char *path) {
  emily__shard_index index = {0};
  EMILY__TRY(emily__shard_index_read(path, &index));
  emily_status status = open_shards(checkpoint, &index);
  if (status == EMILY_OK) status = place_tensors(checkpoint, &index);
  emily__shard_index_free(&index);
  return status;
}

/* ---- which files ---- */

/* *out: folder/name where that is a file, else NULL. */
static emily_status present(const char *folder, const char *name, char **out) {
  char *path = emily__path_join(folder, name);
  if (!path) return EMILY_OUT_OF_MEMORY;
  *out = NULL;
  if (emily__file_is_regular(path)) *out = path;
  else emily__free(path);
  return EMILY_OK;
}

static emily_status refuse(const char *folder) {
  static const char *const pickled[] = {"pytorch_model.bin", "pytorch_model.bin.index.json"};
  for (size_t i = 0; i < 2; i++) {
    char *path = NULL;
    EMILY__TRY(present(folder, pickled[i], &path));
    if (!path) continue;
    emily__free(path);
    return emily__fail(
        EMILY_UNSUPPORTED, WHERE,
        "%s holds its weights only as %s, a Python pickle, which can run code; convert it where you trust it, "
        "with model.save_pretrained(folder, safe_serialization=True) in Transformers, and use that folder",
        folder, pickled[i]);
  }
  return emily__fail(EMILY_NOT_FOUND, WHERE, "%s holds neither model.safetensors nor model.safetensors.index.json",
                     folder);
}

/* model.safetensors wins over an index, as in Transformers. */
static emily_status fill_from_folder(emily_checkpoint *checkpoint) {
  char *single = NULL, *index = NULL;
  EMILY__TRY(present(checkpoint->path, "model.safetensors", &single));
  emily_status status = single ? EMILY_OK : present(checkpoint->path, "model.safetensors.index.json", &index);
  if (status == EMILY_OK)
    status = single  ? fill_from_file(checkpoint, single)
             : index ? fill_from_index(checkpoint, index)
                     : refuse(checkpoint->path);
  emily__free(single);
  emily__free(index);
  return status;
}

static emily_status fill(emily_checkpoint *checkpoint) {
  if (emily__file_is_folder(checkpoint->path)) EMILY__TRY(fill_from_folder(checkpoint));
  else EMILY__TRY(fill_from_file(checkpoint, checkpoint->path));
  qsort(checkpoint->tensors, checkpoint->count, sizeof *checkpoint->tensors, compare_tensors);
  return note_unlisted(checkpoint);
}

emily_status emily_checkpoint_open(const char *path, emily_checkpoint **out) {
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_checkpoint_open", "path or out is NULL");
  emily_checkpoint *checkpoint = emily__calloc(1, sizeof *checkpoint);
  if (!checkpoint) return EMILY_OUT_OF_MEMORY;
  atomic_init(&checkpoint->references, 1);
  checkpoint->path = emily__strdup(path);
  emily_status status = checkpoint->path ? fill(checkpoint) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) *out = checkpoint;
  else emily_checkpoint_release(checkpoint);
  return status;
}

emily_checkpoint *emily_checkpoint_retain(emily_checkpoint *checkpoint) {
  if (checkpoint) atomic_fetch_add_explicit(&checkpoint->references, 1, memory_order_relaxed);
  return checkpoint;
}

void emily_checkpoint_release(emily_checkpoint *checkpoint) {
  if (!checkpoint || atomic_fetch_sub_explicit(&checkpoint->references, 1, memory_order_acq_rel) != 1) return;
  for (size_t i = 0; i < checkpoint->files.count; i++) emily__safetensors_close(checkpoint->files.data[i]);
  emily__vec_free(&checkpoint->files);
  emily__vec_free(&checkpoint->unlisted);
  emily__free(checkpoint->tensors);
  emily__free(checkpoint->path);
  emily__free(checkpoint);
}

/* ---- reading ---- */

static const tensor *at(const emily_checkpoint *checkpoint, size_t index) {
  return checkpoint && index < checkpoint->count ? &checkpoint->tensors[index] : NULL;
}

size_t emily_checkpoint_count(const emily_checkpoint *checkpoint) { return checkpoint ? checkpoint->count : 0; }

const char *emily_checkpoint_name(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->entry->name : NULL;
}

emily_dtype emily_checkpoint_dtype(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->entry->dtype->dtype : -1;
}

const char *emily_checkpoint_dtype_name(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->entry->dtype->name : NULL;
}

int32_t emily_checkpoint_ndim(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->entry->rank : -1;
}

const int64_t *emily_checkpoint_shape(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->entry->shape : NULL;
}

uint64_t emily_checkpoint_nbytes(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->entry->bytes : 0;
}

const char *emily_checkpoint_file(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->file->path : NULL;
}

bool emily_checkpoint_used(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t && atomic_load_explicit(&t->used, memory_order_relaxed);
}

size_t emily_checkpoint_unlisted_count(const emily_checkpoint *checkpoint) {
  return checkpoint ? checkpoint->unlisted.count : 0;
}

const char *emily_checkpoint_unlisted_name(const emily_checkpoint *checkpoint, size_t index) {
  return index < emily_checkpoint_unlisted_count(checkpoint) ? checkpoint->unlisted.data[index]->name : NULL;
}

const char *emily_checkpoint_metadata(const emily_checkpoint *checkpoint, const char *key) {
  if (!checkpoint || !key) return NULL;
  for (size_t f = 0; f < checkpoint->files.count; f++) {
    const emily__safetensors *file = checkpoint->files.data[f];
    for (size_t i = 0; i < file->metadata_count; i++)
      if (strcmp(file->metadata[2 * i], key) == 0) return file->metadata[2 * i + 1];
  }
  return NULL;
}

emily_status emily_checkpoint_find(const emily_checkpoint *checkpoint, const char *name, size_t *out) {
  if (!checkpoint || !name || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_checkpoint_find", "an argument is NULL");
  const tensor *t = find(checkpoint, name);
  if (!t) return emily__fail(EMILY_NOT_FOUND, WHERE, "%s has no tensor '%.200s'", checkpoint->path, name);
  *out = (size_t)(t - checkpoint->tensors);
  return EMILY_OK;
}

emily_status emily_checkpoint_get(emily_checkpoint *checkpoint, const char *name, emily_array **out) {
  size_t index = 0;
  if (!out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_checkpoint_get", "out is NULL");
  EMILY__TRY(emily_checkpoint_find(checkpoint, name, &index));
  tensor *t = &checkpoint->tensors[index];
  EMILY__TRY(emily__st_array(t->file, t->entry, out));
  atomic_store_explicit(&t->used, true, memory_order_relaxed);
  return EMILY_OK;
}
