/* fuzz_tokenizer.c: any bytes as a tokenizer.json and a text. The bytes after the first NUL are the text (and its
 * second half the pair). What is accepted encodes or says why not; ids have tokens where they come from the model;
 * decoded text is UTF-8, and the same all at once and one id at a time. */
#include "emily/tokenizer.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void decode(emily_tokenizer *tokenizer, const int32_t *ids, size_t count, bool skip) {
  char *text = NULL;
  size_t length = 0, part_length;
  const char *part;
  emily_detokenizer *stream = NULL;
  if (emily_tokenizer_decode(tokenizer, ids, count, skip, &text, &length) != EMILY_OK) return;
  check(emily__utf8_valid(text, length));
  emily_string_free(text);
  check(emily_detokenizer_new(tokenizer, skip, &stream) == EMILY_OK);
  for (size_t i = 0; i < count && i < 200; i++)
    if (emily_detokenizer_push(stream, ids[i], &part, &part_length) == EMILY_OK)
      check(emily__utf8_valid(part, part_length));
  if (emily_detokenizer_flush(stream, &part, &part_length) == EMILY_OK) check(emily__utf8_valid(part, part_length));
  emily_detokenizer_free(stream);
}

static void use(emily_tokenizer *tokenizer, const char *text, size_t length) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.want_offsets = 1;
  size_t half = length / 2;
  for (int pair = 0; pair < 4; pair++) { /* 2 and 3: in windows, offsets in characters */
    emily_encoding *encoding = NULL;
    if (pair > 1) options.want_windows = 1, options.max_length = 9, options.stride = 2;
    if (pair > 1) options.truncation = pair, options.want_offsets = EMILY_OFFSETS_CHARACTERS;
    if (emily_tokenizer_encode(tokenizer, text, pair & 1 ? half : length, pair & 1 ? text + half : NULL, length - half, &options,
                               &encoding) != EMILY_OK)
      continue;
    size_t count = emily_encoding_count(encoding);
    const uint32_t *offsets = emily_encoding_offsets(encoding);
    for (size_t i = 0; i < count; i++) check(offsets[2 * i] <= offsets[2 * i + 1] && offsets[2 * i + 1] <= length);
    decode(tokenizer, emily_encoding_ids(encoding), count, pair & 1);
    emily_encoding_free(encoding);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
  size_t json = nul ? (size_t)(nul - data) : size;
  emily_tokenizer *tokenizer = NULL;
  emily_status status = emily_tokenizer_load_json((const char *)data, json, "fuzz", &tokenizer);
  if (status != EMILY_OK) {
    check(!tokenizer && emily_last_error()->message[0]);
    return 0;
  }
  static const char sample[] = "The na\xC3\xAFve e\xCC\x81 <s> can't 12 \xE4\xB8\xAD\xF0\x9F\x98\x80! \xFF";
  use(tokenizer, sample, sizeof sample - 1);
  if (nul) use(tokenizer, (const char *)nul + 1, size - json - 1);
  emily_tokenizer_release(tokenizer);
  return 0;
}
