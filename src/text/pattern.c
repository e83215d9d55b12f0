/* pattern.c: see pattern.h. */
#include "text/pattern.h"

#include "text/unicode.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

typedef enum pattern_kind { REGEX, LITERAL, CHARACTER, WORDS } pattern_kind;

struct emily__pattern {
  pattern_kind kind;
  pcre2_code *code;
  pcre2_match_context *limits;
  emily__char_test test;
  size_t length;
  char literal[];
};

/* A pattern that needs more steps than this at one place is a runaway; real ones stay far below on any text. */
enum { MATCH_LIMIT = 50 * 1000 * 1000, HEAP_LIMIT_KIB = 64 * 1024 };

static void *pcre2_malloc(size_t bytes, void *data) {
  (void)data;
  return emily__malloc(bytes);
}

static void pcre2_free(void *block, void *data) {
  (void)data;
  emily__free(block);
}

static emily_status new_pattern(pattern_kind kind, size_t length, emily__pattern **out) {
  emily__pattern *pattern = emily__calloc(1, sizeof *pattern + length + 1);
  if (!pattern) return EMILY_OUT_OF_MEMORY;
  pattern->kind = kind;
  pattern->length = length;
  *out = pattern;
  return EMILY_OK;
}

/* JIT makes matching several times faster; without it (no permission for executable pages) the answers are equal. */
static emily_status compile(emily__pattern *pattern, const emily__str *translated, const char *source,
                            const char *name) {
  pcre2_general_context *memory = pcre2_general_context_create(pcre2_malloc, pcre2_free, NULL);
  if (!memory) return emily__fail_memory("tokenizer", 0, 0);
  pcre2_compile_context *context = pcre2_compile_context_create(memory);
  pattern->limits = pcre2_match_context_create(memory);
  emily_status status = EMILY_OK;
  int error = PCRE2_ERROR_NOMEMORY;
  size_t offset = 0;
  if (context && pattern->limits) {
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context, 100);
    pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
    pattern->code = pcre2_compile((PCRE2_SPTR)translated->data, translated->count,
                                  PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &offset,
                                  context);
  }
  if (pattern->code) {
    pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
  } else if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED) {
    status = emily__fail_memory("tokenizer", 0, 0);
  } else {
    char message[256] = "";
    pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
    status = emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the regular expression \"%s\" is malformed: %s", name,
                         source, message);
  }
  pcre2_compile_context_free(context);
  pcre2_general_context_free(memory);
  return status;
}

emily_status emily__pattern_regex(const char *source, size_t length, const char *name, emily__pattern **out) {
  emily__str translated = {0};
  emily__pattern *pattern = NULL;
  emily_status status = emily__regex_translate(source, length, name, &translated);
  if (status == EMILY_OK) status = new_pattern(REGEX, 0, &pattern);
  if (status == EMILY_OK) status = compile(pattern, &translated, source, name);
  emily__str_free(&translated);
  if (status != EMILY_OK) return emily__pattern_free(pattern), status;
  *out = pattern;
  return EMILY_OK;
}

emily_status emily__pattern_literal(const char *source, size_t length, emily__pattern **out) {
  if (length == 0) return emily__pattern_regex("", 0, "pattern", out);
  EMILY__TRY(new_pattern(LITERAL, length, out));
  memcpy((*out)->literal, source, length);
  return EMILY_OK;
}

emily_status emily__pattern_char(emily__char_test test, emily__pattern **out) {
  EMILY__TRY(new_pattern(CHARACTER, 0, out));
  (*out)->test = test;
  return EMILY_OK;
}

emily_status emily__pattern_words(emily__pattern **out) { return new_pattern(WORDS, 0, out); }

emily_status emily__pattern_json(const json_t *json, const char *name, emily__pattern **out) {
  const json_t *regex = json_object_get(json, "Regex"), *string = json_object_get(json, "String");
  const json_t *value = regex ? regex : string;
  if (!json_is_string(value))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"pattern\" must be {\"String\": …} or {\"Regex\": …}", name);
  const char *text = json_string_value(value);
  size_t length = json_string_length(value);
  return regex ? emily__pattern_regex(text, length, name, out) : emily__pattern_literal(text, length, out);
}

void emily__pattern_free(emily__pattern *pattern) {
  if (!pattern) return;
  pcre2_code_free(pattern->code);
  pcre2_match_context_free(pattern->limits);
  emily__free(pattern);
}

void emily__pattern_start(emily__pattern_state *state, const emily__pattern *pattern, const char *text,
                          size_t length) {
  state->pattern = pattern;
  state->text = text;
  state->length = length;
  state->at = state->previous_end = 0;
  state->matched = false;
}

void emily__pattern_finish(emily__pattern_state *state) {
  pcre2_match_data_free(state->match_data);
  *state = (emily__pattern_state){0};
}

static emily_status match_failed(int error) {
  if (error == PCRE2_ERROR_NOMEMORY) return emily__fail_memory("tokenizer", 0, 0);
  char message[256] = "";
  pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "a regular expression of the tokenizer gave up on this text: %s",
                     message);
}

static emily_status prepare_match_data(emily__pattern_state *state) {
  if (state->match_data_of == state->pattern) return EMILY_OK;
  pcre2_match_data_free(state->match_data);
  state->match_data_of = NULL;
  state->match_data = pcre2_match_data_create_from_pattern(state->pattern->code, NULL);
  if (!state->match_data) return emily__fail_memory("tokenizer", 0, 0);
  state->match_data_of = state->pattern;
  return EMILY_OK;
}

/* The JIT's stack is small and fixed; a match that outgrows it is made again by the interpreter, on the heap. */
static int match_at(emily__pattern_state *state) {
  const emily__pattern *pattern = state->pattern;
  PCRE2_SPTR text = (PCRE2_SPTR)state->text;
  uint32_t options = PCRE2_NO_UTF_CHECK;
  int rc = pcre2_match(pattern->code, text, state->length, state->at, options, state->match_data, pattern->limits);
  if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
    rc = pcre2_match(pattern->code, text, state->length, state->at, options | PCRE2_NO_JIT, state->match_data,
                     pattern->limits);
  return rc;
}

static emily_status next_regex(emily__pattern_state *state, bool *found, size_t *start, size_t *end) {
  EMILY__TRY(prepare_match_data(state));
  for (;;) {
    *found = false;
    if (state->at > state->length) return EMILY_OK;
    int rc = match_at(state);
    if (rc == PCRE2_ERROR_NOMATCH) return EMILY_OK;
    if (rc < 0) return match_failed(rc);
    const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer(state->match_data);
    *start = ovector[0];
    *end = ovector[1];
    if (*start < *end || !state->matched || state->previous_end != *end) break;
    size_t used = 1;
    if (*end < state->length) emily__utf8_next(state->text + *end, &used);
    state->at = *end + used;
  }
  *found = state->matched = true;
  state->at = state->previous_end = *end;
  return EMILY_OK;
}

static bool next_literal(emily__pattern_state *state, size_t *start, size_t *end) {
  const emily__pattern *pattern = state->pattern;
  const char *hit = memmem(state->text + state->at, state->length - state->at, pattern->literal, pattern->length);
  if (!hit) return false;
  *start = (size_t)(hit - state->text);
  *end = *start + pattern->length;
  return true;
}

static bool next_char(emily__pattern_state *state, size_t *start, size_t *end) {
  for (size_t used; state->at < state->length; state->at += used) {
    int32_t code = emily__utf8_next(state->text + state->at, &used);
    if (!state->pattern->test(code)) continue;
    *start = state->at;
    *end = state->at + used;
    return true;
  }
  return false;
}

static bool next_word(emily__pattern_state *state, size_t *start, size_t *end) {
  size_t at = state->at, used = 0;
  int32_t code = ' ';
  for (; at < state->length; at += used) {
    code = emily__utf8_next(state->text + at, &used);
    if (!emily__is_space(code)) break;
  }
  if (at == state->length) return false;
  bool word = emily__is_word(code);
  *start = at;
  while (at < state->length) {
    code = emily__utf8_next(state->text + at, &used);
    if (emily__is_word(code) != word || emily__is_space(code)) break;
    at += used;
  }
  *end = at;
  return true;
}

emily_status emily__pattern_next(emily__pattern_state *state, bool *found, size_t *start, size_t *end) {
  switch (state->pattern->kind) {
    case REGEX: return next_regex(state, found, start, end);
    case LITERAL: *found = next_literal(state, start, end); break;
    case CHARACTER: *found = next_char(state, start, end); break;
    case WORDS: *found = next_word(state, start, end); break;
  }
  if (*found) state->at = *end;
  return EMILY_OK;
}
