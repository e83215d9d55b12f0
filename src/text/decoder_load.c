/* decoder_load.c: from tokenizer.json's decoders to steps. */
#include "text/decoder_steps.h"
#include "text/normalizer.h"

#include "base/utf8.h"

#include <string.h>

static emily_status push(emily__decoder *out, emily__decode_step step) {
  if (emily__vec_push(&out->steps, step)) return EMILY_OK;
  emily__pattern_free(step.pattern);
  emily__free(step.content);
  return EMILY_OUT_OF_MEMORY;
}

/* Copies the string at `key`, or `fallback` when there is none (NULL: it must be there). */
static emily_status copy_content(const json_t *json, const char *key, const char *name, const char *fallback,
                                 emily__decode_step *step) {
  const char *content = fallback;
  EMILY__TRY(emily__json_string(json, key, name, &content));
  if (!content) return emily__json_require(json, key, name);
  json_t *value = emily__json_at(json, key);
  step->content_length = value ? json_string_length(value) : strlen(content);
  step->content = emily__strndup(content, step->content_length);
  return step->content ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status load_wordpiece(const json_t *json, const char *name, emily__decoder *out) {
  emily__decode_step step = {.run = emily__decode_wordpiece, .flag = true};
  EMILY__TRY(emily__json_bool(json, "cleanup", name, &step.flag));
  EMILY__TRY(copy_content(json, "prefix", name, "##", &step));
  return push(out, step);
}

static emily_status load_bpe(const json_t *json, const char *name, emily__decoder *out) {
  emily__decode_step step = {.run = emily__decode_bpe};
  EMILY__TRY(copy_content(json, "suffix", name, "</w>", &step));
  return push(out, step);
}

static emily_status load_replace(const json_t *json, const char *name, emily__decoder *out) {
  emily__decode_step step = {.run = emily__decode_replace};
  EMILY__TRY(copy_content(json, "content", name, NULL, &step));
  emily_status status = emily__pattern_json(emily__json_at(json, "pattern"), name, &step.pattern);
  if (status != EMILY_OK) return emily__free(step.content), status;
  return push(out, step);
}

static emily_status check_character(const char *key, const char *name, emily__decode_step *step) {
  size_t used = 0;
  if (step->content_length && emily__utf8_decode(step->content, step->content_length, &used) >= 0 &&
      used == step->content_length)
    return EMILY_OK;
  emily__free(step->content);
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the decoder's \"%s\" must be one character", name, key);
}

static emily_status load_strip(const json_t *json, const char *name, emily__decoder *out) {
  emily__decode_step step = {.run = emily__decode_strip};
  int64_t start = 0, stop = 0;
  EMILY__TRY(emily__json_i64(json, "start", name, &start));
  EMILY__TRY(emily__json_i64(json, "stop", name, &stop));
  if (start < 0 || stop < 0)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the decoder's \"start\" and \"stop\" must not be negative",
                       name);
  step.start = (size_t)start;
  step.stop = (size_t)stop;
  EMILY__TRY(copy_content(json, "content", name, NULL, &step));
  EMILY__TRY(check_character("content", name, &step));
  return push(out, step);
}

static emily_status load_metaspace(const json_t *json, const char *name, emily__decoder *out) {
  emily__decode_step step = {.run = emily__decode_metaspace};
  bool prefix = true;
  const char *scheme;
  EMILY__TRY(emily__json_bool(json, "add_prefix_space", name, &prefix));
  scheme = prefix ? "always" : "never";
  EMILY__TRY(emily__json_string(json, "prepend_scheme", name, &scheme));
  step.flag = strcmp(scheme, "never") != 0;
  EMILY__TRY(copy_content(json, "replacement", name, "\xE2\x96\x81", &step));
  EMILY__TRY(check_character("replacement", name, &step));
  return push(out, step);
}

/* A type that takes no settings has `run`, another `load`. */
static const struct {
  const char *type;
  emily_status (*run)(const emily__decode_step *step, const emily__strings *in, emily__strings *out);
  emily_status (*load)(const json_t *json, const char *name, emily__decoder *out);
} types[] = {
    {"BPEDecoder", .load = load_bpe},
    {"ByteFallback", .run = emily__decode_byte_fallback},
    {"ByteLevel", .run = emily__decode_byte_level},
    {"Fuse", .run = emily__decode_fuse},
    {"Metaspace", .load = load_metaspace},
    {"Replace", .load = load_replace},
    {"Strip", .load = load_strip},
    {"WordPiece", .load = load_wordpiece},
};

static emily_status load_at(const json_t *json, const char *name, int depth, emily__decoder *out) {
  const char *type = "";
  EMILY__TRY(emily__json_string(json, "type", name, &type));
  if (!strcmp(type, "Sequence")) {
    if (depth == EMILY__NESTING_MAX)
      return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: decoders are nested too deeply", name);
    json_t *list = NULL, *item;
    size_t i;
    EMILY__TRY(emily__json_array(json, "decoders", name, &list));
    json_array_foreach(list, i, item) EMILY__TRY(load_at(item, name, depth + 1, out));
    return EMILY_OK;
  }
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i].type, type)) continue;
    return types[i].load ? types[i].load(json, name, out) : push(out, (emily__decode_step){.run = types[i].run});
  }
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the decoder \"%s\" is not supported", name, type);
}

emily_status emily__decoder_load(const json_t *json, const char *name, emily__decoder *out) {
  out->present = json != NULL;
  return json ? load_at(json, name, 0, out) : EMILY_OK;
}

void emily__decoder_free(emily__decoder *decoder) {
  for (size_t i = 0; i < decoder->steps.count; i++) {
    emily__pattern_free(decoder->steps.data[i].pattern);
    emily__free(decoder->steps.data[i].content);
  }
  emily__vec_free(&decoder->steps);
}
