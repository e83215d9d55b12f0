/* test_gather_mm.c: products of chosen matrices, of segments and of masked blocks, by hand; indices out of bounds, neighbours. */
#include "support/arrays.h"

static emily_array *index_list(emily_scope *s, const int32_t *values, int64_t n) {
  return emily_scope_adopt(s, emily_array_from_data(values, &n, 1, EMILY_INT32));
}
#define LIST(s, ...) index_list((s), (const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static void chosen_matrices(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = FLOATS(s, SHAPE(3, 1, 2), 1, 2, 3, 4, 5, 6), *b = FLOATS(s, SHAPE(2, 2, 2), 1, 0, 0, 1, 2, 0, 0, 3);
  EXPECT(s, emily_gather_mm(s, a, b, NULL, LIST(s, 1, 0, 1), false), SHAPE(3, 1, 2), 2, 6, 3, 4, 10, 18);
  EXPECT(s, emily_gather_mm(s, a, b, LIST(s, 2, 0), NULL, false), SHAPE(2, 1, 2), 5, 6, 2, 6);
  EXPECT(s, emily_gather_mm(s, FLOATS(s, SHAPE(2), 1, 1), b, NULL, LIST(s, 0, 1, 1), true), SHAPE(3, 2), 1, 1, 2, 3, 2, 3);
  assert_null(emily_gather_mm(s, a, b, NULL, NULL, false));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "do not broadcast");
}

/* Out of bounds: zeros, whatever the others hold. */
static void indices_out_of_bounds(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = FLOATS(s, SHAPE(3, 1, 2), 1, 2, 3, 4, 5, 6), *b = FLOATS(s, SHAPE(2, 2, 1), 1, 1, 2, 0);
  EXPECT(s, emily_gather_mm(s, a, b, NULL, LIST(s, 2, 0, -1), false), SHAPE(3, 1, 1), 0, 7, 0);
  EXPECT(s, emily_gather_mm(s, a, b, LIST(s, 0, 3, -7), LIST(s, 0, 0, 1), false), SHAPE(3, 1, 1), 3, 0, 0);
  emily_array *ends = emily_reshape(s, LIST(s, 0, 9, 1, 2, 2, 1, -4, 1), SHAPE(4, 2));
  emily_array *x = FLOATS(s, SHAPE(1, 2), 1, 2), *y = FLOATS(s, SHAPE(2, 1), 10, 100);
  EXPECT(s, emily_segmented_mm(s, x, y, ends), SHAPE(4, 1, 1), 210, 200, 0, 10);
  test_close(s);
}

/* A token has the same bits however many others take its matrix. */
static void tokens_do_not_meet(void **state) {
  (void)state;
  enum { TOKENS = 80, EXPERTS = 2, K = 150, N = 40 };
  static float bits[2][N];
  for (int variant = 0; variant < 4; variant++)
    for (int together = 0; together < 2; together++) {
      emily_scope *s = emily_scope_open(NULL);
      int32_t chosen[TOKENS] = {0};
      for (int i = 1; i < TOKENS; i++) chosen[i] = together ? 0 : 1;
      const int64_t tokens = variant & 1 ? TOKENS : 9;
      emily_array *x = emily_sin(s, emily_reshape(s, test_range(s, 0, tokens * K, EMILY_FLOAT32), SHAPE(tokens, 1, K)));
      emily_array *w = emily_cos(s, emily_reshape(s, test_range(s, 0, EXPERTS * K * N, EMILY_FLOAT32), SHAPE(EXPERTS, N, K)));
      w = variant & 2 ? emily_reshape(s, w, SHAPE(EXPERTS, K, N)) : emily_transpose(s, w, INTS(0, 2, 1), 3);
      emily_array *y = emily_gather_mm(s, x, w, NULL, index_list(s, chosen, tokens), false);
      emily_array *first = emily_slice(s, y, INTS(0, 0, 0), INTS(1, 1, N), NULL);
      assert_int_equal(emily_array_read(first, bits[together], sizeof bits[0]), EMILY_OK);
      test_close(s);
      if (together) assert_memory_equal(bits[0], bits[1], sizeof bits[0]);
    }
}

static void masked_blocks(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = emily_ones(s, SHAPE(33, 40), EMILY_FLOAT32), *b = emily_ones(s, SHAPE(40, 1), EMILY_FLOAT32);
  emily_array *lhs = emily_reshape(s, emily_astype(s, LIST(s, 1, 0, 0, 1), EMILY_BOOL), SHAPE(2, 2)), *out = FLOATS(s, SHAPE(2, 1), 1, 3);
  emily_array *y = emily_block_masked_mm(s, a, b, 32, out, lhs, NULL);
  EXPECT(s, emily_slice(s, y, INTS(31, 0), INTS(33, 1), NULL), SHAPE(2, 1), 32, 24);
  assert_null(emily_block_masked_mm(s, a, b, 16, out, NULL, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "32 or 64");
  s = emily_scope_open(NULL);
  a = emily_ones(s, SHAPE(33, 40), EMILY_FLOAT32);
  assert_null(emily_block_masked_mm(s, a, emily_ones(s, SHAPE(40), EMILY_FLOAT32), 64, emily_ones(s, SHAPE(3), EMILY_BOOL), NULL, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "each of 1 by 1 blocks");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chosen_matrices),
      cmocka_unit_test(indices_out_of_bounds),
      cmocka_unit_test(tokens_do_not_meet),
      cmocka_unit_test(masked_blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
