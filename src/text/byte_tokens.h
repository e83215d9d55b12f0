/* byte_tokens.h: "<0x00>" to "<0xFF>": the tokens that stand for the bytes of a character which is no token. */
#ifndef EMILY_TEXT_BYTE_TOKENS_H
#define EMILY_TEXT_BYTE_TOKENS_H

#include "text/vocab.h"

typedef struct emily__byte_tokens {
  int32_t ids[256]; /* -1: the vocabulary lacks it */
} emily__byte_tokens;

void emily__byte_tokens_find(const emily__vocab *vocab, emily__byte_tokens *out);

/* Whether each of the bytes has a token. */
bool emily__byte_tokens_cover(const emily__byte_tokens *tokens, const char *bytes, size_t length);

/* The byte that a token of this kind stands for, hexadecimal digits in either case; -1 for any other token. */
int emily__byte_of_token(const char *token, size_t length);

#endif
