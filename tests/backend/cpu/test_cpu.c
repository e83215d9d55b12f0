/* test_cpu.c: dispatch and `supports` say the same, and a dtype without a kernel is refused by name. */
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

static emily_dtype result_of(emily__prim prim, emily_dtype dtype) {
  if (prim == EMILY__PRIM_logical_not || (prim >= EMILY__PRIM_isnan && prim <= EMILY__PRIM_isfinite))
    return EMILY_BOOL;
  if (prim >= EMILY__PRIM_equal && prim <= EMILY__PRIM_logical_or) return EMILY_BOOL;
  bool parts = prim == EMILY__PRIM_abs || prim == EMILY__PRIM_real || prim == EMILY__PRIM_imag;
  return parts && dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : dtype;
}

/* Every unary and binary primitive with every dtype: a supported one runs, in every kind of layout; another is
 * refused. */
static void what_is_supported_runs(void **state) {
  (void)state;
  const emily__backend *cpu = emily__backend_find("cpu");
  assert_non_null(cpu);
  for (emily__prim prim = EMILY__PRIM_negative; prim <= EMILY__PRIM_logical_or; prim++)
    for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++) {
      int inputs = prim >= EMILY__PRIM_add ? 2 : 1;
      emily__tensor *x = tensor_of(dtype, DIMS(2, 2), (double[]){1, 0, 1, 1}),
                    *out = tensor_new(result_of(prim, dtype), DIMS(2, 2));
      const emily__tensor *in[] = {x, tensor_laid_out(x, LAYOUT_PERMUTED)};
      emily_status status = tensor_run(prim, NULL, out, inputs, in);
      assert_int_equal(status, cpu->supports(prim, dtype) ? EMILY_OK : EMILY_UNSUPPORTED);
    }
}

static void a_refusal_names_primitive_and_dtype(void **state) {
  (void)state;
  emily__tensor *x = tensor_of(EMILY_COMPLEX64, DIMS(1), (double[]){1}), *out = tensor_new(EMILY_COMPLEX64, DIMS(1));
  assert_int_equal(tensor_run(EMILY__PRIM_floor, NULL, out, INPUTS(x)), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "floor"));
  assert_non_null(strstr(emily_last_error()->message, "complex64"));
}

static void views_are_no_kernels(void **state) {
  (void)state;
  const emily__backend *cpu = emily__backend_host();
  assert_false(cpu->supports(EMILY__PRIM_transpose, EMILY_FLOAT32));
  assert_false(cpu->supports(EMILY__PRIM_add, -1));
  assert_false(cpu->supports(EMILY__PRIM_add, EMILY_DTYPE_COUNT));
  assert_true(cpu->supports(EMILY__PRIM_matmul, EMILY_BFLOAT16));
  assert_int_equal(cpu->device_count(), 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(what_is_supported_runs),
      TEST(a_refusal_names_primitive_and_dtype),
      TEST(views_are_no_kernels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
