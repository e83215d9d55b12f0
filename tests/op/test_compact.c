/* test_compact.c: nonzero, masks, unique: shapes that depend on data, and what they are when nothing or everything is found. */
#include <math.h>

#include "support/arrays.h"

#include "base/alloc.h"

static void found_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 3), 0, 5, -0.0f, 1, 0, NAN), *axes[2];
  size_t count = 0;
  assert_int_equal(emily_nonzero(s, x, axes, 2, &count), EMILY_OK);
  assert_int_equal(count, 2);
  assert_int_equal(emily_array_dtype(axes[0]), EMILY_INT64);
  EXPECT(s, axes[0], SHAPE(3), 0, 1, 1);
  EXPECT(s, axes[1], SHAPE(3), 1, 0, 2);
  EXPECT(s, emily_argwhere(s, x), SHAPE(3, 2), 0, 1, 1, 0, 1, 2);
  EXPECT(s, emily_flatnonzero(s, x), SHAPE(3), 1, 3, 5);
  EXPECT(s, emily_argwhere(s, emily_zeros(s, SHAPE(4, 2), EMILY_INT8)), SHAPE(0, 2), 0);
  EXPECT(s, emily_argwhere(s, emily_ones(s, SCALAR, EMILY_INT8)), SHAPE(1, 0), 0);
  EXPECT(s, emily_flatnonzero(s, emily_zeros(s, SHAPE(3, 0), EMILY_FLOAT64)), SHAPE(0), 0);
  assert_int_equal(emily_nonzero(s, emily_ones(s, SCALAR, EMILY_INT8), axes, 2, &count), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "a 0-d array has no axes");
}

static void masks_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_reshape(s, test_range(s, 1, 6, EMILY_INT16), SHAPE(3, 2));
  emily_array *rows = emily_not_equal(s, test_range(s, 0, 3, EMILY_INT8), emily_ones(s, SCALAR, EMILY_INT8));
  emily_array *odd = emily_astype(s, emily_remainder(s, x, emily_scope_adopt(s, emily_array_from_int(2, EMILY_INT16))), EMILY_BOOL);
  EXPECT(s, emily_masked_select(s, x, rows), SHAPE(2, 2), 1, 2, 5, 6);
  EXPECT(s, emily_masked_select(s, x, odd), SHAPE(3), 1, 3, 5);
  EXPECT(s, emily_masked_select(s, emily_flip(s, x, NULL, 0), odd), SHAPE(3), 6, 4, 2);
  EXPECT(s, emily_masked_select(s, x, emily_zeros(s, SHAPE(3), EMILY_BOOL)), SHAPE(0, 2), 0);
  EXPECT(s, emily_masked_scatter(s, x, odd, FLOATS(s, SHAPE(4), 7, 8, 9, 10)), SHAPE(3, 2), 7, 2, 8, 4, 9, 6);
  EXPECT(s, emily_masked_scatter(s, x, rows, FLOATS(s, SHAPE(2, 2), 7, 8, 9, 10)), SHAPE(3, 2), 7, 8, 3, 4, 9, 10);
  EXPECT(s, emily_masked_scatter(s, x, rows, FLOATS(s, SCALAR, 7)), SHAPE(3, 2), 7, 7, 3, 4, 7, 7);
  EXPECT(s, x, SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
  emily_array *few = emily_masked_scatter(s, x, odd, FLOATS(s, SHAPE(2), 7, 8));
  assert_int_equal(emily_eval(&few, 1), EMILY_INVALID_ARGUMENT); /* the evaluation fails, not the op */
  assert_non_null(strstr(emily_last_error()->message, "the mask has 3 true elements, and there are 2"));
  assert_null(emily_masked_select(s, x, x));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "the mask must be of bools");
}

static void unique_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(5), 2, 1, 2, 3, 1), *got[4];
  size_t count;
  assert_int_equal(emily_unique(s, x, NULL, -1, true, true, true, got, 4, &count), EMILY_OK);
  assert_int_equal(count, 4);
  EXPECT(s, got[0], SHAPE(3), 1, 2, 3);
  EXPECT(s, got[1], SHAPE(3), 1, 0, 3);
  EXPECT(s, got[2], SHAPE(5), 1, 0, 1, 2, 0);
  EXPECT(s, got[3], SHAPE(3), 2, 2, 1);
  assert_int_equal(emily_unique(s, x, FLOATS(s, SCALAR, 9), 4, false, false, true, got, 4, &count), EMILY_OK);
  EXPECT(s, got[0], SHAPE(4), 1, 2, 3, 9);
  EXPECT(s, got[1], SHAPE(4), 2, 2, 1, 0);
  assert_int_equal(emily_unique(s, emily_zeros(s, SHAPE(2, 0), EMILY_INT8), NULL, -1, true, true, true, got, 4, &count), EMILY_OK);
  EXPECT(s, got[0], SHAPE(0), 0);
  EXPECT(s, got[2], SHAPE(2, 0), 0);
  assert_int_equal(emily_unique(s, FLOATS(s, SHAPE(3), NAN, 1, NAN), NULL, -1, false, false, true, got, 4, &count), EMILY_OK);
  EXPECT(s, got[1], SHAPE(3), 1, 1, 1);
  assert_int_equal(emily_unique(s, emily_zeros(s, SHAPE(0), EMILY_INT8), NULL, 2, false, false, false, got, 4, &count), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "an empty array needs a fill_value");
}

/* An evaluation that fails while the op is built is the scope's failure. */
static void a_failing_operand_fails_the_scope(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *bad = emily_take(s, test_range(s, 0, 3, EMILY_INT32), emily_scope_adopt(s, emily_array_from_int(7, EMILY_INT32)), 0);
  emily_set_debug(EMILY_DEBUG_INDICES);
  assert_null(emily_argwhere(s, emily_reshape(s, bad, SHAPE(1))));
  emily_set_debug(0);
  test_expect_failure(s, EMILY_DEBUG_CHECK, "index 7");
}

/* Each allocation fails in turn: an error, and nothing is left. */
static void every_allocation_may_fail(void **state) {
  (void)state;
  for (int64_t n = 1; n < 400; n++) {
    emily_array *got[4];
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = FLOATS(s, SHAPE(5), 2, 0, 2, 3, 1), *mask = emily_not_equal(s, x, emily_zeros_like(s, x));
    emily__alloc_fail_after(n);
    emily_unique(s, x, NULL, -1, true, true, true, got, 4, NULL);
    emily_array *y = emily_masked_scatter(s, x, mask, emily_masked_select(s, x, mask));
    bool done = y && emily_eval(&y, 1) == EMILY_OK;
    emily__alloc_fail_after(0);
    emily_scope_close(s);
    if (done && n > 200) return;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found_by_hand),  cmocka_unit_test(masks_by_hand), cmocka_unit_test(unique_by_hand),
      cmocka_unit_test(a_failing_operand_fails_the_scope), cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
