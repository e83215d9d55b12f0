/* vocab.h: the tokens of a model: from bytes to id and back. */
#ifndef EMILY_TEXT_VOCAB_H
#define EMILY_TEXT_VOCAB_H

#include "base/json.h"
#include "base/vec.h"

/* Ids above this are refused: no vocabulary is so large, and a table by id must stay small. */
enum { EMILY__TOKEN_ID_MAX = (1 << 24) - 1 };

typedef struct emily__token {
  uint32_t offset, length; /* in the bytes */
  uint32_t hash;
  int32_t id;
} emily__token;

typedef struct emily__vocab {
  emily__str bytes;
  EMILY__VEC(emily__token) tokens;
  uint32_t *slots; /* open addressing: 1 + index of a token, 0 for free; slot_count is a power of two */
  size_t slot_count;
  int32_t *by_id; /* index of a token, -1 for none; id_count of them */
  size_t id_count;
} emily__vocab;

/* json: {"token": id, …}. Of tokens with one id, the first in the file is what the id decodes to. */
emily_status emily__vocab_load(const json_t *json, const char *name, emily__vocab *out);

/* json: [["token", …], …]; a token's id is its place. Of equal tokens, the last is found. */
emily_status emily__vocab_load_list(const json_t *json, const char *name, emily__vocab *out);
void emily__vocab_free(emily__vocab *vocab);

/* The id, or -1. */
int32_t emily__vocab_find(const emily__vocab *vocab, const char *bytes, size_t length);

/* The token's bytes (not NUL-terminated), or NULL. */
const char *emily__vocab_token(const emily__vocab *vocab, int32_t id, size_t *length);

uint32_t emily__hash_bytes(const char *bytes, size_t length);

#endif
