/* test_array.c: handles: what they tell, when they are ready, empty and oversized shapes. */
#include "support/arrays.h"

#include "array/array.h"
#include "base/alloc.h"

static emily__buffer *buffer_of(void *data, size_t bytes) { return emily__buffer_new(data, bytes, false, NULL, NULL); }

static void a_handle_tells_its_shape(void **state) {
  (void)state;
  emily_array *x = emily__array_new(EMILY_BFLOAT16, INTS(2, 3, 4), 3);
  assert_int_equal(emily_array_dtype(x), EMILY_BFLOAT16);
  assert_int_equal(emily_array_ndim(x), 3);
  assert_int_equal(emily_array_size(x), 24);
  assert_int_equal(emily_array_nbytes(x), 48);
  assert_int_equal(emily_array_dim(x, -1), 4);
  assert_int_equal(emily_array_dim(x, 0), 2);
  assert_int_equal(emily_array_dim(x, 3), -1);
  assert_int_equal(emily_array_dim(x, -4), -1);
  assert_int_equal(emily_array_dim(x, INT32_MIN), -1);
  assert_false(emily_array_is_evaluated(x));
  assert_null(emily_array_strides(x));
  emily_array_release(x);
}

static void null_has_no_properties(void **state) {
  (void)state;
  assert_int_equal(emily_array_dtype(NULL), -1);
  assert_int_equal(emily_array_ndim(NULL), 0);
  assert_int_equal(emily_array_size(NULL), 0);
  assert_int_equal(emily_array_nbytes(NULL), 0);
  assert_int_equal(emily_array_dim(NULL, 0), -1);
  assert_null(emily_array_shape(NULL));
  assert_null(emily_array_strides(NULL));
  assert_null(emily_array_retain(NULL));
  assert_false(emily_array_is_evaluated(NULL));
  emily_array_release(NULL);
}

static void publication_makes_it_ready(void **state) {
  (void)state;
  float data[6] = {0};
  emily_array *x = emily__array_over(buffer_of(data, sizeof data), EMILY_FLOAT32, INTS(2, 3), 2);
  assert_true(emily_array_is_evaluated(x) && x->dense);
  assert_int_equal(emily_array_strides(x)[0], 3);
  assert_int_equal(emily_array_strides(x)[1], 1);
  emily_array *flipped = emily__array_new(EMILY_FLOAT32, INTS(3, 2), 2);
  emily__array_publish(flipped, emily__buffer_retain(x->buffer), x->data, INTS(1, 3));
  assert_false(flipped->dense);
  assert_int_equal(emily_array_strides(flipped)[1], 3);
  emily_array_release(x);
  emily_array_release(flipped);
}

/* The other extents of an empty array may be as large as they like: its strides are 0. */
static void empty_and_oversized_shapes(void **state) {
  (void)state;
  emily_array *none = emily__array_over(buffer_of(NULL, 0), EMILY_COMPLEX64, INTS((int64_t)1 << 62, 0), 2);
  assert_true(emily_array_size(none) == 0 && emily_array_nbytes(none) == 0 && none->dense);
  assert_int_equal(emily_array_strides(none)[0], 0);
  emily_array_release(none);
  assert_null(emily__array_new(EMILY_INT8, INTS((int64_t)1 << 62, 4), 2));
  assert_null(emily__array_new(EMILY_INT8, INTS(-1), 1));
}

static void without_memory_the_buffer_is_given_back(void **state) {
  (void)state;
  float data[1];
  emily__buffer *buffer = emily__buffer_retain(buffer_of(data, sizeof data));
  emily__alloc_fail_after(1);
  assert_null(emily__array_over(buffer, EMILY_FLOAT32, NULL, 0));
  emily__alloc_fail_after(0);
  assert_true(emily__buffer_exclusive(buffer)); /* ours is the only reference left */
  emily__buffer_unref(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_handle_tells_its_shape),   cmocka_unit_test(null_has_no_properties),
      cmocka_unit_test(publication_makes_it_ready), cmocka_unit_test(empty_and_oversized_shapes),
      cmocka_unit_test(without_memory_the_buffer_is_given_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
