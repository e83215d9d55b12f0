/* gguf_tokenizer.h: the parts of which gguf_tokenizer.c makes a tokenizer.json. */
#ifndef EMILY_IO_GGUF_TOKENIZER_H
#define EMILY_IO_GGUF_TOKENIZER_H

#include "io/gguf_meta.h"

#include <jansson.h>

/* The vocabulary of a file, checked: every token has a type, and a score where one is needed. */
typedef struct emily__gguf_vocab {
  const emily_gguf *file;
  const emily__gguf_value *tokens, *types, *scores; /* types and scores may be NULL */
} emily__gguf_vocab;

/* Text and type of a token: EMILY__GGUF_TOKEN_… */
const char *emily__gguf_token(const emily__gguf_vocab *vocab, uint64_t id, size_t *length);
int64_t emily__gguf_token_type(const emily__gguf_vocab *vocab, uint64_t id);

/* A pre-tokenizer (and a normalizer) by the name in tokenizer.ggml.pre. */
typedef struct emily__gguf_pre {
  const char *name;
  const char *normalizer;    /* JSON, or NULL */
  const char *pre_tokenizer; /* JSON */
  bool ignore_merges;        /* a piece that is a token is not put together from its parts */
  bool add_bos;              /* where the file does not say */
} emily__gguf_pre;

/* EMILY_UNSUPPORTED names one that is not known. name NULL: a file older than these names. */
emily_status emily__gguf_pre_find(const emily_gguf *file, const char *name, const emily__gguf_pre **out);

/* The name of a pre-tokenizer and normalizer as tokenizer.json has them; NULL where there is none. What does not change ids is not
 * compared. */
const char *emily__gguf_pre_name(const json_t *pre_tokenizer, const json_t *normalizer);

/* The merges of a SentencePiece vocabulary: each pair of tokens that together are a token, best score first. */
emily_status emily__gguf_merges(const emily__gguf_vocab *vocab, json_t **out);

#endif
