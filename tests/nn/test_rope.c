/* test_rope.c: frequencies by hand for each kind; the rotation itself against float64. Transformers' own numbers are held
 * against whole models in models/qwen3. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nn/rope.h"

static const double RELATIVE = 3e-7; /* a few roundings of float32 */

static emily__rope_params params(emily__rope_kind kind) {
  return (emily__rope_params){.kind = kind, .dims = 8, .max_positions = 64, .original_positions = 64, .theta = 100,
                              .factor = 4, .beta_fast = 32, .beta_slow = 1, .truncate = true, .attention_factor = 1,
                              .low_freq = 1, .high_freq = 4};
}

static void expect(const emily__rope_params *p, int64_t length, const double *want) {
  float got[4];
  emily__rope_inverse_frequencies(p, length, got);
  for (int i = 0; i < 4; i++) assert_true(fabs(got[i] - want[i]) <= RELATIVE * want[i]);
}

static void plain_and_linear(void **state) {
  (void)state;
  emily__rope_params p = params(EMILY__ROPE_DEFAULT);
  expect(&p, 1000, (const double[]){1, pow(100, -0.25), 0.1, pow(100, -0.75)});
  p = params(EMILY__ROPE_LINEAR);
  expect(&p, 0, (const double[]){0.25, pow(100, -0.25) / 4, 0.025, pow(100, -0.75) / 4});
  assert_int_equal(emily__rope_context(&p), 256);
}

static void dynamic_depends_on_the_length(void **state) {
  (void)state;
  emily__rope_params p = params(EMILY__ROPE_DYNAMIC);
  assert_false(emily__rope_depends_on(&p, 64));
  assert_true(emily__rope_depends_on(&p, 65));
  expect(&p, 64, (const double[]){1, pow(100, -0.25), 0.1, pow(100, -0.75)});
  double theta = 100 * pow(4 * 128 / 64.0 - 3, 8 / 6.0);
  expect(&p, 128, (const double[]){1, pow(theta, -0.25), pow(theta, -0.5), pow(theta, -0.75)});
}

static void yarn_ramps(void **state) {
  (void)state;
  emily__rope_params p = params(EMILY__ROPE_YARN);
  p.beta_fast = 4, p.beta_slow = 1;
  /* index of r rotations: 8 ln(64 / (2 pi r)) / (2 ln 100): 0.812 for 4 and 2.016 for 1; as whole numbers 0 and 3 */
  double keep[] = {1, 2 / 3.0, 1 / 3.0, 0}, want[4];
  for (int i = 0; i < 4; i++) want[i] = pow(100, -i / 4.0) * (keep[i] + (1 - keep[i]) / 4);
  expect(&p, 0, want);
  assert_true(fabs(emily__rope_yarn_factor(4, 0, 0) - (0.1 * log(4) + 1)) < 1e-15);
  assert_true(emily__rope_yarn_factor(0.5, 0, 0) == 1);
  assert_true(fabs(emily__rope_yarn_factor(4, 1, 2) - (0.1 * log(4) + 1) / (0.2 * log(4) + 1)) < 1e-15);
}

static void llama3_keeps_short_waves(void **state) {
  (void)state;
  emily__rope_params p = params(EMILY__ROPE_LLAMA3);
  double want[4];
  for (int i = 0; i < 4; i++) {
    double f = pow(100, -i / 4.0), wave = 2 * M_PI / f, smooth = (64 / wave - 1) / 3;
    if (wave < 16) want[i] = f;
    else if (wave > 64) want[i] = f / 4;
    else want[i] = (1 - smooth) * f / 4 + smooth * f;
  }
  assert_true(want[0] == 1 && want[3] < 0.009); /* both ends of the ramp are met */
  expect(&p, 0, want);
}

static void rotates_halves(void **state) {
  (void)state;
  emily__rope_params p = params(EMILY__ROPE_DEFAULT);
  p.dims = 4; /* of 6: the last two pass through */
  float x[2 * 6] = {1, 2, 3, 4, 5, 6, -1, 0.5f, 2, -3, 7, 8}, y[2 * 6];
  emily_scope *s = emily_scope_open(NULL);
  emily_array *freqs = emily_scope_adopt(s, emily__rope_frequencies(&p, 0));
  emily_array *in = emily_scope_adopt(s, emily_array_from_data(x, (const int64_t[]){1, 1, 2, 6}, 4, EMILY_FLOAT32));
  emily_array *out = emily_scope_keep(s, emily__rope_apply(s, in, &p, freqs, 10, NULL));
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  assert_int_equal(emily_array_read(out, y, sizeof y), EMILY_OK);
  emily_array_release(out);
  for (int t = 0; t < 2; t++) {
    const float *a = x + 6 * t, *b = y + 6 * t;
    for (int i = 0; i < 2; i++) {
      double angle = (10 + t) * pow(100, -i / 2.0), c = cos(angle), n = sin(angle);
      assert_true(fabs(b[i] - (a[i] * c - a[i + 2] * n)) < 1e-5); /* angles of 10 rounded to float32: 1e-6, times 5 */
      assert_true(fabs(b[i + 2] - (a[i + 2] * c + a[i] * n)) < 1e-5);
    }
    assert_true(b[4] == a[4] && b[5] == a[5]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_and_linear),        cmocka_unit_test(dynamic_depends_on_the_length),
      cmocka_unit_test(yarn_ramps),              cmocka_unit_test(llama3_keeps_short_waves),
      cmocka_unit_test(rotates_halves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
