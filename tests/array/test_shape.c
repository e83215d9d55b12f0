/* test_shape.c: sizes that wrap, strides, broadcasting. */
#include "array/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void sizes_do_not_wrap(void **state) {
  (void)state;
  assert_int_equal(emily__shape_size(NULL, 0), 1);
  assert_int_equal(emily__shape_size((int64_t[]){3, 4}, 2), 12);
  assert_int_equal(emily__shape_size((int64_t[]){0, INT64_MAX}, 2), 0);
  assert_int_equal(emily__shape_size((int64_t[]){3, 0, INT64_MAX}, 3), -1); /* its strides would wrap */
  assert_int_equal(emily__shape_size((int64_t[]){INT64_MAX, 2}, 2), -1);
  assert_int_equal(emily__shape_size((int64_t[]){1LL << 32, 1LL << 31}, 2), -1);
  assert_int_equal(emily__shape_size((int64_t[]){INT64_MAX, 2, 0}, 3), -1);
  assert_int_equal(emily__shape_size((int64_t[]){-1, 0}, 2), -1);
}

static void dense_strides_are_row_major(void **state) {
  (void)state;
  int64_t strides[3];
  emily__dense_strides((int64_t[]){2, 3, 4}, 3, strides);
  assert_int_equal(strides[0], 12);
  assert_int_equal(strides[1], 4);
  assert_int_equal(strides[2], 1);
  assert_true(emily__is_dense((int64_t[]){2, 3, 4}, strides, 3));
  assert_true(emily__is_dense((int64_t[]){2, 1, 4}, (int64_t[]){4, 99, 1}, 3));
  assert_false(emily__is_dense((int64_t[]){2, 3}, (int64_t[]){1, 2}, 2));
  assert_false(emily__is_dense((int64_t[]){2}, (int64_t[]){-1}, 1));
  assert_true(emily__is_dense((int64_t[]){2, 0}, (int64_t[]){7, 7}, 2));
}

static void shapes_broadcast_as_numpy(void **state) {
  (void)state;
  int64_t out[64];
  int32_t ndim;
  assert_true(emily__broadcast_shapes((int64_t[]){2, 1, 4}, 3, (int64_t[]){3, 1}, 2, out, &ndim));
  assert_true(emily__shape_equal(out, ndim, (int64_t[]){2, 3, 4}, 3));
  assert_true(emily__broadcast_shapes((int64_t[]){0}, 1, (int64_t[]){1}, 1, out, &ndim));
  assert_true(emily__shape_equal(out, ndim, (int64_t[]){0}, 1));
  assert_true(emily__broadcast_shapes(NULL, 0, (int64_t[]){5}, 1, out, &ndim));
  assert_true(emily__shape_equal(out, ndim, (int64_t[]){5}, 1));
  assert_false(emily__broadcast_shapes((int64_t[]){2}, 1, (int64_t[]){3}, 1, out, &ndim));
  assert_false(emily__broadcast_shapes((int64_t[]){0}, 1, (int64_t[]){3}, 1, out, &ndim));
}

static void descriptions_fit_their_room(void **state) {
  (void)state;
  char text[64];
  int64_t shape[64];
  for (int i = 0; i < 64; i++) shape[i] = 123456789;
  assert_string_equal(emily__describe(text, sizeof text, EMILY_FLOAT32, (int64_t[]){2, 3}, 2), "float32 [2, 3]");
  assert_string_equal(emily__describe(text, sizeof text, EMILY_BOOL, NULL, 0), "bool []");
  emily__describe(text, sizeof text, EMILY_FLOAT32, shape, 64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_do_not_wrap),
      cmocka_unit_test(dense_strides_are_row_major),
      cmocka_unit_test(shapes_broadcast_as_numpy),
      cmocka_unit_test(descriptions_fit_their_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
