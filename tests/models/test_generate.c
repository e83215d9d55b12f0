/* test_generate.c: greedy tokens against Transformers', and how options and the checkpoint's settings meet. */
#include "emily/generate.h"

#include "../support/folder.h"
#include "../support/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const int32_t prompt[] = {5, 17, 101, 42};
enum { PROMPT = 4 };

static emily_generation *generate(emily_model *model, const emily_generate_options *options) {
  emily_generation *result = NULL;
  if (emily_generate(model, NULL, prompt, PROMPT, options, &result) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return result;
}

static void greedy_tokens_equal_transformers(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"qwen3", "config.json"}, {"qwen3", "config_hub.json"}, {"qwen3_bf16", "config.json"}, {"qwen3_bf16", "config_hub.json"}};
  for (int i = 0; i < 4; i++) {
    golden g = golden_open(cases[i][0], cases[i][1], "ref.safetensors");
    emily_array *ids = emily_array_map_get(g.ref, "a.input_ids"), *greedy = emily_array_map_get(g.ref, "a.greedy");
    int32_t *given = golden_ints(ids), *want = golden_ints(greedy);
    emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
    emily_generation *result = NULL;
    options.max_new_tokens = emily_array_size(greedy);
    options.ignore_eos = 1;
    assert_int_equal(emily_generate(g.model, NULL, given, (size_t)emily_array_size(ids), &options, &result), EMILY_OK);
    assert_int_equal(result->token_count, 16);
    assert_memory_equal(result->tokens, want, 16 * sizeof *want);
    assert_int_equal(result->finish_reason, EMILY_FINISH_LENGTH);
    assert_int_equal(result->sampled, 0);
    assert_null(result->text);
    emily_generation_free(result);
    free(given);
    free(want);
    golden_close(&g);
  }
}

/* A model with that generation_config.json (NULL: none). */
static emily_model *model_with(const char *settings, char **folder) {
  emily_model *model = NULL;
  *folder = golden_folder("qwen3", "config.json");
  assert_int_equal(unlink(in(*folder, "generation_config.json")), 0);
  if (settings) folder_puts(*folder, "generation_config.json", settings);
  assert_int_equal(emily_model_load(*folder, NULL, &model), EMILY_OK);
  return model;
}

static void the_checkpoint_decides_what_is_open(void **state) {
  (void)state;
  char *folder;
  emily_model *model = model_with("{\"do_sample\":true,\"temperature\":1.5,\"max_new_tokens\":7,\"eos_token_id\":[]}", &folder);
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  options.ignore_eos = 1, options.seed = 3;
  emily_generation *a = generate(model, &options), *b = generate(model, &options);
  assert_true(a->sampled && a->seed == 3 && a->token_count == 7);
  assert_memory_equal(a->tokens, b->tokens, 7 * sizeof *a->tokens);
  emily_generation_free(a);
  emily_generation_free(b);
  options.temperature = 0; /* the caller's word comes first */
  a = generate(model, &options);
  assert_true(!a->sampled);
  emily_generation_free(a);
  options.temperature = -1, options.sample = 0, options.max_new_tokens = 2;
  a = generate(model, &options);
  assert_true(!a->sampled && a->token_count == 2);
  emily_generation_free(a);
  emily_model_release(model);
  folder_remove(folder);
}

static void the_caller_can_ask_for_sampling(void **state) {
  (void)state;
  char *folder;
  emily_model *model = model_with(NULL, &folder);
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  options.max_new_tokens = 3, options.ignore_eos = 1;
  emily_generation *g = generate(model, &options);
  assert_false(g->sampled);
  emily_generation_free(g);
  options.top_k = 5; /* a seed is taken from the system, and said */
  g = generate(model, &options);
  assert_true(g->sampled);
  options.seed = (int64_t)(g->seed >> 1);
  emily_generation_free(g);
  emily_generation *a = generate(model, &options), *b = generate(model, &options);
  assert_true(a->seed == (uint64_t)options.seed);
  assert_memory_equal(a->tokens, b->tokens, 3 * sizeof *a->tokens);
  emily_generation_free(a);
  emily_generation_free(b);
  emily_model_release(model);
  folder_remove(folder);
}

static void end_tokens_come_from_the_files(void **state) {
  (void)state;
  char *folder, settings[64];
  emily_model *model = model_with("{}", &folder);
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  options.max_new_tokens = 6, options.ignore_eos = 1;
  emily_generation *g = generate(model, &options);
  int at = 5; /* the last token that is none of those before it: generation will end there */
  for (int k = 0; k < at; k++)
    if (g->tokens[k] == g->tokens[at]) at--, k = -1;
  int32_t last = g->tokens[at];
  emily_generation_free(g);
  snprintf(settings, sizeof settings, "{\"eos_token_id\":[199,%d]}", last);
  folder_puts(folder, "generation_config.json", settings);
  options.ignore_eos = 0;
  g = generate(model, &options);
  assert_true(g->token_count == (size_t)at + 1 && g->finish_reason == EMILY_FINISH_STOP);
  emily_generation_free(g);
  emily_model_release(model);
  folder_remove(folder);
}

static void max_length_counts_the_prompt(void **state) {
  (void)state;
  char *folder;
  emily_model *model = model_with("{\"max_length\":9,\"eos_token_id\":[]}", &folder);
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  options.ignore_eos = 1;
  emily_generation *g = generate(model, &options);
  assert_int_equal(g->token_count, 9 - PROMPT);
  emily_generation_free(g);
  emily_model_release(model);
  folder_remove(folder);
}

static void refuse(emily_model *model, const emily_generate_options *options, emily_status wanted, const char *words) {
  emily_generation *result = NULL;
  assert_int_equal(emily_generate(model, NULL, prompt, PROMPT, options, &result), wanted);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
  assert_null(result);
}

static void options_out_of_range_are_named(void **state) {
  (void)state;
  char *folder;
  emily_model *model = model_with(NULL, &folder);
  static const emily_generate_options open = EMILY_GENERATE_OPTIONS_INIT;
  emily_generate_options o = open;
  o.top_p = 1.5;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "top_p is 1.5");
  o = open, o.min_p = 2;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "min_p");
  o = open, o.repetition_penalty = 0;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "repetition_penalty");
  o = open, o.sample = 1, o.temperature = 0;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "temperature above 0");
  o = open, o.struct_size = 4;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "EMILY_GENERATE_OPTIONS_INIT");
  o = open, o.stops = (const char *const[]){"x"}, o.stop_count = 1;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "stop texts need a tokenizer");
  folder_puts(folder, "generation_config.json", "{\"num_beams\":3}");
  refuse(model, &open, EMILY_UNSUPPORTED, "num_beams");
  refuse(NULL, &open, EMILY_INVALID_ARGUMENT, "must not be NULL");
  emily_model_release(model);
  folder_remove(folder);
}

static void other_models_do_not_generate(void **state) {
  (void)state;
  golden g = golden_open("bert", "config.json", "ref.safetensors");
  assert_false(emily_model_generates(g.model));
  refuse(g.model, NULL, EMILY_UNSUPPORTED, "does not generate text");
  golden_close(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(greedy_tokens_equal_transformers), cmocka_unit_test(the_checkpoint_decides_what_is_open),
      cmocka_unit_test(the_caller_can_ask_for_sampling),  cmocka_unit_test(end_tokens_come_from_the_files),
      cmocka_unit_test(max_length_counts_the_prompt),     cmocka_unit_test(options_out_of_range_are_named),
      cmocka_unit_test(other_models_do_not_generate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
