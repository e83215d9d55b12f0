/* special.h: a checkpoint's special tokens by name ("bos_token", "mask_token", …), as the files beside tokenizer.json
 * give them.
 *
 * tokenizer_config.json names them, as strings or as objects with a "content"; where it has no "added_tokens_decoder"
 * (files of before 2023), special_tokens_map.json overrides it: so does Transformers. Beside the seven usual names any
 * other key that ends with "_token" and is a string is one ("image_token"), and so is each entry of an object
 * "extra_special_tokens". Lists ("extra_special_tokens", "additional_special_tokens") give tokens without names.
 */
#ifndef EMILY_TEXT_SPECIAL_H
#define EMILY_TEXT_SPECIAL_H

#include "base/json.h"
#include "base/vec.h"
#include "emily/tokenizer.h"

typedef struct emily__special_token {
  char *name; /* "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token", others;
                 NULL for a token without one */
  char *text; /* NUL-terminated, `length` bytes */
  size_t length;
  int32_t id; /* -1: not one of the tokenizer's tokens, or there is no tokenizer */
} emily__special_token;

typedef struct emily__special_tokens {
  EMILY__VEC(emily__special_token) list;
} emily__special_tokens;

/* From the files of a folder, those that are there: none is needed, and then the list is empty. tokenizer: for the ids, and for a
 * mask token where no file names it ("[MASK]" or "<mask>" among its special tokens); may be NULL. */
emily_status emily__special_tokens_load(const char *folder, const emily_tokenizer *tokenizer,
                                        emily__special_tokens *out);

/* The same from documents; NULL for a file that is not there. */
emily_status emily__special_tokens_read(const json_t *config, const json_t *map, const char *name,
                                        const emily_tokenizer *tokenizer, emily__special_tokens *out);

/* Adds a token, or changes the one of that name; name may be NULL. */
emily_status emily__special_tokens_set(emily__special_tokens *tokens, const char *name, const char *text,
                                       size_t length, const emily_tokenizer *tokenizer);

/* Whether tokens that go on with a word begin with a prefix of their own, as WordPiece's "##". */
bool emily__tokenizer_continues(const emily_tokenizer *tokenizer);

/* NULL when there is none of that name. */
const emily__special_token *emily__special_token_named(const emily__special_tokens *tokens, const char *name);
void emily__special_tokens_free(emily__special_tokens *tokens);

#endif
