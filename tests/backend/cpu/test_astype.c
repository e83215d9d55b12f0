/* test_astype.c: casts between every two dtypes, and the casts that C leaves undefined. */
#include "support/tensors.h"

#include <math.h>
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

static emily__tensor *cast(const emily__tensor *x, emily_dtype to) {
  emily__attrs_dtype attrs = {to};
  emily__tensor *out = tensor_new(to, x->ndim, x->shape);
  assert_int_equal(tensor_run(EMILY__PRIM_astype, &attrs, out, INPUTS(x)), EMILY_OK);
  return out;
}

/* Small integers are exact in every dtype, bool aside. */
static void small_integers_pass_through_every_pair(void **state) {
  (void)state;
  for (emily_dtype from = 0; from < EMILY__COMPUTE_DTYPES; from++)
    for (emily_dtype to = 0; to < EMILY__COMPUTE_DTYPES; to++)
      for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        emily__tensor *x = tensor_new(from, DIMS(3, 5, 7));
        for (int64_t i = 0; i < x->size; i++) tensor_set(x, i, (double)(i % 3 == 0 ? 0 : i));
        emily__tensor *out = cast(tensor_laid_out(x, layout), to);
        for (int64_t i = 0; i < x->size; i++) {
          double value = tensor_get(x, i);
          assert_true(tensor_get(out, i) == (to == EMILY_BOOL ? value != 0 : value) && tensor_get_imag(out, i) == 0);
        }
      }
}

static double from_real(emily_dtype from, double x, emily_dtype to) {
  return tensor_get(cast(tensor_of(from, NO_DIMS, &x), to), 0);
}

/* The rule stands in astype.c. */
static void floats_to_integers(void **state) {
  (void)state;
  const emily_dtype wide[] = {EMILY_FLOAT32, EMILY_FLOAT64};
  for (int w = 0; w < 2; w++) {
    emily_dtype f = wide[w];
    assert_true(from_real(f, 1.9, EMILY_INT32) == 1 && from_real(f, -1.9, EMILY_INT8) == -1);
    assert_true(from_real(f, -0.9, EMILY_UINT64) == 0);
    assert_true(from_real(f, 300, EMILY_UINT8) == 44 && from_real(f, -1, EMILY_UINT8) == 255); /* int32 wraps */
    assert_true(from_real(f, 300, EMILY_INT8) == 44 && from_real(f, -300, EMILY_UINT16) == 65236);
    assert_true(from_real(f, -1, EMILY_UINT32) == 4294967295.0 && from_real(f, 70000, EMILY_INT16) == 4464);
    assert_true(from_real(f, 3e9, EMILY_UINT32) == 3e9 && from_real(f, 3e9, EMILY_INT32) == INT32_MAX);
    assert_true(from_real(f, -3e9, EMILY_UINT32) == 0 && from_real(f, -3e9, EMILY_INT32) == INT32_MIN);
    assert_true(from_real(f, 3e9, EMILY_UINT8) == 255 && from_real(f, -3e9, EMILY_INT8) == -128);
    assert_int_equal(tensor_get_int(cast(tensor_of(f, NO_DIMS, (double[]){-1}), EMILY_UINT64), 0),
                     -1); /* int64 wraps */
    assert_int_equal(tensor_get_int(cast(tensor_of(f, NO_DIMS, (double[]){1e19}), EMILY_INT64), 0), INT64_MAX);
    assert_int_equal(tensor_get_int(cast(tensor_of(f, NO_DIMS, (double[]){-0x1p63}), EMILY_INT64), 0), INT64_MIN);
    assert_true(from_real(f, 0x1p63, EMILY_UINT64) == 0x1p63 && from_real(f, 1e20, EMILY_UINT64) == 0x1p64);
    for (emily_dtype to = EMILY_UINT8; to <= EMILY_INT64; to++) {
      int64_t width = 8 * (int64_t)emily_dtype_size(to);
      bool is_signed = emily_dtype_is_signed(to);
      assert_true(from_real(f, NAN, to) == 0);
      int64_t high = is_signed ? (int64_t)(((uint64_t)1 << (width - 1)) - 1) : (int64_t)(UINT64_MAX >> (64 - width));
      assert_int_equal(tensor_get_int(cast(tensor_of(f, NO_DIMS, (double[]){INFINITY}), to), 0), high);
      int64_t low = is_signed ? (int64_t)(UINT64_MAX << (width - 1)) : 0;
      assert_int_equal(tensor_get_int(cast(tensor_of(f, NO_DIMS, (double[]){-INFINITY}), to), 0), low);
    }
  }
  assert_true(from_real(EMILY_FLOAT16, -1, EMILY_UINT32) == 4294967295.0);
  assert_true(from_real(EMILY_BFLOAT16, INFINITY, EMILY_INT16) == 32767);
  assert_true(from_real(EMILY_FLOAT64, -2147483648.5, EMILY_INT32) == INT32_MIN); /* truncates into range */
}

static void integers_wrap_into_narrower_ones(void **state) {
  (void)state;
  emily__tensor *x = tensor_new(EMILY_INT64, DIMS(4));
  const int64_t values[] = {-1, 256, INT64_MIN, 0x123456789A};
  for (int i = 0; i < 4; i++) tensor_set_int(x, i, values[i]);
  for (emily_dtype to = EMILY_UINT8; to <= EMILY_INT64; to++) {
    emily__tensor *out = cast(x, to);
    for (int i = 0; i < 4; i++) assert_memory_equal(tensor_at(out, i), &values[i], emily_dtype_size(to));
  }
}

static void truth(void **state) {
  (void)state;
  for (emily_dtype f = EMILY_FLOAT16; f <= EMILY_COMPLEX64; f++) {
    assert_true(from_real(f, -0.0, EMILY_BOOL) == 0 && from_real(f, NAN, EMILY_BOOL) == 1 &&
                from_real(f, 1e-4, EMILY_BOOL) == 1);
  }
  emily__tensor *z = tensor_new(EMILY_COMPLEX64, DIMS(2));
  tensor_set_complex(z, 0, 0, 0.5);
  tensor_set_complex(z, 1, 2.5, -1);
  assert_true(tensor_get(cast(z, EMILY_BOOL), 0) == 1);
  assert_true(tensor_get(cast(z, EMILY_INT32), 1) == 2 && tensor_get(cast(z, EMILY_FLOAT64), 1) == 2.5);
  assert_true(tensor_get(cast(z, EMILY_FLOAT16), 1) == 2.5 && tensor_get(cast(z, EMILY_BFLOAT16), 0) == 0);
}

static void rounding_is_to_nearest_even(void **state) {
  (void)state;
  assert_true(from_real(EMILY_FLOAT32, 2049, EMILY_FLOAT16) == 2048 &&
              from_real(EMILY_FLOAT32, 2051, EMILY_FLOAT16) == 2052);
  assert_true(from_real(EMILY_FLOAT32, 65520, EMILY_FLOAT16) == INFINITY &&
              from_real(EMILY_FLOAT32, 65519, EMILY_FLOAT16) == 65504);
  assert_true(from_real(EMILY_INT32, 257, EMILY_BFLOAT16) == 256 &&
              from_real(EMILY_INT32, 259, EMILY_BFLOAT16) == 260);
  assert_true(from_real(EMILY_FLOAT64, 1 + 0x1p-24, EMILY_FLOAT32) == 1);
  emily__tensor *x = tensor_new(EMILY_UINT64, NO_DIMS);
  tensor_set_int(x, 0, (int64_t)UINT64_MAX);
  assert_true(tensor_get(cast(x, EMILY_FLOAT32), 0) == 0x1p64);
  assert_true(isnan(from_real(EMILY_FLOAT32, NAN, EMILY_FLOAT16)) &&
              isnan(from_real(EMILY_BFLOAT16, NAN, EMILY_FLOAT64)));
}

/* All 65,536 patterns there and back; NaN stays NaN. */
static void sixteen_bit_floats_survive_float32(void **state) {
  (void)state;
  for (emily_dtype h = EMILY_FLOAT16; h <= EMILY_BFLOAT16; h++) {
    emily__tensor *x = tensor_new(h, DIMS(65536));
    for (int64_t i = 0; i < x->size; i++) ((uint16_t *)x->data)[i] = (uint16_t)i;
    emily__tensor *back = cast(cast(x, EMILY_FLOAT32), h);
    for (int64_t i = 0; i < x->size; i++) {
      if (isnan(tensor_get(x, i))) assert_true(isnan(tensor_get(back, i)));
      else assert_int_equal(((uint16_t *)back->data)[i], i);
    }
  }
}

static void in_place_at_the_same_size(void **state) {
  (void)state;
  emily__attrs_dtype attrs = {EMILY_FLOAT32};
  emily__tensor *x = tensor_random(EMILY_INT32, DIMS(50, 41), -9999, 9999);
  emily__tensor *expected = cast(x, EMILY_FLOAT32), *out = tensor_new(EMILY_FLOAT32, DIMS(50, 41));
  out->data = x->data;
  assert_int_equal(tensor_run_donated(EMILY__PRIM_astype, &attrs, out, INPUTS(x), 0, 0), EMILY_OK);
  assert_true(tensors_same(out, expected));
}

/* What a byte of an 8-bit float stands for, by the format's definition. */
static double value_of(int byte, int mantissa, int bias, bool infinities) {
  int rest = byte & 0x7F, exponent = rest >> mantissa, fraction = rest & ((1 << mantissa) - 1), top = 127 >> mantissa;
  double magnitude = exponent ? ldexp(1 + ldexp(fraction, -mantissa), exponent - bias) : ldexp(fraction, 1 - bias - mantissa);
  if (infinities && exponent == top) magnitude = fraction ? NAN : INFINITY;
  if (!infinities && rest == 0x7F) magnitude = NAN;
  return byte & 0x80 ? -magnitude : magnitude;
}

/* Nearest, ties to the even byte; the step past the largest number counts as its own value, and gives `past`. */
static int nearest(double x, int mantissa, int bias, bool infinities) {
  int largest = infinities ? 0x7B : 0x7E, sign = signbit(x) ? 0x80 : 0, best = 0;
  if (isnan(x)) return sign | (infinities ? 0x7E : 0x7F);
  double distance = INFINITY;
  for (int byte = 0; byte <= largest + 1; byte++) {
    double value = byte <= largest ? value_of(byte, mantissa, bias, infinities) : 2 * value_of(largest, mantissa, bias, infinities) - value_of(largest - 1, mantissa, bias, infinities);
    double d = isinf(x) ? (byte > largest ? 0 : 1) : fabs(fabs(x) - value);
    if (d < distance || (d == distance && byte % 2 == 0) || (byte > largest && fabs(x) > value)) best = byte, distance = d;
  }
  return sign | best;
}

static void eight_bit_floats(void **state) {
  (void)state;
  const emily_dtype eights[] = {EMILY_FLOAT8_E4M3FN, EMILY_FLOAT8_E5M2}, sources[] = {EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT32, EMILY_FLOAT64};
  for (int k = 0; k < 2; k++) {
    int mantissa = k ? 2 : 3, bias = k ? 15 : 7;
    emily__tensor *bytes = tensor_new(eights[k], DIMS(256));
    for (int i = 0; i < 256; i++) ((uint8_t *)bytes->data)[i] = (uint8_t)i;
    emily__tensor *wide = cast(bytes, EMILY_FLOAT32);
    for (int i = 0; i < 256; i++) {
      double want = value_of(i, mantissa, bias, k), got = tensor_get(wide, i);
      assert_true(isnan(want) ? isnan(got) : got == want && !signbit(got) == !signbit(want));
    }
    for (int s = 0; s < 4; s++) { /* every 16-bit float, and of the wider ones those a last place beside the middle of two */
      emily__tensor *x = tensor_new(sources[s], DIMS(65536));
      for (int i = 0; i < 65536; i++) {
        if (s < 2) ((uint16_t *)x->data)[i] = (uint16_t)i;
        else {
          double middle = (value_of(i % 127, mantissa, bias, k) + value_of(i % 127 + 1, mantissa, bias, k)) / 2;
          int by = i / 127 % 3 - 1;
          tensor_set(x, i, by ? (s == 2 ? nextafterf((float)middle, by * INFINITY) : nextafter(middle, by * INFINITY)) : -middle);
        }
      }
      emily__tensor *out = cast(x, eights[k]);
      for (int i = 0; i < 65536; i++) assert_int_equal(((uint8_t *)out->data)[i], nearest(tensor_get(x, i), mantissa, bias, k));
    }
  }
  assert_true(isinf(from_real(EMILY_FLOAT64, 1e300, EMILY_FLOAT8_E5M2)) && isnan(from_real(EMILY_FLOAT64, -1e300, EMILY_FLOAT8_E4M3FN)));
  assert_true(from_real(EMILY_INT64, 448, EMILY_FLOAT8_E4M3FN) == 448 && from_real(EMILY_FLOAT8_E5M2, -96, EMILY_INT8) == -96);
}

static void integers_of_few_bits_wrap(void **state) {
  (void)state;
  const emily_dtype few[] = {EMILY_INT2, EMILY_INT4, EMILY_UINT2, EMILY_UINT4};
  const int bits[] = {2, 4, 2, 4};
  for (int k = 0; k < 4; k++)
    for (emily_dtype other = EMILY_UINT8; other <= EMILY_FLOAT64; other++)
      for (int x = emily_dtype_is_signed(other) ? -100 : 0; x < 100; x++) {
        int low = x & ((1 << bits[k]) - 1), want = k < 2 && low >> (bits[k] - 1) ? low - (1 << bits[k]) : low;
        assert_true(from_real(other, x, few[k]) == want);
        if (want >= 0 || emily_dtype_is_signed(other)) assert_true(from_real(few[k], want, other) == want);
      }
  assert_true(from_real(EMILY_FLOAT32, 1e20, EMILY_INT4) == 7 && from_real(EMILY_FLOAT64, -INFINITY, EMILY_INT2) == -2);
  assert_true(from_real(EMILY_FLOAT32, NAN, EMILY_UINT4) == 0 && from_real(EMILY_INT4, -3, EMILY_BOOL) == 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(eight_bit_floats, teardown),
      cmocka_unit_test_teardown(integers_of_few_bits_wrap, teardown),
      TEST(small_integers_pass_through_every_pair),
      TEST(floats_to_integers),
      TEST(integers_wrap_into_narrower_ones),
      TEST(truth),
      TEST(rounding_is_to_nearest_even),
      TEST(sixteen_bit_floats_survive_float32),
      TEST(in_place_at_the_same_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
