/* test_decoder_stack.c: what every decoder family must keep to: padding and batch mates change no bit, rows of padding are finite, weights
 * stay in their file, contexts. What each computes is tested in its folder. */
#include "models/model.h"

#include "../support/arrays.h"
#include "../support/golden.h"

#include "emily/runtime.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const cases[] = {"qwen3", "llama3_rope", "smollm3", "mistral", "qwen2", "qwen3_moe", "gemma3_text", "gpt2"};
enum { CASES = sizeof cases / sizeof *cases, ROWS = 3, T = 9 };

/* last_hidden_state of ROWS rows of T ids under a mask; to be freed. */
static float *run(const golden *g, const int32_t *ids, const int32_t *mask) {
  const char *const inputs[] = {"input_ids", "attention_mask"}, *const output = "last_hidden_state";
  const int32_t *const values[] = {ids, mask};
  emily_array_map *in = emily_array_map_new(), *out = emily_array_map_new();
  for (int i = 0; i < 2; i++) {
    emily_array *array = emily_array_from_data(values[i], SHAPE(ROWS, T), EMILY_INT32);
    assert_int_equal(emily_array_map_set(in, inputs[i], array), EMILY_OK);
    emily_array_release(array);
  }
  emily_scope *s = emily_scope_open(NULL);
  assert_int_equal(emily_model_forward(g->model, s, in, &output, 1, out), EMILY_OK);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  float *y = golden_floats(emily_array_map_get(out, output));
  emily_array_map_release(in);
  emily_array_map_release(out);
  return y;
}

/* Traps: padding that leaks, fully masked rows that give NaN. */
static void padding_changes_no_bit(void **state) {
  (void)state;
  static const int32_t mask[ROWS * T] = {1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int c = 0; c < CASES; c++) {
    golden g = golden_open(cases[c], "config.json", "ref.safetensors");
    int64_t d = emily_model_hidden_size(g.model);
    int32_t a[ROWS * T], b[ROWS * T];
    for (int k = 0; k < ROWS * T; k++) a[k] = 5 + k, b[k] = mask[k] ? 5 + k : 60 - k;
    float *one = run(&g, a, mask), *other = run(&g, b, mask);
    for (int64_t k = 0; k < ROWS * T * d; k++) assert_true(isfinite(one[k]) && isfinite(other[k]));
    for (int k = 0; k < ROWS * T; k++)
      if (mask[k]) assert_memory_equal(one + k * d, other + k * d, (size_t)d * sizeof *one);
    free(one);
    free(other);
    golden_close(&g);
  }
}

/* Trap: a result that depends on batch mates. */
static void batch_mates_change_no_bit(void **state) {
  (void)state;
  int32_t mask[ROWS * T], a[ROWS * T], b[ROWS * T];
  for (int k = 0; k < ROWS * T; k++) mask[k] = 1, a[k] = 5 + k, b[k] = k / T == 1 ? 5 + k : 40 - k;
  for (int c = 0; c < CASES; c++) {
    golden g = golden_open(cases[c], "config.json", "ref.safetensors");
    size_t row = (size_t)(T * emily_model_hidden_size(g.model));
    float *one = run(&g, a, mask), *other = run(&g, b, mask);
    assert_memory_equal(one + row, other + row, row * sizeof *one);
    assert_memory_not_equal(one, other, row * sizeof *one);
    free(one);
    free(other);
    golden_close(&g);
  }
}

static uint64_t tensor_memory(void) {
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily_memory_stats(NULL, &info), EMILY_OK);
  return info.active;
}

/* Frequencies and, of Gemma, norms are what loading makes; everything else stays where it is, turned and stacked matrices too. */
static void weights_stay_in_their_file(void **state) {
  (void)state;
  for (int c = 0; c < CASES; c++) {
    uint64_t before = tensor_memory();
    golden g = golden_open(cases[c], "config.json", "ref.safetensors");
    uint64_t cost = tensor_memory() - before;
    if (cost > 8192) fail_msg("%s: %llu bytes", cases[c], (unsigned long long)cost);
    golden_close(&g);
    assert_true(tensor_memory() == before);
  }
}

static void contexts_are_known(void **state) {
  (void)state;
  static const struct {
    const char *name, *config;
    int64_t context;
  } known[] = {{"gpt2", "config.json", 64}, {"gemma3_text", "config.json", 64}, {"mistral", "config_hub.json", 64}, {"llama_causal", "config_dynamic.json", 24}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    golden g = golden_open(known[i].name, known[i].config, strcmp(known[i].name, "llama_causal") ? "ref.safetensors" : "ref_dynamic.safetensors");
    assert_int_equal(emily_model_context_length(g.model), known[i].context);
    golden_close(&g);
  }
}

/* Learned positions end where their table ends; it is said, and nothing is read beyond it. */
static void learned_positions_are_bounded(void **state) {
  (void)state;
  golden g = golden_open("gpt2", "config.json", "ref.safetensors");
  int32_t ids[65] = {0};
  emily_array_map *in = emily_array_map_new(), *out = emily_array_map_new();
  emily_array *long_row = emily_array_from_data(ids, SHAPE(1, 65), EMILY_INT32), *one = emily_array_from_data(ids, SHAPE(1, 1), EMILY_INT32);
  emily_array *at = emily_array_from_data((const int32_t[]){64}, SHAPE(1, 1), EMILY_INT32);
  emily_scope *s = emily_scope_open(NULL);
  assert_int_equal(emily_array_map_set(in, "input_ids", long_row), EMILY_OK);
  assert_int_equal(emily_model_forward(g.model, s, in, NULL, 0, out), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_array_map_set(in, "input_ids", one), EMILY_OK);
  assert_int_equal(emily_array_map_set(in, "position_ids", at), EMILY_OK);
  assert_int_equal(emily_model_forward(g.model, s, in, NULL, 0, out), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "\"position_ids\" holds 64"));
  emily_scope_close(s);
  emily_array_release(long_row);
  emily_array_release(one);
  emily_array_release(at);
  emily_array_map_release(in);
  emily_array_map_release(out);
  golden_close(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(padding_changes_no_bit),     cmocka_unit_test(batch_mates_change_no_bit),
      cmocka_unit_test(weights_stay_in_their_file), cmocka_unit_test(contexts_are_known),
      cmocka_unit_test(learned_positions_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
