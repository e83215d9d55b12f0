/* pattern.h: what texts are split and replaced by: a regular expression, a literal string, or a kind of character.
 *
 * tokenizer.json has regular expressions of Oniguruma (Ruby syntax). They are translated (regex_translate.c) into
 * PCRE2's syntax so that they mean the same, Unicode version included; a construct whose meaning would differ is
 * refused by name. A pattern is immutable and may be used by many threads, each with its own emily__pattern_state.
 */
#ifndef EMILY_TEXT_PATTERN_H
#define EMILY_TEXT_PATTERN_H

#include "base/json.h"
#include "base/vec.h"

typedef struct emily__pattern emily__pattern;
typedef bool (*emily__char_test)(int32_t code);

/* `length` bytes of UTF-8; `name` is for messages. */
emily_status emily__pattern_regex(const char *source, size_t length, const char *name, emily__pattern **out);
emily_status emily__pattern_literal(const char *source, size_t length, emily__pattern **out);
emily_status emily__pattern_char(emily__char_test test, emily__pattern **out);  /* each such character is a match */
emily_status emily__pattern_words(emily__pattern **out); /* \w+|[^\w\s]+ of Rust's regex */

/* {"Regex": …} or {"String": …}. */
emily_status emily__pattern_json(const json_t *json, const char *name, emily__pattern **out);
void emily__pattern_free(emily__pattern *pattern);

/* Successive matches in one text. Zero-initialise; the same state may then walk another text after _start. */
typedef struct emily__pattern_state {
  const emily__pattern *pattern;
  const char *text;
  size_t length, at, previous_end;
  bool matched;     /* previous_end holds the end of a match */
  void *match_data; /* PCRE2's, for the pattern it was made for */
  const emily__pattern *match_data_of;
} emily__pattern_state;

void emily__pattern_start(emily__pattern_state *state, const emily__pattern *pattern, const char *text, size_t length);

/* The next match, leftmost first; an empty one directly after the last is skipped. *found is false at the end. */
emily_status emily__pattern_next(emily__pattern_state *state, bool *found, size_t *start, size_t *end);
void emily__pattern_finish(emily__pattern_state *state);

/* Oniguruma's syntax into PCRE2's; regex_translate.c. */
emily_status emily__regex_translate(const char *source, size_t length, const char *name, emily__str *out);

#endif
