/* info_read.c: see info_read.h. */
#include "cli/info_read.h"

#include "base/status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void note_failure(cli_info_failure *failure, emily_status status) {
  failure->status = status;
  if (status) snprintf(failure->message, sizeof failure->message, "%s", emily_last_error()->message);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const cli_info_file *)a)->name, ((const cli_info_file *)b)->name);
}

static emily_status add_file(cli_info *info, DIR *folder, const char *name) {
  struct stat status;
  if (fstatat(dirfd(folder), name, &status, 0) || !S_ISREG(status.st_mode)) return EMILY_OK;
  char *copy = emily__strdup(name);
  if (copy && emily__vec_push(&info->files, (cli_info_file){copy, (uint64_t)status.st_size})) return EMILY_OK;
  emily__free(copy);
  return EMILY_OUT_OF_MEMORY;
}

static emily_status list_files(cli_info *info) {
  DIR *folder = opendir(info->path);
  emily_status status = EMILY_OK;
  if (!folder) return emily__fail(EMILY_IO_ERROR, "info", "cannot list %s: %s", info->path, strerror(errno));
  for (const struct dirent *entry; !status && (entry = readdir(folder));)
    status = add_file(info, folder, entry->d_name);
  closedir(folder);
  if (info->files.count) qsort(info->files.data, info->files.count, sizeof *info->files.data, by_name);
  return status;
}

static bool has_file(const cli_info *info, const char *name) {
  for (size_t i = 0; i < info->files.count; i++)
    if (!strcmp(info->files.data[i].name, name)) return true;
  return false;
}

static bool has_weights(const cli_info *info) {
  for (size_t i = 0; i < info->files.count; i++)
    if (strstr(info->files.data[i].name, ".safetensors") || strstr(info->files.data[i].name, ".bin") ||
        strstr(info->files.data[i].name, ".gguf"))
      return true;
  return false;
}

static uint64_t values_of(const emily_checkpoint *checkpoint, size_t index) {
  uint64_t values = 1; /* the checkpoint has seen to it that this does not wrap */
  for (int32_t d = 0; d < emily_checkpoint_ndim(checkpoint, index); d++)
    values *= (uint64_t)emily_checkpoint_shape(checkpoint, index)[d];
  return values;
}

static cli_info_total *total_of(cli_info *info, const char *dtype) {
  for (size_t i = 0; i < info->totals.count; i++)
    if (!strcmp(info->totals.data[i].dtype, dtype)) return &info->totals.data[i];
  if (!emily__vec_push(&info->totals, (cli_info_total){.dtype = dtype})) return NULL;
  return &info->totals.data[info->totals.count - 1];
}

static int by_bytes(const void *a, const void *b) {
  uint64_t left = ((const cli_info_total *)a)->bytes, right = ((const cli_info_total *)b)->bytes;
  return left < right ? 1 : left > right ? -1 : 0;
}

static emily_status add_totals(cli_info *info) {
  for (size_t i = 0; i < emily_checkpoint_count(info->checkpoint); i++) {
    cli_info_total *total = total_of(info, emily_checkpoint_dtype_name(info->checkpoint, i));
    if (!total) return EMILY_OUT_OF_MEMORY;
    total->tensors++;
    total->values += values_of(info->checkpoint, i);
    total->bytes += emily_checkpoint_nbytes(info->checkpoint, i);
  }
  if (info->totals.count) qsort(info->totals.data, info->totals.count, sizeof *info->totals.data, by_bytes);
  return EMILY_OK;
}

static emily_status read_config(cli_info *info) {
  char *text;
  EMILY__TRY(emily_model_file(info->path, "config.json", &text));
  emily_status status = emily__json_parse(text, strlen(text), info->path, &info->config);
  emily_string_free(text);
  return status;
}

/* A GGUF file is a model whole: config and tokenizer are in its metadata. */
static void read_gguf(cli_info *info) {
  note_failure(&info->config_failure, read_config(info));
  emily_status status = emily_tokenizer_load(info->path, &info->tokenizer);
  if (status != EMILY_NOT_FOUND) note_failure(&info->tokenizer_failure, status); /* it need not have one */
  note_failure(&info->model_failure, emily_model_load(info->path, NULL, &info->model));
}

static void read_parts(cli_info *info) {
  char file[4096];
  snprintf(file, sizeof file, "%s/config.json", info->path);
  if (has_file(info, "config.json")) note_failure(&info->config_failure, emily__json_load(file, &info->config));
  if (!info->folder || has_weights(info))
    note_failure(&info->checkpoint_failure, emily_checkpoint_open(info->path, &info->checkpoint));
  info->gguf = info->checkpoint && emily_checkpoint_metadata(info->checkpoint, "general.architecture");
  if (info->gguf) {
    read_gguf(info);
    return;
  }
  if (has_file(info, "tokenizer.json"))
    note_failure(&info->tokenizer_failure, emily_tokenizer_load(info->path, &info->tokenizer));
  if (info->config && info->checkpoint)
    note_failure(&info->model_failure, emily_model_load(info->path, NULL, &info->model));
}

emily_status cli_info_read(const char *path, cli_info *info) {
  struct stat status;
  *info = (cli_info){.path = path};
  if (stat(path, &status))
    return emily__fail(errno == ENOENT ? EMILY_NOT_FOUND : EMILY_IO_ERROR, "info", "cannot look at %s: %s", path,
                       strerror(errno));
  info->folder = S_ISDIR(status.st_mode);
  if (info->folder) EMILY__TRY(list_files(info));
  read_parts(info);
  return info->checkpoint ? add_totals(info) : EMILY_OK;
}

void cli_info_free(cli_info *info) {
  for (size_t i = 0; i < info->files.count; i++) emily__free(info->files.data[i].name);
  emily__vec_free(&info->files);
  emily__vec_free(&info->totals);
  json_decref(info->config);
  emily_model_release(info->model);
  emily_tokenizer_release(info->tokenizer);
  emily_checkpoint_release(info->checkpoint);
}

const cli_info_failure *cli_info_damage(const cli_info *info) {
  const cli_info_failure *all[] = {&info->config_failure, &info->checkpoint_failure, &info->tokenizer_failure,
                                   &info->model_failure};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i]->status && all[i]->status != EMILY_UNSUPPORTED) return all[i];
  return NULL;
}
