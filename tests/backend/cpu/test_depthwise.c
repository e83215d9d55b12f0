/* test_depthwise.c: the kernel of channels filtered each on its own, at every level, against sums in float64. */
#include "backend/cpu/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { TAPS = 9, PIXELS = 18, CHANNELS = 70, STEP = 2 * CHANNELS, X = TAPS * 3 + PIXELS * STEP + CHANNELS };

static void at_level(const emily__cpu_kernels *kernels) {
  static float x[X], w[TAPS * CHANNELS], out[PIXELS * (CHANNELS + 1) + 1];
  int64_t x_at[TAPS], w_at[TAPS];
  for (int i = 0; i < X; i++) x[i] = (float)(i * 37 % 101) / 50 - 1;
  for (int i = 0; i < TAPS * CHANNELS; i++) w[i] = (float)(i * 53 % 97) / 48 - 1;
  for (int t = 0; t < TAPS; t++) x_at[t] = 3 * t, w_at[t] = (TAPS - 1 - t) * CHANNELS;
  const int64_t pixels[] = {0, 1, 2, 7, 8, 9, 16, 18}, channels[] = {1, 7, 8, 9, 15, 16, 17, 32, 33, 70};
  for (size_t a = 0; a < sizeof pixels / sizeof *pixels; a++)
    for (size_t b = 0; b < sizeof channels / sizeof *channels; b++)
      for (int64_t taps = 0; taps <= TAPS; taps += 3) {
        const int64_t ldo = channels[b] + 1;
        for (size_t i = 0; i < sizeof out / sizeof *out; i++) out[i] = 77;
        kernels->depthwise(out, ldo, x, STEP, w, x_at, w_at, taps, pixels[a], channels[b]);
        for (int64_t i = 0; i < pixels[a]; i++) {
          for (int64_t c = 0; c < channels[b]; c++) {
            double want = 0;
            for (int64_t t = 0; t < taps; t++) want += (double)x[x_at[t] + i * STEP + c] * w[w_at[t] + c];
            assert_true(fabs(out[i * ldo + c] - want) <= TAPS * TAPS * 0x1p-24); /* each of nine sums of at most 9 */
          }
          assert_true(out[i * ldo + channels[b]] == 77); /* nothing is written beside */
        }
      }
}

static void every_level(void **state) {
  (void)state;
  const char *const levels[] = {"plain", "avx2", "avx512"};
  for (int i = 0; i < 3; i++) {
    emily__cpu_kernels kernels;
    if (emily__cpu_kernels_at(levels[i], &kernels)) at_level(&kernels);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_level)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
