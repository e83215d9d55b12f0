/* test_array.c: what can be asked of an array without evaluation. */
#include "array/array.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void note_release(void *data, size_t bytes, void *context) {
  (void)data;
  (void)bytes;
  ++*(int *)context;
}

static void a_new_array_is_pending(void **state) {
  (void)state;
  emily_array *a = emily__array_new(EMILY_FLOAT16, (int64_t[]){2, 0, 3}, 3);
  assert_int_equal(emily_array_dtype(a), EMILY_FLOAT16);
  assert_int_equal(emily_array_ndim(a), 3);
  assert_memory_equal(emily_array_shape(a), ((int64_t[]){2, 0, 3}), 3 * sizeof(int64_t));
  assert_true(emily_array_size(a) == 0 && emily_array_nbytes(a) == 0);
  assert_false(emily_array_is_evaluated(a));
  assert_null(emily_array_strides(a));
  emily_array_release(a);
}

static void axes_count_from_either_end(void **state) {
  (void)state;
  emily_array *a = emily__array_new(EMILY_FLOAT32, (int64_t[]){2, 5}, 2);
  assert_true(emily_array_dim(a, 0) == 2 && emily_array_dim(a, 1) == 5);
  assert_true(emily_array_dim(a, -1) == 5 && emily_array_dim(a, -2) == 2);
  assert_true(emily_array_dim(a, 2) == -1 && emily_array_dim(a, -3) == -1);
  assert_true(emily_array_size(a) == 10 && emily_array_nbytes(a) == 40);
  emily_array_release(a);
}

static void an_array_over_a_buffer_is_ready(void **state) {
  (void)state;
  int released = 0;
  float memory[6];
  emily__buffer *buffer = emily__buffer_new(memory, sizeof memory, false, note_release, &released);
  emily_array *a = emily__array_over(buffer, EMILY_FLOAT32, (int64_t[]){2, 3}, 2);
  assert_true(emily_array_is_evaluated(a) && a->dense && a->data == (char *)memory);
  assert_memory_equal(emily_array_strides(a), ((int64_t[]){3, 1}), 2 * sizeof(int64_t));
  assert_ptr_equal(emily_array_retain(a), a);
  emily_array_release(a);
  assert_int_equal(released, 0);
  emily_array_release(a);
  assert_int_equal(released, 1);
}

static void strides_may_be_given(void **state) {
  (void)state;
  int released = 0;
  float memory[6];
  emily_array *a = emily__array_new(EMILY_FLOAT32, (int64_t[]){3, 2}, 2);
  emily__array_publish(a, emily__buffer_new(memory, sizeof memory, true, note_release, &released), (char *)memory,
                       (int64_t[]){1, 3});
  assert_false(a->dense);
  assert_memory_equal(emily_array_strides(a), ((int64_t[]){1, 3}), 2 * sizeof(int64_t));
  emily_array_release(a);
  emily_array *scalar = emily__array_new(EMILY_FLOAT32, NULL, 0);
  emily__array_publish(scalar, emily__buffer_new(memory, 4, true, note_release, &released), (char *)memory,
                       (int64_t[]){0});
  assert_true(scalar->dense && emily_array_size(scalar) == 1);
  emily_array_release(scalar);
  assert_int_equal(released, 2);
}

static void sizes_that_wrap_are_refused(void **state) {
  (void)state;
  assert_null(emily__array_new(EMILY_FLOAT32, (int64_t[]){INT64_MAX, 2}, 2));
  assert_int_equal(emily_last_error()->status, EMILY_INVALID_ARGUMENT);
  assert_null(emily__array_new(EMILY_FLOAT32, (int64_t[]){INT64_MAX / 2}, 1)); /* its bytes wrap */
  assert_non_null(strstr(emily_last_error()->message, "larger than memory"));
  int released = 0;
  char memory[4];
  emily__buffer *buffer = emily__buffer_new(memory, sizeof memory, false, note_release, &released);
  assert_null(emily__array_over(buffer, EMILY_FLOAT32, (int64_t[]){-1}, 1));
  assert_int_equal(released, 1); /* it takes the reference over on failure too */
}

static void no_array_has_nothing(void **state) {
  (void)state;
  assert_null(emily_array_retain(NULL));
  assert_null(emily_array_shape(NULL));
  assert_null(emily_array_strides(NULL));
  assert_true(emily_array_ndim(NULL) == 0 && emily_array_size(NULL) == 0 && emily_array_nbytes(NULL) == 0);
  assert_int_equal(emily_array_dim(NULL, 0), -1);
  assert_false(emily_array_is_evaluated(NULL));
  emily_array_release(NULL);
}

/* The other extents of an empty array may be as large as they like: its strides are 0, so that none wraps in bytes. */
static void strides_of_empty_arrays_are_zero(void **state) {
  (void)state;
  const int64_t shape[] = {(int64_t)1 << 62, 0};
  emily_array *none = emily__array_over(emily__buffer_new(NULL, 0, false, NULL, NULL), EMILY_COMPLEX64, shape, 2);
  assert_true(emily_array_size(none) == 0 && emily_array_nbytes(none) == 0 && none->dense);
  assert_true(emily_array_strides(none)[0] == 0 && emily_array_strides(none)[1] == 0);
  emily_array_release(none);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strides_of_empty_arrays_are_zero),
      cmocka_unit_test(a_new_array_is_pending),
      cmocka_unit_test(axes_count_from_either_end),
      cmocka_unit_test(an_array_over_a_buffer_is_ready),
      cmocka_unit_test(strides_may_be_given),
      cmocka_unit_test(sizes_that_wrap_are_refused),
      cmocka_unit_test(no_array_has_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
