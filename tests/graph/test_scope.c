/* test_scope.c: ownership and the sticky first error. */
#include "support/arrays.h"

static void what_is_kept_outlives_the_scope(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = NULL;
  for (int i = 0; i < 2000; i++) y = emily_add(s, test_range(s, i, 2, EMILY_INT32), test_range(s, 0, 2, EMILY_INT32));
  y = emily_scope_keep(s, y);
  test_close(s);
  int64_t value[2];
  s = emily_scope_open(NULL);
  assert_int_equal(emily_array_read(emily_astype(s, y, EMILY_INT64), value, sizeof value), EMILY_OK);
  test_close(s);
  assert_int_equal(value[0], 1999);
  assert_int_equal(value[1], 2001);
  emily_array_release(y);
}

static void the_first_error_stays(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = test_range(s, 0, 3, EMILY_FLOAT32), *b = test_range(s, 0, 4, EMILY_FLOAT32);
  assert_null(emily_add(s, a, b));
  assert_null(emily_reshape(s, a, SHAPE(77)));
  assert_null(emily_exp(s, a)); /* a healthy operand in a failed scope: nothing is done */
  assert_null(emily_scope_keep(s, a));
  assert_non_null(strstr(emily_scope_message(s), "emily_add"));
  assert_non_null(strstr(emily_scope_message(s), "float32 [3], float32 [4]"));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "do not broadcast");
  assert_int_equal(emily_last_error()->status, EMILY_INVALID_ARGUMENT);
  assert_string_equal(emily_last_error()->where, "emily_add");
}

static void a_null_operand_fails_a_healthy_scope(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_add(s, test_range(s, 0, 3, EMILY_FLOAT32), NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "operand 1 is NULL");
}

static void a_null_scope_is_a_failed_one(void **state) {
  (void)state;
  emily_array *x = emily_array_from_float(1, EMILY_FLOAT32);
  assert_null(emily_exp(NULL, x));
  assert_null(emily_scope_keep(NULL, x));
  assert_int_equal(emily_scope_close(NULL), EMILY_OUT_OF_MEMORY);
  assert_int_equal(emily_scope_status(NULL), EMILY_OUT_OF_MEMORY);
  emily_array *adopted = emily_scope_adopt(NULL, x); /* takes the reference all the same */
  assert_null(adopted);
}

static void a_clients_own_failure_sticks_too(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_dtype dtype;
  emily_dtype_from_name("nonsense", &dtype);
  assert_null(emily_scope_fail(s));
  test_expect_failure(s, EMILY_NOT_FOUND, "nonsense");
  s = emily_scope_open(NULL);
  assert_null(emily_scope_adopt(s, emily_array_from_data(NULL, SHAPE(3), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "NULL");
}

static void a_scope_carries_its_stream(void **state) {
  (void)state;
  emily_stream *stream = emily_stream_new("cpu");
  assert_string_equal(emily_stream_device(stream), "cpu");
  emily_scope *s = emily_scope_open(stream);
  assert_ptr_equal(emily_scope_stream(s), stream);
  emily_stream_release(stream); /* the scope still holds it */
  EXPECT(s, emily_exp(s, emily_zeros(s, SHAPE(1), EMILY_FLOAT32)), SHAPE(1), 1);
  test_close(s);
  assert_null(emily_stream_new("abacus"));
  assert_int_equal(emily_last_error()->status, EMILY_NOT_FOUND);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_kept_outlives_the_scope),      cmocka_unit_test(the_first_error_stays),
      cmocka_unit_test(a_null_operand_fails_a_healthy_scope), cmocka_unit_test(a_null_scope_is_a_failed_one),
      cmocka_unit_test(a_clients_own_failure_sticks_too),     cmocka_unit_test(a_scope_carries_its_stream),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
