/* weights_layers.c: layers from a checkpoint's tensors (weights.h): dense, or packed where the checkpoint has scales beside the weight. */
#include "base/status.h"
#include "models/weights.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TAIL_MAX = sizeof ".weight_scale_inv" };

/* The name that a format and its arguments make, with room for a tail. */
#define FORMAT_NAME(name, format)                                                                                 \
  char name[EMILY__WEIGHT_NAME_MAX];                                                                              \
  do {                                                                                                            \
    va_list args_;                                                                                                \
    va_start(args_, format);                                                                                      \
    vsnprintf(name, sizeof name - TAIL_MAX, format, args_);                                                       \
    va_end(args_);                                                                                                \
  } while (0)

/* ---- weights ---- */

static const char FLOATS[] = "F32, F16 or BF16";
static const uint32_t FLOAT_SET = 1u << EMILY_FLOAT32 | 1u << EMILY_FLOAT16 | 1u << EMILY_BFLOAT16;

/* "<name>.<part>" with the last extent replaced */
static emily_array *part(emily__weights *w, const char *name, const char *part, uint32_t dtypes, const char *wanted, const int64_t *shape,
                         int32_t ndim, int64_t last) {
  char full[EMILY__WEIGHT_NAME_MAX + TAIL_MAX];
  int64_t own[3];
  snprintf(full, sizeof full, "%s.%s", name, part);
  memcpy(own, shape, (size_t)ndim * sizeof *own);
  own[ndim - 1] = last;
  return emily__weights_take(w, dtypes, wanted, own, ndim, full);
}

/* MLX's layout: "<name>.weight" of packed words, "<name>.scales" and, in mode affine, "<name>.biases". */
static emily__weight grouped(emily__weights *w, const int64_t *shape, int32_t ndim, const char *name, const emily__pack_settings *p) {
  const int64_t k = shape[ndim - 1], groups = k / p->group_size;
  const bool affine = strcmp(p->mode, "affine") == 0;
  if (k % p->group_size) {
    emily__weights_problem(w, "\"%s.weight\" has %lld columns, which are no groups of %lld", emily__weights_stored(w, name), (long long)k,
                           (long long)p->group_size);
    return (emily__weight){0};
  }
  emily__weight out = {.packing = &emily__packing_groups, .group_size = p->group_size, .bits = p->bits, .mode = p->mode};
  out.data = part(w, name, "weight", 1u << EMILY_UINT32, "U32", shape, ndim, k * p->bits / 32);
  out.scales = affine ? part(w, name, "scales", FLOAT_SET, FLOATS, shape, ndim, groups)
                      : part(w, name, "scales", 1u << EMILY_UINT8, "U8", shape, ndim, groups);
  if (affine) out.biases = part(w, name, "biases", FLOAT_SET, FLOATS, shape, ndim, groups);
  return out;
}

emily__weight emily__weights_weight(emily__weights *w, const int64_t *shape, int32_t ndim, const char *name) {
  emily__pack_settings settings;
  if (w->quantization && emily__weights_has(w, "%s.scales", name) && emily__quantization_of(w->quantization, name, &settings))
    return grouped(w, shape, ndim, name, &settings);
  return (emily__weight){.data = emily__weights_get(w, shape, ndim, "%s.weight", name)};
}

/* ---- layers ---- */

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
  emily_array *view = emily_scope_keep(scope, emily_swapaxes(scope, array, 0, 1));
  emily_scope_close(scope);
  return emily__weights_adopt(weights, view);
}

emily__linear emily__weights_linear_across(emily__weights *weights, int64_t in, int64_t out, bool bias, const char *format, ...) {
  FORMAT_NAME(name, format);
  if (emily__weights_has(weights, "%s.scales", name)) return emily__weights_linear(weights, in, out, bias, "%s", name);
  emily__linear linear = {.weight = {.data = turned(weights, emily__weights_matrix(weights, in, out, "%s.weight", name))}};
  if (bias) linear.bias = emily__weights_vector(weights, out, "%s.bias", name);
  return linear;
}

emily__embedding emily__weights_embedding(emily__weights *weights, int64_t rows, int64_t columns, const char *format, ...) {
  FORMAT_NAME(name, format);
  return (emily__embedding){emily__weights_weight(weights, (const int64_t[]){rows, columns}, 2, name)};
}

emily__experts emily__weights_experts(emily__weights *weights, int64_t count, int64_t in, int64_t out, bool bias, const char *format,
                                      ...) {
  FORMAT_NAME(name, format);
  emily__experts experts = {.weight = emily__weights_weight(weights, (const int64_t[]){count, out, in}, 3, name)};
  if (bias) experts.bias = emily__weights_get(weights, (const int64_t[]){count, out}, 2, "%s.bias", name);
  return experts;
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
  *head = (emily__linear){0};
  if (has_head || !tie) head->weight = emily__weights_weight(weights, shape, 2, head_name);
  if (!has_table && tie && has_head) table->weight = head->weight;
  else table->weight = emily__weights_weight(weights, shape, 2, table_name);
  if (!has_head && tie) *head = emily__embedding_as_linear(table);
}
