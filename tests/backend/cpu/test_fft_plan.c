/* test_fft_plan.c: plans are kept, within bounds, given back, and fail whole where memory is out. */
#include "backend/cpu/fft_plan.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void a_plan_is_kept(void **state) {
  (void)state;
  const emily__fft_plan *a, *b, *reals;
  assert_int_equal(emily__fft_plan_get(1000, EMILY__FFT_LINE, &a), EMILY_OK);
  assert_int_equal(emily__fft_plan_get(1000, EMILY__FFT_LINE, &b), EMILY_OK);
  assert_int_equal(emily__fft_plan_get(1000, EMILY__FFT_REALS, &reals), EMILY_OK);
  assert_ptr_equal(a, b);
  assert_ptr_not_equal(a, reals);
  assert_int_equal(reals->inner->n, 500);
  emily__fft_plan_release(a);
  emily__fft_plan_release(b);
  emily__fft_plan_release(reals);
  emily__fft_plans_clear();
  assert_int_equal(emily__alloc_live(), 0);
}

static void kinds_by_length(void **state) {
  (void)state;
  const struct {
    int64_t n;
    emily__fft_kind kind;
  } cases[] = {{1, EMILY__FFT_PASSES}, {61, EMILY__FFT_PASSES}, {67, EMILY__FFT_CHIRP}, {134, EMILY__FFT_CHIRP}, {255, EMILY__FFT_PASSES},
               {256, EMILY__FFT_SPLIT}, {61 * 61, EMILY__FFT_SPLIT}, {10007, EMILY__FFT_CHIRP}, {1 << 20, EMILY__FFT_SPLIT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const emily__fft_plan *plan;
    assert_int_equal(emily__fft_plan_get(cases[i].n, EMILY__FFT_LINE, &plan), EMILY_OK);
    assert_int_equal(plan->kind, cases[i].kind);
    if (plan->kind == EMILY__FFT_SPLIT) assert_int_equal(plan->columns->n * plan->rows->n, plan->n);
    if (plan->kind == EMILY__FFT_CHIRP) assert_true(plan->inner->n >= 2 * plan->n - 1);
    emily__fft_plan_release(plan);
  }
}

/* 1,000 lengths: what is held levels off. */
static void caches_that_grow_with_each_new_shape(void **state) {
  (void)state;
  int64_t half_way = 0;
  for (int64_t n = 1; n <= 1000; n++) {
    const emily__fft_plan *plan;
    assert_int_equal(emily__fft_plan_get(n, EMILY__FFT_LINE, &plan), EMILY_OK);
    emily__fft_plan_release(plan);
    if (n == 500) half_way = emily__alloc_live();
  }
  assert_true(emily__alloc_live() <= half_way + 16);
  emily__fft_plans_clear();
  assert_int_equal(emily__alloc_live(), 0);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  const int64_t lengths[] = {60, 1024, 134};
  for (size_t i = 0; i < 3; i++)
    for (int64_t nth = 1;; nth++) {
      const emily__fft_plan *plan;
      emily__fft_plans_clear();
      emily__alloc_fail_after(nth);
      emily_status status = emily__fft_plan_get(lengths[i], EMILY__FFT_REALS, &plan);
      const int64_t tried = emily__alloc_count();
      emily__alloc_fail_after(0);
      if (status == EMILY_OK) emily__fft_plan_release(plan);
      if (tried < nth) {
        assert_int_equal(status, EMILY_OK);
        break;
      }
      assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    }
  emily__fft_plans_clear();
  assert_int_equal(emily__alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plan_is_kept),
      cmocka_unit_test(kinds_by_length),
      cmocka_unit_test(caches_that_grow_with_each_new_shape),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
