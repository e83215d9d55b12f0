/* files.h: what a model's folder says about texts, for commands that need only its tokenizer. */
#ifndef EMILY_CLI_FILES_H
#define EMILY_CLI_FILES_H

#include "emily/tokenizer.h"

/* The options to encode with, as the folder's files say: max_seq_length of sentence_bert_config.json, where there is
 * such a file, wins over what tokenizer.json says of truncation; nothing is padded. */
emily_status cli_encode_options(const char *path, emily_encode_options *out);

#endif
