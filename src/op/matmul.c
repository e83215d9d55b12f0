/* matmul.c: products. */
#include "op/contract.h"

#include <math.h>

/* The last two axes exchanged. */
static emily_array *flip_last(const emily__op *op, emily_array *x) {
  int32_t order[EMILY__MAX_RANK];
  if (!x) return NULL;
  for (int32_t i = 0; i < x->ndim; i++) order[i] = i;
  order[x->ndim - 1] = x->ndim - 2;
  order[x->ndim - 2] = x->ndim - 1;
  return emily__transpose(op, x, order);
}

/* alpha (a @ b) + beta c on operands of matching dtype, at least 2-d. c may be NULL. */
static emily_array *product(const emily__op *op, emily_array *a, emily_array *b, emily_array *c, double alpha, double beta) {
  int64_t batch[EMILY__MAX_RANK], shape[EMILY__MAX_RANK];
  int32_t lead;
  emily__attrs_matmul attrs = {alpha, beta};
  if (!emily__broadcast_shapes(a->dims, a->ndim - 2, b->dims, b->ndim - 2, batch, &lead) || lead + 2 > EMILY__MAX_RANK)
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the batch axes do not broadcast");
  memcpy(shape, batch, (size_t)lead * sizeof *shape);
  emily_array *sides[2] = {a, b}, *inputs[3];
  for (int32_t i = 0; i < 2; i++) {
    memcpy(shape + lead, sides[i]->dims + sides[i]->ndim - 2, 2 * sizeof *shape);
    inputs[i] = emily__broadcast(op, sides[i], shape, lead + 2);
  }
  inputs[2] = c;
  return emily__apply(op, EMILY__PRIM_matmul, &attrs, sizeof attrs, inputs, c ? 3 : 2);
}

/* The shape of a @ b in NumPy's rules; false (and the op failed) where they do not fit. */
static bool product_shape(const emily__op *op, const emily_array *a, const emily_array *b, int64_t *shape, int32_t *ndim) {
  if (a->ndim == 0 || b->ndim == 0) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a product needs operands of at least one axis");
    return false;
  }
  int64_t inner = b->dims[b->ndim == 1 ? 0 : b->ndim - 2];
  int32_t a_lead = a->ndim > 2 ? a->ndim - 2 : 0, b_lead = b->ndim > 2 ? b->ndim - 2 : 0;
  if (a->dims[a->ndim - 1] != inner) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the inner extents are %lld and %lld", (long long)a->dims[a->ndim - 1], (long long)inner);
    return false;
  }
  if (!emily__broadcast_shapes(a->dims, a_lead, b->dims, b_lead, shape, ndim)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the batch axes do not broadcast");
    return false;
  }
  if (a->ndim > 1) shape[(*ndim)++] = a->dims[a->ndim - 2];
  if (b->ndim > 1) shape[(*ndim)++] = b->dims[b->ndim - 1];
  return true;
}

/* A factor in the dtype: whole where that is of integers, 0 or 1 where it is bool. */
static bool fit_factor(const emily__op *op, double *factor, emily_dtype dtype) {
  if (emily_dtype_is_inexact(dtype)) return true;
  if (!(fabs(*factor) <= 0x1p53) || *factor != trunc(*factor)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "alpha and beta of a product of integers are whole numbers");
    return false;
  }
  if (dtype == EMILY_BOOL) *factor = *factor != 0;
  return true;
}

static emily_array *multiply(const emily__op *op, emily_array *a, emily_array *b, emily_array *c, double alpha, double beta) {
  int64_t shape[EMILY__MAX_RANK], rows[2], folded[2];
  int32_t ndim;
  if (!product_shape(op, a, b, shape, &ndim)) return NULL;
  emily_dtype dtype = emily_promote_types(a->dtype, b->dtype);
  if (c) dtype = emily_promote_types(dtype, c->dtype);
  if (!fit_factor(op, &alpha, dtype) || !fit_factor(op, &beta, dtype)) return NULL;
  a = emily__cast(op, a, dtype);
  b = emily__cast(op, b, dtype);
  if (c) c = emily__broadcast(op, emily__cast(op, c, dtype), shape, ndim);
  if (!a || !b) return NULL;
  if (a->ndim == 1) a = emily__reshape(op, a, (int64_t[]){1, a->dims[0]}, 2);
  if (b->ndim == 1) b = emily__reshape(op, b, (int64_t[]){b->dims[0], 1}, 2);
  if (!a || !b) return NULL;
  /* One matrix for all of a's batch: one tall product. */
  if (a->ndim > 2 && b->ndim == 2) {
    rows[1] = a->dims[a->ndim - 1];
    rows[0] = folded[0] = emily__shape_size(a->dims, a->ndim - 1);
    folded[1] = b->dims[1];
    emily_array *tall = emily__reshape(op, a, rows, 2);
    if (c) c = emily__reshape(op, c, folded, 2);
    return tall ? emily__reshape(op, product(op, tall, b, c, alpha, beta), shape, ndim) : NULL;
  }
  if (c) { /* c in the product's own rank */
    int64_t full[EMILY__MAX_RANK];
    int32_t lead;
    emily__broadcast_shapes(a->dims, a->ndim - 2, b->dims, b->ndim - 2, full, &lead);
    full[lead] = a->dims[a->ndim - 2];
    full[lead + 1] = b->dims[b->ndim - 1];
    c = emily__reshape(op, c, full, lead + 2);
    if (!c) return NULL;
  }
  return emily__reshape(op, product(op, a, b, c, alpha, beta), shape, ndim);
}

emily_array *emily__matmul(const emily__op *op, emily_array *a, emily_array *b) {
  return a && b ? multiply(op, a, b, NULL, 1, 0) : NULL;
}

emily_array *emily_matmul(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  return multiply(&op, a, b, NULL, 1, 0);
}

emily_array *emily_addmm(emily_scope *scope, emily_array *c, emily_array *a, emily_array *b, double alpha, double beta) {
  BEGIN(scope, c, a, b);
  return multiply(&op, a, b, c, alpha, beta);
}

emily_array *emily_linear(emily_scope *scope, emily_array *x, emily_array *weight, emily_array *bias) {
  BEGIN(scope, x, weight);
  if (x->ndim < 1 || weight->ndim != 2 || x->dims[x->ndim - 1] != weight->dims[1])
    return REFUSE("x is [..., in] and weight [out, in]");
  if (bias && (bias->ndim != 1 || bias->dims[0] != weight->dims[0])) return REFUSE("bias is [out]");
  bool mixed = x->dtype == EMILY_FLOAT32 && (weight->dtype == EMILY_FLOAT16 || weight->dtype == EMILY_BFLOAT16);
  emily_dtype dtype = emily_promote_types(x->dtype, weight->dtype);
  if (bias) dtype = emily_promote_types(dtype, bias->dtype);
  int64_t rows[2] = {emily__shape_size(x->dims, x->ndim - 1), weight->dims[1]}, flat[2] = {rows[0], weight->dims[0]};
  int64_t shape[EMILY__MAX_RANK];
  memcpy(shape, x->dims, (size_t)x->ndim * sizeof *shape);
  shape[x->ndim - 1] = weight->dims[0];
  mixed = mixed && dtype == EMILY_FLOAT32;
  emily_array *tall = emily__reshape(&op, emily__cast(&op, x, dtype), rows, 2);
  emily_array *across = flip_last(&op, mixed ? weight : emily__cast(&op, weight, dtype));
  emily_array *addend = bias ? emily__broadcast(&op, emily__cast(&op, bias, dtype), flat, 2) : NULL;
  if (!tall || !across || (bias && !addend)) return NULL;
  return emily__reshape(&op, product(&op, tall, across, addend, 1, 1), shape, x->ndim);
}
