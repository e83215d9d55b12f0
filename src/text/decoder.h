/* decoder.h: the "decoder" of tokenizer.json: from the tokens' strings back to text.
 *
 * Each step turns a list of strings into another; at the end they are put together.
 */
#ifndef EMILY_TEXT_DECODER_H
#define EMILY_TEXT_DECODER_H

#include "text/pattern.h"

/* A list of strings in one buffer: string i is [ends[i - 1], ends[i]). */
typedef struct emily__strings {
  emily__str bytes;
  EMILY__VEC(size_t) ends;
} emily__strings;

typedef struct emily__decode_step emily__decode_step;
struct emily__decode_step {
  emily_status (*run)(const emily__decode_step *step, const emily__strings *in, emily__strings *out);
  emily__pattern *pattern; /* Replace */
  char *content;           /* Replace's content, WordPiece's prefix, BPEDecoder's suffix, the character of the others */
  size_t content_length;
  bool flag;           /* WordPiece: clean up; Metaspace: the first string loses its marks */
  size_t start, stop;  /* Strip: how many characters at most */
};

typedef struct emily__decoder {
  bool present; /* without a decoder, strings are joined by spaces */
  EMILY__VEC(emily__decode_step) steps;
} emily__decoder;

/* json: the value of "decoder", NULL for none. */
emily_status emily__decoder_load(const json_t *json, const char *name, emily__decoder *out);
void emily__decoder_free(emily__decoder *decoder);

/* Decodes *strings (which changes) and appends the text to `out`. */
emily_status emily__decoder_run(const emily__decoder *decoder, emily__strings *strings, emily__str *out);

/* Whether it is byte-level alone: then a text is the tokens' bytes, whatever stands beside them. */
bool emily__decoder_is_byte_level(const emily__decoder *decoder);

/* Whether runs of byte tokens are decoded together, so that one more may change what those before it are. */
bool emily__decoder_falls_back(const emily__decoder *decoder);

/* Appends the bytes that a byte-level token stands for. */
emily_status emily__decode_byte_chars(const char *token, size_t length, emily__str *out);

emily_status emily__strings_push(emily__strings *strings, const char *bytes, size_t length);
void emily__strings_clear(emily__strings *strings);
void emily__strings_free(emily__strings *strings);

#endif
