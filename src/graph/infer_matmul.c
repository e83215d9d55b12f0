/* infer_matmul.c: shapes of products of chosen matrices and of the gated delta rule; see infer.h. */
#include "graph/infer.h"

#include "dtype/dtype.h"

#include <string.h>

static void set_shape(emily__aval *out, emily_dtype dtype, int32_t ndim, const int64_t *shape) {
  out->dtype = dtype;
  out->ndim = ndim;
  memcpy(out->shape, shape, (size_t)ndim * sizeof *shape);
}

static bool has_shape(const emily_array *x, int32_t ndim, const int64_t *shape) {
  return emily__shape_equal(x->dims, x->ndim, shape, ndim);
}

EMILY__INFER(gather_mm) {
  (void)attrs, (void)n;
  const emily_array *a = in[0], *b = in[1], *lhs = in[2], *rhs = in[3];
  if (a->ndim != 3 || b->ndim != 3 || a->dims[2] != b->dims[1]) return emily__infer_refuse("matrices are [..., M, K] and [..., K, N]");
  const bool mixed = a->dtype == EMILY_FLOAT32 && (b->dtype == EMILY_FLOAT16 || b->dtype == EMILY_BFLOAT16);
  if (a->dtype != b->dtype && !mixed) return emily__infer_refuse("operands differ in dtype");
  if (lhs->dtype != EMILY_INT64 || rhs->dtype != EMILY_INT64 || lhs->ndim != 1 || !has_shape(rhs, 1, lhs->dims))
    return emily__infer_refuse("indices are two int64 vectors of one length");
  const int64_t shape[3] = {lhs->dims[0], a->dims[1], b->dims[2]};
  if (emily__shape_size(shape, 3) < 0) return emily__infer_refuse("the result would have more than 2^63 elements");
  set_shape(out, a->dtype, 3, shape);
  return EMILY_OK;
}

EMILY__INFER(segmented_mm) {
  (void)attrs, (void)n;
  const emily_array *a = in[0], *b = in[1], *segments = in[2];
  if (a->ndim != 2 || b->ndim != 2 || a->dims[1] != b->dims[0] || a->dtype != b->dtype) return emily__infer_refuse("matrices are [M, K] and [K, N] of one dtype");
  if (segments->dtype != EMILY_INT64 || segments->ndim != 2 || segments->dims[1] != 2) return emily__infer_refuse("segments are int64 [S, 2]");
  const int64_t shape[3] = {segments->dims[0], a->dims[0], b->dims[1]};
  if (emily__shape_size(shape, 3) < 0) return emily__infer_refuse("the result would have more than 2^63 elements");
  set_shape(out, a->dtype, 3, shape);
  return EMILY_OK;
}

EMILY__INFER(gated_delta_update) {
  (void)attrs;
  const emily_array *q = in[0], *k = in[1], *v = in[2], *gamma = in[3], *beta = in[4], *state = in[5];
  for (int32_t i = 0; i < 6; i++)
    if (in[i]->dtype != q->dtype) return emily__infer_refuse("operands differ in dtype");
  if (q->dtype != EMILY_FLOAT32 && q->dtype != EMILY_FLOAT64) return emily__infer_refuse("the gated delta rule is of float32 or float64");
  if (q->ndim != 4 || v->ndim != 4 || !has_shape(k, 4, q->dims) || q->dims[0] != v->dims[0] || q->dims[1] != v->dims[1])
    return emily__infer_refuse("q and k are [B, T, Hk, Dk], v [B, T, Hv, Dv]");
  if (q->dims[2] == 0 || v->dims[2] % q->dims[2]) return emily__infer_refuse("Hv is a multiple of Hk");
  const int64_t gates[4] = {v->dims[0], v->dims[1], v->dims[2], q->dims[3]}, states[4] = {v->dims[0], v->dims[2], v->dims[3], q->dims[3]};
  if (!has_shape(beta, 3, gates) || !(has_shape(gamma, 3, gates) || has_shape(gamma, 4, gates)))
    return emily__infer_refuse("gamma is [B, T, Hv] or [B, T, Hv, Dk], beta [B, T, Hv]");
  if (!has_shape(state, 4, states) || emily__shape_size(states, 4) < 0) return emily__infer_refuse("the state is [B, Hv, Dv, Dk]");
  if (n > 6 && (in[6]->dtype != EMILY_BOOL || !has_shape(in[6], 2, gates))) return emily__infer_refuse("the mask is bool [B, T]");
  set_shape(&out[0], q->dtype, 4, v->dims);
  set_shape(&out[1], q->dtype, 4, states);
  return EMILY_OK;
}
