/* tokenize.h: small tokenizers written out in a test, and what they make of a text. */
#ifndef EMILY_TESTS_TOKENIZE_H
#define EMILY_TESTS_TOKENIZE_H

#include "emily/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A file from its parts, single quotes standing for double ones. */
__attribute__((unused)) static emily_status try_tokenizer(const char *json, emily_tokenizer **out) {
  char *text = strdup(json);
  for (char *c = text; *c; c++)
    if (*c == '\'') *c = '"';
  emily_status status = emily_tokenizer_load_json(text, strlen(text), "test.json", out);
  free(text);
  return status;
}

__attribute__((unused)) static emily_tokenizer *make_tokenizer(const char *json) {
  emily_tokenizer *tokenizer = NULL;
  emily_status status = try_tokenizer(json, &tokenizer);
  if (status != EMILY_OK) print_message("%s\n", emily_last_error()->message);
  assert_int_equal(status, EMILY_OK);
  return tokenizer;
}

/* The tokens of a text, with "|" between them. */
__attribute__((unused)) static const char *tokens_of(const emily_tokenizer *tokenizer, const char *text) {
  static char out[4096];
  emily_encoding *encoding = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, text, strlen(text), NULL, 0, NULL, &encoding), EMILY_OK);
  size_t at = 0;
  out[0] = '\0';
  for (size_t i = 0; i < emily_encoding_count(encoding); i++) {
    const char *token;
    size_t length;
    assert_int_equal(emily_tokenizer_id_to_token(tokenizer, emily_encoding_ids(encoding)[i], &token, &length), EMILY_OK);
    at += (size_t)snprintf(out + at, sizeof out - at, "%s%.*s", i ? "|" : "", (int)length, token);
  }
  emily_encoding_free(encoding);
  return out;
}

__attribute__((unused)) static void check_tokens(const char *json, const char *text, const char *wanted) {
  emily_tokenizer *tokenizer = make_tokenizer(json);
  assert_string_equal(tokens_of(tokenizer, text), wanted);
  emily_tokenizer_release(tokenizer);
}

__attribute__((unused)) static void check_text(const emily_tokenizer *tokenizer, const int32_t *ids, size_t count,
                                               bool skip, const char *wanted) {
  char *text = NULL;
  size_t length = 0;
  assert_int_equal(emily_tokenizer_decode(tokenizer, ids, count, skip, &text, &length), EMILY_OK);
  assert_string_equal(text, wanted);
  assert_int_equal(length, strlen(wanted));
  emily_string_free(text);
}

#endif
