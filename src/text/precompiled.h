/* precompiled.h: SentencePiece's "precompiled character map": which characters (or clusters of them) become which.
 *
 * The blob is a double-array trie (Darts-clone: 32-bit units, little endian, after their size in bytes) from UTF-8 keys
 * to places in a block of strings that end with NUL. It is checked as it is read: an offset that leads out of it is no
 * match, and one into the middle of a character neither.
 */
#ifndef EMILY_TEXT_PRECOMPILED_H
#define EMILY_TEXT_PRECOMPILED_H

#include "base/json.h"
#include "text/text.h"

typedef struct emily__charsmap emily__charsmap;

/* base64: the blob as tokenizer.json has it. */
emily_status emily__charsmap_load(const char *base64, size_t length, const char *name, emily__charsmap **out);
void emily__charsmap_free(emily__charsmap *map);

/* What the shortest key that begins `text` becomes (not NUL-terminated); NULL where no key does. */
const char *emily__charsmap_find(const emily__charsmap *map, const char *text, size_t length, size_t *found_length);

/* Appends `in` to `out` with everything replaced: a grapheme cluster of less than six bytes as a whole where a key begins it, else
 * character by character. So SentencePiece's blobs are applied by tokenizers. */
emily_status emily__charsmap_run(const emily__charsmap *map, const emily__text *in, emily__text *out);

#endif
