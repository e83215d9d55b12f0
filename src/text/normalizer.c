/* normalizer.c: see normalizer.h. */
#include "text/normalizer.h"

#include "text/bytelevel.h"
#include "text/unicode.h"

#include <string.h>

/* Runs a character-wise step: `put` writes what becomes of one character. */
typedef emily_status (*put_char)(int32_t code, emily__span origin, emily__text *out);

static emily_status each_char(put_char put, const emily__text *in, emily__text *out) {
  for (size_t at = 0, used; at < in->bytes.count; at += used) {
    int32_t code = emily__utf8_next(in->bytes.data + at, &used);
    EMILY__TRY(put(code, emily__text_origin(in, at, at + used), out));
  }
  return EMILY_OK;
}

/* BERT's: no control characters, each whitespace a plain space. */
static emily_status put_clean(int32_t code, emily__span origin, emily__text *out) {
  bool white = code == '\t' || code == '\n' || code == '\r';
  if (!white && emily__is_bert_control(code)) return EMILY_OK;
  return emily__text_put(out, emily__is_space(code) ? ' ' : code, origin);
}

static emily_status put_spaced_cjk(int32_t code, emily__span origin, emily__text *out) {
  if (!emily__is_cjk(code)) return emily__text_put(out, code, origin);
  EMILY__TRY(emily__text_put(out, ' ', (emily__span){origin.start, origin.start}));
  EMILY__TRY(emily__text_put(out, code, origin));
  return emily__text_put(out, ' ', (emily__span){origin.end, origin.end});
}

static emily_status put_unless_nonspacing(int32_t code, emily__span origin, emily__text *out) {
  return emily__is_nonspacing_mark(code) ? EMILY_OK : emily__text_put(out, code, origin);
}

static emily_status put_unless_combining(int32_t code, emily__span origin, emily__text *out) {
  return emily__is_combining_mark(code) ? EMILY_OK : emily__text_put(out, code, origin);
}

static emily_status put_lower(int32_t code, emily__span origin, emily__text *out) {
  int32_t lower[2];
  int count = emily__lower(code, lower);
  for (int i = 0; i < count; i++) EMILY__TRY(emily__text_put(out, lower[i], origin));
  return EMILY_OK;
}

/* The control characters that NMT's training data was freed from, and what it has a space for. */
static emily_status put_nmt(int32_t c, emily__span origin, emily__text *out) {
  if ((c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F)
    return EMILY_OK;
  bool space = c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
               c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  return emily__text_put(out, space ? ' ' : c, origin);
}

#define STEP(function, ...)                                                                                          \
  static emily_status function(const emily__normal_step *step, const emily__text *in, emily__text *out) {            \
    (void)step;                                                                                                      \
    return __VA_ARGS__;                                                                                              \
  }

STEP(run_clean, each_char(put_clean, in, out))
STEP(run_spaced_cjk, each_char(put_spaced_cjk, in, out))
STEP(run_unless_nonspacing, each_char(put_unless_nonspacing, in, out))
STEP(run_unless_combining, each_char(put_unless_combining, in, out))
STEP(run_lower, each_char(put_lower, in, out))
STEP(run_nmt, each_char(put_nmt, in, out))
STEP(run_precompiled, emily__charsmap_run(step->map, in, out))
STEP(run_nfc, emily__normalize(EMILY__NFC, in, out))
STEP(run_nfd, emily__normalize(EMILY__NFD, in, out))
STEP(run_nfkc, emily__normalize(EMILY__NFKC, in, out))
STEP(run_nfkd, emily__normalize(EMILY__NFKD, in, out))
STEP(run_replace, emily__text_replace(step->pattern, step->content, step->content_length, in, out))
STEP(run_byte_chars, emily__text_put_byte_chars(in, 0, in->bytes.count, out))

static emily_status run_strip(const emily__normal_step *step, const emily__text *in, emily__text *out) {
  size_t start = 0, end = in->bytes.count, used;
  while (step->left && start < end && emily__is_space(emily__utf8_next(in->bytes.data + start, &used))) start += used;
  while (step->right && end > start) {
    size_t last = emily__utf8_back(in->bytes.data, end);
    if (!emily__is_space(emily__utf8_next(in->bytes.data + last, &used))) break;
    end = last;
  }
  return emily__text_copy(out, in, start, end);
}

static emily_status run_prepend(const emily__normal_step *step, const emily__text *in, emily__text *out) {
  if (in->bytes.count == 0) return EMILY_OK;
  EMILY__TRY(emily__text_puts(out, step->content, step->content_length, emily__text_origin(in, 0, 1)));
  return emily__text_copy(out, in, 0, in->bytes.count);
}

/* What a replacement stands for: the match's last character (of spaces made one, that before the word), as in
 * tokenizers. */
static emily__span replaced_origin(const emily__text *in, size_t start, size_t end) {
  return start < end ? emily__text_origin(in, emily__utf8_back(in->bytes.data, end), end) : emily__text_point(in, start);
}

emily_status emily__text_replace(const emily__pattern *pattern, const char *content, size_t content_length,
                                 const emily__text *in, emily__text *out) {
  if (in->bytes.count == 0) return EMILY_OK;
  emily__pattern_state state = {0};
  emily__pattern_start(&state, pattern, in->bytes.data, in->bytes.count);
  emily_status status;
  size_t done = 0, start, end;
  bool found;
  while ((status = emily__pattern_next(&state, &found, &start, &end)) == EMILY_OK && found) {
    emily__span origin = replaced_origin(in, start, end);
    if ((status = emily__text_copy(out, in, done, start)) != EMILY_OK) break;
    if ((status = emily__text_puts(out, content, content_length, origin)) != EMILY_OK) break;
    done = end;
  }
  if (status == EMILY_OK) status = emily__text_copy(out, in, done, in->bytes.count);
  emily__pattern_finish(&state);
  return status;
}

emily_status emily__text_put_byte_chars(const emily__text *in, size_t start, size_t end, emily__text *out) {
  for (size_t at = start; at < end; at++) {
    int32_t code = emily__byte_to_char((uint8_t)in->bytes.data[at]);
    EMILY__TRY(emily__text_put(out, code, in->origins.data[at]));
  }
  return EMILY_OK;
}

static void free_step(emily__normal_step *step) {
  emily__pattern_free(step->pattern);
  emily__charsmap_free(step->map);
  emily__free(step->content);
}

static emily_status push(emily__normalizer *out, emily__normal_step step) {
  if (emily__vec_push(&out->steps, step)) return EMILY_OK;
  free_step(&step);
  return EMILY_OUT_OF_MEMORY;
}

static emily_status push_bert(const json_t *json, const char *name, emily__normalizer *out) {
  bool clean = true, cjk = true, lower = true, strip;
  EMILY__TRY(emily__json_bool(json, "clean_text", name, &clean));
  EMILY__TRY(emily__json_bool(json, "handle_chinese_chars", name, &cjk));
  EMILY__TRY(emily__json_bool(json, "lowercase", name, &lower));
  strip = lower; /* null: as lowercase says */
  EMILY__TRY(emily__json_bool(json, "strip_accents", name, &strip));
  if (clean) EMILY__TRY(push(out, (emily__normal_step){.run = run_clean}));
  if (cjk) EMILY__TRY(push(out, (emily__normal_step){.run = run_spaced_cjk}));
  if (strip) EMILY__TRY(push(out, (emily__normal_step){.run = run_nfd}));
  if (strip) EMILY__TRY(push(out, (emily__normal_step){.run = run_unless_nonspacing}));
  return lower ? push(out, (emily__normal_step){.run = run_lower}) : EMILY_OK;
}

static emily_status copy_content(const json_t *json, const char *key, const char *name, emily__normal_step *step) {
  json_t *content = emily__json_at(json, key);
  if (!json_is_string(content))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the normalizer's \"%s\" must be a string", name, key);
  step->content_length = json_string_length(content);
  step->content = emily__strndup(json_string_value(content), step->content_length);
  return step->content ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status push_replace(const json_t *json, const char *name, emily__normalizer *out) {
  emily__normal_step step = {.run = run_replace};
  EMILY__TRY(copy_content(json, "content", name, &step));
  emily_status status = emily__pattern_json(emily__json_at(json, "pattern"), name, &step.pattern);
  if (status != EMILY_OK) return emily__free(step.content), status;
  return push(out, step);
}

static emily_status push_prepend(const json_t *json, const char *name, emily__normalizer *out) {
  emily__normal_step step = {.run = run_prepend};
  EMILY__TRY(copy_content(json, "prepend", name, &step));
  return push(out, step);
}

static emily_status push_strip(const json_t *json, const char *name, emily__normalizer *out) {
  emily__normal_step step = {.run = run_strip, .left = true, .right = true};
  EMILY__TRY(emily__json_bool(json, "strip_left", name, &step.left));
  EMILY__TRY(emily__json_bool(json, "strip_right", name, &step.right));
  return push(out, step);
}

static emily_status push_precompiled(const json_t *json, const char *name, emily__normalizer *out) {
  emily__normal_step step = {.run = run_precompiled};
  const char *base64 = NULL;
  EMILY__TRY(emily__json_require(json, "precompiled_charsmap", name));
  EMILY__TRY(emily__json_string(json, "precompiled_charsmap", name, &base64));
  size_t length = json_string_length(emily__json_at(json, "precompiled_charsmap"));
  EMILY__TRY(emily__charsmap_load(base64, length, name, &step.map));
  return push(out, step);
}

/* A type that takes no settings has `run`, another `load`. */
static const struct {
  const char *type;
  emily_status (*run)(const emily__normal_step *step, const emily__text *in, emily__text *out);
  emily_status (*load)(const json_t *json, const char *name, emily__normalizer *out);
} types[] = {
    {"BertNormalizer", .load = push_bert},
    {"NFC", .run = run_nfc},
    {"NFD", .run = run_nfd},
    {"NFKC", .run = run_nfkc},
    {"NFKD", .run = run_nfkd},
    {"Lowercase", .run = run_lower},
    {"StripAccents", .run = run_unless_combining},
    {"Strip", .load = push_strip},
    {"Replace", .load = push_replace},
    {"Prepend", .load = push_prepend},
    {"Precompiled", .load = push_precompiled},
    {"Nmt", .run = run_nmt},
    {"ByteLevel", .run = run_byte_chars},
};

static emily_status load_at(const json_t *json, const char *name, int depth, emily__normalizer *out) {
  const char *type = "";
  EMILY__TRY(emily__json_string(json, "type", name, &type));
  if (!strcmp(type, "Sequence")) {
    if (depth == EMILY__NESTING_MAX)
      return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: normalizers are nested too deeply", name);
    json_t *list = NULL, *item;
    size_t i;
    EMILY__TRY(emily__json_array(json, "normalizers", name, &list));
    json_array_foreach(list, i, item) EMILY__TRY(load_at(item, name, depth + 1, out));
    return EMILY_OK;
  }
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i].type, type)) continue;
    return types[i].load ? types[i].load(json, name, out) : push(out, (emily__normal_step){.run = types[i].run});
  }
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the normalizer \"%s\" is not supported", name, type);
}

emily_status emily__normalizer_load(const json_t *json, const char *name, emily__normalizer *out) {
  return json ? load_at(json, name, 0, out) : EMILY_OK;
}

void emily__normalizer_free(emily__normalizer *normalizer) {
  for (size_t i = 0; i < normalizer->steps.count; i++) free_step(&normalizer->steps.data[i]);
  emily__vec_free(&normalizer->steps);
}

emily_status emily__normalizer_run(const emily__normalizer *normalizer, emily__text *text, emily__text *spare) {
  for (size_t i = 0; i < normalizer->steps.count; i++) {
    const emily__normal_step *step = &normalizer->steps.data[i];
    emily__text_clear(spare);
    EMILY__TRY(step->run(step, text, spare));
    if (spare->bytes.count > 4 * EMILY__TEXT_MAX)
      return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode", "the text grew too long when normalized");
    emily__text_swap(text, spare);
  }
  return EMILY_OK;
}
