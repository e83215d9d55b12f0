/* norm.c: rms_norm and layer_norm along the last axis.
 *
 *     rms_norm:   y = x / √(mean(x²) + eps) · weight
 *     layer_norm: y = (x - mean) / √(mean((x - mean)²) + eps) · weight + bias
 *
 * The weights' dtypes may differ from x's: all is computed in float32 (float64 where the result is), and rounded once.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/product.h"
#include "backend/cpu/rowwise.h"
#include "base/alloc.h"

#include <math.h>

typedef struct norm {
  const emily__cpu_kernels *kernels;
  const void *weight, *bias; /* contiguous, float32 or float64 as the rows; or NULL */
  void *copies[2];           /* owned, where they were not */
  float eps;
} norm;

static void rms_norm_f32(const void *context, float *out, const float *x, int64_t n) {
  const norm *p = context;
  p->kernels->rms_norm(out, x, p->weight, p->eps, n);
}

static void layer_norm_f32(const void *context, float *out, const float *x, int64_t n) {
  const norm *p = context;
  p->kernels->layer_norm(out, x, p->weight, p->bias, p->eps, n);
}

static void rms_norm_f64(const void *context, double *out, const double *x, int64_t n) {
  const norm *p = context;
  const double *weight = p->weight;
  double squares = 0;
  for (int64_t i = 0; i < n; i++) squares += x[i] * x[i];
  const double scale = 1 / sqrt(squares / (double)n + (double)p->eps);
  for (int64_t i = 0; i < n; i++) out[i] = x[i] * scale * (weight ? weight[i] : 1);
}

static void layer_norm_f64(const void *context, double *out, const double *x, int64_t n) {
  const norm *p = context;
  const double *weight = p->weight, *bias = p->bias;
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; i++) sum += x[i];
  const double mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
  const double scale = 1 / sqrt(squares / (double)n + (double)p->eps);
  for (int64_t i = 0; i < n; i++) out[i] = (x[i] - mean) * scale * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
}

/* v as a contiguous vector of the rows' dtype; *copy is what was allocated for it, or NULL. */
static emily_status fit(const emily__tensor *v, bool wide, void **copy, const void **fitted) {
  const emily_dtype inside = wide ? EMILY_FLOAT64 : EMILY_FLOAT32;
  *fitted = v->data;
  if (v->dtype == inside && v->dense) return EMILY_OK;
  *fitted = *copy = emily__alloc_array((size_t)v->size, emily_dtype_size(inside));
  if (!*copy) return EMILY_OUT_OF_MEMORY;
  if (wide) emily__gather_f64(*copy, v->data, v->strides[0], v->dtype, v->size);
  else emily__gather_f32(*copy, v->data, v->strides[0], v->dtype, v->size);
  return EMILY_OK;
}

static emily_status run(const emily__node_view *node, emily__row_f32 *f32, emily__row_f64 *f64) {
  const emily__attrs_norm *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *out = &node->outputs[0];
  const bool wide = out->dtype == EMILY_FLOAT64;
  norm p = {.kernels = emily__cpu_kernels_get(), .eps = attrs->eps};
  const emily__rowwise kernel = {f32, f64, &p};
  emily_status status = EMILY_OK;
  if (attrs->has_weight) status = fit(&node->inputs[1], wide, &p.copies[0], &p.weight);
  if (status == EMILY_OK && attrs->has_bias)
    status = fit(&node->inputs[1 + attrs->has_weight], wide, &p.copies[1], &p.bias);
  if (status == EMILY_OK) status = emily__rowwise_run(x, out, &kernel);
  emily__free(p.copies[0]);
  emily__free(p.copies[1]);
  return status;
}

emily_status emily__cpu_rms_norm(const emily__node_view *node) { return run(node, rms_norm_f32, rms_norm_f64); }
emily_status emily__cpu_layer_norm(const emily__node_view *node) { return run(node, layer_norm_f32, layer_norm_f64); }
