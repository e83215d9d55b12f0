/* quantized_matmul.c: products with quantized matrices. float64 goes through the dense product. */
#include "op/quantize.h"

/* A product under way: its matrix, and the dtype it is taken in. */
typedef struct product {
  const emily__op *op;
  emily__attrs_quantize attrs;
  emily_array *x, *w, *scales, *biases;
  int64_t columns;
  emily_dtype dtype;
} product;

/* The scales of rows of blocks are in the blocks. */
static bool has_scales(const product *p) { return p->attrs.mode != EMILY__QUANT_BLOCKS; }

static bool fail(const product *p, const char *message) {
  emily__op_fail(p->op, EMILY_INVALID_ARGUMENT, "%s", message);
  return false;
}

/* x in the product's dtype, which must have `inner` elements along its last axis. */
static bool fit(product *p, int64_t inner) {
  if (!emily_dtype_is_float(p->dtype)) return fail(p, "a product with a quantized matrix is of floats");
  if (p->x->ndim < 1 || p->x->dims[p->x->ndim - 1] != inner) {
    emily__op_fail(p->op, EMILY_INVALID_ARGUMENT, "the inner extents are %lld and %lld",
                   (long long)(p->x->ndim ? p->x->dims[p->x->ndim - 1] : 1), (long long)inner);
    return false;
  }
  p->x = emily__cast(p->op, p->x, p->dtype);
  return p->x && (p->scales || !has_scales(p)) && (p->biases || p->attrs.mode != EMILY__QUANT_AFFINE);
}

/* Checks all operands, and casts those that a primitive wants in the dtype of the product. */
static bool begin(product *p, const char *mode, int64_t group_size, int64_t bits, bool transpose) {
  int64_t last;
  if (!emily__quant_mode(p->op, mode, group_size, bits, &p->attrs)) return false;
  if (!emily__quant_check(p->op, &p->attrs, p->w, p->scales, p->biases, &last)) return false;
  const int64_t rows = p->w->dims[p->w->ndim - 2], inner = transpose ? last : rows;
  p->attrs.transpose = transpose;
  p->columns = transpose ? rows : last;
  p->dtype = p->x->dtype;
  if (p->biases) {
    const emily_dtype own = emily_promote_types(p->scales->dtype, p->biases->dtype);
    p->dtype = emily_promote_types(p->dtype, own);
    p->scales = emily__cast(p->op, p->scales, p->dtype == EMILY_FLOAT64 ? p->dtype : own);
    p->biases = emily__cast(p->op, p->biases, p->dtype == EMILY_FLOAT64 ? p->dtype : own);
  }
  return fit(p, inner);
}

static emily_array *apply(const product *p, emily__prim prim, emily_array *lhs, emily_array *rhs) {
  emily_array *inputs[6] = {p->x, p->w};
  int32_t count = 2;
  if (p->scales) inputs[count++] = p->scales;
  if (p->biases) inputs[count++] = p->biases;
  if (prim == EMILY__PRIM_gather_qmm) inputs[count++] = lhs, inputs[count++] = rhs;
  return emily__apply(p->op, prim, &p->attrs, sizeof p->attrs, inputs, count);
}

/* The matrix in the product's dtype, and the way round that a product wants it. */
static emily_array *dense(const product *p) {
  static const char *const modes[] = {"affine", "mxfp4", "mxfp8", "nvfp4", "float8"};
  emily_array *w = has_scales(p) ? emily_dequantize(p->op->scope, p->w, p->scales, p->biases, NULL, p->attrs.group_size, p->attrs.bits,
                                                    modes[p->attrs.mode], p->dtype)
                                 : emily__cast(p->op, emily__block_floats(p->op, &p->attrs, p->w, EMILY_FLOAT32), p->dtype);
  return w && p->attrs.transpose ? emily_swapaxes(p->op->scope, w, -1, -2) : w;
}

static emily_array *with_batch(const emily__op *op, emily_array *x, const int64_t *batch, int32_t lead) {
  int64_t shape[EMILY__MAX_RANK];
  if (!x) return NULL;
  memcpy(shape, batch, (size_t)lead * sizeof *shape);
  memcpy(shape + lead, x->dims + x->ndim - 2, 2 * sizeof *shape);
  return emily__broadcast(op, x, shape, lead + 2);
}

/* x of two axes at least. One matrix for all of x's batch: one tall product. */
static emily_array *multiply(product *p) {
  int64_t shape[EMILY__MAX_RANK];
  int32_t lead;
  emily_array *x = p->x;
  if (p->dtype == EMILY_FLOAT64) {
    emily_array *w = dense(p);
    return w ? emily_matmul(p->op->scope, x, w) : NULL;
  }
  if (p->w->ndim == 2) {
    p->x = emily__reshape(p->op, x, (int64_t[]){emily__shape_size(x->dims, x->ndim - 1), x->dims[x->ndim - 1]}, 2);
    memcpy(shape, x->dims, (size_t)x->ndim * sizeof *shape);
    shape[x->ndim - 1] = p->columns;
    return p->x ? emily__reshape(p->op, apply(p, EMILY__PRIM_quantized_matmul, NULL, NULL), shape, x->ndim) : NULL;
  }
  if (!emily__broadcast_shapes(x->dims, x->ndim - 2, p->w->dims, p->w->ndim - 2, shape, &lead) || lead + 2 > EMILY__MAX_RANK) {
    fail(p, "the batch axes do not broadcast");
    return NULL;
  }
  p->x = with_batch(p->op, x, shape, lead);
  p->w = with_batch(p->op, p->w, shape, lead);
  if (p->scales) p->scales = with_batch(p->op, p->scales, shape, lead);
  if (p->biases) p->biases = with_batch(p->op, p->biases, shape, lead);
  return p->x && p->w && (p->scales || !has_scales(p)) ? apply(p, EMILY__PRIM_quantized_matmul, NULL, NULL) : NULL;
}

/* x of any axes. */
static emily_array *multiply_any(product *p) {
  if (p->x->ndim > 1) return multiply(p);
  p->x = emily__reshape(p->op, p->x, (int64_t[]){1, p->x->dims[0]}, 2);
  emily_array *y = p->x ? multiply(p) : NULL;
  int64_t shape[EMILY__MAX_RANK];
  if (!y) return NULL;
  memcpy(shape, y->dims, (size_t)y->ndim * sizeof *shape);
  shape[y->ndim - 2] = shape[y->ndim - 1];
  return emily__reshape(p->op, y, shape, y->ndim - 1);
}

emily_array *emily_quantized_matmul(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *biases,
                                    bool transpose, int64_t group_size, int64_t bits, const char *mode) {
  BEGIN(scope, x, w, scales);
  product p = {.op = &op, .x = x, .w = w, .scales = scales, .biases = biases};
  return begin(&p, mode, group_size, bits, transpose) ? multiply_any(&p) : NULL;
}

/* 0, 1, … over the batch of x, whose last two axes are a matrix. */
static emily_array *all_matrices(const product *p, const emily_array *x) {
  const emily__attrs_iota attrs = {.dtype = EMILY_INT64, .count = emily__shape_size(x->dims, x->ndim - 2), .int_step = 1, .step = 1};
  emily_array *all = emily__apply(p->op, EMILY__PRIM_iota, &attrs, sizeof attrs, NULL, 0);
  return emily__reshape(p->op, all, x->dims, x->ndim - 2);
}

/* The batch as one axis. */
static emily_array *listed(const product *p, emily_array *x) {
  const int64_t shape[] = {emily__shape_size(x->dims, x->ndim - 2), x->dims[x->ndim - 2], x->dims[x->ndim - 1]};
  return emily__reshape(p->op, x, shape, 3);
}

/* Of the two index arrays one may be NULL. */
static emily_array *gather(product *p, emily_array *lhs_indices, emily_array *rhs_indices) {
  const emily__op *op = p->op;
  if (p->x->ndim < 2) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "x has at least two axes");
  emily_array *lhs = lhs_indices ? lhs_indices : all_matrices(p, p->x), *rhs = rhs_indices ? rhs_indices : all_matrices(p, p->w);
  if (!lhs || !rhs) return NULL;
  if (!emily_dtype_is_integer(lhs->dtype) || !emily_dtype_is_integer(rhs->dtype))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "indices must be integers");
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim;
  if (!emily__broadcast_shapes(lhs->dims, lhs->ndim, rhs->dims, rhs->ndim, shape, &ndim))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the indices do not broadcast");
  lhs = emily__broadcast(op, lhs, shape, ndim);
  rhs = emily__broadcast(op, rhs, shape, ndim);
  if (!lhs || !rhs) return NULL;
  if (p->dtype != EMILY_FLOAT64) return apply(p, EMILY__PRIM_gather_qmm, lhs, rhs);
  emily_array *matrices = dense(p);
  if (!matrices) return NULL;
  emily_scope *scope = op->scope;
  return emily_matmul(scope, emily_take(scope, listed(p, p->x), lhs, 0), emily_take(scope, listed(p, matrices), rhs, 0));
}

emily_array *emily_gather_qmm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *biases,
                              emily_array *lhs_indices, emily_array *rhs_indices, bool transpose, int64_t group_size, int64_t bits,
                              const char *mode, bool sorted_indices) {
  if (!lhs_indices && !rhs_indices) return emily_quantized_matmul(scope, x, w, scales, biases, transpose, group_size, bits, mode);
  BEGIN(scope, x, w, scales);
  (void)sorted_indices; /* it is seen anyway */
  product p = {.op = &op, .x = x, .w = w, .scales = scales, .biases = biases};
  return begin(&p, mode, group_size, bits, transpose) ? gather(&p, lhs_indices, rhs_indices) : NULL;
}

/* ---- ggml's blocks ---- */

static bool begin_blocks(product *p, const char *format) {
  int64_t last;
  if (!emily__block_check(p->op, format, p->w, &p->attrs, &last)) return false;
  if (p->w->ndim < 2) return fail(p, "a matrix has at least two axes");
  p->columns = p->w->dims[p->w->ndim - 2];
  p->dtype = p->x->dtype;
  return fit(p, last);
}

emily_array *emily_block_matmul(emily_scope *scope, emily_array *x, emily_array *w, const char *format) {
  BEGIN(scope, x, w);
  product p = {.op = &op, .x = x, .w = w};
  return begin_blocks(&p, format) ? multiply_any(&p) : NULL;
}

emily_array *emily_gather_block_mm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *lhs_indices, emily_array *rhs_indices,
                                   const char *format) {
  if (!lhs_indices && !rhs_indices) return emily_block_matmul(scope, x, w, format);
  BEGIN(scope, x, w);
  product p = {.op = &op, .x = x, .w = w};
  return begin_blocks(&p, format) ? gather(&p, lhs_indices, rhs_indices) : NULL;
}

/* ---- activations quantized too ---- */

typedef struct quantized {
  emily_array *x, *w, *scales; /* x: what its elements are after quantization */
  emily_array *factor;         /* of the product; NULL: 1 */
  int32_t group_size, bits;
} quantized;

/* x as its quantization has it, and w quantized where it is not; false where the op failed. */
static bool quantize_both(const emily__op *op, emily_array *x, emily_array *w, emily_array *scales, emily_array *global_x,
                          emily_array *global_w, int64_t group_size, int64_t bits, const char *mode, quantized *out) {
  emily__attrs_quantize attrs;
  emily_array *parts[3];
  if (!emily__quant_mode(op, mode, group_size, bits, &attrs)) return false;
  const char *wrong = NULL;
  if (attrs.mode == EMILY__QUANT_AFFINE || attrs.mode == EMILY__QUANT_FLOAT8) wrong = "activations are quantized in modes nvfp4, mxfp4 and mxfp8";
  else if (!emily_dtype_is_float(x->dtype)) wrong = "x must be of floats";
  else if (x->ndim < 1 || x->dims[x->ndim - 1] % attrs.group_size) wrong = "the last axis of x holds no whole groups";
  else if (!global_x != !global_w) wrong = "there are two global scales, or none";
  else if (w->dtype == EMILY_UINT32 ? !scales : scales || !emily_dtype_is_float(w->dtype))
    wrong = "w is a quantized matrix with scales, or floats without";
  else if (w->ndim < 2 || w->dims[w->ndim - 1] % (w->dtype == EMILY_UINT32 ? 1 : attrs.group_size))
    wrong = "w has at least two axes, and the last holds whole groups";
  if (wrong) emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s", wrong);
  if (wrong || !emily__quant_global(op, global_x, attrs.mode) || !emily__quant_global(op, global_w, attrs.mode)) return false;
  *out = (quantized){NULL, w, scales, NULL, attrs.group_size, attrs.bits};
  attrs.ties_to_even = 1;
  if (emily__quant_pack(op, emily__cast(op, x, EMILY_FLOAT32), global_x, &attrs, parts) != EMILY_OK) return false;
  const bool wide = global_x || x->dtype == EMILY_FLOAT64;
  out->x = emily__quant_unpack(op, attrs, parts[0], parts[1], NULL, global_x, wide ? EMILY_FLOAT32 : x->dtype);
  if (x->dtype == EMILY_FLOAT64) out->x = emily__cast(op, out->x, EMILY_FLOAT64);
  if (w->dtype != EMILY_UINT32) {
    attrs.ties_to_even = 0;
    emily_array *narrow = w->dtype == EMILY_FLOAT64 ? emily__cast(op, w, EMILY_FLOAT32) : w;
    if (emily__quant_pack(op, narrow, global_w, &attrs, parts) != EMILY_OK) return false;
    out->w = parts[0], out->scales = parts[1];
  }
  if (global_w) {
    emily_array *scalar = emily__reshape(op, global_w, NULL, 0), *most = emily__scalar(op, 448.0 * 6.0, EMILY_FLOAT32);
    if (scalar && most) out->factor = emily__binary(op, EMILY__PRIM_divide, scalar, most);
    if (!out->factor) return false;
  }
  return out->x != NULL;
}

static emily_array *finish(const emily__op *op, const quantized *q, emily_array *y, emily_dtype dtype) {
  if (y && q->factor) y = emily__binary(op, EMILY__PRIM_multiply, y, q->factor);
  return emily__cast(op, y, dtype);
}

emily_array *emily_qqmm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *global_scale_x,
                        emily_array *global_scale_w, int64_t group_size, int64_t bits, const char *mode) {
  BEGIN(scope, x, w);
  quantized q;
  if (w->ndim != 2) return REFUSE("w is a matrix");
  if (!quantize_both(&op, x, w, scales, global_scale_x, global_scale_w, group_size, bits, mode, &q)) return NULL;
  return finish(&op, &q, emily_quantized_matmul(scope, q.x, q.w, q.scales, NULL, true, q.group_size, q.bits, mode), x->dtype);
}

emily_array *emily_gather_qqmm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *lhs_indices,
                               emily_array *rhs_indices, emily_array *global_scale_x, emily_array *global_scale_w, int64_t group_size,
                               int64_t bits, const char *mode, bool sorted_indices) {
  BEGIN(scope, x, w);
  quantized q;
  if (!quantize_both(&op, x, w, scales, global_scale_x, global_scale_w, group_size, bits, mode, &q)) return NULL;
  emily_array *y = emily_gather_qmm(scope, q.x, q.w, q.scales, NULL, lhs_indices, rhs_indices, true, q.group_size, q.bits, mode,
                                    sorted_indices);
  return finish(&op, &q, y, x->dtype);
}
