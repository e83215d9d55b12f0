/* test_scatter.c: gather, scatter and their kin: shapes, duplicates, indices out of range, updates in place. */
#include "support/arrays.h"

#define ARRAYS(...) (emily_array *const[]){__VA_ARGS__}, (int32_t)(sizeof((void *[]){__VA_ARGS__}) / sizeof(void *))
#define AXES SHAPE

static emily_array *ints(emily_scope *s, const int64_t *values, int64_t n, emily_dtype dtype) {
  return emily_astype(s, emily_scope_adopt(s, emily_array_from_data(values, &n, 1, EMILY_INT64)), dtype);
}
#define INDICES(s, dtype, ...) ints((s), INTS(__VA_ARGS__), sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (dtype))

static void gathers_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_reshape(s, test_range(s, 0, 12, EMILY_FLOAT32), SHAPE(3, 4));
  emily_array *i = INDICES(s, EMILY_INT32, 2, 0, -1), *j = INDICES(s, EMILY_UINT8, 1, 3, 0);
  EXPECT(s, emily_gather(s, x, ARRAYS(i, j), AXES(0, 1), INTS(1, 1)), SHAPE(3, 1, 1), 9, 3, 8);
  EXPECT(s, emily_gather(s, x, ARRAYS(j, i), AXES(-1, 0), INTS(1, 1)), SHAPE(3, 1, 1), 9, 3, 8);
  EXPECT(s, emily_gather(s, x, ARRAYS(INDICES(s, EMILY_INT64, 1, 3)), AXES(1), INTS(3, 1)), SHAPE(2, 3, 1), 1, 5, 9, 3, 7, 11);
  EXPECT(s, emily_gather(s, x, ARRAYS(emily_reshape(s, i, SHAPE(3, 1)), INDICES(s, EMILY_INT16, 0, 2)), AXES(0, 1), INTS(1, 2)),
         SHAPE(3, 2, 1, 2), 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
  EXPECT(s, emily_gather(s, x, NULL, 0, NULL, 0, INTS(2, 1)), SHAPE(2, 1), 0, 4);
  EXPECT(s, emily_gather(s, x, ARRAYS(i), AXES(0), INTS(1, 0)), SHAPE(3, 1, 0), 0);
  EXPECT(s, emily_gather(s, emily_flip(s, x, NULL, 0), ARRAYS(i), AXES(0), INTS(1, 2)), SHAPE(3, 1, 2), 3, 2, 11, 10, 3, 2);
  test_close(s);
}

static void scatters_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(3, 2), EMILY_FLOAT32), *i = INDICES(s, EMILY_INT32, 2, 0, -1);
  emily_array *u = FLOATS(s, SHAPE(3, 1, 2), 5, 6, 7, 8, 9, 2);
  EXPECT(s, emily_scatter(s, x, u, ARRAYS(i), AXES(0)), SHAPE(3, 2), 7, 8, 1, 1, 9, 2);
  EXPECT(s, emily_scatter_add(s, x, u, ARRAYS(i), AXES(0)), SHAPE(3, 2), 8, 9, 1, 1, 15, 9);
  EXPECT(s, emily_scatter_prod(s, x, u, ARRAYS(i), AXES(0)), SHAPE(3, 2), 7, 8, 1, 1, 45, 12);
  EXPECT(s, emily_scatter_max(s, x, u, ARRAYS(i), AXES(0)), SHAPE(3, 2), 7, 8, 1, 1, 9, 6);
  EXPECT(s, emily_scatter_min(s, x, emily_negative(s, u), ARRAYS(i), AXES(0)), SHAPE(3, 2), -7, -8, 1, 1, -9, -6);
  EXPECT(s, emily_scatter_add(s, x, emily_ones(s, SHAPE(1, 1), EMILY_BOOL), ARRAYS(i, i), AXES(0, 1)), SHAPE(3, 2), 2, 1, 1, 1, 1, 2);
  EXPECT(s, emily_put_along_axis(s, x, emily_reshape(s, i, SHAPE(1, 3)), FLOATS(s, SHAPE(3), 5, 6, 7), EMILY_NO_AXIS), SHAPE(3, 2), 6, 1, 5, 1, 1, 7);
  EXPECT(s, emily_scatter_add_axis(s, x, INDICES(s, EMILY_UINT32, 1, 1), FLOATS(s, SHAPE(2), 5, 6), EMILY_NO_AXIS), SHAPE(3, 2), 1, 12, 1, 1, 1, 1);
  EXPECT(s, emily_put_along_axis(s, x, emily_reshape(s, INDICES(s, EMILY_INT8, 0, -1), SHAPE(2, 1)), FLOATS(s, SCALAR, 4), 0), SHAPE(3, 2), 4, 4, 1, 1, 4, 4);
  EXPECT(s, x, SHAPE(3, 2), 1, 1, 1, 1, 1, 1); /* arrays do not change */
  test_close(s);
}

/* TRAPS: an index out of bounds: a read is 0, a write is dropped; an error with the flag. Fuzzed, for the sanitizers. */
static void indices_out_of_bounds(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (int round = 0; round < 200; round++) {
    int64_t raw[2][6], n = 1 + (int64_t)(test_random(&random) % 6), w = 1 + (int64_t)(test_random(&random) % 3);
    for (int k = 0; k < 2; k++)
      for (int i = 0; i < 6; i++)
        raw[k][i] = test_random(&random) % 3 ? (int64_t)(test_random(&random) % 11) - 5 : (int64_t)test_random(&random);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_ones(s, SHAPE(4, 3), EMILY_FLOAT32), *i = ints(s, raw[0], n, EMILY_INT64), *j = ints(s, raw[1], n, EMILY_INT64);
    double got = 0, put = 0, want = 0;
    for (int64_t k = 0; k < n; k++) {
      int64_t a = raw[0][k] < 0 ? raw[0][k] + 4 : raw[0][k], b = raw[1][k] < 0 ? raw[1][k] + 3 : raw[1][k];
      want += a >= 0 && a < 4 && b >= 0 && b + w <= 3 ? (double)w : 0;
    }
    emily_array *sum = emily_sum(s, emily_gather(s, x, ARRAYS(i, j), AXES(0, 1), INTS(1, w)), NULL, 0, false);
    assert_int_equal(emily_array_item_float(sum, &got), EMILY_OK);
    emily_array *added = emily_scatter_add(s, x, emily_ones(s, SHAPE(1, w), EMILY_FLOAT32), ARRAYS(i, j), AXES(0, 1));
    assert_int_equal(emily_array_item_float(emily_sum(s, added, NULL, 0, false), &put), EMILY_OK);
    assert_true(got == want && put == want + 12);
    emily_array *bad[] = {emily_gather(s, x, ARRAYS(i, j), AXES(0, 1), INTS(1, w)),
                          emily_scatter_max(s, x, emily_ones(s, SHAPE(1, w), EMILY_FLOAT32), ARRAYS(i, j), AXES(0, 1))};
    emily_set_debug(EMILY_DEBUG_INDICES);
    for (int k = 0; k < 2; k++) assert_int_equal(emily_eval(&bad[k], 1), want == (double)(n * w) ? EMILY_OK : EMILY_DEBUG_CHECK);
    emily_set_debug(0);
    test_close(s);
  }
}

/* TRAPS: the last of several puts stays, sums have one order: the same bits each run and for any number of threads. */
static void duplicates_are_deterministic(void **state) {
  (void)state;
  enum { ROWS = 64, N = 3000, WIDTH = 700 };
  static float first[3][ROWS * WIDTH], again[ROWS * WIDTH];
  uint64_t random = 7;
  int64_t where[N];
  for (int i = 0; i < N; i++) where[i] = (int64_t)(test_random(&random) % ROWS);
  for (int32_t threads = 1; threads <= 4; threads++) {
    emily_set_threads(threads);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *i = ints(s, where, N, EMILY_INT32), *x = emily_zeros(s, SHAPE(ROWS, WIDTH), EMILY_FLOAT32);
    emily_array *u = emily_sin(s, emily_reshape(s, test_range(s, 0, N * WIDTH, EMILY_FLOAT32), SHAPE(N, 1, WIDTH)));
    emily_array *along = emily_transpose(s, emily_broadcast_to(s, i, SHAPE(WIDTH, N)), NULL, 0);
    emily_array *y[3] = {emily_scatter(s, x, u, ARRAYS(i), AXES(0)), emily_scatter_add(s, x, u, ARRAYS(i), AXES(0)),
                         emily_scatter_add_axis(s, x, along, emily_reshape(s, u, SHAPE(N, WIDTH)), 0)};
    for (int k = 0; k < 3; k++) {
      assert_int_equal(emily_array_read(y[k], threads == 1 ? first[k] : again, sizeof again), EMILY_OK);
      if (threads > 1) assert_memory_equal(first[k], again, sizeof again);
    }
    test_close(s);
  }
  emily_set_threads(0);
  assert_memory_equal(first[1], first[2], sizeof again);
}

static void updates_in_place(void **state) {
  (void)state;
  const void *before, *after;
  emily_array *x = NULL;
  emily_scope *s = emily_scope_open(NULL);
  x = emily_scope_keep(s, emily_ones(s, SHAPE(8, 4), EMILY_FLOAT32));
  assert_int_equal(emily_array_data(x, true, &before), EMILY_OK);
  emily_array *y = emily_scatter_add(s, x, emily_ones(s, SHAPE(1, 4), EMILY_FLOAT32), ARRAYS(INDICES(s, EMILY_INT32, 3, 3)), AXES(0));
  y = emily_scope_keep(s, emily_put_along_axis(s, y, emily_zeros(s, SHAPE(8, 1), EMILY_INT32), FLOATS(s, SCALAR, 5), 1));
  emily_array_release(x);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  assert_int_equal(emily_array_data(y, true, &after), EMILY_OK);
  assert_ptr_equal(before, after);
  assert_true(((const float *)after)[12] == 5 && ((const float *)after)[13] == 3);
  emily_array_release(y);
}

static void zero_sizes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *none = emily_zeros(s, SHAPE(0, 3), EMILY_FLOAT32), *no = emily_zeros(s, SHAPE(0), EMILY_INT32);
  EXPECT(s, emily_gather(s, none, ARRAYS(no), AXES(1), INTS(0, 1)), SHAPE(0, 0, 1), 0);
  EXPECT(s, emily_scatter_add(s, none, emily_zeros(s, SHAPE(0, 0, 3), EMILY_FLOAT32), ARRAYS(no), AXES(0)), SHAPE(0, 3), 0);
  EXPECT(s, emily_put_along_axis(s, none, emily_zeros(s, SHAPE(0, 2), EMILY_INT32), FLOATS(s, SCALAR, 1), 1), SHAPE(0, 3), 0);
  EXPECT(s, emily_scatter(s, emily_ones(s, SHAPE(2), EMILY_INT8), emily_ones(s, SHAPE(0, 1), EMILY_INT8), ARRAYS(no), AXES(0)), SHAPE(2), 1, 1);
  test_close(s);
}

static void refusals(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(3, 2), EMILY_FLOAT32), *i = INDICES(s, EMILY_INT32, 0, 1);
  emily_array *keep[] = {emily_scope_keep(s, x), emily_scope_keep(s, i), emily_scope_keep(s, emily_ones(s, SHAPE(2, 1, 3), EMILY_FLOAT32))};
#define REFUSED(text, call)                                     \
  do {                                                          \
    s = emily_scope_open(NULL);                                 \
    assert_null(call);                                          \
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, text);       \
  } while (0)
  test_close(s);
  x = keep[0], i = keep[1];
  REFUSED("named twice", emily_gather(s, x, ARRAYS(i, i), AXES(0, -2), INTS(1, 1)));
  REFUSED("out of range", emily_gather(s, x, ARRAYS(i), AXES(2), INTS(1, 1)));
  REFUSED("1 index arrays for 2 axes", emily_gather(s, x, ARRAYS(i), AXES(0, 1), INTS(1, 1)));
  REFUSED("does not fit into axis 1", emily_gather(s, x, ARRAYS(i), AXES(0), INTS(1, INT64_MAX)));
  REFUSED("does not fit into axis 0", emily_gather(s, x, ARRAYS(i), AXES(0), INTS(-1, 1)));
  REFUSED("must be integers", emily_gather(s, x, ARRAYS(x), AXES(0), INTS(1, 1)));
  REFUSED("is NULL", emily_gather(s, x, ARRAYS(NULL), AXES(0), INTS(1, 1)));
  REFUSED("does not fit into axis 1", emily_scatter(s, x, keep[2], ARRAYS(i), AXES(0)));
  REFUSED("updates have 0 axes", emily_scatter_add(s, x, emily_zeros(s, SCALAR, EMILY_FLOAT32), ARRAYS(i), AXES(0)));
  REFUSED("do not broadcast", emily_scatter_add(s, x, emily_zeros(s, SHAPE(3, 1, 1), EMILY_FLOAT32), ARRAYS(i), AXES(0)));
  REFUSED("an index array is needed", emily_scatter_min(s, x, x, NULL, 0, NULL, 0));
  REFUSED("indices have 1 axes", emily_put_along_axis(s, x, i, x, 0));
  for (int k = 0; k < 3; k++) emily_array_release(keep[k]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gathers_by_hand),       cmocka_unit_test(scatters_by_hand), cmocka_unit_test(indices_out_of_bounds),
      cmocka_unit_test(duplicates_are_deterministic), cmocka_unit_test(updates_in_place), cmocka_unit_test(zero_sizes),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
