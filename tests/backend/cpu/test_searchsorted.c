/* test_searchsorted.c: positions against a walk through the sequence, in every dtype and layout, NaN among both. */
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

static bool less(double a, double b) { return a < b || (isnan(b) && !isnan(a)); }

static void check(const emily__tensor *sorted, const emily__tensor *values, bool right) {
  emily__attrs_flag attrs = {right};
  emily__tensor *out = tensor_new(EMILY_UINT32, values->ndim, values->shape);
  assert_int_equal(tensor_run(EMILY__PRIM_searchsorted, &attrs, out, INPUTS(sorted, values)), EMILY_OK);
  for (int64_t i = 0; i < values->size; i++) {
    int64_t count = 0;
    double v = tensor_get(values, i);
    for (int64_t k = 0; k < sorted->size; k++) count += right ? !less(v, tensor_get(sorted, k)) : less(tensor_get(sorted, k), v);
    assert_int_equal(tensor_get_int(out, i), count);
  }
}

static void every_dtype_length_and_layout(void **state) {
  (void)state;
  const int64_t lengths[] = {0, 1, 2, 3, 7, 8, 9, 100};
  for (emily_dtype dtype = 0; dtype < EMILY_COMPLEX64; dtype++)
    for (int l = 0; l < 8; l++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        emily__tensor *sorted = tensor_new(dtype, DIMS(lengths[l])), *values = tensor_random(dtype, DIMS(5, 7), 0, 30);
        for (int64_t i = 0; i < lengths[l]; i++) tensor_set(sorted, i, dtype == EMILY_BOOL ? i > 3 : (double)(i / 3));
        if (emily_dtype_is_float(dtype)) {
          tensor_set(values, 5, NAN);
          if (lengths[l] > 2) tensor_set(sorted, lengths[l] - 1, NAN);
        }
        for (int right = 0; right < 2; right++)
          check(lengths[l] ? tensor_laid_out(sorted, layout) : sorted, tensor_laid_out(values, layout), right);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(every_dtype_length_and_layout, teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
