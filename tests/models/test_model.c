/* test_model.c: loading and what it refuses, outputs by name, padding, sharing between threads, memory. */
#include "models/model.h"

#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/golden.h"

#include "emily/runtime.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void refuse(const char *path, emily_status wanted, const char *words) {
  emily_model *model = NULL;
  assert_int_equal(emily_model_load(path, NULL, &model), wanted);
  assert_null(model);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

/* A folder with the case's weights and `config` as its config.json. */
static char *folder_with(const char *name, const char *config) {
  char *folder = golden_folder(name, "config.json");
  assert_int_equal(unlink(in(folder, "config.json")), 0);
  if (config) folder_puts(folder, "config.json", config);
  return folder;
}

static void bad_folders_are_named(void **state) {
  (void)state;
  refuse("no/such/folder", EMILY_NOT_FOUND, "no/such/folder");
  char *folder = folder_with("bert", NULL);
  refuse(folder, EMILY_NOT_FOUND, "config.json");
  folder_puts(folder, "config.json", "{");
  refuse(folder, EMILY_BAD_FORMAT, "config.json is not JSON");
  folder_puts(folder, "config.json", "{\"model_type\":\"abacus\"}");
  refuse(folder, EMILY_UNSUPPORTED, "\"abacus\" is no family");
  folder_remove(folder);
}

#define BERT "{\"model_type\":\"bert\",\"hidden_size\":64,\"num_attention_heads\":4,\"intermediate_size\":136,\"vocab_size\":200," \
             "\"max_position_embeddings\":64,"

static void misfits_are_named(void **state) {
  (void)state;
  char *folder = folder_with("bert", BERT "\"num_hidden_layers\":4}");
  refuse(folder, EMILY_BAD_FORMAT, "\"encoder.layer.3.attention.self.query.weight\" is missing");
  folder_remove(folder);
  folder = folder_with("bert", BERT "\"num_hidden_layers\":2}");
  refuse(folder, EMILY_BAD_FORMAT, "\"encoder.layer.2.attention.output.LayerNorm.bias\" is not used");
  folder_remove(folder);
  folder = folder_with("bert", "{\"model_type\":\"bert\",\"hidden_size\":64,\"num_attention_heads\":4,\"num_hidden_layers\":3,"
                               "\"intermediate_size\":137,\"vocab_size\":200,\"max_position_embeddings\":64}");
  refuse(folder, EMILY_BAD_FORMAT, "\"encoder.layer.0.intermediate.dense.weight\" has shape [136, 64] where the config asks for [137, 64]");
  folder_remove(folder);
  folder = folder_with("bert", BERT "\"num_hidden_layers\":3,\"architectures\":[\"BertForMaskedLM\"]}");
  refuse(folder, EMILY_BAD_FORMAT, "\"cls.predictions.transform.dense.weight\" is missing");
  folder_remove(folder);
}

static void a_body_ignores_heads(void **state) {
  (void)state;
  char *folder = golden_folder("bert_masked", "config_relu.json");
  emily_model_options options = EMILY_MODEL_OPTIONS_INIT;
  emily_model *model = NULL;
  options.body_only = 1;
  if (emily_model_load(folder, &options, &model) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  assert_string_equal(emily_model_task(model), "Model");
  assert_string_equal(emily_model_path(model), folder);
  assert_false(emily_model_generates(model));
  emily_model_release(model);
  options.device = "abacus";
  assert_int_not_equal(emily_model_load(folder, &options, &model), EMILY_OK);
  options.struct_size = 1;
  assert_int_equal(emily_model_load(folder, &options, &model), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_model_load(NULL, NULL, &model), EMILY_INVALID_ARGUMENT);
  folder_remove(folder);
}

/* ---- the forward pass ---- */

static emily_array_map *one_input(const int32_t *ids, const int32_t *mask, int64_t batch, int64_t length) {
  emily_array_map *map = emily_array_map_new();
  const int32_t *values[] = {ids, mask};
  const char *const names[] = {"input_ids", "attention_mask"};
  for (int i = 0; i < 2; i++) {
    if (!values[i]) continue;
    emily_array *array = emily_array_from_data(values[i], SHAPE(batch, length), EMILY_INT32);
    assert_int_equal(emily_array_map_set(map, names[i], array), EMILY_OK);
    emily_array_release(array);
  }
  return map;
}

/* One output of a pass on a stream (NULL: the default); to be freed. */
static float *run(emily_model *model, emily_stream *stream, const emily_array_map *inputs, const char *name) {
  emily_array_map *outputs = emily_array_map_new();
  emily_scope *s = emily_scope_open(stream);
  assert_int_equal(emily_model_forward(model, s, inputs, &name, 1, outputs), EMILY_OK);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  assert_int_equal(emily_array_map_count(outputs), 1);
  emily_array *y = emily_array_map_get(outputs, name);
  float *values = malloc(emily_array_nbytes(y));
  assert_int_equal(emily_array_read(y, values, emily_array_nbytes(y)), EMILY_OK);
  emily_array_map_release(outputs);
  return values;
}

static void gives_what_is_wanted(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  static const int32_t ids[] = {1, 2, 3};
  emily_array_map *inputs = one_input(ids, NULL, 1, 3), *outputs = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  assert_int_equal(emily_model_forward(g.model, s, inputs, NULL, 0, outputs), EMILY_OK);
  assert_int_equal(emily_array_map_count(outputs), 3);
  const char *const unknown[] = {"logits", "pooler_output"};
  assert_int_equal(emily_model_forward(g.model, s, inputs, unknown, 2, outputs), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "\"pooler_output\" is not an output"));
  assert_int_equal(emily_model_forward(NULL, s, inputs, NULL, 0, outputs), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_model_forward(g.model, NULL, inputs, NULL, 0, outputs), EMILY_OUT_OF_MEMORY);
  emily_scope_close(s);
  emily_array_map_release(inputs);
  emily_array_map_release(outputs);
  golden_close(&g);
}

/* What stands at padding changes no bit at the tokens, and a row of padding alone is finite. */
static void padding_does_not_leak(void **state) {
  (void)state;
  static const char *const cases[] = {"bert", "qwen3"};
  enum { T = 9, D = 64 };
  for (int i = 0; i < 2; i++) {
    golden g = golden_open(cases[i], "config.json", "ref.safetensors");
    int32_t a[3 * T], b[3 * T];
    static const int32_t mask[3 * T] = {1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    for (int k = 0; k < 3 * T; k++) a[k] = 5 + k, b[k] = mask[k] ? 5 + k : 190 - k;
    emily_array_map *ma = one_input(a, mask, 3, T), *mb = one_input(b, mask, 3, T);
    float *ya = run(g.model, NULL, ma, "last_hidden_state"), *yb = run(g.model, NULL, mb, "last_hidden_state");
    for (int k = 0; k < 3 * T * D; k++) assert_true(isfinite(ya[k]) && isfinite(yb[k]));
    for (int k = 0; k < 3 * T; k++)
      if (mask[k]) assert_memory_equal(ya + k * D, yb + k * D, D * sizeof(float));
    free(ya);
    free(yb);
    emily_array_map_release(ma);
    emily_array_map_release(mb);
    golden_close(&g);
  }
}

/* ---- threads ---- */

enum { THREADS = 16, PASSES = 5, LENGTH = 20, VOCAB = 200 };

typedef struct worker {
  pthread_t thread;
  emily_model *model;
  const emily_array_map *inputs;
  float *logits;
  bool same;
} worker;

static void *work(void *argument) {
  worker *w = argument;
  emily_stream *stream = emily_stream_new(NULL);
  w->same = stream != NULL;
  for (int i = 0; i < PASSES; i++) {
    float *again = run(w->model, stream, w->inputs, "logits");
    if (!w->logits) {
      w->logits = again;
      continue;
    }
    w->same = w->same && memcmp(again, w->logits, LENGTH * VOCAB * sizeof *again) == 0;
    free(again);
  }
  emily_stream_release(stream);
  return NULL;
}

static void threads_share_the_weights(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  int32_t *ids = golden_ints(emily_array_map_get(g.ref, "a.input_ids"));
  emily_array_map *inputs = one_input(ids, NULL, 1, LENGTH);
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.model = emily_model_retain(g.model), .inputs = inputs};
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_true(workers[i].same);
    assert_memory_equal(workers[i].logits, workers[0].logits, LENGTH * VOCAB * sizeof(float));
  }
  int32_t threads = emily_threads();
  for (int32_t n = 1; n <= 2; n++) { /* nor do the bits depend on the number of threads */
    emily_set_threads(n);
    float *logits = run(g.model, NULL, inputs, "logits");
    assert_memory_equal(logits, workers[0].logits, LENGTH * VOCAB * sizeof(float));
    free(logits);
  }
  emily_set_threads(threads);
  for (int i = 0; i < THREADS; i++) {
    free(workers[i].logits);
    emily_model_release(workers[i].model);
  }
  emily_array_map_release(inputs);
  free(ids);
  golden_close(&g);
}

/* ---- memory ---- */

static uint64_t active(void) {
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily_memory_stats(NULL, &info), EMILY_OK);
  return info.active;
}

static long resident_pages(void) {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
  fclose(file);
  return resident;
}

/* Sanitizers keep freed memory aside, and what they keep grows. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { RESIDENT_MEANS_HELD = 0 };
#else
enum { RESIDENT_MEANS_HELD = 1 };
#endif

static void ten_thousand_passes_keep_nothing(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  static const int32_t ids[] = {1, 2, 3, 4};
  emily_array_map *inputs = one_input(ids, NULL, 1, 4);
  uint64_t base = active();
  long resident = 0;
  for (int i = 0; i < 10000; i++) {
    free(run(g.model, NULL, inputs, "logits"));
    if (i == 1000) resident = resident_pages();
  }
  assert_true(active() == base);
  if (RESIDENT_MEANS_HELD) assert_true(resident_pages() - resident < 256); /* 1 MiB: what an allocator may still move about */
  emily_array_map_release(inputs);
  golden_close(&g);
}

static void loading_costs_no_tensor_memory(void **state) {
  (void)state;
  uint64_t base = active();
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  assert_true(active() - base < 4096); /* the rotary frequencies; weights are the file's */
  golden_close(&g);
  assert_true(active() == base);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("bert", "config.json");
  golden_failing_loads("qwen3", "config.json");
  golden_failing_loads("llama3_rope", "config.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_folders_are_named),      cmocka_unit_test(misfits_are_named),
      cmocka_unit_test(a_body_ignores_heads),       cmocka_unit_test(gives_what_is_wanted),
      cmocka_unit_test(padding_does_not_leak),      cmocka_unit_test(threads_share_the_weights),
      cmocka_unit_test(ten_thousand_passes_keep_nothing), cmocka_unit_test(loading_costs_no_tensor_memory),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
