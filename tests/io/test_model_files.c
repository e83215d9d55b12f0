/* test_model_files.c: GGUF files as models: their metadata as the files of a folder, their tensors as weights, their tokenizers. What they
 * must give was computed by Transformers from the values that the gguf package reads (tests/oracle/make_gguf_cases.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/folder.h"
#include "../support/golden.h"
#include "base/alloc.h"
#include "base/status.h"
#include "emily/runtime.h"
#include "emily/tokenizer.h"
#include "io/model_files.h"

static void equals_transformers(const char *name) {
  golden g = golden_open(name, "model.gguf", "ref.safetensors");
  golden_forward(&g, "a");
  golden_expect(&g, emily_array_map_get(g.ref, "a.logits") ? "logits" : "last_hidden_state",
                emily_array_map_get(g.ref, "a.logits") ? "a.logits" : "a.last_hidden_state", "a.attention_mask");
  golden_close(&g);
}

static void plain_types(void **state) {
  (void)state;
  equals_transformers("gguf_qwen3");
}

/* Every type that stays packed, in one file. */
static void packed_types(void **state) {
  (void)state;
  equals_transformers("gguf_qwen3_packed");
}

/* What each architecture does in its own way: rows of q and k of llama and smollm3, Llama 3's factors of rope, yarn, norms of gemma3 with 1 in
 * their weights and its two ropes, experts in stacks, gpt2's matrices the other way round. */
static void every_architecture(void **state) {
  (void)state;
  static const char *const names[] = {"gguf_llama", "gguf_qwen2", "gguf_smollm3", "gguf_gemma3", "gguf_qwen3moe", "gguf_gpt2", "gguf_bert"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) equals_transformers(names[i]);
}

/* ---- the files ---- */

static json_t *load(const char *folder, const char *name) {
  json_t *json = NULL;
  assert_true(emily__model_file_exists(in(folder, name)));
  assert_int_equal(emily__model_file_load(in(folder, name), &json), EMILY_OK);
  return json;
}

static int64_t number(const json_t *json, const char *key) { return json_integer_value(json_object_get(json, key)); }

static void metadata_is_a_config(void **state) {
  (void)state;
  json_t *config = load(in(golden_data("gguf_qwen3"), "model.gguf"), "config.json");
  assert_string_equal(json_string_value(json_object_get(config, "model_type")), "qwen3");
  assert_string_equal(json_string_value(json_array_get(json_object_get(config, "architectures"), 0)), "Qwen3ForCausalLM");
  assert_int_equal(number(config, "hidden_size"), 32);
  assert_int_equal(number(config, "num_hidden_layers"), 2);
  assert_int_equal(number(config, "vocab_size"), 96);
  assert_true(json_real_value(json_object_get(config, "rms_norm_eps")) == 1e-6); /* not the float32's digits */
  assert_true(json_is_true(json_object_get(config, "tie_word_embeddings")));
  json_decref(config);
}

/* tests/data/tokenizers/bpe_llama3 holds tokenizer.json, whose template has a second text, and a GGUF file, whose metadata know none. */
static void a_file_beside_it_says_more_than_metadata(void **state) {
  (void)state;
  const char *folder = "tests/data/tokenizers/bpe_llama3";
  json_t *own = load(folder, "tokenizer.json"), *made = load("tests/data/tokenizers/bpe_llama3/tokenizer.gguf", "tokenizer.json"), *config;
  assert_false(json_equal(own, made));
  json_decref(own);
  json_decref(made);
  char *copy = folder_new(), *file = realpath(in(golden_data("gguf_qwen3"), "model.gguf"), NULL);
  assert_int_equal(symlink(file, in(copy, "model.gguf")), 0);
  free(file);
  folder_puts(copy, "config.json", "{\"model_type\": \"another\"}");
  config = load(copy, "config.json");
  assert_string_equal(json_string_value(json_object_get(config, "model_type")), "qwen3");
  json_decref(config);
  folder_remove(copy);
}

static void paths_that_lead_nowhere(void **state) {
  (void)state;
  json_t *json = NULL;
  const char *file = in(golden_data("gguf_qwen3"), "model.gguf");
  assert_false(emily__model_file_exists(in(file, "modules.json")));
  assert_false(emily__model_file_exists(in(file, "sentence_bert_config.json")));
  assert_int_equal(emily__model_file_load(in(file, "modules.json"), &json), EMILY_NOT_FOUND);
  assert_int_equal(emily__model_file_load(in(golden_data("qwen3"), "no.json"), &json), EMILY_NOT_FOUND);
  assert_true(emily__model_file_exists(in(golden_data("qwen3"), "config.json")));
}

/* ---- tokenizers ---- */

static char *tokenizer_path(const char *name, const char *file) {
  static char path[2][1024];
  static int turn;
  turn = !turn;
  const char *root = getenv("EMILY_TEST_DATA");
  snprintf(path[turn], sizeof path[turn], "%s/tokenizers/%s/%s", root ? root : "tests/data", name, file);
  return path[turn];
}

static emily_encoding *encode(const emily_tokenizer *tokenizer, const char *text, const char *pair) {
  emily_encoding *encoding = NULL;
  emily_status status = emily_tokenizer_encode(tokenizer, text, strlen(text), pair, pair ? strlen(pair) : 0, NULL, &encoding);
  assert_int_equal(status, EMILY_OK);
  return encoding;
}

static void expect_same(const emily_tokenizer *a, const emily_tokenizer *b, const char *text, const char *pair) {
  emily_encoding *x = encode(a, text, pair), *y = encode(b, text, pair);
  const size_t count = emily_encoding_count(x);
  char *back[2];
  if (count != emily_encoding_count(y) || memcmp(emily_encoding_ids(x), emily_encoding_ids(y), count * sizeof(int32_t)))
    fail_msg("'%s' has other ids", text);
  assert_memory_equal(emily_encoding_type_ids(x), emily_encoding_type_ids(y), count * sizeof(int32_t));
  assert_int_equal(emily_tokenizer_decode(a, emily_encoding_ids(x), count, true, &back[0], NULL), EMILY_OK);
  assert_int_equal(emily_tokenizer_decode(b, emily_encoding_ids(x), count, true, &back[1], NULL), EMILY_OK);
  assert_string_equal(back[0], back[1]);
  emily_string_free(back[0]);
  emily_string_free(back[1]);
  emily_encoding_free(x);
  emily_encoding_free(y);
}

static void same_tokenizer(const char *name, const char *pair) {
  static const char *const texts[] = {"Hello, world! It's 2024-01-31.", "  naïve\tcafé 12345\r\n\n x = y;", "<|im_start|>user\nHi<|im_end|>",
                                      "日本語 \xF0\x9F\x98\x80 e\xCC\x81", "<think>why</think> [MASK] unaffable", "", "   "};
  emily_tokenizer *a = NULL, *b = NULL;
  emily_status status = emily_tokenizer_load(tokenizer_path(name, "tokenizer.gguf"), &b);
  if (status != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  assert_int_equal(emily_tokenizer_load(tokenizer_path(name, "tokenizer.json"), &a), EMILY_OK);
  assert_int_equal(emily_tokenizer_vocab_size(a), emily_tokenizer_vocab_size(b));
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    expect_same(a, b, texts[i], NULL);
    if (pair) expect_same(a, b, texts[i], pair);
  }
  emily_tokenizer_release(a);
  emily_tokenizer_release(b);
}

static void byte_level_bpe(void **state) {
  (void)state;
  same_tokenizer("bpe_qwen", "and more");
  same_tokenizer("bpe_llama3", NULL);
}

static void word_piece(void **state) {
  (void)state;
  same_tokenizer("wordpiece_uncased", "Another one");
}

/* Scores in place of merges, bytes for what is in no token: the ids are SentencePiece's. */
static void sentence_piece(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = NULL;
  json_t *cases = NULL;
  emily_status status = emily_tokenizer_load(tokenizer_path("gguf_spm", "tokenizer.gguf"), &tokenizer);
  if (status != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  assert_int_equal(emily__json_load(tokenizer_path("gguf_spm", "ids.json"), &cases), EMILY_OK);
  for (size_t i = 0; i < json_array_size(cases); i++) {
    const char *text = json_string_value(json_object_get(json_array_get(cases, i), "text"));
    const json_t *ids = json_object_get(json_array_get(cases, i), "ids");
    emily_encoding *got = encode(tokenizer, text, NULL);
    char *back;
    if (emily_encoding_count(got) != json_array_size(ids)) fail_msg("'%s' has %zu tokens", text, emily_encoding_count(got));
    for (size_t k = 0; k < json_array_size(ids); k++)
      assert_int_equal(emily_encoding_ids(got)[k], json_integer_value(json_array_get(ids, k)));
    assert_int_equal(emily_tokenizer_decode(tokenizer, emily_encoding_ids(got), emily_encoding_count(got), true, &back, NULL), EMILY_OK);
    assert_string_equal(back, text);
    emily_string_free(back);
    emily_encoding_free(got);
  }
  json_decref(cases);
  emily_tokenizer_release(tokenizer);
}

static void the_chat_template_and_the_tokens_that_end(void **state) {
  (void)state;
  const char *file = tokenizer_path("bpe_qwen", "tokenizer.gguf");
  json_t *config = load(file, "tokenizer_config.json"), *generation = load(file, "generation_config.json");
  assert_non_null(strstr(json_string_value(json_object_get(config, "chat_template")), "messages"));
  assert_string_equal(json_string_value(json_object_get(config, "eos_token")), "<|im_end|>");
  const json_t *ends = json_object_get(generation, "eos_token_id");
  assert_int_equal(json_array_size(ends), 2); /* and <|endoftext|>, by its text */
  assert_int_equal(json_integer_value(json_array_get(ends, 0)), 2202);
  assert_int_equal(json_integer_value(json_array_get(ends, 1)), 2200);
  json_decref(config);
  json_decref(generation);
}

/* Loading takes tensor memory for what is computed (the frequencies of rope), not for the weights, packed or not: these stay in the file. */
static void weights_stay_mapped(void **state) {
  (void)state;
  static const char *const names[] = {"gguf_qwen3", "gguf_qwen3_packed", "gguf_llama", "gguf_qwen3moe"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    emily_memory_info before = EMILY_MEMORY_INFO_INIT, after = EMILY_MEMORY_INFO_INIT;
    emily_model *model = NULL;
    emily_memory_clear_cache(NULL);
    assert_int_equal(emily_memory_stats(NULL, &before), EMILY_OK);
    assert_int_equal(emily_model_load(in(golden_data(names[i]), "model.gguf"), NULL, &model), EMILY_OK);
    assert_int_equal(emily_memory_stats(NULL, &after), EMILY_OK);
    assert_true(after.active - before.active < 1024);
    emily_model_release(model);
  }
}

/* ---- failures ---- */

static void every_allocation_may_fail(void **state) {
  (void)state;
  const char *model = in(golden_data("gguf_qwen3"), "model.gguf");
  const int64_t before = emily__alloc_live();
  bool failed = true;
  for (int64_t n = 1; failed; n++) {
    emily_model *loaded = NULL;
    emily__alloc_fail_after(n);
    emily_status status = emily_model_load(model, NULL, &loaded);
    failed = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (failed && status != EMILY_OK) assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    else assert_int_equal(status, EMILY_OK);
    emily_model_release(loaded);
    assert_int_equal(emily__alloc_live(), before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_types),
      cmocka_unit_test(packed_types),
      cmocka_unit_test(every_architecture),
      cmocka_unit_test(metadata_is_a_config),
      cmocka_unit_test(a_file_beside_it_says_more_than_metadata),
      cmocka_unit_test(paths_that_lead_nowhere),
      cmocka_unit_test(byte_level_bpe),
      cmocka_unit_test(word_piece),
      cmocka_unit_test(sentence_piece),
      cmocka_unit_test(the_chat_template_and_the_tokens_that_end),
      cmocka_unit_test(weights_stay_mapped),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
