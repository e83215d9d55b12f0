/* text.h: text on its way to tokens: UTF-8 that remembers where each byte came from.
 *
 * Every step (normalizer, pre-tokenizer) writes a new text from an old one, character by character. A byte's origin is
 * the range of the caller's bytes that it stands for, so that tokens can be given offsets: a character composed of two
 * stands for both; one put before a text for that text's first character; any other inserted one for the empty range before
 * what follows it.
 */
#ifndef EMILY_TEXT_TEXT_H
#define EMILY_TEXT_TEXT_H

#include "base/status.h"
#include "base/utf8.h"
#include "base/vec.h"

typedef struct emily__span {
  uint32_t start, end;
} emily__span;

typedef struct emily__text {
  emily__str bytes;
  EMILY__VEC(emily__span) origins; /* one a byte */
} emily__text;

/* Texts are at most this long, so that a span and every text made from it fits 32 bits. */
#define EMILY__TEXT_MAX ((size_t)1 << 28)

/* Repairs `bytes` (utf8.h) into `text`, which is emptied first. */
emily_status emily__text_begin(emily__text *text, const char *bytes, size_t length);

emily_status emily__text_put(emily__text *text, int32_t code, emily__span origin);
emily_status emily__text_puts(emily__text *text, const char *bytes, size_t length, emily__span origin);
emily_status emily__text_copy(emily__text *out, const emily__text *in, size_t start, size_t end);

/* What the bytes [start, end) stand for; start < end. */
emily__span emily__text_origin(const emily__text *text, size_t start, size_t end);

/* Where something inserted before byte `at` stands. */
emily__span emily__text_point(const emily__text *text, size_t at);

void emily__text_clear(emily__text *text);
void emily__text_free(emily__text *text);
void emily__text_swap(emily__text *a, emily__text *b);

#endif
