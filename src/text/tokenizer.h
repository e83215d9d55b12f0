/* tokenizer.h: what a tokenizer is made of. tokenizer_load.c reads it, encode.c and decode.c use it. */
#ifndef EMILY_TEXT_TOKENIZER_H
#define EMILY_TEXT_TOKENIZER_H

#include "emily/tokenizer.h"
#include "text/added.h"
#include "text/decoder.h"
#include "text/model.h"
#include "text/normalizer.h"
#include "text/postprocessor.h"
#include "text/pretokenizer.h"

#include <stdatomic.h>

typedef enum emily__truncation {
  EMILY__LONGEST_FIRST,
  EMILY__ONLY_FIRST,
  EMILY__ONLY_SECOND
} emily__truncation;

struct emily_tokenizer {
  _Atomic int64_t references;
  emily__normalizer normalizer;
  emily__pretokenizer pretokenizer;
  emily__model *model;
  emily__added added;
  emily__postprocessor post;
  emily__decoder decoder;
  emily__truncation truncation;
  emily_tokenizer_settings settings;
  EMILY__VEC(int32_t) special_ids;
};

/* The bytes of an id as decoding sees it: an added token's (normalized) form, or the model's; NULL for no token. */
const char *emily__tokenizer_token(const emily_tokenizer *tokenizer, int32_t id, size_t *length);

/* The same, but also NULL where skip_special leaves the token out. */
const char *emily__tokenizer_kept_token(const emily_tokenizer *tokenizer, int32_t id, bool skip_special,
                                        size_t *length);

/* Appends the text of the ids to `out`. */
emily_status emily__tokenizer_decode(const emily_tokenizer *tokenizer, const int32_t *ids, size_t count,
                                     bool skip_special, emily__str *out);

#endif
