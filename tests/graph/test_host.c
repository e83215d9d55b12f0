/* test_host.c: data in and out, ownership of wrapped memory, single elements. */
#include "support/arrays.h"

#include <math.h>

static void count_release(void *context) { ++*(int *)context; }

static void data_goes_in_and_out(void **state) {
  (void)state;
  const int16_t in[6] = {1, -2, 3, -4, 5, -6};
  emily_array *x = emily_array_from_data(in, SHAPE(2, 3), EMILY_INT16);
  assert_int_equal(emily_array_nbytes(x), 12);
  assert_int_equal(emily_array_dim(x, -1), 3);
  assert_int_equal(emily_array_dim(x, 2), -1);
  int16_t out[6];
  assert_int_equal(emily_array_read(x, out, sizeof out), EMILY_OK);
  assert_memory_equal(in, out, sizeof in);
  assert_int_equal(emily_array_read(x, out, 4), EMILY_INVALID_ARGUMENT);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *t = emily_transpose(s, x, NULL, 0);
  const void *data;
  assert_int_equal(emily_array_data(t, false, &data), EMILY_OK);
  assert_int_equal(emily_array_data(t, true, &data), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_array_read(t, out, sizeof out), EMILY_OK);
  assert_int_equal(out[1], -4);
  test_close(s);
  emily_array_release(x);
}

static void wrapped_memory_is_given_back_once(void **state) {
  (void)state;
  static const float data[4] = {1, 2, 3, 4};
  int released = 0;
  emily_array *x = emily_array_wrap(data, SHAPE(4), EMILY_FLOAT32, count_release, &released);
  const void *seen;
  assert_int_equal(emily_array_data(x, true, &seen), EMILY_OK);
  assert_ptr_equal(seen, data);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *view = emily_scope_keep(s, emily_slice(s, x, INTS(1), INTS(3), NULL));
  emily_array *negative = emily_scope_keep(s, emily_negative(s, x)); /* never written over: it is the caller's memory */
  test_close(s);
  assert_int_equal(emily_eval(&view, 1), EMILY_OK);
  emily_array_release(x);
  assert_int_equal(released, 0);
  emily_array_release(view);
  assert_int_equal(emily_eval(&negative, 1), EMILY_OK);
  assert_int_equal(released, 1);
  assert_true(data[0] == 1);
  emily_array_release(negative);
}

static void refused_memory_stays_the_callers(void **state) {
  (void)state;
  int released = 0;
  char bytes[16] = {0};
  assert_null(emily_array_wrap(bytes + 1 - ((uintptr_t)bytes & 1), SHAPE(2), EMILY_FLOAT32, count_release, &released));
  assert_null(emily_array_wrap(bytes, SHAPE(-2), EMILY_INT8, count_release, &released));
  assert_null(emily_array_wrap(bytes, SHAPE(2), 99, count_release, &released));
  assert_null(emily_array_from_data(bytes, SHAPE(INT64_MAX, 4), EMILY_INT8));
  assert_null(emily_array_from_data(bytes, SHAPE(INT64_MAX / 2), EMILY_FLOAT32));
  assert_null(emily_array_from_data(bytes, NULL, 65, EMILY_FLOAT32));
  assert_int_equal(released, 0);
}

static void elements_convert(void **state) {
  (void)state;
  for (int dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++) {
    emily_array *x = emily_array_from_int(1, dtype), *y = emily_array_from_float(1, dtype);
    double f = 0;
    int64_t i = 0;
    if (dtype == EMILY_COMPLEX64) {
      assert_int_equal(emily_array_item_float(x, &f), EMILY_INVALID_ARGUMENT);
    } else {
      assert_int_equal(emily_array_item_float(x, &f), EMILY_OK);
      assert_int_equal(emily_array_item_int(y, &i), EMILY_OK);
      assert_true(f == 1 && i == 1);
    }
    emily_array_release(x);
    emily_array_release(y);
  }
  int64_t i;
  emily_array *nan = emily_array_from_float(NAN, EMILY_FLOAT32), *big = emily_array_from_float(1e30, EMILY_FLOAT64);
  assert_int_equal(emily_array_item_int(nan, &i), EMILY_OK);
  assert_int_equal(i, 0);
  assert_int_equal(emily_array_item_int(big, &i), EMILY_OK);
  assert_true(i == INT64_MAX);
  emily_array_release(nan);
  emily_array_release(big);
  emily_array *minus = emily_array_from_int(-1, EMILY_UINT8);
  emily_array_item_int(minus, &i);
  assert_int_equal(i, 255);
  emily_array_release(minus);
  emily_array *two = emily_array_from_data((float[]){1, 2}, SHAPE(2), EMILY_FLOAT32);
  double f;
  assert_int_equal(emily_array_item_float(two, &f), EMILY_INVALID_ARGUMENT);
  emily_array_release(two);
}

static void zero_size_and_0_d(void **state) {
  (void)state;
  emily_array *none = emily_array_from_data(NULL, SHAPE(3, 0), EMILY_FLOAT64);
  assert_non_null(none);
  assert_int_equal(emily_array_size(none), 0);
  assert_int_equal(emily_array_read(none, NULL, 0), EMILY_OK);
  emily_array_release(none);
  emily_array *one = emily_array_from_float(2.5, EMILY_FLOAT32);
  assert_int_equal(emily_array_ndim(one), 0);
  assert_int_equal(emily_array_size(one), 1);
  emily_array_release(one);
  emily_array_release(NULL);
  assert_null(emily_array_retain(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(data_goes_in_and_out), cmocka_unit_test(wrapped_memory_is_given_back_once),
      cmocka_unit_test(refused_memory_stays_the_callers), cmocka_unit_test(elements_convert),
      cmocka_unit_test(zero_size_and_0_d),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
