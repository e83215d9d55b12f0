/* test_view.c: views share memory where strides can say them, and copy where not. */
#include "support/arrays.h"

/* Whether y looks into the buffer of x: its address lies within. */
static bool shares(emily_array *x, emily_array *y) {
  const void *a, *b;
  assert_int_equal(emily_array_data(x, false, &a), EMILY_OK);
  assert_int_equal(emily_array_data(y, false, &b), EMILY_OK);
  ptrdiff_t distance = (const char *)b - (const char *)a;
  return distance >= 0 && (size_t)distance < emily_array_nbytes(x);
}

static void reshapes_of_dense_and_strided_arrays(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_contiguous(s, emily_reshape(s, test_range(s, 0, 24, EMILY_FLOAT32), SHAPE(2, 3, 4)), false);
  emily_array *y = emily_reshape(s, x, SHAPE(6, 4));
  assert_true(shares(x, y));
  /* transposed: [4, 3, 2]; merging its axes is no view, splitting one of them is */
  emily_array *t = emily_transpose(s, x, NULL, 0);
  emily_array *merged = emily_reshape(s, t, SHAPE(12, 2)), *split = emily_reshape(s, t, SHAPE(2, 2, 3, 1, 2));
  assert_false(shares(x, merged));
  assert_true(shares(x, split));
  EXPECT(s, emily_reshape(s, t, SHAPE(24)), SHAPE(24), 0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3,
         15, 7, 19, 11, 23);
  EXPECT(s, emily_slice(s, split, INTS(1, 0, 0, 0, 0), INTS(2, 2, 3, 1, 2), NULL), SHAPE(1, 2, 3, 1, 2), 2, 14, 6, 18, 10,
         22, 3, 15, 7, 19, 11, 23);
  test_close(s);
}

static void slices_walk_both_ways(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_contiguous(s, emily_reshape(s, test_range(s, 0, 12, EMILY_INT32), SHAPE(3, 4)), false);
  emily_array *back = emily_slice(s, x, INTS(-1, 3), INTS(-100, 0), INTS(-1, -2));
  assert_true(shares(x, back));
  EXPECT(s, back, SHAPE(3, 2), 11, 9, 7, 5, 3, 1);
  EXPECT(s, emily_slice(s, back, INTS(0, 0), INTS(3, 2), INTS(2, 1)), SHAPE(2, 2), 11, 9, 3, 1);
  EXPECT(s, emily_reshape(s, back, SHAPE(6)), SHAPE(6), 11, 9, 7, 5, 3, 1);
  assert_int_equal(emily_array_size(emily_slice(s, x, INTS(2, 0), INTS(1, 4), NULL)), 0);
  test_close(s);
}

static void broadcasts_repeat_without_memory(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_contiguous(s, test_range(s, 1, 3, EMILY_FLOAT32), false);
  emily_array *y = emily_broadcast_to(s, x, SHAPE(2, 3));
  assert_true(shares(x, y));
  assert_int_equal(emily_eval(&y, 1), EMILY_OK);
  assert_int_equal(emily_array_strides(y)[0], 0);
  EXPECT(s, emily_flatten(s, y, 0, -1), SHAPE(6), 1, 2, 3, 1, 2, 3);
  EXPECT(s, emily_add(s, y, y), SHAPE(2, 3), 2, 4, 6, 2, 4, 6);
  test_close(s);
}

static void bitcasts_keep_the_bytes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 2), 1, 2, 3, 4);
  emily_array *halves = emily_view(s, x, EMILY_UINT16);
  EXPECT(s, halves, SHAPE(2, 4), 0, 0x3F80, 0, 0x4000, 0, 0x4040, 0, 0x4080);
  EXPECT(s, emily_view(s, halves, EMILY_FLOAT32), SHAPE(2, 2), 1, 2, 3, 4);
  EXPECT(s, emily_view(s, emily_swapaxes(s, x, 0, 1), EMILY_INT32), SHAPE(2, 2), 0x3F800000, 0x40400000, 0x40000000, 0x40800000);
  /* the last axis is strided: the bytes of an element pair are not together, so a copy comes first */
  EXPECT(s, emily_view(s, emily_swapaxes(s, x, 0, 1), EMILY_UINT16), SHAPE(2, 4), 0, 0x3F80, 0, 0x4040, 0, 0x4000, 0, 0x4080);
  /* an odd start in a byte array: a wider element is not aligned there, so a copy comes first */
  emily_array *bytes = emily_contiguous(s, test_range(s, 0, 9, EMILY_UINT8), false);
  emily_array *tail = emily_slice(s, bytes, INTS(1), INTS(9), NULL);
  EXPECT(s, emily_view(s, tail, EMILY_UINT32), SHAPE(2), 0x04030201, 0x08070605);
  assert_null(emily_view(s, emily_slice(s, bytes, INTS(0), INTS(7), NULL), EMILY_UINT32));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "whole elements");
}

static void windows_by_strides(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 0, 6, EMILY_FLOAT32);
  EXPECT(s, emily_as_strided(s, x, SHAPE(2, 3), SHAPE(2, 1), 1), SHAPE(2, 3), 1, 2, 3, 3, 4, 5);
  test_close(s);
}

static void windows_stay_inside(void **state) {
  (void)state;
  static const int64_t strides[][2] = {{2, 1}, {-1, 1}, {INT64_MAX, 1}, {1, INT64_MIN}};
  static const int64_t offsets[] = {2, 1, 0, 0};
  for (int i = 0; i < 4; i++) {
    emily_scope *s = emily_scope_open(NULL);
    assert_null(emily_as_strided(s, test_range(s, 0, 6, EMILY_FLOAT32), SHAPE(3, 2), strides[i], 2, offsets[i]));
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, "leaves its array");
  }
}

static void empty_and_scalar_views(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *none = emily_zeros(s, SHAPE(0, 3), EMILY_FLOAT32);
  assert_int_equal(emily_array_size(emily_reshape(s, none, SHAPE(3, 0, 7))), 0);
  emily_array *y = emily_broadcast_to(s, emily_reshape(s, none, SHAPE(0, 1, 3)), SHAPE(0, 5, 3));
  assert_int_equal(emily_eval(&y, 1), EMILY_OK);
  emily_array *one = emily_scope_adopt(s, emily_array_from_float(7, EMILY_FLOAT32));
  EXPECT(s, emily_reshape(s, one, SHAPE(1, 1, 1)), SHAPE(1, 1, 1), 7);
  EXPECT(s, emily_broadcast_to(s, one, SHAPE(2, 1)), SHAPE(2, 1), 7, 7);
  EXPECT(s, emily_transpose(s, one, NULL, 0), SCALAR, 7);
  test_close(s);
}

/* Random chains of views against the same index arithmetic done by hand on int32 data. */
static void random_chains_of_views(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  for (int round = 0; round < 300; round++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_contiguous(s, emily_reshape(s, test_range(s, 0, 120, EMILY_INT32), SHAPE(2, 3, 4, 5)), false);
    emily_array *lazy = x, *step = x;
    for (int k = 0; k < 5; k++) {
      int a = (int)(test_random(&seed) % 4), b = (int)(test_random(&seed) % 4);
      int64_t stride[4] = {1, 1, 1, 1}, start[4] = {0}, stop[4] = {100, 100, 100, 100};
      switch (test_random(&seed) % 3) {
        case 0:
          lazy = emily_swapaxes(s, lazy, a, b);
          step = emily_contiguous(s, emily_swapaxes(s, step, a, b), false);
          break;
        case 1:
          stride[a] = -1, start[a] = 100, stop[a] = -101;
          stride[b] = a == b ? -1 : 2;
          lazy = emily_slice(s, lazy, start, stop, stride);
          step = emily_contiguous(s, emily_slice(s, step, start, stop, stride), false);
          break;
        default: {
          int64_t shape[4];
          memcpy(shape, emily_array_shape(lazy), sizeof shape);
          int64_t swap = shape[a] * shape[(a + 1) % 4];
          if (a == 3) break;
          shape[a] = swap, shape[a + 1] = 1;
          lazy = emily_reshape(s, lazy, shape, 4);
          step = emily_contiguous(s, emily_reshape(s, step, shape, 4), false);
        }
      }
      assert_int_equal(emily_eval(&step, 1), EMILY_OK); /* one node at a time, each result dense */
    }
    int32_t got[120], want[120];
    size_t bytes = emily_array_nbytes(lazy);
    assert_int_equal(emily_array_read(lazy, got, bytes), EMILY_OK);
    assert_int_equal(emily_array_read(step, want, bytes), EMILY_OK);
    assert_memory_equal(got, want, bytes);
    test_close(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reshapes_of_dense_and_strided_arrays), cmocka_unit_test(slices_walk_both_ways),
      cmocka_unit_test(broadcasts_repeat_without_memory),     cmocka_unit_test(bitcasts_keep_the_bytes),
      cmocka_unit_test(windows_by_strides),                   cmocka_unit_test(windows_stay_inside),
      cmocka_unit_test(empty_and_scalar_views),               cmocka_unit_test(random_chains_of_views),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
