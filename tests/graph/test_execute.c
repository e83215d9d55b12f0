/* test_execute.c: donation: whose buffer a result may take over, and whose never. */
#include "support/arrays.h"

/* exp(negative(x)) where only the graph refers to what is between. */
static const void *address(emily_array *x) {
  const void *data;
  assert_int_equal(emily_array_data(x, true, &data), EMILY_OK);
  return data;
}

static void a_buffer_that_only_the_graph_has_is_taken_over(void **state) {
  (void)state;
  emily_array *x = emily_array_from_data((float[]){1, 2, 3}, SHAPE(3), EMILY_FLOAT32);
  const void *before = address(x);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_negative(s, x));
  test_close(s);
  emily_array_release(x); /* the node's reference is the last one */
  assert_ptr_equal(address(y), before);
  emily_array_release(y);
}

static void a_buffer_that_somebody_else_has_is_not(void **state) {
  (void)state;
  emily_array *x = emily_array_from_data((float[]){1, 2, 3}, SHAPE(3), EMILY_FLOAT32);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_negative(s, x));
  emily_array *view = emily_scope_keep(s, emily_reshape(s, x, SHAPE(3, 1)));
  test_close(s);
  assert_int_equal(emily_eval(&view, 1), EMILY_OK);
  emily_array_release(x); /* the view still looks into the buffer */
  assert_true(address(y) != address(view));
  assert_true(((const float *)address(view))[2] == 3);
  emily_array_release(y);
  emily_array_release(view);
}

static void an_update_is_in_place_where_nobody_looks(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *cache = emily_scope_keep(s, emily_copy(s, emily_zeros(s, SHAPE(4, 2), EMILY_FLOAT32)));
  test_close(s);
  const void *before = address(cache);
  for (int64_t t = 0; t < 4; t++) {
    s = emily_scope_open(NULL);
    emily_array *row = FLOATS(s, SHAPE(1, 2), (float)t, (float)t + 10);
    emily_array *next = emily_scope_keep(s, emily_slice_update(s, cache, row, INTS(t, 0), INTS(t + 1, 2), NULL));
    test_close(s);
    emily_array_release(cache);
    cache = next;
    assert_ptr_equal(address(cache), before);
  }
  s = emily_scope_open(NULL);
  EXPECT(s, cache, SHAPE(4, 2), 0, 10, 1, 11, 2, 12, 3, 13);
  emily_array *row = FLOATS(s, SHAPE(1, 2), 7, 7);
  emily_array *copy = emily_slice_update(s, cache, row, INTS(0, 0), INTS(1, 2), NULL);
  assert_true(address(copy) != before); /* we still hold the cache */
  EXPECT(s, cache, SHAPE(4, 2), 0, 10, 1, 11, 2, 12, 3, 13);
  EXPECT(s, copy, SHAPE(4, 2), 7, 7, 1, 11, 2, 12, 3, 13);
  test_close(s);
  emily_array_release(cache);
}

static void a_node_of_many_inputs(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *parts[40];
  double want[40];
  for (int i = 0; i < 40; i++) {
    parts[i] = emily_exp(s, emily_zeros(s, SHAPE(1), EMILY_FLOAT32));
    want[i] = 1;
  }
  test_expect(s, emily_concatenate(s, parts, 40, 0), SHAPE(40), want, 0);
  test_close(s);
}

static void an_operand_used_twice_is_not_donated_to_itself(void **state) {
  (void)state;
  emily_array *x = emily_array_from_data((float[]){3, 4}, SHAPE(2), EMILY_FLOAT32);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_subtract(s, x, emily_flip(s, x, NULL, 0)));
  test_close(s);
  emily_array_release(x);
  float got[2];
  assert_int_equal(emily_array_read(y, got, sizeof got), EMILY_OK);
  assert_true(got[0] == -1 && got[1] == 1);
  emily_array_release(y);
}

/* One buffer under two operands, broadcast and whole: nothing is written over what is still read. */
static void aliases_are_not_donated(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_exp(s, emily_arange(s, 0, 64, 1, EMILY_FLOAT32)), *m = emily_reshape(s, x, SHAPE(8, 8));
    emily_array *other = i ? emily_transpose(s, m, NULL, 0) : emily_broadcast_to(s, emily_slice(s, m, INTS(0, 0), INTS(1, 8), NULL), SHAPE(8, 8));
    emily_array *y = emily_scope_keep(s, emily_subtract(s, emily_add(s, m, other), other));
    emily_array *want = emily_scope_keep(s, emily_copy(s, m));
    test_close(s);
    assert_int_equal(emily_eval(&y, 1), EMILY_OK);
    s = emily_scope_open(NULL);
    EXPECT(s, emily_allclose(s, y, want, 1e-3, 1e24, false), SCALAR, 1);
    test_close(s);
    emily_array_release(y);
    emily_array_release(want);
  }
}

static void the_callers_memory_is_never_written(void **state) {
  (void)state;
  static const float data[64] = {1, 2, 3};
  emily_array *x = emily_array_wrap(data, INTS(64), 1, EMILY_FLOAT32, NULL, NULL);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_slice_update(s, emily_negative(s, x), FLOATS(s, SCALAR, 9), INTS(1), INTS(2), NULL));
  emily_array *z = emily_scope_keep(s, emily_slice_update(s, x, FLOATS(s, SCALAR, 9), INTS(0), INTS(1), NULL));
  test_close(s);
  emily_array_release(x);
  assert_int_equal(emily_eval((emily_array *[]){y, z}, 2), EMILY_OK);
  assert_true(data[0] == 1 && data[1] == 2 && data[2] == 3);
  emily_array_release(y);
  emily_array_release(z);
}

static void the_nan_check_names_the_op(void **state) {
  (void)state;
  emily_set_debug(EMILY_DEBUG_NAN);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_exp(s, emily_log(s, FLOATS(s, SHAPE(3), 1, 0, 2))));
  test_close(s);
  assert_int_equal(emily_eval(&y, 1), EMILY_DEBUG_CHECK);
  assert_non_null(strstr(emily_last_error()->message, "log gave NaN or infinity in a result of float32 [3]"));
  emily_set_debug(0);
  s = emily_scope_open(NULL);
  EXPECT_NEAR(s, y, 1e-6, SHAPE(3), 1, 0, 2);
  test_close(s);
  emily_array_release(y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aliases_are_not_donated),
      cmocka_unit_test(the_callers_memory_is_never_written),
      cmocka_unit_test(the_nan_check_names_the_op),
      cmocka_unit_test(a_buffer_that_only_the_graph_has_is_taken_over),
      cmocka_unit_test(a_buffer_that_somebody_else_has_is_not),
      cmocka_unit_test(an_update_is_in_place_where_nobody_looks),
      cmocka_unit_test(a_node_of_many_inputs),
      cmocka_unit_test(an_operand_used_twice_is_not_donated_to_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
