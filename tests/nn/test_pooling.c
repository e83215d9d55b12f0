/* test_pooling.c: each pooling by hand, padding at the right, padding that holds nonsense. */
#include "nn/pooling.h"

#include "../support/arrays.h"

#include <math.h>

/* Two rows of three tokens of two: the first has two real tokens. */
static emily_array *hidden(emily_scope *s) {
  return FLOATS(s, SHAPE(2, 3, 2), 1, 2, 3, 6, 99, -99, 1, -1, 2, -2, 6, -6);
}

static emily_array *mask(emily_scope *s) {
  return emily_astype(s, FLOATS(s, SHAPE(2, 3), 1, 1, 0, 1, 1, 1), EMILY_BOOL);
}

/* 1e-6: a handful of float32 roundings of numbers below 10 */
#define CASE(pool, ...)                                                          \
  do {                                                                           \
    emily_scope *s = emily_scope_open(NULL);                                     \
    EXPECT_NEAR(s, pool(s, hidden(s), mask(s)), 1e-6, SHAPE(2, 2), __VA_ARGS__); \
    test_close(s);                                                               \
  } while (0)

static void pools(void **state) {
  (void)state;
  CASE(emily__pool_cls, 1, 2, 1, -1);
  CASE(emily__pool_mean, 2, 4, 3, -3);
  CASE(emily__pool_max, 3, 6, 6, -1);
  CASE(emily__pool_mean_sqrt, 4 / sqrt(2), 8 / sqrt(2), 9 / sqrt(3), -9 / sqrt(3));
  CASE(emily__pool_weighted_mean, 7 / 3.0, 14 / 3.0, 23 / 6.0, -23 / 6.0);
  CASE(emily__pool_last, 3, 6, 6, -6);
}

static void a_row_without_tokens_is_finite(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *none = emily_zeros(s, SHAPE(2, 3), EMILY_BOOL);
  EXPECT(s, emily__pool_mean(s, hidden(s), none), SHAPE(2, 2), 0, 0, 0, 0);
  EXPECT(s, emily__pool_last(s, hidden(s), none), SHAPE(2, 2), 1, 2, 1, -1);
  test_close(s);
}

static void finds_names(void **state) {
  (void)state;
  assert_ptr_equal(emily__pooling_find("mean_tokens"), emily__pool_mean);
  assert_ptr_equal(emily__pooling_find("mean"), emily__pool_mean);
  assert_ptr_equal(emily__pooling_find("cls_token"), emily__pool_cls);
  assert_ptr_equal(emily__pooling_find("lasttoken"), emily__pool_last);
  assert_null(emily__pooling_find("median"));
}

static void normalizes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  EXPECT_NEAR(s, emily__l2_normalize(s, FLOATS(s, SHAPE(2, 2), 3, 4, 0, 0)), 1e-7, SHAPE(2, 2), 0.6, 0.8, 0, 0);
  test_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pools),
      cmocka_unit_test(a_row_without_tokens_is_finite),
      cmocka_unit_test(finds_names),
      cmocka_unit_test(normalizes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
