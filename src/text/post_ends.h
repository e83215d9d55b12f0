/* post_ends.h: "add_bos_token" and "add_eos_token" of tokenizer_config.json.
 *
 * Transformers (5) puts a template of its own in the place of tokenizer.json's where its config has these keys. So does
 * this, where the file's template has no other special tokens than those two (Whisper's prompt and BERT's stay) and
 * does not already do what the keys say.
 */
#ifndef EMILY_TEXT_POST_ENDS_H
#define EMILY_TEXT_POST_ENDS_H

#include "text/postprocessor.h"

typedef enum emily__wish { EMILY__AS_FILE = -1, EMILY__WITHOUT, EMILY__WITH } emily__wish;

typedef struct emily__post_ends {
  int32_t bos, eos; /* ids; -1: there is no such token, and none is put */
  emily__wish add_bos, add_eos;
} emily__post_ends;

emily_status emily__postprocessor_set_ends(emily__postprocessor *post, emily__post_ends ends);

#endif
