/* pretokenizer_load.c: from tokenizer.json's pre-tokenizers to steps. */
#include "text/normalizer.h"
#include "text/pretokenizer.h"
#include "text/unicode.h"

#include <string.h>

/* What ByteLevel splits by, as GPT-2 wrote it. */
static const char gpt2_regex[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

static const char metaspace[] = "\xE2\x96\x81"; /* U+2581 */

static emily_status push(emily__pretokenizer *out, emily__cut_step step) {
  if (emily__vec_push(&out->steps, step)) return EMILY_OK;
  emily__pattern_free(step.pattern);
  return EMILY_OUT_OF_MEMORY;
}

/* `made` is the status of making `pattern`. */
static emily_status push_split(emily__pretokenizer *out, emily_status made, emily__pattern *pattern,
                               emily__behavior behavior, bool invert) {
  if (made != EMILY_OK) return made;
  return push(out, (emily__cut_step){.kind = EMILY__CUT_SPLIT, .pattern = pattern, .behavior = behavior,
                                     .invert = invert});
}

static emily_status push_char_split(emily__pretokenizer *out, emily__char_test test, emily__behavior behavior) {
  emily__pattern *pattern = NULL;
  emily_status made = emily__pattern_char(test, &pattern);
  return push_split(out, made, pattern, behavior, false);
}

static emily_status push_prefix(emily__pretokenizer *out, const char *content, bool first_only) {
  emily__cut_step step = {.kind = EMILY__CUT_PREFIX, .first_only = first_only};
  memcpy(step.content, content, strlen(content) + 1);
  return push(out, step);
}

static emily_status read_behavior(const json_t *json, const char *name, emily__behavior *out) {
  static const char *const names[] = {[EMILY__REMOVED] = "Removed",
                                      [EMILY__ISOLATED] = "Isolated",
                                      [EMILY__MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
                                      [EMILY__MERGED_WITH_NEXT] = "MergedWithNext",
                                      [EMILY__CONTIGUOUS] = "Contiguous"};
  const char *behavior = names[*out];
  EMILY__TRY(emily__json_string(json, "behavior", name, &behavior));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (!strcmp(names[i], behavior)) return *out = (emily__behavior)i, EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the splitting behavior \"%s\" is not supported", name,
                     behavior);
}

static emily_status load_byte_level(const json_t *json, const char *name, emily__pretokenizer *out) {
  bool prefix = true, regex = true;
  EMILY__TRY(emily__json_bool(json, "add_prefix_space", name, &prefix));
  EMILY__TRY(emily__json_bool(json, "use_regex", name, &regex));
  if (prefix) EMILY__TRY(push_prefix(out, " ", false));
  if (regex) {
    emily__pattern *pattern = NULL;
    emily_status made = emily__pattern_regex(gpt2_regex, sizeof gpt2_regex - 1, name, &pattern);
    EMILY__TRY(push_split(out, made, pattern, EMILY__ISOLATED, false));
  }
  return push(out, (emily__cut_step){.kind = EMILY__CUT_BYTE_CHARS});
}

static emily_status load_bert(const json_t *json, const char *name, emily__pretokenizer *out) {
  (void)json;
  (void)name;
  EMILY__TRY(push_char_split(out, emily__is_space, EMILY__REMOVED));
  return push_char_split(out, emily__is_punctuation, EMILY__ISOLATED);
}

static emily_status load_split(const json_t *json, const char *name, emily__pretokenizer *out) {
  emily__behavior behavior = EMILY__ISOLATED;
  bool invert = false;
  EMILY__TRY(emily__json_require(json, "behavior", name));
  EMILY__TRY(read_behavior(json, name, &behavior));
  EMILY__TRY(emily__json_bool(json, "invert", name, &invert));
  emily__pattern *pattern = NULL;
  emily_status made = emily__pattern_json(emily__json_at(json, "pattern"), name, &pattern);
  return push_split(out, made, pattern, behavior, invert);
}

static emily_status load_whitespace(const json_t *json, const char *name, emily__pretokenizer *out) {
  (void)json;
  (void)name;
  emily__pattern *pattern = NULL;
  emily_status made = emily__pattern_words(&pattern);
  return push_split(out, made, pattern, EMILY__REMOVED, true);
}

static emily_status load_whitespace_split(const json_t *json, const char *name, emily__pretokenizer *out) {
  (void)json;
  (void)name;
  return push_char_split(out, emily__is_space, EMILY__REMOVED);
}

static emily_status load_digits(const json_t *json, const char *name, emily__pretokenizer *out) {
  bool individual = false;
  EMILY__TRY(emily__json_bool(json, "individual_digits", name, &individual));
  return push_char_split(out, emily__is_numeric, individual ? EMILY__ISOLATED : EMILY__CONTIGUOUS);
}

static emily_status load_punctuation(const json_t *json, const char *name, emily__pretokenizer *out) {
  emily__behavior behavior = EMILY__ISOLATED;
  EMILY__TRY(read_behavior(json, name, &behavior));
  return push_char_split(out, emily__is_punctuation, behavior);
}

static emily_status push_literal_split(emily__pretokenizer *out, const char *literal, emily__behavior behavior) {
  emily__pattern *pattern = NULL;
  emily_status made = emily__pattern_literal(literal, strlen(literal), &pattern);
  return push_split(out, made, pattern, behavior, false);
}

static emily_status read_character(const json_t *json, const char *key, const char *name, const char **out) {
  EMILY__TRY(emily__json_string(json, key, name, out));
  size_t used = 0, length = strlen(*out);
  if (length && emily__utf8_decode(*out, length, &used) >= 0 && used == length) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"%s\" must be one character", name, key);
}

static emily_status load_delimiter(const json_t *json, const char *name, emily__pretokenizer *out) {
  const char *delimiter = "";
  EMILY__TRY(read_character(json, "delimiter", name, &delimiter));
  return push_literal_split(out, delimiter, EMILY__REMOVED);
}

/* Files from before prepend_scheme have add_prefix_space. */
static emily_status read_prepend_scheme(const json_t *json, const char *name, const char **scheme) {
  bool prefix = true;
  EMILY__TRY(emily__json_bool(json, "add_prefix_space", name, &prefix));
  *scheme = prefix ? "always" : "never";
  EMILY__TRY(emily__json_string(json, "prepend_scheme", name, scheme));
  if (!strcmp(*scheme, "always") || !strcmp(*scheme, "never") || !strcmp(*scheme, "first")) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"prepend_scheme\" must be \"always\", \"first\" or \"never\", "
                     "and is \"%s\"", name, *scheme);
}

static emily_status load_metaspace(const json_t *json, const char *name, emily__pretokenizer *out) {
  const char *replacement = metaspace, *scheme;
  bool split = true;
  EMILY__TRY(read_character(json, "replacement", name, &replacement));
  EMILY__TRY(read_prepend_scheme(json, name, &scheme));
  EMILY__TRY(emily__json_bool(json, "split", name, &split));
  emily__cut_step replace = {.kind = EMILY__CUT_REPLACE};
  memcpy(replace.content, replacement, strlen(replacement) + 1);
  EMILY__TRY(emily__pattern_literal(" ", 1, &replace.pattern));
  EMILY__TRY(push(out, replace));
  if (strcmp(scheme, "never")) EMILY__TRY(push_prefix(out, replacement, !strcmp(scheme, "first")));
  return split ? push_literal_split(out, replacement, EMILY__MERGED_WITH_NEXT) : EMILY_OK;
}

static const struct {
  const char *type;
  emily_status (*load)(const json_t *json, const char *name, emily__pretokenizer *out);
} types[] = {
    {"BertPreTokenizer", load_bert},
    {"ByteLevel", load_byte_level},
    {"CharDelimiterSplit", load_delimiter},
    {"Digits", load_digits},
    {"Metaspace", load_metaspace},
    {"Punctuation", load_punctuation},
    {"Split", load_split},
    {"Whitespace", load_whitespace},
    {"WhitespaceSplit", load_whitespace_split},
};

static emily_status load_at(const json_t *json, const char *name, int depth, emily__pretokenizer *out) {
  const char *type = "";
  EMILY__TRY(emily__json_string(json, "type", name, &type));
  if (!strcmp(type, "Sequence")) {
    if (depth == EMILY__NESTING_MAX)
      return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: pre-tokenizers are nested too deeply", name);
    json_t *list = NULL, *item;
    size_t i;
    EMILY__TRY(emily__json_array(json, "pretokenizers", name, &list));
    json_array_foreach(list, i, item) EMILY__TRY(load_at(item, name, depth + 1, out));
    return EMILY_OK;
  }
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (!strcmp(types[i].type, type)) return types[i].load(json, name, out);
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the pre-tokenizer \"%s\" is not supported", name, type);
}

emily_status emily__pretokenizer_load(const json_t *json, const char *name, emily__pretokenizer *out) {
  return json ? load_at(json, name, 0, out) : EMILY_OK;
}

void emily__pretokenizer_free(emily__pretokenizer *pretokenizer) {
  for (size_t i = 0; i < pretokenizer->steps.count; i++) emily__pattern_free(pretokenizer->steps.data[i].pattern);
  emily__vec_free(&pretokenizer->steps);
}
