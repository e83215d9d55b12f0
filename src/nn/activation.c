/* activation.c: see activation.h. Formulas are those of Transformers' ACT2FN. */
#include "nn/activation.h"

#include "nn/layers.h"

#include <string.h>

static emily_array *gelu(emily_scope *s, emily_array *x) { return emily_gelu(s, x, false); }
static emily_array *gelu_tanh(emily_scope *s, emily_array *x) { return emily_gelu(s, x, true); }
static emily_array *identity(emily_scope *s, emily_array *x) { return (void)s, x; }
static emily_array *relu2(emily_scope *s, emily_array *x) { return emily_square(s, emily_relu(s, x)); }

static emily_array *relu6(emily_scope *s, emily_array *x) {
  return emily_clip(s, x, emily__constant(s, 0), emily__constant(s, 6));
}

/* gelu held within [-10, 10] */
static emily_array *gelu_10(emily_scope *s, emily_array *x) {
  return emily_clip(s, gelu(s, x), emily__constant(s, -10), emily__constant(s, 10));
}

/* x * sigmoid(1.702 x) */
static emily_array *quick_gelu(emily_scope *s, emily_array *x) {
  return emily_multiply(s, x, emily_sigmoid(s, emily_multiply(s, x, emily__constant(s, 1.702))));
}

/* x * tanh(log(1 + e^x)); the logarithm by logaddexp, which does not overflow (Misra 2019) */
static emily_array *mish(emily_scope *s, emily_array *x) {
  return emily_multiply(s, x, emily_tanh(s, emily_logaddexp(s, x, emily__constant(s, 0))));
}

/* max(x, 0) + 0.01 min(x, 0) */
static emily_array *leaky_relu(emily_scope *s, emily_array *x) {
  return emily_maximum(s, x, emily_multiply(s, x, emily__constant(s, 0.01)));
}

/* x * clip(x + 3, 0, 6) / 6 */
static emily_array *hardswish(emily_scope *s, emily_array *x) {
  emily_array *gate = relu6(s, emily_add(s, x, emily__constant(s, 3)));
  return emily_divide(s, emily_multiply(s, x, gate), emily__constant(s, 6));
}

static const struct {
  const char *name;
  emily__activation *apply;
} table[] = {
    {"gelu", gelu},
    {"gelu_python", gelu},
    {"gelu_10", gelu_10},
    /* five names of one formula: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) */
    {"gelu_new", gelu_tanh},
    {"gelu_fast", gelu_tanh},
    {"gelu_accurate", gelu_tanh},
    {"gelu_python_tanh", gelu_tanh},
    {"gelu_pytorch_tanh", gelu_tanh},
    {"quick_gelu", quick_gelu},
    {"relu", emily_relu},
    {"relu2", relu2},
    {"relu6", relu6},
    {"leaky_relu", leaky_relu},
    {"silu", emily_silu},
    {"swish", emily_silu},
    {"hardswish", hardswish},
    {"mish", mish},
    {"sigmoid", emily_sigmoid},
    {"tanh", emily_tanh},
    {"linear", identity},
};

emily__activation *emily__activation_find(const char *name) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].name, name) == 0) return table[i].apply;
  return NULL;
}
