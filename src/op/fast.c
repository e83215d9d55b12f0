/* fast.c: the fused kernels of transformers. */
#include "op/common.h"

static bool check_vector(const emily__op *op, const char *what, const emily_array *v, int64_t n) {
  if (!v || (v->ndim == 1 && v->dims[0] == n)) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s must be [%lld], the extent of x's last axis", what, (long long)n);
  return false;
}

static bool check_norm(const emily__op *op, const emily_array *x, const emily_array *weight, const emily_array *bias) {
  if (x->ndim < 1) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a norm needs an axis");
    return false;
  }
  int64_t n = x->dims[x->ndim - 1];
  emily_dtype dtype = x->dtype;
  if (!check_vector(op, "weight", weight, n) || !check_vector(op, "bias", bias, n)) return false;
  if (weight) dtype = emily_promote_types(dtype, weight->dtype);
  if (bias) dtype = emily_promote_types(dtype, bias->dtype);
  if (emily_dtype_is_float(dtype)) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "norms are of floats");
  return false;
}

static emily_array *norm(const emily__op *op, emily__prim prim, emily_array *x, emily_array *weight, emily_array *bias, double eps) {
  emily_array *inputs[3] = {x};
  int32_t n = 1;
  emily__attrs_norm attrs = {.eps = (float)eps, .has_weight = weight != NULL, .has_bias = bias != NULL};
  if (!check_norm(op, x, weight, bias)) return NULL;
  if (weight) inputs[n++] = weight;
  if (bias) inputs[n++] = bias;
  for (int32_t i = 0; i < n; i++)
    if (!emily_dtype_is_float(inputs[i]->dtype)) inputs[i] = emily__cast(op, inputs[i], EMILY_FLOAT32);
  return emily__apply(op, prim, &attrs, sizeof attrs, inputs, n);
}

emily_array *emily_rms_norm(emily_scope *scope, emily_array *x, emily_array *weight, double eps) {
  BEGIN(scope, x);
  return norm(&op, EMILY__PRIM_rms_norm, x, weight, NULL, eps);
}

emily_array *emily_layer_norm(emily_scope *scope, emily_array *x, emily_array *weight, emily_array *bias, double eps) {
  BEGIN(scope, x);
  return norm(&op, EMILY__PRIM_layer_norm, x, weight, bias, eps);
}

static bool check_offsets(const emily__op *op, const emily_array *x, const emily_array *offsets) {
  if (!offsets) return true;
  bool fits = offsets->ndim == 0 || (offsets->dims[0] == x->dims[0] &&
                                     (offsets->ndim == 1 || (offsets->ndim == 2 && offsets->dims[1] == x->dims[x->ndim - 2])));
  if (fits && emily_dtype_is_integer(offsets->dtype)) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "offsets are integers of shape [], [B] or [B, T]");
  return false;
}

emily_array *emily_rope(emily_scope *scope, emily_array *x, int64_t dims, bool traditional, double base, double scale,
                        int64_t offset, emily_array *offsets, emily_array *freqs) {
  BEGIN(scope, x);
  emily_array *inputs[3] = {x};
  int32_t n = 1;
  if (x->ndim < 3) return REFUSE("x is [B, ..., T, D]: at least three axes");
  if (!emily_dtype_is_float(x->dtype)) return REFUSE("x must be of floats");
  if (dims <= 0 || dims % 2 || dims > x->dims[x->ndim - 1]) return REFUSE("dims is %lld; it must be even and at most D", (long long)dims);
  if (freqs && (freqs->ndim != 1 || freqs->dims[0] != dims / 2)) return REFUSE("freqs is [dims / 2]");
  if (!check_offsets(&op, x, offsets)) return NULL;
  if (offsets) inputs[n++] = emily__cast(&op, offsets, EMILY_INT32);
  if (freqs) inputs[n++] = emily__cast(&op, freqs, EMILY_FLOAT32);
  emily__attrs_rope attrs = {.dims = dims, .base = base, .scale = scale, .traditional = traditional, .has_freqs = freqs != NULL,
                             .offset = offset, .has_offset = offsets != NULL};
  return emily__apply(&op, EMILY__PRIM_rope, &attrs, sizeof attrs, inputs, n);
}

/* The mask as bool, or as floats of the result's dtype, broadcast to [B, H, Tq, Tk]. */
static emily_array *fit_mask(const emily__op *op, emily_array *mask, emily_dtype dtype, const emily_array *q, const emily_array *k) {
  int64_t shape[4] = {q->dims[0], q->dims[1], q->dims[2], k->dims[2]}, both[EMILY__MAX_RANK];
  int32_t ndim;
  if (!emily__broadcast_shapes(mask->dims, mask->ndim, shape, 4, both, &ndim) || !emily__shape_equal(both, ndim, shape, 4))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the mask %s does not broadcast to [B, H, Tq, Tk]",
                          emily__describe((char[128]){0}, 128, mask->dtype, mask->dims, mask->ndim));
  if (mask->dtype != EMILY_BOOL) {
    if (emily_promote_types(mask->dtype, dtype) != dtype)
      return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a mask of %s does not promote to %s", emily_dtype_name(mask->dtype), emily_dtype_name(dtype));
    mask = emily__cast(op, mask, dtype);
  }
  return emily__broadcast(op, mask, shape, 4);
}

static bool check_attention(const emily__op *op, const emily_array *q, const emily_array *k, const emily_array *v) {
  if (q->ndim != 4 || k->ndim != 4 || v->ndim != 4) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "q, k and v have four axes: [B, H, T, D]");
    return false;
  }
  if (q->dims[0] == k->dims[0] && k->dims[0] == v->dims[0] && k->dims[1] == v->dims[1] && k->dims[2] == v->dims[2] &&
      q->dims[3] == k->dims[3] && k->dims[1] > 0 && q->dims[1] % k->dims[1] == 0)
    return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "q [B, H, Tq, D], k [B, Hk, Tk, D], v [B, Hk, Tk, Dv] with H a multiple of Hk");
  return false;
}

emily_array *emily_scaled_dot_product_attention(emily_scope *scope, emily_array *q, emily_array *k, emily_array *v,
                                                double scale, emily_array *mask, bool causal, int64_t window,
                                                emily_array *sinks) {
  BEGIN(scope, q, k, v);
  if (!check_attention(&op, q, k, v)) return NULL;
  emily_dtype dtype = emily_promote_types(emily_promote_types(q->dtype, k->dtype), v->dtype);
  if (!emily_dtype_is_float(dtype)) return REFUSE("attention is of floats");
  if (window < 0 || (window > 0 && !causal)) return REFUSE("window is %lld; it is positive and goes with causal", (long long)window);
  if (sinks && (sinks->ndim != 1 || sinks->dims[0] != q->dims[1])) return REFUSE("sinks is [H]");
  emily__attrs_attention attrs = {(float)scale, causal, window, mask != NULL, sinks != NULL};
  emily_array *inputs[5] = {emily__cast(&op, q, dtype), emily__cast(&op, k, dtype), emily__cast(&op, v, dtype)};
  int32_t n = 3;
  if (mask) inputs[n++] = fit_mask(&op, mask, dtype, q, k);
  if (sinks) inputs[n++] = emily__cast(&op, sinks, dtype);
  return emily__apply(&op, EMILY__PRIM_attention, &attrs, sizeof attrs, inputs, n);
}

/* The logits are widened first: rounding the logsumexp to 16 bits would leave two or three digits of a small loss. */
emily_array *emily_cross_entropy(emily_scope *scope, emily_array *logits, emily_array *targets) {
  BEGIN(scope, logits, targets);
  const int32_t last = logits->ndim - 1;
  if (last < 0 || !emily_dtype_is_float(logits->dtype)) return REFUSE("logits are [..., C], of floats");
  if (!emily__shape_equal(logits->dims, last, targets->dims, targets->ndim) || !emily_dtype_is_integer(targets->dtype))
    return REFUSE("targets are integers, of the shape of the logits without their last axis");
  emily_dtype dtype = logits->dtype == EMILY_FLOAT64 ? EMILY_FLOAT64 : EMILY_FLOAT32;
  emily_array *index = emily_expand_dims(scope, targets, (int64_t[]){-1}, 1);
  emily_array *chosen = emily__cast(&op, emily_take_along_axis(scope, logits, index, last), dtype);
  emily_array *sums = emily_logsumexp(scope, emily__cast(&op, logits, dtype), (int64_t[]){last}, 1, true);
  return emily_squeeze(scope, emily_subtract(scope, sums, chosen), (int64_t[]){-1}, 1);
}
