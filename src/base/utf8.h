/* utf8.h: reading, writing and repairing UTF-8.
 *
 * A byte sequence that is not UTF-8 is repaired as Python's bytes.decode("utf-8", "replace") and Rust's
 * from_utf8_lossy do it (Unicode's "maximal subparts", section 3.9): each longest prefix of a valid sequence, and each
 * byte that begins none, becomes one U+FFFD.
 */
#ifndef EMILY_BASE_UTF8_H
#define EMILY_BASE_UTF8_H

#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EMILY__UTF8_REPLACEMENT = 0xFFFD };

/* The code point at text[0], length >= 1. *used says how many bytes it took; for a malformed sequence the answer is
 * -1 and *used the bytes that one U+FFFD replaces. */
int32_t emily__utf8_decode(const char *text, size_t length, size_t *used);

/* Like emily__utf8_decode, for text that is known to be valid. */
int32_t emily__utf8_next(const char *text, size_t *used);

/* The start of the code point that ends before text[end], in valid text; end >= 1. */
size_t emily__utf8_back(const char *text, size_t end);

/* Writes one code point (at most 4 bytes); returns how many bytes it took. */
size_t emily__utf8_encode(int32_t code, char *out);

bool emily__utf8_valid(const char *text, size_t length);

/* Number of trailing bytes that begin a sequence which more bytes could still complete: 0 to 3. */
size_t emily__utf8_incomplete_tail(const char *text, size_t length);

/* Appends text to `out`, malformed parts replaced; false when memory is out. */
bool emily__utf8_append_repaired(emily__str *out, const char *text, size_t length);

#endif
