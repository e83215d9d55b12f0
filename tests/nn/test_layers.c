/* test_layers.c: shapes and dtypes of the shared layers, by hand. */
#include "nn/layers.h"

#include "../support/arrays.h"

static void embeds_in_float32(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily__embedding table = {{.data = emily_astype(s, FLOATS(s, SHAPE(3, 2), 1, 2, 3, 4, 5, 6), EMILY_BFLOAT16)}};
  emily_array *ids = emily_astype(s, FLOATS(s, SHAPE(1, 2), 2, 0), EMILY_INT32);
  emily_array *y = emily__embed(s, &table, ids);
  assert_int_equal(emily_array_dtype(y), EMILY_FLOAT32);
  EXPECT(s, y, SHAPE(1, 2, 2), 5, 6, 1, 2);
  test_close(s);
}

static void mixes_float32_with_16_bit_weights(void **state) {
  (void)state;
  static const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16};
  for (int i = 0; i < 3; i++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *w = emily_astype(s, FLOATS(s, SHAPE(2, 3), 1, 0, 2, 0, 1, -1), dtypes[i]);
    emily_array *b = emily_astype(s, FLOATS(s, SHAPE(2), 10, 20), dtypes[i]);
    emily_array *x = FLOATS(s, SHAPE(1, 1, 3), 1, 2, 3);
    emily__linear plain = {.weight = {.data = w}}, biased = {.weight = {.data = w}, .bias = b};
    assert_int_equal(emily_array_dtype(emily__linear_apply(s, &biased, x)), EMILY_FLOAT32);
    EXPECT(s, emily__linear_apply(s, &plain, x), SHAPE(1, 1, 2), 7, -1);
    EXPECT(s, emily__linear_apply(s, &biased, x), SHAPE(1, 1, 2), 17, 19);
    test_close(s);
  }
}

static void runs_both_mlps(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *eye = FLOATS(s, SHAPE(2, 2), 1, 0, 0, 1), *swap = FLOATS(s, SHAPE(2, 2), 0, 1, 1, 0);
  emily_array *x = FLOATS(s, SHAPE(1, 1, 2), 3, -4);
  emily__mlp mlp = {.in = {.weight = {.data = eye}}, .out = {.weight = {.data = swap}}, .act = emily_relu};
  EXPECT(s, emily__mlp_apply(s, &mlp, x), SHAPE(1, 1, 2), 0, 3);
  emily__gated_mlp gated = {.gate = {.weight = {.data = eye}}, .up = {.weight = {.data = swap}}, .down = {.weight = {.data = eye}}, .act = emily_relu};
  EXPECT(s, emily__gated_mlp_apply(s, &gated, x), SHAPE(1, 1, 2), -12, 0);
  test_close(s);
}

static void norms(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily__norm rms = {.weight = FLOATS(s, SHAPE(2), 1, 2), .eps = 0};
  emily__norm layer = {.weight = FLOATS(s, SHAPE(2), 1, 2), .bias = FLOATS(s, SHAPE(2), 5, 5), .eps = 0};
  /* 1e-6: a few float32 roundings */
  EXPECT_NEAR(s, emily__rms_norm_apply(s, &rms, FLOATS(s, SHAPE(1, 2), 7, 1)), 1e-6, SHAPE(1, 2), 1.4, 0.4);
  EXPECT_NEAR(s, emily__layer_norm_apply(s, &layer, FLOATS(s, SHAPE(1, 2), 7, 1)), 1e-6, SHAPE(1, 2), 6, 3);
  test_close(s);
}

static void splits_and_merges_heads(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(1, 2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
  emily_array *heads = emily__split_heads(s, x, 2);
  EXPECT(s, heads, SHAPE(1, 2, 2, 2), 1, 2, 5, 6, 3, 4, 7, 8);
  EXPECT(s, emily__to_heads(s, x, 2), SHAPE(1, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
  EXPECT(s, emily__merge_heads(s, heads), SHAPE(1, 2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
  test_close(s);
}

static void passes_failures_on(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily__linear wrong = {.weight = {.data = FLOATS(s, SHAPE(2, 3), 1, 0, 2, 0, 1, -1)}};
  emily_array *y = emily__linear_apply(s, &wrong, FLOATS(s, SHAPE(1, 1, 2), 1, 2));
  assert_null(y);
  assert_null(emily__split_heads(s, y, 2));
  assert_null(emily__merge_heads(s, y));
  assert_null(emily__key_mask(s, NULL));
  assert_int_equal(emily_scope_close(s), EMILY_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(embeds_in_float32), cmocka_unit_test(mixes_float32_with_16_bit_weights),
      cmocka_unit_test(runs_both_mlps),    cmocka_unit_test(norms),
      cmocka_unit_test(splits_and_merges_heads), cmocka_unit_test(passes_failures_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
