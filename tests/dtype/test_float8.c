/* test_float8.c: all codes of e4m3, e2m1 and e8m0 by their definitions, and the roundings between them. */
#include "dtype/float8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static double e4m3_value(int code) {
  int exponent = code >> 3 & 15, mantissa = code & 7;
  double value = (code & 127) == 127 ? (double)NAN : exponent ? ldexp(8 + mantissa, exponent - 10) : ldexp(mantissa, -9);
  return code & 128 ? -value : value;
}

static void every_e4m3_widens_exactly_and_comes_back(void **state) {
  (void)state;
  for (int code = 0; code < 256; code++) {
    float wide = emily__e4m3_to_f32((uint8_t)code);
    if ((code & 127) == 127) {
      assert_true(isnan(wide));
      continue;
    }
    assert_true(wide == e4m3_value(code) && !signbit(wide) == !(code & 128));
    assert_int_equal(emily__f32_to_e4m3(wide), code);
  }
}

static void e4m3_rounds_to_even_and_stops_at_448(void **state) {
  (void)state;
  for (int code = 0; code < 126; code++) {
    double low = e4m3_value(code), high = e4m3_value(code + 1);
    float middle = (float)((low + high) / 2);
    assert_int_equal(emily__f32_to_e4m3(middle), code & 1 ? code + 1 : code);
    assert_int_equal(emily__f32_to_e4m3(nextafterf(middle, 0)), code);
    assert_int_equal(emily__f32_to_e4m3(nextafterf(middle, 500)), code + 1);
    assert_int_equal(emily__f32_to_e4m3(-nextafterf(middle, 500)), (code + 1) | 128);
  }
  const float large[] = {448, 449, 464, 1e30f, INFINITY, NAN};
  for (int i = 0; i < 6; i++) assert_int_equal(emily__f32_to_e4m3(large[i]) & 127, 126);
  assert_int_equal(emily__f32_to_e4m3(-INFINITY), 254);
}

static void e2m1_takes_the_nearest(void **state) {
  (void)state;
  static const float values[16] = {EMILY__E2M1_VALUES};
  for (int code = 0; code < 16; code++) {
    assert_int_equal(emily__f32_to_e2m1(values[code]), code == 8 ? 0 : code);
    assert_int_equal(emily__f32_to_e2m1_even(values[code]), code);
  }
  for (int code = 0; code < 7; code++) {
    float middle = (values[code] + values[code + 1]) / 2;
    assert_int_equal(emily__f32_to_e2m1(middle), code);
    assert_int_equal(emily__f32_to_e2m1_even(middle), code & 1 ? code + 1 : code);
    assert_int_equal(emily__f32_to_e2m1(-nextafterf(middle, 9)), (code + 1) | 8);
    assert_int_equal(emily__f32_to_e2m1_even(nextafterf(middle, 0)), code);
  }
  assert_int_equal(emily__f32_to_e2m1(100), 7);
  assert_int_equal(emily__f32_to_e2m1(1e30f), 0); /* all distances are one number */
  assert_int_equal(emily__f32_to_e2m1(NAN), 0);
  assert_int_equal(emily__f32_to_e2m1(-INFINITY), 0);
  assert_int_equal(emily__f32_to_e2m1_even(1e30f), 7);
}

static void e8m0_is_a_power_not_below(void **state) {
  (void)state;
  for (int code = 0; code < 255; code++) {
    float value = emily__e8m0_to_f32((uint8_t)code);
    assert_true(value == ldexp(1, code - 127));
    assert_int_equal(emily__f32_to_e8m0_up(value), code);
    if (code < 254) assert_int_equal(emily__f32_to_e8m0_up(nextafterf(value, INFINITY)), code + 1);
  }
  assert_true(isinf(emily__e8m0_to_f32(255)));
  assert_int_equal(emily__f32_to_e8m0_up(INFINITY), 254);
  assert_int_equal(emily__f32_to_e8m0_up(0x1p-149f), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_e4m3_widens_exactly_and_comes_back),
      cmocka_unit_test(e4m3_rounds_to_even_and_stops_at_448),
      cmocka_unit_test(e2m1_takes_the_nearest),
      cmocka_unit_test(e8m0_is_a_power_not_below),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
