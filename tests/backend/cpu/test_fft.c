/* test_fft.c: transforms against their definition in float64: the pass at every level, lengths of every kind of plan, layouts, threads. */
#include "backend/cpu/fft.h"
#include "backend/cpu/kernels.h"
#include "support/near.h"
#include "support/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  emily__fft_plans_clear();
  return 0;
}

/* ---- the pass ---- */

enum { LANES = EMILY__FFT_LANES, POINT = EMILY__FFT_POINT, POINTS = 61 * 3 * 2 };

static float pattern(int64_t i) { return (float)(i * 37 % 101) / 50 - 1; }

/* One pass with radix r, m = 3, s = 2, with the level's pass and with the plain one. */
static void one_pass(const emily__cpu_kernels *kernels, const emily__cpu_kernels *plain, int64_t r, int32_t re) {
  static float in[POINTS * POINT], want[POINTS * POINT], got[POINTS * POINT + 1], twiddles[2 * 3 * 60], roots[2 * 61];
  for (int64_t i = 0; i < POINTS * POINT; i++) in[i] = pattern(i);
  for (int64_t p = 0; p < 3; p++)
    for (int64_t j = 1; j < r; j++) {
      twiddles[2 * (p * (r - 1) + j - 1)] = (float)cos(2 * M_PI * (double)(p * j) / (double)(3 * r));
      twiddles[2 * (p * (r - 1) + j - 1) + 1] = (float)-sin(2 * M_PI * (double)(p * j) / (double)(3 * r));
    }
  for (int64_t t = 0; t < r; t++) {
    roots[2 * t] = (float)cos(2 * M_PI * (double)t / (double)r);
    roots[2 * t + 1] = (float)-sin(2 * M_PI * (double)t / (double)r);
  }
  const emily__fft_pass pass = {r, 3, 2, twiddles, roots};
  const int64_t n = r * 6 * POINT;
  got[n] = 77;
  plain->fft_pass(want, in, &pass, re);
  kernels->fft_pass(got, in, &pass, re);
  assert_true(got[n] == 77);
  for (int64_t i = 0; i < n; i++)
    if (!(fabs((double)got[i] - want[i]) <= 4 * 0x1p-23 * (double)r)) /* sums of r products of at most 2 */
      fail_msg("radix %lld: element %lld is %g, not %g", (long long)r, (long long)i, (double)got[i], (double)want[i]);
}

static void the_pass_at_every_level(void **state) {
  (void)state;
  const char *const levels[] = {"plain", "avx2", "avx512"};
  const int64_t radices[] = {2, 3, 4, 5, 7, 8, 11, 13, 61};
  emily__cpu_kernels plain, kernels;
  assert_true(emily__cpu_kernels_at("plain", &plain));
  for (int i = 0; i < 3; i++)
    for (size_t r = 0; emily__cpu_kernels_at(levels[i], &kernels) && r < sizeof radices / sizeof *radices; r++) {
      one_pass(&kernels, &plain, radices[r], 0);
      one_pass(&kernels, &plain, radices[r], LANES);
    }
}

/* ---- the primitive ---- */

static void transform_into(emily__tensor *out, const emily__tensor *x, int64_t axis, emily__fft_mode mode, double scale) {
  const bool to_real = mode == EMILY__FFT_TO_REAL;
  emily__attrs_fft attrs = {axis, to_real ? out->shape[axis] : x->shape[axis], mode, scale};
  assert_int_equal(tensor_run(EMILY__PRIM_fft, &attrs, out, INPUTS(x)), EMILY_OK);
}

/* One element of the definition; x: complex numbers `stride` apart. */
static void definition(const float *x, int64_t stride, int64_t n, int64_t k, int sign, double out[2]) {
  out[0] = out[1] = 0;
  for (int64_t j = 0; j < n; j++) {
    const double angle = sign * 2 * M_PI * (double)(j * k % n) / (double)n, re = x[2 * j * stride], im = x[2 * j * stride + 1];
    out[0] += re * cos(angle) - im * sin(angle);
    out[1] += re * sin(angle) + im * cos(angle);
  }
}

/* [lines, n], forwards and back; some places of each line are compared with the definition. */
static void check_length(int64_t n, int64_t lines) {
  const int64_t shape[] = {lines, n};
  emily__tensor *x = tensor_new(EMILY_COMPLEX64, 2, shape), *y = tensor_new(EMILY_COMPLEX64, 2, shape), *back = tensor_new(EMILY_COMPLEX64, 2, shape);
  float *values = x->data, *spectrum = y->data, *again = back->data;
  for (int64_t i = 0; i < 2 * lines * n; i++) values[i] = pattern(i + i / 7);
  transform_into(y, x, 1, EMILY__FFT_FORWARD, 1);
  transform_into(back, y, 1, EMILY__FFT_BACKWARD, 1 / (double)n);
  /* errors beside the root of the sum of squares (of values below 1): some epsilons */
  const double room = 24 * 0x1p-23 * sqrt((double)n);
  for (int64_t line = 0; line < lines; line += lines > 3 ? lines / 3 : 1)
    for (int64_t i = 0; i < 9; i++) {
      double want[2];
      const int64_t k = (i * i * 31 + i) % n;
      definition(values + 2 * line * n, 1, n, k, -1, want);
      const float *got = spectrum + 2 * (line * n + k);
      if (!(hypot(got[0] - want[0], got[1] - want[1]) <= room))
        fail_msg("n = %lld, line %lld: X[%lld] is (%g, %g), not (%g, %g)", (long long)n, (long long)line, (long long)k, (double)got[0],
                 (double)got[1], want[0], want[1]);
    }
  for (int64_t i = 0; i < 2 * lines * n; i++) assert_true(fabsf(again[i] - values[i]) <= 48 * 0x1p-23);
}

static void every_kind_of_length(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 70; n++) check_length(n, 3);
  const int64_t lengths[] = {101, 127, 128, 240, 243, 255, 256, 257, 272, 400, 509, 512, 1000, 1024, 1155, 2021, 4096, 10007, 16384, 65536, 98304};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) check_length(lengths[i], 2);
  check_length(64, 35); /* groups of sixteen and a rest */
  check_length(67, 33);
  check_length(300, 17);
}

/* Half a spectrum is half of the spectrum, and comes back as the reals. */
static void reals(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 600; n = n < 40 ? n + 1 : n + 61) {
    const int64_t shape[] = {2, n}, half[] = {2, n / 2 + 1};
    emily__tensor *x = tensor_new(EMILY_FLOAT32, 2, shape), *z = tensor_new(EMILY_COMPLEX64, 2, shape), *full = tensor_new(EMILY_COMPLEX64, 2, shape);
    emily__tensor *y = tensor_new(EMILY_COMPLEX64, 2, half), *back = tensor_new(EMILY_FLOAT32, 2, shape);
    for (int64_t i = 0; i < 2 * n; i++) {
      ((float *)x->data)[i] = ((float *)z->data)[2 * i] = pattern(i);
      ((float *)z->data)[2 * i + 1] = 0;
    }
    transform_into(y, x, 1, EMILY__FFT_FROM_REAL, 1);
    transform_into(full, z, 1, EMILY__FFT_FORWARD, 1);
    transform_into(back, y, 1, EMILY__FFT_TO_REAL, 1 / (double)n);
    for (int64_t line = 0; line < 2; line++)
      for (int64_t k = 0; k <= n / 2; k++)
        for (int part = 0; part < 2; part++)
          assert_true(fabsf(((float *)y->data)[2 * (line * half[1] + k) + part] - ((float *)full->data)[2 * (line * n + k) + part]) <=
                      24 * 0x1p-23 * sqrt((double)n));
    for (int64_t i = 0; i < 2 * n; i++) assert_true(fabsf(((float *)back->data)[i] - pattern(i)) <= 48 * 0x1p-23);
  }
}

/* Along another axis than the last, lines are what they are along the last. */
static void any_axis_and_layout(void **state) {
  (void)state;
  const int64_t shape[] = {3, 50, 18}, turned[] = {3, 18, 50};
  for (int reversed = 0; reversed < 2; reversed++) {
    emily__tensor *x = tensor_new(EMILY_COMPLEX64, 3, shape), *y = tensor_new(EMILY_COMPLEX64, 3, shape);
    emily__tensor *rows = tensor_new(EMILY_COMPLEX64, 3, turned), *want = tensor_new(EMILY_COMPLEX64, 3, turned);
    float *values = x->data, *lines = rows->data;
    for (int64_t i = 0; i < 2 * x->size; i++) values[i] = pattern(i);
    for (int64_t a = 0; a < 3; a++)
      for (int64_t k = 0; k < 50; k++)
        for (int64_t b = 0; b < 18; b++)
          for (int part = 0; part < 2; part++)
            lines[2 * ((a * 18 + b) * 50 + k) + part] = values[2 * ((a * 50 + (reversed ? 49 - k : k)) * 18 + b) + part];
    emily__tensor view = *x;
    int64_t strides[] = {50 * 18, -18, 1};
    if (reversed) {
      view.data = values + 2 * 49 * 18;
      view.strides = strides;
      view.dense = false;
    }
    transform_into(y, &view, 1, EMILY__FFT_FORWARD, 0.5);
    transform_into(want, rows, 2, EMILY__FFT_FORWARD, 0.5);
    for (int64_t a = 0; a < 3; a++)
      for (int64_t k = 0; k < 50; k++)
        for (int64_t b = 0; b < 18; b++)
          for (int part = 0; part < 2; part++)
            assert_true(((float *)y->data)[2 * ((a * 50 + k) * 18 + b) + part] == ((float *)want->data)[2 * ((a * 18 + b) * 50 + k) + part]);
  }
}

static void run_for_threads(void *context, int threads) {
  static float first[2 * 40 * 1024];
  static float long_first[2 * 65536];
  (void)context;
  const int64_t shape[] = {40, 1024}, wide[] = {1, 65536};
  for (int which = 0; which < 2; which++) {
    emily__tensor *x = tensor_new(EMILY_COMPLEX64, 2, which ? wide : shape), *y = tensor_new(EMILY_COMPLEX64, 2, which ? wide : shape);
    float *keep = which ? long_first : first;
    for (int64_t i = 0; i < 2 * x->size; i++) ((float *)x->data)[i] = pattern(i);
    transform_into(y, x, 1, EMILY__FFT_FORWARD, 1);
    if (threads == 1) memcpy(keep, y->data, (size_t)y->size * 8);
    else assert_memory_equal(keep, y->data, (size_t)y->size * 8);
  }
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
  (void)state;
  with_threads(run_for_threads, NULL);
}

/* A line is what it is alone. */
static void neighbours_change_nothing(void **state) {
  (void)state;
  const int64_t lengths[] = {12, 67, 100, 300};
  for (size_t i = 0; i < 4; i++) {
    const int64_t n = lengths[i], many[] = {20, n}, one[] = {1, n};
    emily__tensor *x = tensor_new(EMILY_COMPLEX64, 2, many), *y = tensor_new(EMILY_COMPLEX64, 2, many);
    emily__tensor *alone = tensor_new(EMILY_COMPLEX64, 2, one), *z = tensor_new(EMILY_COMPLEX64, 2, one);
    for (int64_t k = 0; k < 2 * x->size; k++) ((float *)x->data)[k] = k / (2 * n) == 17 ? pattern(k) : NAN;
    memcpy(alone->data, (float *)x->data + 2 * 17 * n, (size_t)n * 8);
    transform_into(y, x, 1, EMILY__FFT_FORWARD, 1);
    transform_into(z, alone, 1, EMILY__FFT_FORWARD, 1);
    assert_memory_equal((float *)y->data + 2 * 17 * n, z->data, (size_t)n * 8);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(the_pass_at_every_level, teardown),
      cmocka_unit_test_teardown(every_kind_of_length, teardown),
      cmocka_unit_test_teardown(reals, teardown),
      cmocka_unit_test_teardown(any_axis_and_layout, teardown),
      cmocka_unit_test_teardown(any_number_of_threads_gives_the_same_bits, teardown),
      cmocka_unit_test_teardown(neighbours_change_nothing, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
