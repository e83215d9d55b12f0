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
