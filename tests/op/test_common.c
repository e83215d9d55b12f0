/* test_common.c: axes, shapes, constants and messages that ops share; failed scopes and failing memory. */
#include "support/arrays.h"

#include "base/alloc.h"
#include "op/common.h"

static void axes_are_sorted_and_distinct(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  const emily__op op = {s, "emily_test", NULL, 0};
  emily__axes axes;
  assert_true(emily__op_axes(&op, INTS(-1, 0), 2, 3, &axes));
  assert_int_equal(axes.count, 2);
  assert_int_equal(axes.axis[0], 0);
  assert_int_equal(axes.axis[1], 2);
  assert_true(emily__op_axes(&op, NULL, 7, 64, &axes)); /* all, whatever the count */
  assert_int_equal(axes.count, 64);
  assert_int_equal(axes.axis[63], 63);
  assert_true(emily__op_axes(&op, INTS(0), 0, 3, &axes));
  assert_int_equal(axes.count, 0);
  assert_false(emily__op_axes(&op, INTS(0, -3), 2, 3, &axes));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_test: axis 0 is named twice");
}

static void what_changes_nothing_is_no_node(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
  assert_ptr_equal(emily_astype(s, x, EMILY_FLOAT32), x);
  assert_ptr_equal(emily_reshape(s, x, SHAPE(2, -1)), x);
  assert_ptr_equal(emily_broadcast_to(s, x, SHAPE(2, 3)), x);
  assert_ptr_equal(emily_transpose(s, x, INTS(0, 1), 2), x);
  assert_ptr_equal(emily_slice(s, x, INTS(0, 0), INTS(2, 3), NULL), x);
  assert_ptr_equal(emily_contiguous(s, x, false), x);
  assert_ptr_not_equal(emily_copy(s, x), x);
  test_close(s);
}

static void constants_of_every_dtype(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  const emily__op op = {s, "emily_test", NULL, 0};
  for (emily_dtype d = 0; d < EMILY_DTYPE_COUNT; d++) {
    emily_array *x = emily__scalar(&op, 1, d);
    assert_int_equal(emily_array_dtype(x), d);
    EXPECT(s, emily_astype(s, x, EMILY_FLOAT32), SCALAR, 1);
  }
  EXPECT(s, emily__scalar(&op, 1e300, EMILY_INT64), SCALAR, 0x1p63);
  EXPECT(s, emily__scalar(&op, -1e300, EMILY_INT64), SCALAR, -0x1p63);
  test_close(s);
}

/* The first error stays; ops after it do nothing, and neither do calls without a scope. */
static void a_failed_scope_stays_failed(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2), 1, 2);
  assert_null(emily_reshape(s, x, SHAPE(3)));
  assert_null(emily_add(s, x, x));
  assert_null(emily_squeeze(s, NULL, INTS(9), 1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_reshape: 2 elements do not fill a shape of 3 (operands: float32 [2])");
  assert_null(emily_zeros(NULL, SHAPE(2), EMILY_FLOAT32));
}

/* A message names many operands without end and stays in its room. */
static void long_operand_lists_fit(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *xs[40];
  int64_t ones[30];
  for (int i = 0; i < 30; i++) ones[i] = 1;
  for (int i = 0; i < 40; i++) xs[i] = emily_ones(s, ones, i == 39 ? 29 : 30, EMILY_COMPLEX64);
  assert_null(emily_concatenate(s, xs, 40, 0));
  assert_true(strlen(emily_scope_message(s)) < 1000);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "array 39 has 29 axes, the first 30 (operands: complex64 [1, 1");
}

static emily_array *build(emily_scope *s) {
  emily_array *x = emily_arange(s, 0, 12, 1, EMILY_FLOAT32), *m = emily_reshape(s, x, SHAPE(3, 4)), *out[4];
  size_t n = 0;
  emily_split(s, m, INTS(1, 2), 2, 1, out, 4, &n);
  emily_array *y = n == 3 ? emily_concatenate(s, out, 3, 1) : NULL;
  y = emily_softmax(s, emily_pad(s, emily_roll(s, y, INTS(1), 1, INTS(0), 1), INTS(0, 1), INTS(1, 0), NULL, NULL, "constant"), INTS(0), 1, false);
  return emily_var(s, emily_take(s, y, emily_zeros(s, SHAPE(2), EMILY_INT32), 0), NULL, 0, false, 0);
}

static void every_allocation_of_building_may_fail(void **state) {
  (void)state;
  for (int64_t n = 1;; n++) {
    emily__alloc_fail_after(n);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *y = build(s);
    bool reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (!reached) {
      assert_non_null(y);
      test_close(s);
      break;
    }
    if (y) test_close(s); /* the description of a message is no allocation: nothing else was asked for */
    else assert_int_equal(s ? emily_scope_close(s) : EMILY_OUT_OF_MEMORY, EMILY_OUT_OF_MEMORY);
    assert_true(n < 10000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(axes_are_sorted_and_distinct), cmocka_unit_test(what_changes_nothing_is_no_node),
      cmocka_unit_test(constants_of_every_dtype),     cmocka_unit_test(a_failed_scope_stays_failed),
      cmocka_unit_test(long_operand_lists_fit),       cmocka_unit_test(every_allocation_of_building_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
