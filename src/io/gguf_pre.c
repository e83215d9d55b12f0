/* gguf_pre.c: how BPE tokenizers of GGUF files cut text before they merge: the names of tokenizer.ggml.pre, and what they stand for in the
 * tokenizer.json that the model came with. */
#include "base/status.h"
#include "io/gguf_tokenizer.h"

#include <string.h>

#define SPLIT(regex) "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" regex "\"},\"behavior\":\"Isolated\",\"invert\":false}"
#define BYTES "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":false}"
#define BYTES_AND_WORDS "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}"
#define SEQUENCE(parts) "{\"type\":\"Sequence\",\"pretokenizers\":[" parts "]}"
#define NFC "{\"type\":\"NFC\"}"

/* GPT-4's words, with a number of digits together. */
#define WORDS(digits)                                                                                                          \
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|" digits "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|" \
  "\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define CASED                                                                                                                  \
  "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+|"          \
  "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*|"          \
  "\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"

static const char llama3[] = SEQUENCE(SPLIT(WORDS("\\\\p{N}{1,3}")) "," BYTES);
static const char qwen2[] = SEQUENCE(SPLIT(WORDS("\\\\p{N}")) "," BYTES);
static const char tekken[] = SEQUENCE(SPLIT(CASED) "," BYTES);
static const char smollm[] = SEQUENCE("{\"type\":\"Digits\",\"individual_digits\":true}," BYTES_AND_WORDS);
/* What llama.cpp takes where a file does not say. */
static const char by_default[] = SEQUENCE(
    SPLIT("[\\\\p{P}\\\\$\\\\+<=>\\\\^~\\\\|]+") "," SPLIT("'s|'t|'re|'ve|'m|'ll|'d| ?\\\\p{L}+| ?\\\\p{N}+| ?[^\\\\s\\\\p{L}\\\\p{N}]+|\\\\s+(?!\\\\S)") ","
    SPLIT("\\\\p{N}+") "," SPLIT("[0-9][0-9][0-9]") "," BYTES);

static const emily__gguf_pre all[] = {
    {"default", NULL, by_default, false, false},
    {"llama3", NULL, llama3, true, true},
    {"llama-v3", NULL, llama3, true, true},
    {"llama-bpe", NULL, llama3, true, true},
    {"smaug-bpe", NULL, llama3, true, true},
    {"dbrx", NULL, llama3, false, false},
    {"qwen2", NFC, qwen2, false, false},
    {"deepseek-r1-qwen", NFC, qwen2, false, false},
    {"gpt-2", NULL, BYTES_AND_WORDS, false, false},
    {"phi-2", NULL, BYTES_AND_WORDS, false, false},
    {"olmo", NFC, BYTES_AND_WORDS, false, false},
    {"smollm", NULL, smollm, false, false},
    {"starcoder", NULL, smollm, false, false},
    {"refact", NULL, smollm, false, false},
    {"command-r", NFC, smollm, false, false},
    {"tekken", NULL, tekken, true, true},
};
enum { ALL = sizeof all / sizeof *all };

emily_status emily__gguf_pre_find(const emily_gguf *file, const char *name, const emily__gguf_pre **out) {
  if (!name) name = "default";
  for (int i = 0; i < ALL; i++)
    if (!strcmp(all[i].name, name)) return *out = &all[i], EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, "gguf", "%s: the pre-tokenizer \"%.80s\" (tokenizer.ggml.pre) is none that emily knows", file->path, name);
}

/* Whether two parts are one: of offsets they may differ. */
static bool same(const json_t *a, const json_t *b) {
  const char *key;
  json_t *value;
  if (json_is_array(a)) {
    bool equal = json_array_size(a) == json_array_size(b);
    for (size_t i = 0; i < json_array_size(a) && equal; i++) equal = same(json_array_get(a, i), json_array_get(b, i));
    return equal;
  }
  if (!json_is_object(a)) return json_equal(a, b);
  json_object_foreach((json_t *)a, key, value)
    if (strcmp(key, "trim_offsets") != 0 && !same(value, json_object_get(b, key))) return false;
  return json_is_object(b);
}

static bool is_text(const json_t *json, const char *text) {
  if (!text) return !json || json_is_null(json);
  json_t *wanted = json_loads(text, 0, NULL);
  const bool equal = wanted && same(wanted, json);
  json_decref(wanted);
  return equal;
}

const char *emily__gguf_pre_name(const json_t *pre_tokenizer, const json_t *normalizer) {
  static const char *const preferred[] = {"llama-bpe", "qwen2", "gpt-2", "smollm", "tekken", "default", "olmo", "command-r"};
  for (size_t p = 0; p < sizeof preferred / sizeof *preferred; p++)
    for (int i = 0; i < ALL; i++)
      if (!strcmp(all[i].name, preferred[p]) && is_text(pre_tokenizer, all[i].pre_tokenizer) && is_text(normalizer, all[i].normalizer)) return all[i].name;
  return NULL;
}
