/* weights_layers.c: layers from a checkpoint's tensors (weights.h). */
#include "io/checkpoint.h"
#include "models/weights.h"

#include <stdarg.h>
#include <stdio.h>

enum { TAIL_MAX = sizeof ".scales" };

/* The name that a format and its arguments make, with room for a tail. */
#define FORMAT_NAME(name, format)                                                                                 \
  char name[EMILY__WEIGHT_NAME_MAX];                                                                              \
  do {                                                                                                            \
    va_list args_;                                                                                                \
    va_start(args_, format);                                                                                      \
    vsnprintf(name, sizeof name - TAIL_MAX, format, args_);                                                       \
    va_end(args_);                                                                                                \
  } while (0)

emily__linear emily__weights_linear(emily__weights *weights, int64_t in, int64_t out, bool bias, const char *format,
                                    ...) {
  FORMAT_NAME(name, format);
  emily__linear linear = {.weight = emily__weights_weight(weights, (const int64_t[]){out, in}, 2, name)};
  if (bias) linear.bias = emily__weights_vector(weights, out, "%s.bias", name);
  return linear;
}

/* A view, [out, in], of a matrix [in, out]. */
static emily_array *turned(emily__weights *weights, emily_array *array) {
  if (!array) return NULL;
  emily_scope *scope = emily_scope_open(NULL);
  return emily__weights_settle(weights, scope, emily_swapaxes(scope, array, 0, 1));
}

emily__linear emily__weights_linear_across(emily__weights *weights, int64_t in, int64_t out, bool bias, const char *format, ...) {
  FORMAT_NAME(name, format);
  const int64_t shape[] = {out, in};
  const bool along = emily__weights_has(weights, "%s.scales", name) || emily__checkpoint_gguf(weights->checkpoint);
  emily__weight weight = along ? emily__weights_find(weights, shape, 2, name)
                               : (emily__weight){.data = emily__weights_matrix(weights, in, out, "%s.weight", name)};
  emily__weights_record(weights, name, &weight, shape, 2, along ? EMILY__TURNED : EMILY__ACROSS, NULL, NULL);
  if (!along) weight.data = turned(weights, weight.data);
  emily__linear linear = {.weight = weight};
  if (bias) linear.bias = emily__weights_vector(weights, out, "%s.bias", name);
  return linear;
}

emily__embedding emily__weights_embedding(emily__weights *weights, int64_t rows, int64_t columns, const char *format, ...) {
  FORMAT_NAME(name, format);
  return (emily__embedding){emily__weights_weight(weights, (const int64_t[]){rows, columns}, 2, name)};
}

emily__norm emily__weights_norm(emily__weights *weights, int64_t size, double eps, bool bias, const char *format,
                                ...) {
  FORMAT_NAME(name, format);
  const bool old = emily__weights_has(weights, "%s.gamma", name);
  emily__norm norm = {.weight = emily__weights_vector(weights, size, old ? "%s.gamma" : "%s.weight", name), .eps = eps};
  const bool old_bias = bias && emily__weights_has(weights, "%s.beta", name);
  if (bias) norm.bias = emily__weights_vector(weights, size, old_bias ? "%s.beta" : "%s.bias", name);
  return norm;
}

void emily__weights_tied(emily__weights *weights, bool tie, int64_t rows, int64_t columns, const char *table_name,
                         const char *head_name, emily__embedding *table, emily__linear *head) {
  const int64_t shape[] = {rows, columns};
  const bool has_table = emily__weights_has(weights, "%s.weight", table_name);
  const bool has_head = emily__weights_has(weights, "%s.weight", head_name);
  const size_t recorded = weights->uses.count;
  *head = (emily__linear){0};
  if (has_head || !tie) head->weight = emily__weights_weight(weights, shape, 2, head_name);
  if (!has_table && tie && has_head) table->weight = head->weight;
  else table->weight = emily__weights_weight(weights, shape, 2, table_name);
  if (tie && has_head && has_table && weights->uses.count > recorded) weights->uses.data[recorded].twin = table->weight.data;
  if (!has_head && tie) *head = emily__embedding_as_linear(table);
}
