/* test_encoder.c: what holds for every encoder family: padding, batch mates, failing allocations. */
#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/golden.h"
#include "../support/tiny.h"

#include "emily/embed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const bodies[] = {"roberta_body", "distilbert_body", "modernbert_body", "nomic_bert_body"};
enum { BODIES = sizeof bodies / sizeof *bodies, T = 9, D = 24 };

/* last_hidden_state [batch, T, D] of ids and mask [batch, T]; to be freed. */
static float *run(emily_model *model, const int32_t *ids, const int32_t *mask, int64_t batch) {
  static const char *const wanted[] = {"last_hidden_state"};
  emily_array_map *in = emily_array_map_new(), *out = emily_array_map_new();
  const int32_t *const values[] = {ids, mask};
  const char *const names[] = {"input_ids", "attention_mask"};
  for (int i = 0; i < 2; i++) {
    emily_array *array = emily_array_from_data(values[i], SHAPE(batch, T), EMILY_INT32);
    assert_int_equal(emily_array_map_set(in, names[i], array), EMILY_OK);
    emily_array_release(array);
  }
  emily_scope *s = emily_scope_open(NULL);
  assert_int_equal(emily_model_forward(model, s, in, wanted, 1, out), EMILY_OK);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  float *y = golden_floats(emily_array_map_get(out, wanted[0]));
  emily_array_map_release(in);
  emily_array_map_release(out);
  return y;
}

/* Rows of 5, 9 and no tokens; at padding stands one thing or another. Other rows of the batch change no bit either. */
static void padding_and_batch_mates_change_no_bit(void **state) {
  (void)state;
  static const int32_t mask[3 * T] = {1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (int i = 0; i < BODIES; i++) {
    golden g = golden_open(bodies[i], "config_a.json", "ref_a.safetensors");
    int32_t a[3 * T], b[3 * T];
    for (int k = 0; k < 3 * T; k++) a[k] = 5 + k, b[k] = mask[k] ? 5 + k : 60 - k;
    float *ya = run(g.model, a, mask, 3), *yb = run(g.model, b, mask, 3), *alone = run(g.model, a, mask, 1);
    for (int k = 0; k < 3 * T * D; k++) assert_true(isfinite(ya[k]) && isfinite(yb[k]));
    for (int k = 0; k < 3 * T; k++)
      if (mask[k]) assert_memory_equal(ya + k * D, yb + k * D, D * sizeof(float));
    assert_memory_equal(ya, alone, 5 * D * sizeof(float));
    free(ya);
    free(yb);
    free(alone);
    golden_close(&g);
  }
}

/* Pooling of the last hidden state [tokens, D] of one text, by hand. */
static void pool(const char *way, const float *h, size_t tokens, double out[D]) {
  for (size_t k = 0; k < D; k++) {
    out[k] = (double)h[k]; /* cls */
    for (size_t t = 1; t < tokens && strcmp(way, "cls"); t++) {
      double x = (double)h[t * D + k];
      out[k] = strcmp(way, "max") ? out[k] + x : fmax(out[k], x);
    }
    if (!strcmp(way, "mean")) out[k] /= (double)tokens;
  }
}

/* The embedder's vectors of texts of different length are the pooled hidden states, for each family and each way. */
static void pools_as_the_checkpoint_says(void **state) {
  (void)state;
  static const char *const ways[] = {"cls", "max", "mean"}, *const texts[] = {"abc def", "a"};
  static const int32_t ids[2 * T] = {2, 4, 5, 6, 7, 8, 9, 3, 0, 2, 4, 3}, mask[2 * T] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1};
  for (int i = 0; i < BODIES * 3; i++) {
    char *folder = golden_folder(bodies[i / 3], "config_a.json"), pooling[128];
    emily_embedder *e = NULL;
    float got[2 * D];
    snprintf(pooling, sizeof pooling, "{\"word_embedding_dimension\":%d,\"pooling_mode\":\"%s\"}", D, ways[i % 3]);
    tiny_tokenizer(folder);
    folder_puts(folder, "modules.json", "[{\"type\":\"Transformer\",\"path\":\"\"},{\"type\":\"Pooling\",\"path\":\"1_Pooling\"}]");
    folder_puts(folder, "1_Pooling/config.json", pooling);
    if (emily_embedder_load(folder, NULL, &e) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
    assert_int_equal(emily_embed(e, texts, NULL, 2, NULL, got), EMILY_OK);
    float *h = run(emily_embedder_model(e), ids, mask, 2);
    for (int r = 0; r < 2; r++) {
      double want[D];
      pool(ways[i % 3], h + r * T * D, r ? 3 : 8, want);
      for (int k = 0; k < D; k++) assert_true(fabs((double)got[r * D + k] - want[k]) < 1e-5 * (1 + fabs(want[k])));
    }
    free(h);
    emily_embedder_release(e);
    folder_remove(folder);
  }
}

static void takes_only_its_inputs(void **state) {
  (void)state;
  golden g = golden_open("distilbert_body", "config_a.json", "ref_a.safetensors");
  emily_array_map *in = emily_array_map_new(), *out = emily_array_map_new();
  emily_array *ids = emily_array_map_get(g.ref, "a.input_ids");
  assert_int_equal(emily_array_map_set(in, "input_ids", ids), EMILY_OK);
  assert_int_equal(emily_array_map_set(in, "token_type_ids", ids), EMILY_OK);
  emily_scope *s = emily_scope_open(NULL);
  assert_int_equal(emily_model_forward(g.model, s, in, NULL, 0, out), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "token_type_ids"));
  emily_scope_close(s);
  emily_array_map_release(in);
  emily_array_map_release(out);
  golden_close(&g);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  for (int i = 0; i < BODIES; i++) golden_failing_loads(bodies[i], "config_a.json");
  golden_failing_loads("bert_question", "config_a.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(padding_and_batch_mates_change_no_bit),
      cmocka_unit_test(pools_as_the_checkpoint_says),
      cmocka_unit_test(takes_only_its_inputs),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
