/* test_generate.c: greedy tokens against Transformers', and how options and the checkpoint's settings meet. */
#include "emily/generate.h"
#include "emily/runtime.h"

#include "../support/folder.h"
#include "../support/golden.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

static void suppressed_tokens_come_from_the_files(void **state) {
  (void)state;
  char *folder, settings[96];
  emily_model *model = model_with("{}", &folder);
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  options.max_new_tokens = 2, options.ignore_eos = 1;
  emily_generation *before = generate(model, &options);
  snprintf(settings, sizeof settings, "{\"begin_suppress_tokens\":[%d],\"suppress_tokens\":[]}", before->tokens[0]);
  folder_puts(folder, "generation_config.json", settings);
  emily_generation *g = generate(model, &options);
  assert_true(g->tokens[0] != before->tokens[0]);
  const int32_t second = g->tokens[0];
  emily_generation_free(g);
  snprintf(settings, sizeof settings, "{\"suppress_tokens\":[%d,%d]}", before->tokens[0], second);
  folder_puts(folder, "generation_config.json", settings);
  g = generate(model, &options);
  for (size_t i = 0; i < g->token_count; i++) assert_true(g->tokens[i] != before->tokens[0] && g->tokens[i] != second);
  emily_generation_free(g);
  emily_generation_free(before);
  folder_puts(folder, "generation_config.json", "{\"suppress_tokens\":[\"x\"]}");
  assert_int_equal(emily_generate(model, NULL, prompt, PROMPT, &options, &g), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "suppress_tokens"));
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
  o = open, o.kv_bits = 5;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "kv_bits is 5");
  o = open, o.kv_group_size = 16;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "kv_group_size is 16");
  o = open, o.prefill_chunk = -1;
  refuse(model, &o, EMILY_INVALID_ARGUMENT, "prefill_chunk");
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

/* ---- many prompts ---- */

enum { TEXTS = 40, NEW = 8 };

/* Prompts of 1 … 20 tokens, all different. */
static void make_prompts(emily_prompt *prompts, int32_t (*ids)[20], int64_t vocab) {
  uint64_t x = 7;
  for (int i = 0; i < TEXTS; i++) {
    prompts[i] = (emily_prompt){ids[i], 1 + (size_t)i * 7 % 20};
    for (size_t k = 0; k < prompts[i].count; k++) {
      x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
      ids[i][k] = (int32_t)((x >> 33) % (uint64_t)vocab);
    }
  }
}

static emily_generation *alone(emily_model *model, const emily_prompt *p, const emily_generate_options *options) {
  emily_generation *g = NULL;
  if (emily_generate(model, NULL, p->ids, p->count, options, &g) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return g;
}

static void expect_same(const emily_generation *got, const emily_generation *want) {
  assert_int_equal(got->token_count, want->token_count);
  assert_memory_equal(got->tokens, want->tokens, want->token_count * sizeof *want->tokens);
  assert_int_equal(got->finish_reason, want->finish_reason);
  assert_int_equal(got->prompt_count, want->prompt_count);
  assert_true(got->seed == want->seed && got->sampled == want->sampled);
}

/* Each text of a batch is the one that its prompt gives alone, whoever is beside it; some end early, and others take their places. Sampled too: a draw
 * notices the last bits sooner than the largest logit does. */
static void batch_equals_alone(const char *name, const char *config, int sample, int32_t bits) {
  golden g = golden_open(name, config, "ref.safetensors");
  emily_prompt prompts[TEXTS];
  int32_t ids[TEXTS][20];
  emily_generation *want[TEXTS], *got[TEXTS];
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  make_prompts(prompts, ids, emily_model_vocab_size(g.model));
  o.max_new_tokens = NEW, o.sample = sample, o.seed = 100, o.kv_bits = bits, o.temperature = sample ? 3 : -1;
  for (int i = 0; i < TEXTS; i++, o.seed++) want[i] = alone(g.model, &prompts[i], &o);
  o.seed = 100;
  for (int64_t size = 0; size <= 32; size += size < 3 ? 1 : 29) {
    o.batch_size = size;
    if (emily_generate_batch(g.model, NULL, prompts, TEXTS, &o, got) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
    for (int i = 0; i < TEXTS; i++) expect_same(got[i], want[i]), emily_generation_free(got[i]);
  }
  for (int i = 0; i < TEXTS; i++) emily_generation_free(want[i]);
  golden_close(&g);
}

static void batches_equal_texts_alone(void **state) {
  (void)state;
  batch_equals_alone("qwen3", "config.json", 0, 0);
  batch_equals_alone("qwen3_bf16", "config.json", 1, 0);
  batch_equals_alone("qwen3", "config.json", 1, 8);
  batch_equals_alone("llama3_rope", "config.json", 1, 4);
}

typedef struct listener {
  int tokens[TEXTS], finished[TEXTS], done, stop_text, stop_after;
} listener;

static int32_t on_piece(const emily_generation_piece *piece, void *context) {
  listener *l = context;
  assert_true(piece->index >= 0 && piece->index < TEXTS && !l->finished[piece->index]);
  if (piece->token >= 0) l->tokens[piece->index]++;
  return piece->index == l->stop_text && l->tokens[piece->index] == 2;
}

static int32_t on_done(size_t index, const emily_generation *g, void *context) {
  listener *l = context;
  assert_int_equal(l->tokens[index], g->token_count);
  l->finished[index] = g->finish_reason;
  return ++l->done == l->stop_after;
}

static void each_text_has_its_own_calls(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  emily_prompt prompts[TEXTS];
  int32_t ids[TEXTS][20];
  emily_generation *got[TEXTS];
  listener l = {.stop_text = 5, .stop_after = 20};
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  make_prompts(prompts, ids, emily_model_vocab_size(g.model));
  o.max_new_tokens = 6, o.ignore_eos = 1, o.callback = on_piece, o.done = on_done, o.context = &l, o.batch_size = 4;
  assert_int_equal(emily_generate_batch(g.model, NULL, prompts, TEXTS, &o, got), EMILY_OK);
  assert_int_equal(got[5]->token_count, 2);
  assert_int_equal(got[5]->finish_reason, EMILY_FINISH_CANCELLED);
  assert_int_equal(got[4]->token_count, 6);
  assert_int_equal(l.done, TEXTS); /* told of each, also of those that did not begin */
  assert_int_equal(got[TEXTS - 1]->finish_reason, EMILY_FINISH_CANCELLED);
  assert_int_equal(got[TEXTS - 1]->token_count, 0);
  for (int i = 0; i < TEXTS; i++) {
    assert_int_equal(l.finished[i], got[i]->finish_reason);
    emily_generation_free(got[i]);
  }
  golden_close(&g);
}

static void bad_prompts_of_a_batch_are_named(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  emily_prompt prompts[3] = {{prompt, PROMPT}, {prompt, PROMPT}, {(const int32_t[]){1, 9999}, 2}};
  emily_generation *out[3] = {(void *)prompts, (void *)prompts, (void *)prompts};
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  assert_int_equal(emily_generate_batch(g.model, NULL, prompts, 3, NULL, out), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "prompt 2: prompt token 1 is 9999"));
  for (int i = 0; i < 3; i++) assert_null(out[i]);
  assert_int_equal(emily_generate_batch(g.model, NULL, NULL, 0, NULL, NULL), EMILY_OK);
  o.batch_size = 33;
  assert_int_equal(emily_generate_batch(g.model, NULL, prompts, 2, &o, out), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "batch_size is 33"));
  golden_close(&g);
}

/* How a prompt is cut into passes changes nothing that counts; nor does a quantized cache at 8 bits, here. */
static void chunks_and_bits(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  int32_t *given = golden_ints(emily_array_map_get(g.ref, "a.input_ids")), *want = golden_ints(emily_array_map_get(g.ref, "a.greedy"));
  const emily_prompt p = {given, 20};
  for (int64_t chunk = 1; chunk <= 21; chunk += 4)
    for (int32_t bits = 0; bits <= 8; bits += 8) {
      emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
      o.max_new_tokens = 16, o.ignore_eos = 1, o.prefill_chunk = chunk, o.kv_bits = bits, o.kv_group_size = 32;
      emily_generation *got = alone(g.model, &p, &o);
      assert_memory_equal(got->tokens, want, 16 * sizeof *want);
      emily_generation_free(got);
    }
  free(given);
  free(want);
  golden_close(&g);
}

/* Weights stay in the mapped file: loading takes next to nothing, and what a text took is given back. */
static void weights_stay_mapped(void **state) {
  (void)state;
  golden g = golden_open("qwen3_bf16", "config.json", "ref.safetensors");
  emily_memory_info before = EMILY_MEMORY_INFO_INIT, loaded = EMILY_MEMORY_INFO_INIT, after = EMILY_MEMORY_INFO_INIT;
  emily_model *model = NULL;
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  o.max_new_tokens = 8;
  assert_int_equal(emily_memory_stats(NULL, &before), EMILY_OK);
  assert_int_equal(emily_model_load(g.folder, NULL, &model), EMILY_OK);
  assert_int_equal(emily_memory_stats(NULL, &loaded), EMILY_OK);
  assert_true(loaded.active - before.active < 320000 / 100); /* of a file of 320 KB */
  emily_generation_free(generate(model, &o));
  assert_int_equal(emily_memory_stats(NULL, &after), EMILY_OK);
  assert_true(after.active == loaded.active);
  emily_model_release(model);
  golden_close(&g);
}

/* ---- threads ---- */

typedef struct worker {
  emily_model *model;
  emily_prompt prompt;
  const int32_t *cancel;
  int64_t most;
  emily_generation *result;
} worker;

static void *work(void *context) {
  worker *w = context;
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  emily_stream *stream = emily_stream_new(NULL);
  o.max_new_tokens = w->most, o.ignore_eos = 1, o.cancel = w->cancel, o.stream = stream;
  if (emily_generate(w->model, NULL, w->prompt.ids, w->prompt.count, &o, &w->result) != EMILY_OK) w->result = NULL;
  emily_stream_release(stream);
  return NULL;
}

/* Several requests share one model's weights, each with its own stream and cache. */
static void threads_share_a_model(void **state) {
  (void)state;
  enum { THREADS = 4 };
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  emily_prompt prompts[TEXTS];
  int32_t ids[TEXTS][20];
  pthread_t threads[THREADS];
  worker workers[THREADS];
  make_prompts(prompts, ids, emily_model_vocab_size(g.model));
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.model = g.model, .prompt = prompts[i], .most = NEW};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  for (int i = 0; i < THREADS; i++) {
    emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
    o.max_new_tokens = NEW, o.ignore_eos = 1;
    emily_generation *want = alone(g.model, &prompts[i], &o);
    assert_non_null(workers[i].result);
    expect_same(workers[i].result, want);
    emily_generation_free(want);
    emily_generation_free(workers[i].result);
  }
  golden_close(&g);
}

/* A flag that another thread raises ends a text between two passes. */
static void another_thread_cancels(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  int32_t cancel = 0;
  pthread_t thread;
  worker w = {.model = g.model, .prompt = {prompt, PROMPT}, .cancel = &cancel, .most = 1 << 20};
  assert_int_equal(pthread_create(&thread, NULL, work, &w), 0);
  nanosleep(&(struct timespec){0, 5000000}, NULL);
  __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_non_null(w.result);
  assert_true(w.result->finish_reason == EMILY_FINISH_CANCELLED || w.result->finish_reason == EMILY_FINISH_LENGTH); /* length: the context was full first */
  emily_generation_free(w.result);
  golden_close(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(greedy_tokens_equal_transformers), cmocka_unit_test(the_checkpoint_decides_what_is_open),
      cmocka_unit_test(the_caller_can_ask_for_sampling),  cmocka_unit_test(end_tokens_come_from_the_files),
      cmocka_unit_test(suppressed_tokens_come_from_the_files), cmocka_unit_test(max_length_counts_the_prompt),     cmocka_unit_test(options_out_of_range_are_named),
      cmocka_unit_test(other_models_do_not_generate),     cmocka_unit_test(batches_equal_texts_alone),
      cmocka_unit_test(each_text_has_its_own_calls),      cmocka_unit_test(bad_prompts_of_a_batch_are_named),
      cmocka_unit_test(chunks_and_bits),                  cmocka_unit_test(threads_share_a_model),
      cmocka_unit_test(weights_stay_mapped),
      cmocka_unit_test(another_thread_cancels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
