/* byte_tokens.c: see byte_tokens.h. */
#include "text/byte_tokens.h"

#include <stdio.h>
#include <string.h>

void emily__byte_tokens_find(const emily__vocab *vocab, emily__byte_tokens *out) {
  for (int byte = 0; byte < 256; byte++) {
    char token[8];
    snprintf(token, sizeof token, "<0x%02X>", byte);
    out->ids[byte] = emily__vocab_find(vocab, token, 6);
  }
}

bool emily__byte_tokens_cover(const emily__byte_tokens *tokens, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (tokens->ids[(uint8_t)bytes[i]] < 0) return false;
  return true;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char lower = (char)(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Rust, which tokenizers reads the digits with, takes a plus for the first. */
int emily__byte_of_token(const char *token, size_t length) {
  if (length != 6 || memcmp(token, "<0x", 3) || token[5] != '>') return -1;
  int high = hex_digit(token[3]), low = hex_digit(token[4]);
  return token[3] == '+' ? low : high < 0 || low < 0 ? -1 : high * 16 + low;
}
