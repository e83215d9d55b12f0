/* test_dtype.c: names, sizes and the promotion table, which is written out here in full. */
#include "dtype/dtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Rows and columns in the order of the constants; letters: ? bool, B H W Q unsigned 8-64, b h w q signed 8-64, e float16,
 * k bfloat16, f float32, d float64, c complex64. Taken from MLX's promote_types. */
static const char letters[] = "?BHWQbhwqekfdc";
static const char *const promoted[] = {
    "?BHWQbhwqekfdc", "BBHWQhhwqekfdc", "HHHWQwwwqekfdc", "WWWWQqqqqekfdc", "QQQQQffffekfdc",
    "bhwqfbhwqekfdc", "hhwqfhhwqekfdc", "wwwqfwwwqekfdc", "qqqqfqqqqekfdc", "eeeeeeeeeeffdc",
    "kkkkkkkkkfkfdc", "fffffffffffFdc", "dddddddddddddc", "cccccccccccccc"};

static void promotion_is_mlx(void **state) {
  (void)state;
  for (int a = 0; a < EMILY__COMPUTE_DTYPES; a++)
    for (int b = 0; b < EMILY__COMPUTE_DTYPES; b++) {
      char want = promoted[a][b] == 'F' ? 'f' : promoted[a][b];
      int got = emily_promote_types(a, b);
      if (got < 0 || letters[got] != want) fail_msg("%s + %s gave %s", emily_dtype_name(a), emily_dtype_name(b), emily_dtype_name(got));
    }
  assert_int_equal(emily_promote_types(-1, 0), -1);
  assert_int_equal(emily_promote_types(0, EMILY_DTYPE_COUNT), -1);
}

static void storage_promotes_as_what_it_computes_as(void **state) {
  (void)state;
  for (int a = EMILY_INT2; a < EMILY_DTYPE_COUNT; a++)
    for (int b = 0; b < EMILY_DTYPE_COUNT; b++) {
      emily_dtype want = a == b ? a : emily_promote_types(emily_dtype_compute(a), emily_dtype_compute(b));
      assert_int_equal(emily_promote_types(a, b), want);
      assert_int_equal(emily_promote_types(b, a), want);
    }
  assert_int_equal(emily_promote_types(EMILY_INT2, EMILY_INT4), EMILY_INT8);
  assert_int_equal(emily_promote_types(EMILY_UINT4, EMILY_INT4), EMILY_INT16);
  assert_int_equal(emily_promote_types(EMILY_FLOAT8_E4M3FN, EMILY_FLOAT8_E5M2), EMILY_FLOAT16);
  assert_int_equal(emily_promote_types(EMILY_FLOAT8_E4M3FN, EMILY_BFLOAT16), EMILY_FLOAT32);
  assert_int_equal(emily_dtype_compute(99), -1);
}

static void names_go_both_ways(void **state) {
  (void)state;
  for (int i = 0; i < EMILY_DTYPE_COUNT; i++) {
    emily_dtype back = -1;
    assert_int_equal(emily_dtype_from_name(emily_dtype_name(i), &back), EMILY_OK);
    assert_int_equal(back, i);
  }
  emily_dtype dtype = 77;
  assert_int_equal(emily_dtype_from_name("BF16", &dtype), EMILY_OK);
  assert_int_equal(dtype, EMILY_BFLOAT16);
  assert_int_equal(emily_dtype_from_name("quaternion", &dtype), EMILY_NOT_FOUND);
  assert_int_equal(emily_dtype_from_name(NULL, &dtype), EMILY_NOT_FOUND);
  assert_int_equal(dtype, EMILY_BFLOAT16);
  assert_string_equal(emily_dtype_name(99), "?");
}

static void kinds_and_sizes(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 1, 1, 1, 1, 1, 1};
  for (int i = 0; i < EMILY_DTYPE_COUNT; i++) {
    assert_int_equal(emily_dtype_size(i), sizes[i]);
    assert_int_equal(emily_dtype_is_integer(i), i >= EMILY_UINT8 && i <= EMILY_INT64);
    assert_int_equal(emily_dtype_is_float(i), i >= EMILY_FLOAT16 && i <= EMILY_FLOAT64);
    assert_int_equal(emily_dtype_is_inexact(i), i >= EMILY_FLOAT16 && i <= EMILY_COMPLEX64);
    assert_int_equal(emily_dtype_is_signed(i), i >= EMILY_INT8 && i <= EMILY_COMPLEX64);
    assert_int_equal(emily_dtype_is_storage(i), i > EMILY_COMPLEX64);
  }
  assert_int_equal(emily_dtype_size(-1), 0);
  assert_false(emily_dtype_is_float(99));
}

static void sums_widen_narrow_integers(void **state) {
  (void)state;
  assert_int_equal(emily__dtype_to_sum(EMILY_BOOL), EMILY_INT32);
  assert_int_equal(emily__dtype_to_sum(EMILY_UINT8), EMILY_UINT32);
  assert_int_equal(emily__dtype_to_sum(EMILY_INT16), EMILY_INT32);
  assert_int_equal(emily__dtype_to_sum(EMILY_INT64), EMILY_INT64);
  assert_int_equal(emily__dtype_to_sum(EMILY_FLOAT16), EMILY_FLOAT16);
  assert_int_equal(emily__dtype_to_inexact(EMILY_UINT64), EMILY_FLOAT32);
  assert_int_equal(emily__dtype_to_inexact(EMILY_COMPLEX64), EMILY_COMPLEX64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(promotion_is_mlx),
      cmocka_unit_test(storage_promotes_as_what_it_computes_as),
      cmocka_unit_test(names_go_both_ways),
      cmocka_unit_test(kinds_and_sizes),
      cmocka_unit_test(sums_widen_narrow_integers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
