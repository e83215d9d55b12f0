/* test_pack.c: integers of 2 and 4 bits in and out of bytes, in every layout, past the buffer's length. */
#include "support/tensors.h"

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

static void bits_stand_from_the_low_end(void **state) {
  (void)state;
  const emily_dtype dtypes[] = {EMILY_INT2, EMILY_INT4, EMILY_UINT2, EMILY_UINT4};
  for (int d = 0; d < 4; d++)
    for (int64_t bytes = 1; bytes < 4000; bytes = bytes * 3 + 1)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        int64_t each = d % 2 ? 2 : 4;
        int bits = d % 2 ? 4 : 2;
        emily__tensor *x = tensor_random(dtypes[d], DIMS(3, bytes * each), -20, 20), *out = tensor_new(EMILY_UINT8, DIMS(3, bytes));
        assert_int_equal(tensor_run(EMILY__PRIM_pack, NULL, out, INPUTS(tensor_laid_out(x, layout))), EMILY_OK);
        for (int64_t i = 0; i < x->size; i++)
          assert_int_equal(tensor_get_int(out, i / each) >> (i % each * bits) & ((1 << bits) - 1), tensor_get_int(x, i) & ((1 << bits) - 1));
        emily__attrs_dtype attrs = {dtypes[d]};
        emily__tensor *back = tensor_new(dtypes[d], DIMS(3, bytes * each));
        assert_int_equal(tensor_run(EMILY__PRIM_unpack, &attrs, back, INPUTS(tensor_laid_out(out, layout))), EMILY_OK);
        assert_true(tensors_same(back, x));
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(bits_stand_from_the_low_end, teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
