/* test_elementwise_plain.c: the elementwise float32 kernels of each level against float64: errors over the whole range of
 * arguments, special values, tails. */
#include "backend/cpu/kernels.h"
#include "support/near.h"
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

static const char *const levels[] = {"plain", "avx2", "avx512"};
enum { LEVELS = 3, CHUNK = 4096 };

static double sigmoid_of(double x) { return 1 / (1 + exp(-x)); }
static double silu_of(double x) { return x * sigmoid_of(x); }
static double gelu_of(double x) { return x * erfc(-x * M_SQRT1_2) / 2; }
static double gelu_tanh_of(double x) { return x * sigmoid_of(1.5957691216057308 * (x + 0.044715 * x * x * x)); }
static double rsqrt_of(double x) { return 1 / sqrt(x); }
static double negative_of(double x) { return -x; }
static double square_of(double x) { return x * x; }

/* Largest errors in units of the last place. They leave out what is smaller than `absolute`: where a factor of silu or gelu is a
 * denormal, and where e^-y magnifies the rounding of y (plain gelu, gelu_tanh). */
static const struct function {
  const char *name;
  size_t member;
  double (*exact)(double);
  double plain, plain_absolute, vector, vector_absolute;
} functions[] = {
#define F(name, exact, ...) {#name, offsetof(emily__cpu_kernels, name), exact, __VA_ARGS__},
    F(exp, exp, 1, 0, 1, 0)
    F(log, log, 1, 0, 1, 0)
    F(sin, sin, 1, 0, 1.7, 0)
    F(cos, cos, 1, 0, 1.7, 0)
    F(tanh, tanh, 2.5, 0, 1.5, 0)
    F(erf, erf, 1, 0, 1.1, 0)
    F(erfc, erfc, 4, 0, 4.5, 0)
    F(cbrt, cbrt, 1.5, 0, 1.2, 0)
    F(sigmoid, sigmoid_of, 2.3, 0, 2, 0)
    F(silu, silu_of, 3.2, 0x1p-126, 3.1, 0x1p-126)
    F(gelu, gelu_of, 20, 0x1p-32, 6, 0x1p-126)
    F(gelu_tanh, gelu_tanh_of, 22, 0x1p-32, 20, 0x1p-32)
    F(sqrt, sqrt, 0.501, 0, 0.501, 0)
    F(rsqrt, rsqrt_of, 1.5, 0, 1.5, 0)
    F(negative, negative_of, 0, 0, 0, 0)
    F(abs, fabs, 0, 0, 0, 0)
    F(square, square_of, 0.501, 0, 0.501, 0)
#undef F
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static emily__unary_f32 *unary_of(const emily__cpu_kernels *k, const struct function *f) {
  return *(emily__unary_f32 *const *)((const char *)k + f->member);
}

/* The largest error over every `step`-th float32 from bits `begin`. */
static double worst_error(emily__unary_f32 *run, const struct function *f, double absolute, uint32_t begin, uint32_t step,
                          float *where) {
  static float x[CHUNK], y[CHUNK];
  double worst = 0;
  uint64_t bits = begin;
  while (bits < 1ull << 32) {
    int n = 0;
    for (; n < CHUNK && bits < 1ull << 32; n++, bits += step) x[n] = emily__bits_to_f32((uint32_t)bits);
    run(y, x, n);
    for (int i = 0; i < n; i++) {
      const double want = f->exact((double)x[i]);
      if (fabs((double)y[i] - want) <= absolute) continue;
      const double error = ulps(y[i], want);
      if (error > worst) worst = error, *where = x[i];
    }
  }
  return worst;
}

/* Denormals, zeros, infinities, NaN and huge arguments are among them. */
static void errors_over_the_whole_range(void **state) {
  (void)state;
  const uint32_t begin = (uint32_t)(tensor_bits() % 4096);
  const bool print = getenv("EMILY_TEST_VERBOSE") != NULL;
  bool within = true;
  for (int l = 0; l < LEVELS; l++) {
    emily__cpu_kernels k;
    if (!emily__cpu_kernels_at(levels[l], &k)) continue;
    for (int i = 0; i < FUNCTIONS; i++) {
      const struct function *f = &functions[i];
      float where = 0;
      const double worst =
          worst_error(unary_of(&k, f), f, l ? f->vector_absolute : f->plain_absolute, begin, print ? 509 : 4099, &where);
      const bool good = worst <= (l ? f->vector : f->plain);
      if (print || !good) fprintf(stderr, "%s %s: %.3f ulp at %a (%g)\n", levels[l], f->name, worst, (double)where, (double)where);
      within = within && good;
    }
  }
  assert_true(within);
}

static void special_values(void **state) {
  (void)state;
  static const float x[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-149f, 0x1p-127f, 3.4e38f, -3.4e38f,
                            88.72284f, 88.73f, -103.9f, -104.1f, 1e5f, 65536, 1e10f, -1, 1};
  enum { N = sizeof x / sizeof *x };
  for (int l = 0; l < LEVELS; l++) {
    emily__cpu_kernels k;
    if (!emily__cpu_kernels_at(levels[l], &k)) continue;
    for (int i = 0; i < FUNCTIONS; i++) {
      const struct function *f = &functions[i];
      float y[N];
      unary_of(&k, f)(y, x, N);
      for (int j = 0; j < N; j++) {
        double want = f->exact((double)x[j]);
        if (x[j] == -INFINITY && strchr("sg", f->name[0]) && isnan(y[j])) continue; /* -inf · 0 in silu and gelu, as in MLX */
        assert_true(ulps(y[j], want) <= 4 || fabs((double)y[j] - want) <= 0x1p-22);
        if (want == 0 && y[j] == 0 && !signbit(want) != !signbit(y[j])) fail_msg("%s %s of %g has the wrong sign of zero", levels[l], f->name, (double)x[j]);
      }
    }
  }
}

/* Wherever an element stands, and however many there are, its bits are the same; nothing else is written. */
static void tails(void **state) {
  (void)state;
  float x[100], all[100], y[102];
  for (int i = 0; i < 100; i++) x[i] = (float)tensor_uniform(-3, 3);
  x[40] = 1e6f; /* beyond the reduction of sin and cos */
  for (int l = 0; l < LEVELS; l++) {
    emily__cpu_kernels k;
    if (!emily__cpu_kernels_at(levels[l], &k)) continue;
    for (int i = 0; i < FUNCTIONS; i++) {
      emily__unary_f32 *run = unary_of(&k, &functions[i]);
      run(all, x, 100);
      for (int begin = 0; begin < 20; begin++)
        for (int n = 0; begin + n <= 100; n += n < 40 ? 1 : 13) {
          memset(y, 0x5A, sizeof y);
          run(y + 1, x + begin, n);
          assert_memory_equal(y + 1, all + begin, (size_t)n * sizeof *y);
          assert_true(emily__f32_to_bits(y[0]) == 0x5A5A5A5A && emily__f32_to_bits(y[n + 1]) == 0x5A5A5A5A);
        }
      memcpy(y, x, sizeof x);
      run(y, y, 100);
      assert_memory_equal(y, all, sizeof all);
    }
  }
}

static void binary_operations(void **state) {
  (void)state;
  static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 3e38f, 1e-40f};
  enum { S = sizeof special / sizeof *special, N = S * S + 6 };
  float a[N], b[N], want[N], got[N];
  for (int i = 0; i < N; i++) a[i] = special[i / S % S], b[i] = special[i % S];
  emily__cpu_kernels plain, k;
  assert_true(emily__cpu_kernels_at("plain", &plain));
  assert_true(plain.maximum != NULL);
  for (int l = 0; l < LEVELS; l++) {
    if (!emily__cpu_kernels_at(levels[l], &k)) continue;
    emily__binary_f32 *const oracle[] = {plain.add, plain.subtract, plain.multiply, plain.divide, plain.maximum, plain.minimum},
                      *const runs[] = {k.add, k.subtract, k.multiply, k.divide, k.maximum, k.minimum};
    for (int op = 0; op < 6; op++)
      for (int n = 1; n <= N; n++) {
        oracle[op](want, a, b, n);
        runs[op](got, a, b, n);
        for (int i = 0; i < n; i++) {
          assert_true((isnan(want[i]) && isnan(got[i])) || emily__f32_to_bits(want[i]) == emily__f32_to_bits(got[i]));
          if (op >= 4) assert_int_equal(isnan(got[i]) != 0, isnan(a[i]) || isnan(b[i])); /* NaN at each lane and in the tail */
        }
      }
    k.add_scalar(got, a, 0.5f, N);
    for (int i = 0; i < N; i++) assert_true(got[i] == a[i] + 0.5f || isnan(a[i]));
    k.multiply_scalar(got, a, 0.5f, N);
    for (int i = 0; i < N; i++) assert_true(got[i] == a[i] * 0.5f || isnan(a[i]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_over_the_whole_range),
      cmocka_unit_test(special_values),
      cmocka_unit_test(tails),
      cmocka_unit_test(binary_operations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
