/* test_convert.c: conversions of 16-bit floats at each level that this machine has: the bits of dtype/half.h, for
 * every 16-bit pattern and for float32 at all borders of rounding, over every length of tail. */
#include "backend/cpu/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { ALL = 1 << 16, MANY = 1 << 18 };

static const char *const levels[] = {"plain", "avx2", "avx512"};
static uint16_t narrow[ALL + 1];
static float wide[MANY];

/* Around each pattern of the upper half, what decides rounding: all zeros, just below, at and above the middle, all
 * ones. */
static void fill(void) {
  static const uint32_t lower[] = {0, 0x0FFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
  for (int i = 0; i < MANY; i++)
    wide[i] = emily__bits_to_f32((uint32_t)rand() << 17 ^ (uint32_t)rand() << 9 ^ (uint32_t)rand());
  for (int i = 0; i < MANY / 2; i++) wide[i] = emily__bits_to_f32((uint32_t)(i / 2) << 16 | lower[rand() % 10]);
}

static void widening(void **state) {
  (void)state;
  static float out[ALL + 1];
  for (int i = 0; i < ALL; i++) narrow[i] = (uint16_t)i;
  for (size_t level = 0; level < 3; level++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[level], &kernels)) {
      print_message("%s: not on this machine, skipped\n", levels[level]);
      continue;
    }
    kernels.f16_to_f32(out, (const emily__f16 *)narrow, ALL);
    for (int i = 0; i < ALL; i++)
      assert_int_equal(emily__f32_to_bits(out[i]), emily__f32_to_bits(emily__f16_to_f32((emily__f16){(uint16_t)i})));
    kernels.bf16_to_f32(out, (const emily__bf16 *)narrow, ALL);
    for (int i = 0; i < ALL; i++) assert_int_equal(emily__f32_to_bits(out[i]), (uint32_t)i << 16);
  }
}

static void narrowing(void **state) {
  (void)state;
  static emily__f16 f16[MANY];
  static emily__bf16 bf16[MANY];
  for (size_t level = 0; level < 3; level++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[level], &kernels)) continue;
    kernels.f32_to_f16(f16, wide, MANY);
    kernels.f32_to_bf16(bf16, wide, MANY);
    for (int i = 0; i < MANY; i++) {
      assert_int_equal(f16[i].bits, emily__f32_to_f16(wide[i]).bits);
      assert_int_equal(bf16[i].bits, emily__f32_to_bf16(wide[i]).bits);
    }
  }
}

static void tails(void **state) {
  (void)state;
  for (size_t level = 0; level < 3; level++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[level], &kernels)) continue;
    for (int n = 0; n < 50; n++) {
      float *from = malloc(((size_t)n + 1) * sizeof *from), back[51];
      emily__f16 *f16 = malloc((size_t)n * sizeof *f16 + 1);
      emily__bf16 *bf16 =
          malloc((size_t)n * sizeof *bf16 + 1); /* exact sizes: a sanitizer sees what is read past them */
      for (int i = 0; i < n; i++) from[i] = (float)(i - 20);
      kernels.f32_to_f16(f16, from, n);
      kernels.f32_to_bf16(bf16, from, n);
      for (int i = 0; i < 51; i++) back[i] = 99;
      kernels.f16_to_f32(back, f16, n);
      for (int i = 0; i < 51; i++) assert_true(back[i] == (i < n ? (float)(i - 20) : 99));
      for (int i = 0; i < 51; i++) back[i] = 99;
      kernels.bf16_to_f32(back, bf16, n);
      for (int i = 0; i < 51; i++) assert_true(back[i] == (i < n ? (float)(i - 20) : 99));
      free(from);
      free(f16);
      free(bf16);
    }
  }
}

int main(void) {
  const char *given = getenv("EMILY_TEST_SEED");
  const unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : 20261121;
  printf("seed %u\n", seed);
  srand(seed);
  fill();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(widening),
      cmocka_unit_test(narrowing),
      cmocka_unit_test(tails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
