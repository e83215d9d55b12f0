/* files.c: see files.h. */
#include "cli/files.h"

#include "base/json.h"

#include <stdio.h>
#include <unistd.h>

static emily_status read_limit(const char *file, int64_t *limit) {
  json_t *config;
  EMILY__TRY(emily__json_load(file, &config));
  emily_status status = emily__json_i64(config, "max_seq_length", file, limit);
  json_decref(config);
  if (status == EMILY_OK && *limit < -1)
    return emily__fail(EMILY_BAD_FORMAT, "cli", "%s: max_seq_length is %lld", file, (long long)*limit);
  return status;
}

emily_status cli_encode_options(const char *path, emily_encode_options *out) {
  char file[4096];
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  int length = snprintf(file, sizeof file, "%s/sentence_bert_config.json", path);
  if (length > 0 && (size_t)length < sizeof file && !access(file, F_OK))
    EMILY__TRY(read_limit(file, &options.max_length));
  *out = options;
  return EMILY_OK;
}
