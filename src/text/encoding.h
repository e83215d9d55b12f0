/* encoding.h: what emily_tokenizer_encode gives: the arrays of one window, and the windows after it. */
#ifndef EMILY_TEXT_ENCODING_H
#define EMILY_TEXT_ENCODING_H

#include "text/tokenizer.h"

struct emily_encoding {
  size_t count;
  int32_t *ids, *type_ids, *sequence_ids, *word_ids;
  uint8_t *special_mask, *attention_mask;
  uint32_t *offsets;                 /* NULL where they are not wanted */
  EMILY__VEC(emily_encoding *) more; /* of the first window: those after it */
};

/* For offsets in characters: how many characters of a text begin at or before each byte. */
typedef struct emily__char_counts {
  uint32_t *counts[2]; /* by text; NULL: offsets stay in bytes */
} emily__char_counts;

emily_status emily__char_counts_make(const char *const texts[2], const size_t lengths[2], emily__char_counts *out);
void emily__char_counts_free(emily__char_counts *counts);

/* The parts, after the post-processor, as a window, padded. */
emily_status emily__encoding_make(const emily_tokenizer *tokenizer, const emily_encode_options *options,
                                  const emily__char_counts *counts, const emily__parts *parts, emily_encoding **out);

/* Ranges of the tokens of parts[which]: each is a window's. One range, of all tokens, where nothing must be cut. */
typedef struct emily__windows {
  size_t which;
  EMILY__VEC(emily__span) list;
} emily__windows;

/* Shortens the parts, before the post-processor, to what the options (or the file) allow. With want_windows they stay
 * whole, and `windows` says where they are cut. */
emily_status emily__truncate(const emily_tokenizer *tokenizer, const emily_encode_options *options,
                             emily__parts *parts, emily__windows *windows);

#endif
