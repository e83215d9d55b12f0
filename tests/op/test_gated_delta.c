/* test_gated_delta.c: the gated delta rule by hand, its mask and its state, thread counts, refusals. */
#include "support/arrays.h"

/* One head of one key and value: S = g S, S += b (v - S k) k, answer S q. */
static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *q = FLOATS(s, SHAPE(1, 2, 1, 1), 1, 2), *k = FLOATS(s, SHAPE(1, 2, 1, 1), 1, 1), *v = FLOATS(s, SHAPE(1, 2, 1, 1), 4, 8);
  emily_array *g = FLOATS(s, SHAPE(1, 2, 1), 1, 0.5f), *b = FLOATS(s, SHAPE(1, 2, 1), 1, 0.5f), *out[2];
  assert_int_equal(emily_gated_delta_update(s, q, k, v, g, b, NULL, NULL, out), EMILY_OK);
  EXPECT(s, out[0], SHAPE(1, 2, 1, 1), 4, 10);
  EXPECT(s, out[1], SHAPE(1, 1, 1, 1), 5);
  emily_array *mask = emily_reshape(s, emily_astype(s, FLOATS(s, SHAPE(2), 0, 1), EMILY_BOOL), SHAPE(1, 2));
  assert_int_equal(emily_gated_delta_update(s, q, k, v, g, b, FLOATS(s, SHAPE(1, 1, 1, 1), 2), mask, out), EMILY_OK);
  EXPECT(s, out[0], SHAPE(1, 2, 1, 1), 0, 9);
  EXPECT(s, out[1], SHAPE(1, 1, 1, 1), 4.5);
  test_close(s);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  enum { T = 9, H = 3, D = 37 };
  static float bits[3][T * H * D];
  for (int threads = 1; threads <= 3; threads++) {
    emily_set_threads(threads);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_sin(s, emily_reshape(s, test_range(s, 0, T * H * D, EMILY_FLOAT32), SHAPE(1, T, H, D)));
    emily_array *gate = emily_sigmoid(s, emily_reshape(s, test_range(s, 0, T * H, EMILY_FLOAT32), SHAPE(1, T, H))), *out[2];
    assert_int_equal(emily_gated_delta_update(s, x, x, x, gate, gate, NULL, NULL, out), EMILY_OK);
    assert_int_equal(emily_array_read(out[0], bits[threads - 1], sizeof bits[0]), EMILY_OK);
    test_close(s);
  }
  emily_set_threads(0);
  assert_memory_equal(bits[0], bits[1], sizeof bits[0]);
  assert_memory_equal(bits[0], bits[2], sizeof bits[0]);
}

static void refusals(void **state) {
  (void)state;
  emily_array *out[2];
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(1, 2, 3, 4), EMILY_FLOAT32), *v = emily_ones(s, SHAPE(1, 2, 4, 4), EMILY_FLOAT32), *g = emily_ones(s, SHAPE(1, 2, 4), EMILY_FLOAT32);
  assert_int_equal(emily_gated_delta_update(s, x, x, v, g, g, NULL, NULL, out), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "Hv is a multiple of Hk");
  s = emily_scope_open(NULL);
  x = emily_ones(s, SHAPE(1, 2, 3, 4), EMILY_FLOAT32);
  g = emily_ones(s, SHAPE(1, 2, 2), EMILY_FLOAT32);
  assert_int_equal(emily_gated_delta_update(s, x, x, x, g, g, NULL, NULL, out), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "gamma is [B, T, Hv]");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
