/* checkpoint.c: see emily/checkpoint.h. The tensors of all files stand in one list ordered by name; each lies in a safetensors file or
 * in a GGUF file, whose tensors have the names that a Hugging Face checkpoint has for them (gguf_arch.h). */
#include "io/checkpoint.h"

#include "base/vec.h"
#include "io/gguf_arch.h"
#include "io/gguf_meta.h"
#include "io/gguf_source.h"
#include "io/safetensors.h"
#include "io/shard_index.h"
#include "io/tensor_array.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char WHERE[] = "checkpoint";

typedef struct tensor {
  const char *name;
  const emily__st_entry *entry;   /* NULL: of a GGUF file */
  const emily__safetensors *file;
  const emily_gguf *gguf;
  size_t index; /* in it */
  _Atomic bool used;
} tensor;

struct emily_checkpoint {
  _Atomic int64_t references;
  char *path;
  EMILY__VEC(emily__safetensors *) files;
  emily__gguf_parts parts;
  EMILY__VEC(char *) names; /* of a GGUF file's tensors, where they are not the file's */
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
  t->name = entry->name;
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
  return strcmp(((const tensor *)a)->name, ((const tensor *)b)->name);
}

static const tensor *find(const emily_checkpoint *checkpoint, const char *name) {
  const tensor key = {.name = name};
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

/* ---- GGUF ---- */

/* The name that a Hugging Face checkpoint has for a tensor, or the file's own where emily knows none. */
static emily_status name_tensor(emily_checkpoint *checkpoint, const emily__gguf_arch *arch, tensor *t) {
  char name[256];
  t->name = emily_gguf_name(t->gguf, t->index);
  if (!arch || !emily__gguf_tensor_to_hf(arch, t->name, name, sizeof name)) return EMILY_OK;
  char *copy = emily__strdup(name);
  if (!copy) return EMILY_OUT_OF_MEMORY;
  t->name = copy;
  if (emily__vec_push(&checkpoint->names, copy)) return EMILY_OK;
  emily__free(copy);
  return EMILY_OUT_OF_MEMORY;
}

static emily_status fill_from_gguf(emily_checkpoint *checkpoint, const char *path) {
  size_t count = 0;
  EMILY__TRY(emily__gguf_parts_open(path, &checkpoint->parts));
  const emily__gguf_parts *parts = &checkpoint->parts;
  const char *said = emily__gguf_string(parts->files[0], "general.architecture");
  const emily__gguf_arch *arch = said ? emily__gguf_arch_named(said) : NULL;
  for (size_t f = 0; f < parts->count; f++) count += emily_gguf_count(parts->files[f]);
  EMILY__TRY(take_tensors(checkpoint, count));
  for (size_t f = 0; f < parts->count; f++)
    for (size_t i = 0; i < emily_gguf_count(parts->files[f]); i++) {
      tensor *t = &checkpoint->tensors[checkpoint->count++];
      t->gguf = parts->files[f];
      t->index = i;
      EMILY__TRY(name_tensor(checkpoint, arch, t));
    }
  return EMILY_OK;
}

/* Parts of one model, and names from a table: nothing else sees to it that a name stands once. */
static emily_status refuse_twins(const emily_checkpoint *checkpoint) {
  for (size_t i = 1; i < checkpoint->count; i++)
    if (!compare_tensors(&checkpoint->tensors[i - 1], &checkpoint->tensors[i]))
      return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s holds the tensor '%.200s' twice", checkpoint->path, checkpoint->tensors[i].name);
  return EMILY_OK;
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

static emily_status fill_from(emily_checkpoint *checkpoint) {
  char *gguf = NULL;
  EMILY__TRY(emily__gguf_source(checkpoint->path, &gguf));
  emily_status status = gguf                                        ? fill_from_gguf(checkpoint, gguf)
                        : emily__file_is_folder(checkpoint->path) ? fill_from_folder(checkpoint)
                                                                   : fill_from_file(checkpoint, checkpoint->path);
  emily__free(gguf);
  return status;
}

static emily_status fill(emily_checkpoint *checkpoint) {
  EMILY__TRY(fill_from(checkpoint));
  qsort(checkpoint->tensors, checkpoint->count, sizeof *checkpoint->tensors, compare_tensors);
  EMILY__TRY(refuse_twins(checkpoint));
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
  for (size_t i = 0; i < checkpoint->names.count; i++) emily__free(checkpoint->names.data[i]);
  emily__gguf_parts_close(&checkpoint->parts);
  emily__vec_free(&checkpoint->names);
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

static const emily__gguf_type *type_of(const tensor *t) { return t->gguf->tensors.data[t->index].type; }

size_t emily_checkpoint_count(const emily_checkpoint *checkpoint) { return checkpoint ? checkpoint->count : 0; }

const char *emily_checkpoint_name(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  return t ? t->name : NULL;
}

emily_dtype emily_checkpoint_dtype(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  if (!t) return -1;
  return t->entry ? t->entry->dtype->dtype : type_of(t)->use == EMILY__GGUF_DIRECT ? type_of(t)->dtype : -1;
}

const char *emily_checkpoint_dtype_name(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  if (!t) return NULL;
  return t->entry ? t->entry->dtype->name : type_of(t)->name;
}

int32_t emily_checkpoint_ndim(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  if (!t) return -1;
  return t->entry ? t->entry->rank : emily_gguf_ndim(t->gguf, t->index);
}

const int64_t *emily_checkpoint_shape(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  if (!t) return NULL;
  return t->entry ? t->entry->shape : emily_gguf_shape(t->gguf, t->index);
}

uint64_t emily_checkpoint_nbytes(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  if (!t) return 0;
  return t->entry ? t->entry->bytes : emily_gguf_nbytes(t->gguf, t->index);
}

const char *emily_checkpoint_file(const emily_checkpoint *checkpoint, size_t index) {
  const tensor *t = at(checkpoint, index);
  if (!t) return NULL;
  return t->entry ? t->file->path : t->gguf->path;
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

const emily_gguf *emily__checkpoint_gguf(const emily_checkpoint *checkpoint) {
  return checkpoint->parts.count ? checkpoint->parts.files[0] : NULL;
}

const char *emily_checkpoint_metadata(const emily_checkpoint *checkpoint, const char *key) {
  if (!checkpoint || !key) return NULL;
  if (checkpoint->parts.count) return emily__gguf_string(checkpoint->parts.files[0], key);
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
  EMILY__TRY(t->entry ? emily__st_array(t->file, t->entry, out) : emily_gguf_blocks(t->gguf, t->index, out));
  atomic_store_explicit(&t->used, true, memory_order_relaxed);
  return EMILY_OK;
}
