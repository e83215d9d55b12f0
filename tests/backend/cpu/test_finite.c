/* test_finite.c: the debug flag's check: NaN or Inf anywhere. */
#include "backend/cpu/cpu.h"
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void one_bad_element_is_found_wherever_it_is(void **state) {
  (void)state;
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (emily_dtype dtype = EMILY_FLOAT16; dtype <= EMILY_COMPLEX64; dtype++)
    for (int k = 0; k < 3; k++)
      for (int64_t at = 0; at < 37; at++) {
        emily__tensor *x = tensor_random(dtype, DIMS(37), -60000, 60000);
        assert_true(emily__cpu_all_finite(x));
        tensor_set(x, at, bad[k]);
        assert_false(emily__cpu_all_finite(x));
      }
  emily__tensor *z = tensor_new(EMILY_COMPLEX64, DIMS(1));
  tensor_set_complex(z, 0, 1, NAN);
  assert_false(emily__cpu_all_finite(z));
  tensors_free();
}

static void integers_and_nothing_are_finite(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    assert_true(emily__cpu_all_finite(tensor_new(dtype, DIMS(0))));
  for (emily_dtype dtype = 0; dtype <= EMILY_INT64; dtype++) {
    emily__tensor *x = tensor_new(dtype, DIMS(9));
    for (int i = 0; i < 9; i++) tensor_set_int(x, i, -1);
    assert_true(emily__cpu_all_finite(x));
  }
  tensors_free();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_bad_element_is_found_wherever_it_is),
      cmocka_unit_test(integers_and_nothing_are_finite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
