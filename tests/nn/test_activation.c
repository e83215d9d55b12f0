/* test_activation.c: every name of the table against its formula in float64. */
#include "nn/activation.h"

#include "../support/arrays.h"

#include <math.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double gelu(double x) { return 0.5 * x * (1 + erf(x / sqrt(2))); }
static double gelu_10(double x) { return fmin(fmax(gelu(x), -10), 10); }
static double gelu_tanh(double x) { return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }
static double quick_gelu(double x) { return x * sigmoid(1.702 * x); }
static double relu(double x) { return fmax(x, 0); }
static double relu2(double x) { return relu(x) * relu(x); }
static double relu6(double x) { return fmin(relu(x), 6); }
static double leaky_relu(double x) { return x > 0 ? x : 0.01 * x; }
static double silu(double x) { return x * sigmoid(x); }
static double hardswish(double x) { return x * relu6(x + 3) / 6; }
static double mish(double x) { return x * tanh(log1p(exp(x))); }
static double linear(double x) { return x; }

static const struct {
  const char *name;
  double (*formula)(double);
} cases[] = {
    {"gelu", gelu}, {"gelu_python", gelu}, {"gelu_10", gelu_10}, {"gelu_new", gelu_tanh}, {"gelu_fast", gelu_tanh},
    {"gelu_accurate", gelu_tanh}, {"gelu_python_tanh", gelu_tanh}, {"gelu_pytorch_tanh", gelu_tanh},
    {"quick_gelu", quick_gelu}, {"relu", relu}, {"relu2", relu2}, {"relu6", relu6}, {"leaky_relu", leaky_relu},
    {"silu", silu}, {"swish", silu}, {"hardswish", hardswish}, {"mish", mish}, {"sigmoid", sigmoid}, {"tanh", tanh},
    {"linear", linear},
};

static void follows_the_formulas(void **state) {
  (void)state;
  static const float xs[] = {-20, -7, -3.5f, -3, -1, -0.25f, 0, 1e-3f, 0.5f, 2, 3, 6.5f, 12, 20};
  enum { N = sizeof xs / sizeof *xs };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double want[N];
    for (int k = 0; k < N; k++) want[k] = cases[i].formula(xs[k]);
    emily__activation *act = emily__activation_find(cases[i].name);
    assert_non_null(act);
    emily_scope *s = emily_scope_open(NULL);
    /* 4e-5 of 400, the largest value (relu2 of 20): float32's 6e-8 and a few of it */
    test_expect(s, act(s, test_floats(s, SHAPE(N), xs)), SHAPE(N), want, 4e-5);
    test_close(s);
  }
}

static void other_names_are_not_found(void **state) {
  (void)state;
  assert_null(emily__activation_find("xielu"));
  assert_null(emily__activation_find(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_formulas),
      cmocka_unit_test(other_names_are_not_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
