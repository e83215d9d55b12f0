/* info_read.h: what `emily info` tells of a folder, a .safetensors file or a GGUF file: each part that is there, or why it is not.
 */
#ifndef EMILY_CLI_INFO_READ_H
#define EMILY_CLI_INFO_READ_H

#include "base/json.h"
#include "base/vec.h"
#include "emily/checkpoint.h"
#include "emily/model.h"
#include "emily/tokenizer.h"

/* A part that could not be read: status and message; EMILY_OK and "" where it could, or is not there at all. */
typedef struct cli_info_failure {
  emily_status status;
  char message[1024];
} cli_info_failure;

typedef struct cli_info_file {
  char *name;
  uint64_t bytes;
} cli_info_file;

typedef struct cli_info_total {
  const char *dtype; /* as the file spells it */
  uint64_t tensors, values, bytes;
} cli_info_total;

typedef struct cli_info {
  const char *path;
  bool folder;
  bool gguf; /* the weights are in GGUF, which has config and tokenizer inside */
  EMILY__VEC(cli_info_file) files;   /* of a folder, by name; folders within are left out */
  EMILY__VEC(cli_info_total) totals; /* the largest first */
  json_t *config;                    /* NULL: no config.json; of a GGUF file what its metadata say in that form */
  emily_checkpoint *checkpoint;      /* NULL: no weights */
  emily_tokenizer *tokenizer;        /* NULL: no tokenizer.json */
  emily_model *model;                /* NULL: not one that emily runs */
  cli_info_failure config_failure, checkpoint_failure, tokenizer_failure, model_failure;
} cli_info;

/* Fails only where the path cannot be read at all, or memory is out. cli_info_free also after that. */
emily_status cli_info_read(const char *path, cli_info *info);
void cli_info_free(cli_info *info);

/* The first failure that says that a file is damaged or missing; what is merely not supported is none. NULL: none. */
const cli_info_failure *cli_info_damage(const cli_info *info);

#endif
