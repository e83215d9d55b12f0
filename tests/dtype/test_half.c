/* test_half.c: all 65,536 halves, and the roundings between them. */
#include "dtype/half.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

/* The value of a binary16 by its definition. */
static double f16_value(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 31 ? (mantissa ? NAN : INFINITY)
               : exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
  return bits & 0x8000 ? -value : value;
}

static double bf16_value(uint16_t bits) { return emily__bits_to_f32((uint32_t)bits << 16); }

static void every_half_widens_exactly_and_comes_back(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 65536; i++) {
    float wide = emily__f16_to_f32((emily__f16){(uint16_t)i});
    double want = f16_value((uint16_t)i);
    if (isnan(want)) {
      assert_true(isnan(wide));
      assert_true(isnan(emily__f16_to_f32(emily__f32_to_f16(wide))));
      continue;
    }
    assert_true(wide == want && !signbit(wide) == !signbit(want));
    assert_int_equal(emily__f32_to_f16(wide).bits, i);
    float brain = emily__bf16_to_f32((emily__bf16){(uint16_t)i});
    if (!isnan(brain)) assert_int_equal(emily__f32_to_bf16(brain).bits, i);
  }
}

/* Between two neighbours: the middle goes to the even one, the rest to the nearer. */
static void roundings_go_to_nearest_even(void **state) {
  (void)state;
  for (uint32_t i = 0; i + 1 < 0x7C00; i++) {
    float low = (float)f16_value((uint16_t)i), high = (float)f16_value((uint16_t)(i + 1)), middle = (low + high) / 2;
    uint16_t even = i & 1 ? (uint16_t)(i + 1) : (uint16_t)i;
    assert_int_equal(emily__f32_to_f16(middle).bits, even);
    assert_int_equal(emily__f32_to_f16(nextafterf(middle, -1)).bits, i);
    assert_int_equal(emily__f32_to_f16(nextafterf(middle, INFINITY)).bits, i + 1);
    assert_int_equal(emily__f32_to_f16(-middle).bits, even | 0x8000);
  }
  for (uint32_t i = 1; i + 1 < 0x7F80; i += 3) {
    float low = (float)bf16_value((uint16_t)i);
    float middle = emily__bits_to_f32((i << 16) + 0x8000);
    assert_true(middle > low);
    assert_int_equal(emily__f32_to_bf16(middle).bits, i & 1 ? i + 1 : i);
    assert_int_equal(emily__f32_to_bf16(nextafterf(middle, 0)).bits, i);
    assert_int_equal(emily__f32_to_bf16(nextafterf(middle, INFINITY)).bits, i + 1);
  }
}

static void the_ends_overflow_to_infinity(void **state) {
  (void)state;
  assert_int_equal(emily__f32_to_f16(65504.0f).bits, 0x7BFF);
  assert_int_equal(emily__f32_to_f16(65519.996f).bits, 0x7BFF);
  assert_int_equal(emily__f32_to_f16(65520.0f).bits, 0x7C00);
  assert_int_equal(emily__f32_to_f16(-1e30f).bits, 0xFC00);
  assert_int_equal(emily__f32_to_f16(INFINITY).bits, 0x7C00);
  assert_int_equal(emily__f32_to_f16(0x1p-26f).bits, 0);
  assert_int_equal(emily__f32_to_f16(-0x1p-26f).bits, 0x8000);
  assert_int_equal(emily__f32_to_bf16(0x1.FFFFFEp127f).bits, 0x7F80);
  assert_true(isnan(emily__bf16_to_f32(emily__f32_to_bf16(emily__bits_to_f32(0x7F800001)))));
  assert_true(isnan(emily__f16_to_f32(emily__f32_to_f16(emily__bits_to_f32(0xFF800001)))));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_half_widens_exactly_and_comes_back),
      cmocka_unit_test(roundings_go_to_nearest_even),
      cmocka_unit_test(the_ends_overflow_to_infinity),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
