/* test_whisper.c: Whisper against what Transformers computes, and the steps that transcription takes against the whole
 * pass. */
#include "models/whisper/whisper.h"

#include "../../support/arrays.h"
#include "../../support/folder.h"
#include "../../support/golden.h"
#include "models/model.h"

#include <stdio.h>

static void equals_the_oracle(void **state) {
  (void)state;
  static const char *const configs[] = {"config.json", "config_hub.json"};
  for (int i = 0; i < 2; i++) {
    golden g = golden_open("whisper", configs[i], "ref.safetensors");
    golden_forward(&g, "a");
    golden_expect(&g, "encoder_last_hidden_state", "a.encoder_last_hidden_state", NULL);
    golden_expect(&g, "decoder_hidden_states", "a.decoder_hidden_states", NULL);
    golden_expect(&g, "last_hidden_state", "a.last_hidden_state", NULL);
    golden_expect(&g, "logits", "a.logits", NULL);
    assert_string_equal(emily_model_task(g.model), "ForConditionalGeneration");
    assert_false(emily_model_generates(g.model));
    golden_close(&g);
  }
}

/* The logits of the last of `count` tokens a row, ids [2, count]: [2, vocab], from one pass without a cache. */
static void last_logits(golden *g, const int32_t *ids, int64_t count, float *out) {
  emily_array_map *inputs = emily_array_map_new(), *outputs = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  emily_array *tokens = emily_scope_adopt(s, emily_array_from_data(ids, SHAPE(2, count), EMILY_INT32));
  assert_int_equal(emily_array_map_set(inputs, "input_features", emily_array_map_get(g->ref, "a.input_features")), 0);
  assert_int_equal(emily_array_map_set(inputs, "decoder_input_ids", tokens), EMILY_OK);
  assert_int_equal(emily_model_forward(g->model, s, inputs, (const char *[]){"logits"}, 1, outputs), EMILY_OK);
  int64_t vocab = emily_model_vocab_size(g->model);
  emily_array *logits = emily_array_map_get(outputs, "logits");
  emily_array *last = emily_slice(s, logits, INTS(0, count - 1, 0), INTS(2, count, vocab), NULL);
  assert_int_equal(emily_array_read(last, out, (size_t)(2 * vocab) * sizeof *out), EMILY_OK);
  test_close(s);
  emily_array_map_release(inputs), emily_array_map_release(outputs);
}

/* Each row's ids and behind them the row's one of `more` [2]: [2, count + 1], freed by the caller. */
static int32_t *with_one_more(const int32_t *ids, int64_t count, const int32_t *more) {
  int32_t *out = calloc((size_t)(2 * (count + 1)), sizeof *out);
  for (int64_t r = 0; r < 2; r++) {
    memcpy(out + r * (count + 1), ids + r * count, (size_t)count * sizeof *out);
    out[r * (count + 1) + count] = more[r];
  }
  return out;
}

/* Takes the ids over. */
static void follows_greedy(golden *g, int32_t *ids, int64_t count, float *logits) {
  int32_t *greedy = golden_ints(emily_array_map_get(g->ref, "a.greedy"));
  int64_t steps = emily_array_dim(emily_array_map_get(g->ref, "a.greedy"), 1), vocab = emily_model_vocab_size(g->model);
  for (int64_t i = 0; i < steps; i++, count++) {
    int32_t best[2] = {0};
    last_logits(g, ids, count, logits);
    for (int r = 0; r < 2; r++) {
      for (int32_t v = 1; v < vocab; v++)
        if (logits[r * vocab + v] > logits[r * vocab + best[r]]) best[r] = v;
      assert_int_equal(best[r], greedy[r * steps + i]);
    }
    int32_t *more = with_one_more(ids, count, best);
    free(ids);
    ids = more;
  }
  free(ids), free(greedy);
}

static void steps_equal_the_large_oracle(golden *g) {
  emily_array *given = emily_array_map_get(g->ref, "a.decoder_input_ids");
  int64_t count = emily_array_dim(given, 1);
  float *logits = malloc((size_t)(2 * emily_model_vocab_size(g->model)) * sizeof *logits);
  int32_t *ids = golden_ints(given), *next = golden_ints(emily_array_map_get(g->ref, "a.step_input_ids"));
  int32_t *longer = with_one_more(ids, count, next);
  last_logits(g, longer, count + 1, logits);
  golden_compare("step", logits, emily_array_map_get(g->ref, "a.step_logits_f64"), NULL);
  follows_greedy(g, ids, count, logits);
  free(longer), free(next), free(logits);
}

/* The reference checkpoint that is too large to be kept here, from both forms of its config. */
static void equals_the_large_oracle(void **state) {
  (void)state;
  const char *root = getenv("EMILY_GOLDENS");
  char folder[1024];
  if (!root || snprintf(folder, sizeof folder, "%s/whisper", root) >= (int)sizeof folder) skip();
  static const char *const configs[] = {"config.json", "config_hub.json"};
  for (int i = 0; i < 2; i++) {
    golden g = golden_open(folder, configs[i], "ref.safetensors");
    golden_forward(&g, "a");
    golden_expect(&g, "encoder_last_hidden_state", "a.encoder_last_hidden_state_f64", NULL);
    golden_expect(&g, "encoder_hidden_states", "a.encoder_hidden_states", NULL);
    golden_expect(&g, "decoder_hidden_states", "a.decoder_hidden_states", NULL);
    golden_expect(&g, "last_hidden_state", "a.last_hidden_state", NULL);
    golden_expect(&g, "logits", "a.logits_f64", NULL);
    steps_equal_the_large_oracle(&g);
    golden_close(&g);
  }
}

/* The tokens of the reference, `count` from `from` on, in one pass through the cache: the last norm's output [B, count,
 * D]. */
static emily_array *pass(const emily__whisper *w, golden *g, emily__kv_cache *cache, int64_t from, int64_t count,
                         emily_array *const *k, emily_array *const *v) {
  emily_array *ids = emily_array_map_get(g->ref, "a.decoder_input_ids");
  emily_scope *s = emily_scope_open(NULL);
  ids = emily_slice(s, ids, INTS(0, from), INTS(emily_array_dim(ids, 0), from + count), NULL);
  emily_array *h = emily_scope_keep(s, emily__whisper_decode(w, s, ids, k, v, cache, NULL));
  assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
  test_close(s);
  return h;
}

static void cached_steps_equal_the_whole_pass(void **state) {
  (void)state;
  golden g = golden_open("whisper", "config.json", "ref.safetensors");
  const emily__whisper *w = emily__model_self(g.model, &emily__family_whisper, EMILY__TASK_CONDITIONAL);
  assert_non_null(w);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *k[EMILY__WHISPER_MAX_LAYERS], *v[EMILY__WHISPER_MAX_LAYERS];
  emily_array *encoded = emily__whisper_encode(w, s, emily_array_map_get(g.ref, "a.input_features"), NULL);
  emily__whisper_cross(w, s, encoded, k, v);
  const int64_t windows[] = {0, 0}, counts[] = {3, 1, 1, 1};
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(w->decoder.layer_count, windows, 0, &cache), EMILY_OK);
  emily_array *parts[4];
  for (int64_t i = 0, at = 0; i < 4; at += counts[i++])
    parts[i] = emily_scope_adopt(s, pass(w, &g, cache, at, counts[i], k, v));
  emily_array *all = emily_concatenate(s, parts, 4, 1);
  float *values = golden_floats(all);
  golden_compare("steps", values, emily_array_map_get(g.ref, "a.last_hidden_state"), NULL);
  free(values);
  test_close(s);
  emily__kv_cache_free(cache);
  golden_close(&g);
}

static void loads_the_body_alone(void **state) {
  (void)state;
  golden g = golden_open("whisper", "config.json", "ref.safetensors");
  emily_model_options options = EMILY_MODEL_OPTIONS_INIT;
  options.body_only = 1;
  emily_model_release(g.model);
  assert_int_equal(emily_model_load(g.folder, &options, &g.model), EMILY_OK);
  golden_forward(&g, "a");
  golden_expect(&g, "last_hidden_state", "a.last_hidden_state", NULL);
  assert_null(emily_array_map_get(g.out, "logits"));
  assert_null(emily__model_self(g.model, &emily__family_whisper, EMILY__TASK_CONDITIONAL));
  golden_close(&g);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("whisper", "config.json");
}

/* A config.json with one thing in it changed. */
static void refuses(const char *config, emily_status status, const char *words) {
  char *folder = folder_new();
  emily_model *model;
  folder_puts(folder, "config.json", config);
  assert_int_equal(emily_model_load(folder, NULL, &model), status);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
  folder_remove(folder);
}

static void refuses_what_it_does_not_do(void **state) {
  (void)state;
  refuses("{\"model_type\": \"whisper\", \"scale_embedding\": true}", EMILY_UNSUPPORTED, "scale_embedding");
  refuses("{\"model_type\": \"whisper\", \"is_encoder_decoder\": false}", EMILY_UNSUPPORTED, "is_encoder_decoder");
  refuses("{\"model_type\": \"whisper\", \"d_model\": 30, \"encoder_attention_heads\": 4}", EMILY_BAD_FORMAT,
          "not a multiple of \"encoder_attention_heads\" 4");
  refuses("{\"model_type\": \"whisper\", \"decoder_layers\": 100000}", EMILY_BAD_FORMAT, "decoder_layers");
  refuses("{\"model_type\": \"whisper\", \"unheard_of\": 1}", EMILY_UNSUPPORTED, "unheard_of");
  refuses("{\"model_type\": \"whisper\", \"architectures\": [\"WhisperForAudioClassification\"]}", EMILY_UNSUPPORTED,
          "WhisperForAudioClassification");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(equals_the_large_oracle),
      cmocka_unit_test(cached_steps_equal_the_whole_pass),
      cmocka_unit_test(loads_the_body_alone),
      cmocka_unit_test(refuses_what_it_does_not_do),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
