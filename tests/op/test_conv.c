/* test_conv.c: convolutions by hand, their forms compared with each other, refusals. */
#include "support/arrays.h"

#define NONE NULL, 0
#define LIST(...) SHAPE(__VA_ARGS__)

static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(1, 5, 1), 1, 2, 3, 4, 5), *w = FLOATS(s, SHAPE(1, 3, 1), 1, 10, 100);
  EXPECT(s, emily_conv1d(s, x, w, 1, 0, 1, 1), SHAPE(1, 3, 1), 321, 432, 543);
  EXPECT(s, emily_conv1d(s, x, w, 2, 1, 1, 1), SHAPE(1, 3, 1), 210, 432, 54);
  EXPECT(s, emily_conv1d(s, x, w, 1, 0, 2, 1), SHAPE(1, 1, 1), 531);
  EXPECT(s, emily_conv1d(s, x, w, 1, -1, 1, 1), SHAPE(1, 1, 1), 432);
  EXPECT(s, emily_conv_transpose1d(s, x, w, 1, 1, 1, 0, 1), SHAPE(1, 5, 1), 12, 123, 234, 345, 450);
  EXPECT(s, emily_conv_transpose1d(s, FLOATS(s, SHAPE(1, 2, 1), 1, 2), w, 2, 0, 1, 1, 1), SHAPE(1, 6, 1), 1, 10, 102, 20, 200, 0);
  emily_array *two = FLOATS(s, SHAPE(1, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
  EXPECT(s, emily_conv2d(s, two, FLOATS(s, SHAPE(2, 2, 1, 1), 1, 10, 2, 20), NONE, NONE, NONE, 2), SHAPE(1, 1, 2, 2), 51, 124, 73, 168);
  EXPECT(s, emily_conv2d(s, two, FLOATS(s, SHAPE(1, 1, 1, 2), 1, -1), LIST(2), NONE, NONE, 1), SHAPE(1, 1, 1, 1), -1);
  EXPECT(s, emily_conv3d(s, emily_reshape(s, two, SHAPE(1, 2, 2, 2, 1)), emily_ones(s, SHAPE(1, 2, 2, 2, 1), EMILY_FLOAT32), NONE, NONE, NONE, 1), SHAPE(1, 1, 1, 1, 1), 36);
  EXPECT(s, emily_conv_general(s, x, w, NONE, LIST(1), LIST(0), NONE, LIST(2), 1, true, 1), SHAPE(1, 8, 1), 10, 102, 20, 203, 30, 304, 40, 405);
  EXPECT(s, emily_conv_general(s, x, w, NONE, LIST(-1), LIST(-2), NONE, LIST(2), 1, false, 1), SHAPE(1, 4, 1), 20, 302, 30, 403);
  EXPECT(s, emily_conv_general(s, emily_reshape(s, two, SHAPE(2, 4, 1)), FLOATS(s, SHAPE(2, 2, 1), 1, 10, 2, 20), LIST(2), NONE, NONE, NONE, NONE, 1, false, 2),
         SHAPE(1, 2, 2), 21, 130, 43, 174);
  test_close(s);
}

/* A batch of none, no channels, no filters; holes that meet no tap. */
static void empty_convolutions(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT(s, emily_conv1d(s, emily_zeros(s, SHAPE(0, 4, 2), EMILY_FLOAT32), emily_ones(s, SHAPE(3, 2, 2), EMILY_FLOAT32), 1, 0, 1, 1), SHAPE(0, 3, 3), 0);
  EXPECT(s, emily_conv1d(s, emily_zeros(s, SHAPE(1, 2, 0), EMILY_FLOAT64), emily_ones(s, SHAPE(2, 1, 0), EMILY_FLOAT64), 2, 0, 1, 1), SHAPE(1, 1, 2), 0, 0);
  EXPECT(s, emily_conv1d(s, emily_zeros(s, SHAPE(1, 4, 2), EMILY_FLOAT16), emily_ones(s, SHAPE(0, 2, 2), EMILY_FLOAT16), 1, 0, 1, 1), SHAPE(1, 3, 0), 0);
  EXPECT(s, emily_conv1d(s, emily_zeros(s, SHAPE(1, 0, 1), EMILY_FLOAT32), emily_ones(s, SHAPE(1, 2, 1), EMILY_FLOAT32), 1, 1, 1, 1), SHAPE(1, 1, 1), 0);
  EXPECT(s, emily_conv_transpose1d(s, FLOATS(s, SHAPE(1, 2, 1), 3, 5), emily_ones(s, SHAPE(1, 1, 1), EMILY_FLOAT32), 3, 0, 1, 0, 1), SHAPE(1, 4, 1), 3, 0, 0, 5);
  test_close(s);
}

/* 16-bit floats are summed in float32: 4,096 ones, which bfloat16 could not count. */
static void sums_of_halves(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  const emily_dtype halves[] = {EMILY_FLOAT16, EMILY_BFLOAT16};
  for (int i = 0; i < 2; i++) {
    EXPECT(s, emily_conv1d(s, emily_ones(s, SHAPE(1, 64, 64), halves[i]), emily_ones(s, SHAPE(1, 64, 64), halves[i]), 1, 0, 1, 1), SHAPE(1, 1, 1), 4096);
    emily_array *deep = emily_conv1d(s, emily_ones(s, SHAPE(1, 4096, 8), halves[i]), emily_ones(s, SHAPE(8, 4096, 1), halves[i]), 1, 0, 1, 8);
    EXPECT(s, deep, SHAPE(1, 1, 8), 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096);
  }
  test_close(s);
}

/* What stands beside in the batch, and the number of threads, change no bit. */
static void neighbours_and_threads(void **state) {
  (void)state;
  uint64_t random = test_seed();
  enum { X = 4 * 11 * 13 * 24, W = 40 * 3 * 3 * 24 };
  static float x[X], w[W];
  for (int i = 0; i < X; i++) x[i] = (float)(int64_t)(test_random(&random) % 2001 - 1000) / 700;
  for (int i = 0; i < W; i++) w[i] = (float)(int64_t)(test_random(&random) % 2001 - 1000) / 700;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *in = test_floats(s, SHAPE(4, 11, 13, 24), x), *weight = test_floats(s, SHAPE(40, 3, 3, 24), w);
  emily_array *depth = test_floats(s, SHAPE(24, 3, 3, 1), w);
  for (int kind = 0; kind < 2; kind++) {
    emily_array *one = emily_slice(s, in, INTS(2, 0, 0, 0), INTS(3, 11, 13, 24), NULL);
    emily_set_threads(3);
    emily_array *all = kind ? emily_conv2d(s, in, depth, NONE, LIST(1), NONE, 24) : emily_conv2d(s, in, weight, NONE, LIST(1), NONE, 1);
    assert_int_equal(emily_eval(&all, 1), EMILY_OK);
    emily_set_threads(1);
    emily_array *alone = kind ? emily_conv2d(s, one, depth, NONE, LIST(1), NONE, 24) : emily_conv2d(s, one, weight, NONE, LIST(1), NONE, 1);
    const int64_t filters = kind ? 24 : 40;
    emily_array *same = emily_array_equal(s, emily_slice(s, all, INTS(2, 0, 0, 0), INTS(3, 11, 13, filters), NULL), alone, false);
    EXPECT(s, same, SCALAR, 1);
    emily_set_threads(0);
  }
  test_close(s);
}

static void convolve_of_lists(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = FLOATS(s, SHAPE(3), 1, 2, 3), *v = FLOATS(s, SHAPE(2), 10, 1);
  EXPECT(s, emily_convolve(s, a, v, "full"), SHAPE(4), 10, 21, 32, 3);
  EXPECT(s, emily_convolve(s, v, a, "same"), SHAPE(3), 10, 21, 32);
  EXPECT(s, emily_convolve(s, a, v, "valid"), SHAPE(2), 21, 32);
  EXPECT(s, emily_convolve(s, a, a, "same"), SHAPE(3), 4, 10, 12);
  assert_null(emily_convolve(s, a, v, "circular"));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_convolve: mode is");
  s = emily_scope_open(NULL);
  assert_null(emily_convolve(s, emily_zeros(s, SHAPE(0), EMILY_FLOAT32), emily_zeros(s, SHAPE(2), EMILY_FLOAT32), NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "a and v are 1-d and not empty");
}

static void refused(emily_array *(*call)(emily_scope *s, emily_array *x, emily_array *w), const char *why) {
  emily_scope *s = emily_scope_open(NULL);
  assert_null(call(s, emily_ones(s, SHAPE(2, 4, 4, 6), EMILY_FLOAT32), emily_ones(s, SHAPE(4, 3, 3, 6), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, why);
}
static emily_array *no_stride(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, LIST(0), NONE, NONE, 1); }
static emily_array *no_dilation(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, NONE, NONE, LIST(1, 0), 1); }
static emily_array *too_large(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, NONE, NONE, LIST(2), 1); }
static emily_array *no_groups(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, NONE, NONE, NONE, 0); }
static emily_array *odd_groups(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, NONE, NONE, NONE, 3); }
static emily_array *channels(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, NONE, NONE, NONE, 2); }
static emily_array *rank(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv1d(s, x, w, 1, 0, 1, 1); }
static emily_array *numbers(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, LIST(1, 1, 1), NONE, NONE, 1); }
static emily_array *integers(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, emily_astype(s, x, EMILY_INT32), w, NONE, NONE, NONE, 1); }
static emily_array *wrap(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, NONE, LIST(INT64_MAX), NONE, 1); }
static emily_array *wrap_dilation(emily_scope *s, emily_array *x, emily_array *w) { return emily_conv2d(s, x, w, NONE, NONE, LIST(INT64_MAX / 2 + 1), 1); }
static emily_array *wrap_transposed(emily_scope *s, emily_array *x, emily_array *w) {
  return emily_conv_transpose2d(s, x, w, LIST(INT64_MAX), LIST(INT64_MIN), LIST(1), LIST(INT64_MAX), 1);
}
static emily_array *batch_and_groups(emily_scope *s, emily_array *x, emily_array *w) {
  return emily_conv_general(s, x, w, NONE, NONE, NONE, NONE, NONE, 2, false, 2);
}

static void refusals(void **state) {
  (void)state;
  refused(no_stride, "emily_conv2d: a stride is at least 1 (operands: float32 [2, 4, 4, 6], float32 [4, 3, 3, 6])");
  refused(no_dilation, "a dilation is at least 1");
  refused(too_large, "the window is larger than the padded axis");
  refused(no_groups, "groups are at least 1");
  refused(odd_groups, "groups do not divide the channels");
  refused(channels, "the weight's last extent is not that of the input, divided by groups");
  refused(rank, "an input [N, ..., C] and a weight [O, ..., C / groups] of 3 axes are wanted");
  refused(numbers, "stride has 3 numbers for 2 axes");
  refused(integers, "convolutions are of floats and complex numbers; cast integers first");
  refused(wrap, "more than 2^63 elements");
  refused(wrap_dilation, "more than 2^63 elements");
  refused(wrap_transposed, "more than 2^63 elements");
  refused(batch_and_groups, "batch_groups are at least 1, divide the batch and do not go with groups");
}

/* Large numbers that make sense, and results that no memory holds. */
static void hostile_geometry(void **state) {
  (void)state;
  const int64_t far = (int64_t)1 << 40;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(1, 3, 1), 1, 2, 3), *w = FLOATS(s, SHAPE(1, 2, 1), 1, 10);
  EXPECT(s, emily_conv_general(s, x, w, LIST(far), LIST(far), LIST(far), LIST(far), NONE, 1, false, 1), SHAPE(1, 2, 1), 10, 1);
  EXPECT(s, emily_conv_general(s, x, w, LIST(far), NONE, LIST(1), NONE, LIST(far), 1, false, 1), SHAPE(1, 3, 1), 1, 2, 3);
  EXPECT(s, emily_conv_general(s, x, w, LIST(far / 2), NONE, LIST(1), NONE, LIST(far), 1, false, 1), SHAPE(1, 5, 1), 1, 0, 2, 0, 3);
  emily_array *huge = emily_conv1d(s, x, w, 1, far << 18, 1, 1);
  assert_non_null(huge);
  assert_int_equal(emily_eval(&huge, 1), EMILY_OUT_OF_MEMORY);
  test_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),        cmocka_unit_test(empty_convolutions), cmocka_unit_test(sums_of_halves),
      cmocka_unit_test(neighbours_and_threads), cmocka_unit_test(convolve_of_lists), cmocka_unit_test(refusals),   cmocka_unit_test(hostile_geometry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
