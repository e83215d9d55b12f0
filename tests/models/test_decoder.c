/* test_decoder.c: passes through the cache: a step equals the full pass, padded rows, chunks, sliding layers. */
#include "models/model.h"

#include "../support/golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const emily__decoder *decoder_of(const golden *g) {
  const emily__decoder *decoder = NULL;
  assert_int_equal(emily__model_decoder(g->model, &decoder), EMILY_OK);
  return decoder;
}

static emily__kv_cache *new_cache(const emily__decoder *d) {
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(d->layer_count, d->windows, 8, &cache), EMILY_OK);
  return cache;
}

static emily_array *ints(const int32_t *values, int64_t rows, int64_t columns) {
  emily_array *x = emily_array_from_data(values, (const int64_t[]){rows, columns}, 2, EMILY_INT32);
  assert_non_null(x);
  return x;
}

/* One pass through the cache: logits, to be freed. positions and mask may be NULL; mask covers the cached tokens too. */
static float *pass(const emily__decoder *d, emily__kv_cache *cache, emily_array *ids, emily_array *positions,
                   emily_array *mask, bool last) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *real = mask ? emily_astype(s, mask, EMILY_BOOL) : NULL;
  emily_array *y = emily_scope_keep(s, emily__decoder_cached(d, s, cache, ids, positions, real, last));
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  float *values = golden_floats(y);
  emily_array_release(y);
  return values;
}

static const char *const cases[] = {"qwen3",   "qwen3_bf16", "llama3_rope", "smollm3", "mistral",
                                    "qwen2",   "qwen3_moe",  "gemma3_text", "gpt2"};
enum { CASES = sizeof cases / sizeof *cases };

static void a_step_equals_the_full_pass(void **state) {
  (void)state;
  for (int i = 0; i < CASES; i++) {
    golden g = golden_open(cases[i], "config.json", "ref.safetensors");
    const emily__decoder *d = decoder_of(&g);
    emily__kv_cache *cache = new_cache(d);
    float *all = pass(d, cache, emily_array_map_get(g.ref, "a.input_ids"), NULL, NULL, false);
    golden_compare("a.logits", all, emily_array_map_get(g.ref, "a.logits_f64"), NULL);
    float *one = pass(d, cache, emily_array_map_get(g.ref, "a.step_input_ids"), NULL, NULL, true);
    golden_compare("a.step_logits", one, emily_array_map_get(g.ref, "a.step_logits_f64"), NULL);
    assert_int_equal(emily__kv_cache_length(cache), 21);
    free(all);
    free(one);
    emily__kv_cache_free(cache);
    golden_close(&g);
  }
}

static int32_t argmax(const float *x, int64_t n) {
  int32_t best = 0;
  for (int64_t i = 1; i < n; i++)
    if (x[i] > x[best]) best = (int32_t)i;
  return best;
}

enum { ROWS = 3, PROMPT = 20, NEW = 16 };

/* Rows padded at the left, with positions: the step's logits and 16 greedy tokens. */
static void padded_rows_step_together(void **state) {
  (void)state;
  for (int i = 0; i < CASES; i++) {
    golden g = golden_open(cases[i], "config.json", "ref.safetensors");
    const emily__decoder *d = decoder_of(&g);
    emily__kv_cache *cache = new_cache(d);
    int32_t *real = golden_ints(emily_array_map_get(g.ref, "c.attention_mask"));
    int32_t *greedy = golden_ints(emily_array_map_get(g.ref, "c.greedy"));
    int32_t mask[ROWS * (PROMPT + NEW)], next[ROWS], at[ROWS];
    float *logits = pass(d, cache, emily_array_map_get(g.ref, "c.input_ids"), emily_array_map_get(g.ref, "c.position_ids"),
                         emily_array_map_get(g.ref, "c.attention_mask"), true);
    for (int r = 0; r < ROWS; r++) at[r] = 0;
    for (int k = 0; k < ROWS * PROMPT; k++) at[k / PROMPT] += real[k];
    for (int step = 0; step < NEW; step++) {
      int64_t seen = PROMPT + step + 1;
      for (int r = 0; r < ROWS; r++) {
        next[r] = argmax(logits + r * d->vocab, d->vocab);
        assert_int_equal(next[r], greedy[r * NEW + step]);
        for (int64_t k = 0; k < seen; k++) mask[r * seen + k] = k < PROMPT ? real[r * PROMPT + k] : 1;
      }
      free(logits);
      emily_array *ids = ints(next, ROWS, 1), *positions = ints(at, ROWS, 1), *all = ints(mask, ROWS, seen);
      logits = pass(d, cache, ids, positions, all, true);
      if (step == 0) golden_compare("c.step_logits", logits, emily_array_map_get(g.ref, "c.step_logits"), NULL);
      for (int r = 0; r < ROWS; r++) at[r]++;
      emily_array_release(ids);
      emily_array_release(positions);
      emily_array_release(all);
    }
    free(logits);
    free(real);
    free(greedy);
    emily__kv_cache_free(cache);
    golden_close(&g);
  }
}

/* Logits of a row of ids, in passes of `chunk` tokens, against those of one pass without a cache. */
static void chunked(const char *name, const char *which, int64_t chunk) {
  char config[64], ref[64];
  snprintf(config, sizeof config, "config_%s.json", which);
  snprintf(ref, sizeof ref, "ref_%s.safetensors", which);
  golden g = golden_open(name, config, ref);
  const emily__decoder *d = decoder_of(&g);
  emily__kv_cache *cache = new_cache(d);
  emily_array *ids = emily_array_map_get(g.ref, "a.input_ids"), *want = emily_array_map_get(g.ref, "a.logits");
  int32_t *values = golden_ints(ids);
  int64_t length = emily_array_dim(ids, 1), rows = emily_array_dim(ids, 0);
  float *got = malloc(emily_array_nbytes(want) / 2);
  assert_non_null(got);
  for (int64_t t = 0; t < length; t += chunk) {
    int64_t n = length - t < chunk ? length - t : chunk;
    int32_t part[64];
    for (int64_t r = 0; r < rows; r++) memcpy(part + r * n, values + r * length + t, (size_t)n * sizeof *part);
    emily_array *x = ints(part, rows, n);
    float *logits = pass(d, cache, x, NULL, NULL, false);
    for (int64_t r = 0; r < rows; r++)
      memcpy(got + (r * length + t) * d->vocab, logits + r * n * d->vocab, (size_t)(n * d->vocab) * sizeof *got);
    free(logits);
    emily_array_release(x);
  }
  printf("%s %s by %d ", name, which, (int)chunk);
  golden_compare("a.logits", got, want, emily_array_map_get(g.ref, "a.attention_mask"));
  free(got);
  free(values);
  emily__kv_cache_free(cache);
  golden_close(&g);
}

/* Padding at the right is later than every token, and so needs no mask here. */
static void chunks_equal_the_full_pass(void **state) {
  (void)state;
  static const int64_t chunks[] = {1, 2, 3, 7, 19, 20};
  static const struct {
    const char *name, *which;
  } variants[] = {{"qwen3_causal", "plain"},   {"qwen3_causal", "sliding"},  {"qwen3_causal", "sliding_hub"}, {"qwen3_causal", "yarn"},
                  {"mistral_causal", "window"}, {"qwen2_causal", "types"},    {"smollm3_causal", "sliding"},   {"gemma3_causal", "types"},
                  {"gemma3_causal", "hub"},     {"gpt2_causal", "by_layer"},  {"qwen3_moe_mixed", "sliding"},  {"llama_causal", "llama3"}};
  for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) chunked(variants[v].name, variants[v].which, chunks[i]);
}

/* Through a quantized cache: the prompt in chunks and a step, off from the oracle by less than `bound` (relative L2), and not by nothing. */
static double quantized_error(const char *name, int32_t bits, int64_t chunk) {
  golden g = golden_open(name, "config.json", "ref.safetensors");
  const emily__decoder *d = decoder_of(&g);
  emily__kv_cache *cache = new_cache(d);
  assert_int_equal(emily__kv_cache_set_form(cache, (emily__kv_form){bits, 32}), EMILY_OK);
  int32_t *ids = golden_ints(emily_array_map_get(g.ref, "a.input_ids"));
  for (int64_t t = 0; t < PROMPT; t += chunk) {
    emily_array *x = ints(ids + t, 1, PROMPT - t < chunk ? PROMPT - t : chunk);
    free(pass(d, cache, x, NULL, NULL, true));
    emily_array_release(x);
  }
  float *got = pass(d, cache, emily_array_map_get(g.ref, "a.step_input_ids"), NULL, NULL, true);
  float *want = golden_floats(emily_array_map_get(g.ref, "a.step_logits_f64"));
  double off = 0, all = 0;
  for (int64_t i = 0; i < d->vocab; i++) off += pow(got[i] - want[i], 2), all += pow(want[i], 2);
  free(ids);
  free(got);
  free(want);
  emily__kv_cache_free(cache);
  golden_close(&g);
  return sqrt(off / all);
}

/* Random weights multiply the rounding of keys (test_kv_attend.c bounds that) to at most 0.03 of the logits at 8 bits, and to 0.7 of them at 4:
 * the bounds stated in docs/PERFORMANCE.md. */
static void quantized_caches_are_near(void **state) {
  (void)state;
  for (int i = 0; i < CASES; i++)
    for (int64_t chunk = 1; chunk <= PROMPT; chunk += 6) {
      const double at_8 = quantized_error(cases[i], 8, chunk), at_4 = quantized_error(cases[i], 4, chunk);
      printf("%s by %d: %.2g at 8 bits, %.2g at 4\n", cases[i], (int)chunk, at_8, at_4);
      assert_true(at_8 > 1e-6 && at_8 < 0.03);
      assert_true(at_4 > at_8 && at_4 < 0.7);
    }
}

/* Row r of a batch of texts that step together has the bits that it has alone: for every number of rows, with prompts of all lengths. */
static void rows_change_no_bit(const char *name, const char *config, const char *ref) {
  golden g = golden_open(name, config, ref);
  const emily__decoder *d = decoder_of(&g);
  emily__kv_cache *caches[EMILY__BATCH_ROWS], *other;
  int32_t next[EMILY__BATCH_ROWS], text[EMILY__BATCH_ROWS];
  float *alone[EMILY__BATCH_ROWS];
  for (int r = 0; r < EMILY__BATCH_ROWS; r++) {
    for (int k = 0; k <= r; k++) text[k] = (int32_t)((r * 31 + k * 17) % d->vocab);
    next[r] = (int32_t)((r * 7 + 1) % d->vocab);
    emily_array *ids = ints(text, 1, r + 1), *one = ints(&next[r], 1, 1);
    caches[r] = new_cache(d), other = new_cache(d);
    free(pass(d, caches[r], ids, NULL, NULL, true));
    free(pass(d, other, ids, NULL, NULL, true));
    alone[r] = pass(d, other, one, NULL, NULL, true);
    emily__kv_cache_free(other);
    emily_array_release(ids);
    emily_array_release(one);
  }
  for (int rows = EMILY__BATCH_ROWS; rows > 0; rows -= rows > 5 ? 5 : 1) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *ids = ints(next, rows, 1), *y = emily_scope_keep(s, emily__decoder_rows(d, s, caches, ids));
    assert_int_equal(emily_scope_close(s), EMILY_OK);
    float *together = golden_floats(y);
    for (int r = 0; r < rows; r++) {
      assert_memory_equal(together + r * d->vocab, alone[r], (size_t)d->vocab * sizeof(float));
      assert_int_equal(emily__kv_cache_length(caches[r]), r + 2);
      if (!emily__kv_cache_cut(caches[r], r + 1)) fail();
    }
    free(together);
    emily_array_release(y);
    emily_array_release(ids);
  }
  for (int r = 0; r < EMILY__BATCH_ROWS; r++) emily__kv_cache_free(caches[r]), free(alone[r]);
  golden_close(&g);
}

static void batch_mates_change_no_bit(void **state) {
  (void)state;
  for (int i = 0; i < CASES; i++) rows_change_no_bit(cases[i], "config.json", "ref.safetensors");
  rows_change_no_bit("qwen3_causal", "config_sliding.json", "ref_sliding.safetensors");
  rows_change_no_bit("qwen3_causal", "config_dynamic_short.json", "ref_dynamic_short.safetensors");
}

/* A failing pass leaves the cache as it was. */
static void a_failed_pass_changes_nothing(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  const emily__decoder *d = decoder_of(&g);
  emily__kv_cache *cache = new_cache(d);
  free(pass(d, cache, emily_array_map_get(g.ref, "a.input_ids"), NULL, NULL, true));
  emily_scope *s = emily_scope_open(NULL);
  emily_array *wrong = ints((const int32_t[]){1, 1}, 1, 2); /* a mask of 2 keys where 21 are seen */
  emily_array *mask = emily_astype(s, wrong, EMILY_BOOL), *ids = emily_array_map_get(g.ref, "a.step_input_ids");
  assert_null(emily__decoder_cached(d, s, cache, ids, NULL, mask, true));
  assert_int_not_equal(emily_scope_close(s), EMILY_OK);
  emily_array_release(wrong);
  assert_int_equal(emily__kv_cache_length(cache), 20);
  float *one = pass(d, cache, ids, NULL, NULL, true);
  golden_compare("a.step_logits", one, emily_array_map_get(g.ref, "a.step_logits_f64"), NULL);
  free(one);
  emily__kv_cache_free(cache);
  golden_close(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_step_equals_the_full_pass),
      cmocka_unit_test(padded_rows_step_together),
      cmocka_unit_test(chunks_equal_the_full_pass),
      cmocka_unit_test(quantized_caches_are_near),
      cmocka_unit_test(batch_mates_change_no_bit),
      cmocka_unit_test(a_failed_pass_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
