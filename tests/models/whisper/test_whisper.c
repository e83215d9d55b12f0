/* test_whisper.c: Whisper against what Transformers computes, and the steps that transcription takes against the whole
 * pass. */
#include "models/whisper/whisper.h"

#include "../../support/arrays.h"
#include "../../support/folder.h"
#include "../../support/golden.h"
#include "models/model.h"

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
      cmocka_unit_test(cached_steps_equal_the_whole_pass),
      cmocka_unit_test(loads_the_body_alone),
      cmocka_unit_test(refuses_what_it_does_not_do),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
