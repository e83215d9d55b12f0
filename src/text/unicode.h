/* unicode.h: what a character is, as Hugging Face tokenizers sees it.
 *
 * tokenizers mixes Unicode data of several versions; ids are equal only if each notion is taken from the same one. The
 * bulk comes from utf8proc and PCRE2, the differences from unicode_tables.h (see tools/unicode_tables.py).
 */
#ifndef EMILY_TEXT_UNICODE_H
#define EMILY_TEXT_UNICODE_H

#include "text/text.h"

bool emily__is_space(int32_t c);       /* Unicode's White_Space */
bool emily__is_word(int32_t c);        /* Rust's \w: letters, marks, decimal digits, connectors, joiners */
bool emily__is_numeric(int32_t c);     /* Nd, Nl, No */
bool emily__is_punctuation(int32_t c); /* ASCII symbols, and P of Unicode 8 */
bool emily__is_bert_control(int32_t c);
bool emily__is_cjk(int32_t c); /* the ideographs that BERT puts spaces around */
bool emily__is_nonspacing_mark(int32_t c);
bool emily__is_combining_mark(int32_t c);

/* A mark of Unicode 15.1 to 17, which goes on with the grapheme cluster before it although utf8proc's tables do not know it yet. */
bool emily__is_later_mark(int32_t c);

/* Lower case, in *out[0..1]; returns how many characters it is (two for U+0130 alone). */
int emily__lower(int32_t c, int32_t out[2]);

typedef enum emily__form { EMILY__NFC, EMILY__NFD, EMILY__NFKC, EMILY__NFKD } emily__form;

/* Appends `in`, normalized, to `out`. Linear, also for long runs of marks. */
emily_status emily__normalize(emily__form form, const emily__text *in, emily__text *out);

/* Left alone by normalization: unassigned, or newer than tokenizers' tables. */
bool emily__is_inert(int32_t c);

/* Appends what a regular expression's \p{name} or \w must hold beside PCRE2's own idea of it, as ranges for a
 * character class ("\x{10EFC}-\x{10EFF}…"). name: a general category of one or two letters, "Han", or "w". */
bool emily__class_extra(const char *name, emily__str *out);

#endif
