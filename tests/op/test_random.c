/* test_random.c: the bits of threefry, ranges and moments of what is made from them. */
#include "support/arrays.h"

#include <math.h>

static void threefry_known_answers(void **state) {
  (void)state;
  /* Random123's vectors of threefry2x32-20: counter 0 under key 0, and all ones under all ones. One word of bits is counter (0, 0). */
  emily_scope *s = emily_scope_open(NULL);
  emily_array *zero = emily_zeros(s, SHAPE(2), EMILY_UINT32);
  EXPECT(s, emily_random_bits(s, zero, SHAPE(1), 4), SHAPE(1), 0x6b200159u);
  EXPECT(s, emily_random_key(s, (int64_t)7 << 32 | 9), SHAPE(2), 7, 9);
  EXPECT(s, emily_random_key(s, -1), SHAPE(2), UINT32_MAX, UINT32_MAX);
  emily_array *words = emily_random_bits(s, zero, SHAPE(5), 4), *bytes = emily_random_bits(s, zero, SHAPE(20), 1);
  EXPECT(s, emily_array_equal(s, emily_view(s, words, EMILY_UINT8), bytes, false), SCALAR, 1); /* the same bytes, read otherwise */
  emily_array *keys = emily_random_split(s, zero, 3), *each = emily_random_bits(s, keys, SHAPE(4), 4);
  emily_array *second = emily_squeeze(s, emily_slice(s, keys, INTS(1, 0), INTS(2, 2), NULL), INTS(0), 1);
  emily_array *row = emily_squeeze(s, emily_slice(s, each, INTS(1, 0), INTS(2, 4), NULL), INTS(0), 1);
  EXPECT(s, emily_array_equal(s, emily_random_bits(s, second, SHAPE(4), 4), row, false), SCALAR, 1);
  EXPECT(s, emily_random_bits(s, zero, SHAPE(0, 3), 2), SHAPE(0, 3), 0);
  test_close(s);
}

static double number(emily_array *x) {
  double value = NAN;
  assert_int_equal(emily_array_item_float(x, &value), EMILY_OK);
  return value;
}

static void samples_keep_to_their_laws(void **state) {
  (void)state;
  enum { N = 40000 };
  emily_scope *s = emily_scope_open(NULL);
  emily_array *key = emily_random_key(s, (int64_t)(test_seed() >> 1)), *low = FLOATS(s, SCALAR, -1), *high = FLOATS(s, SCALAR, 3);
  /* six deviations of a mean of N samples: wrong once in 5e8 runs */
  double six = 6 / sqrt(N);
  emily_array *u = emily_random_uniform(s, key, low, high, SHAPE(N), EMILY_FLOAT32);
  assert_true(number(emily_min(s, u, NULL, 0, false)) >= -1 && number(emily_max(s, u, NULL, 0, false)) < 3);
  assert_true(fabs(number(emily_mean(s, u, NULL, 0, false)) - 1) < six * 1.16);
  emily_array *n = emily_random_normal(s, key, SHAPE(N), EMILY_FLOAT32, high, high);
  assert_true(fabs(number(emily_mean(s, n, NULL, 0, false)) - 3) < six * 3);
  assert_true(fabs(number(emily_std(s, n, NULL, 0, false, 0)) - 3) < six * 3);
  emily_array *i = emily_random_randint(s, key, emily_astype(s, low, EMILY_INT8), emily_astype(s, high, EMILY_INT8), SHAPE(N), EMILY_INT8);
  assert_true(number(emily_min(s, i, NULL, 0, false)) == -1 && number(emily_max(s, i, NULL, 0, false)) == 2);
  emily_array *b = emily_random_bernoulli(s, key, FLOATS(s, SHAPE(3, 1), 0, 1, 0.25), SHAPE(3, N));
  emily_array *counts = emily_sum(s, b, INTS(1), 1, false);
  EXPECT_NEAR(s, counts, N * six * 0.45, SHAPE(3), 0, N, N / 4);
  EXPECT(s, emily_slice(s, counts, INTS(0), INTS(2), NULL), SHAPE(2), 0, N);
  emily_array *g = emily_random_gumbel(s, key, SHAPE(N), EMILY_FLOAT32);
  assert_true(fabs(number(emily_mean(s, g, NULL, 0, false)) - 0.5772156649) < six * 1.29);
  emily_array *c = emily_random_categorical(s, key, FLOATS(s, SHAPE(3), -INFINITY, logf(3), 0), 0, SHAPE(N), -1);
  assert_true(number(emily_min(s, c, NULL, 0, false)) == 1 && fabs(number(emily_mean(s, c, NULL, 0, false)) - 1.25) < six * 0.45);
  test_close(s);
}

static int by_value(const void *a, const void *b) { return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1; }

/* TRAPS: a shuffle is a permutation. */
static void a_shuffle_is_a_permutation(void **state) {
  (void)state;
  static uint32_t seen[5000];
  emily_scope *s = emily_scope_open(NULL);
  emily_array *key = emily_random_key(s, (int64_t)(test_seed() >> 1)), *x = test_range(s, 0, 5000, EMILY_UINT32);
  for (int i = 0; i < 2; i++) {
    emily_array *y = i ? emily_random_permutation(s, key, x, 0) : emily_random_permutation_indices(s, key, 5000);
    assert_int_equal(emily_array_read(y, seen, sizeof seen), EMILY_OK);
    qsort(seen, 5000, sizeof *seen, by_value);
    for (uint32_t k = 0; k < 5000; k++) assert_int_equal(seen[k], k);
  }
  EXPECT(s, emily_random_permutation_indices(s, key, 0), SHAPE(0), 0);
  test_close(s);
}

static void more_laws(void **state) {
  (void)state;
  enum { N = 40000 };
  emily_scope *s = emily_scope_open(NULL);
  emily_array *key = emily_random_key(s, (int64_t)(test_seed() >> 1)), *low = FLOATS(s, SCALAR, -1), *high = FLOATS(s, SCALAR, 1);
  double six = 6 / sqrt(N);
  emily_array *l = emily_random_laplace(s, key, SHAPE(N), EMILY_FLOAT32, 2, 3);
  assert_true(fabs(number(emily_mean(s, l, NULL, 0, false)) - 2) < six * 3 * sqrt(2));
  emily_array *t = emily_random_truncated_normal(s, key, low, high, SHAPE(N), EMILY_FLOAT32);
  assert_true(number(emily_min(s, t, NULL, 0, false)) >= -1 && number(emily_max(s, t, NULL, 0, false)) <= 1);
  assert_true(fabs(number(emily_mean(s, t, NULL, 0, false))) < six * 0.54);
  emily_array *d = emily_random_uniform(s, key, low, high, SHAPE(N), EMILY_FLOAT64);
  assert_int_equal(emily_array_dtype(d), EMILY_FLOAT64);
  assert_true(fabs(number(emily_mean(s, d, NULL, 0, false))) < six * 0.58);
  emily_array *cov = FLOATS(s, SHAPE(2, 2), 4, 2, 2, 3), *mean = FLOATS(s, SHAPE(2), 1, -1);
  emily_array *m = emily_random_multivariate_normal(s, key, mean, cov, SHAPE(N), EMILY_FLOAT32);
  emily_array *away = emily_subtract(s, m, mean);
  emily_array *moments = emily_divide(s, emily_matmul(s, emily_transpose(s, away, NULL, 0), away), FLOATS(s, SCALAR, N));
  EXPECT_NEAR(s, moments, six * 6, SHAPE(2, 2), 4, 2, 2, 3);
  emily_array *c = emily_random_categorical(s, key, FLOATS(s, SHAPE(1, 3), -INFINITY, logf(3), 0), -1, NULL, 0, N);
  assert_true(number(emily_min(s, c, NULL, 0, false)) == 1 && fabs(number(emily_mean(s, c, NULL, 0, false)) - 1.25) < six * 0.45);
  test_close(s);
}

static void the_number_of_threads_changes_no_bit(void **state) {
  (void)state;
  static uint32_t bits[3][70001];
  for (int threads = 1; threads <= 3; threads++) {
    emily_set_threads(threads);
    emily_scope *s = emily_scope_open(NULL);
    assert_int_equal(emily_array_read(emily_random_bits(s, emily_random_key(s, 5), SHAPE(70001), 4), bits[threads - 1], sizeof bits[0]), EMILY_OK);
    test_close(s);
  }
  emily_set_threads(0);
  assert_memory_equal(bits[0], bits[1], sizeof bits[0]);
  assert_memory_equal(bits[0], bits[2], sizeof bits[0]);
}

static void refusals(void **state) {
  (void)state;
#define REFUSED(call, text)                                                                       \
  do {                                                                                            \
    emily_scope *s = emily_scope_open(NULL);                                                      \
    emily_array *key = emily_random_key(s, 1), *one = FLOATS(s, SCALAR, 1);                       \
    assert_null(call);                                                                            \
    assert_true(key && one);                                                                      \
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, text);                                         \
  } while (0)
  REFUSED(emily_random_bits(s, one, SHAPE(3), 4), "a key is uint32 and its last axis holds 2");
  REFUSED(emily_random_bits(s, key, SHAPE(3), 8), "width must be 1, 2 or 4 bytes");
  REFUSED(emily_random_bits(s, key, SHAPE(INT64_MAX, 4), 4), "more than 2^63 elements");
  REFUSED(emily_random_split(s, key, -2), "num is -2; it must not be negative");
  REFUSED(emily_random_uniform(s, key, one, one, SHAPE(3), EMILY_INT8), "the dtype must be a float");
  REFUSED(emily_random_uniform(s, key, FLOATS(s, SHAPE(2), 1, 2), one, SHAPE(3), EMILY_FLOAT32), "broadcast");
  REFUSED(emily_random_randint(s, key, one, one, SHAPE(3), EMILY_FLOAT32), "the dtype must be an integer or bool");
  REFUSED(emily_random_bernoulli(s, key, emily_ones(s, SCALAR, EMILY_INT8), SHAPE(3)), "p must be a float");
  REFUSED(emily_random_categorical(s, key, one, 0, NULL, 0, -1), "axis 0 is out of range for 0 axes");
#undef REFUSED
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threefry_known_answers),
      cmocka_unit_test(samples_keep_to_their_laws),
      cmocka_unit_test(a_shuffle_is_a_permutation),
      cmocka_unit_test(more_laws),
      cmocka_unit_test(the_number_of_threads_changes_no_bit),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
