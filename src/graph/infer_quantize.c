/* infer_quantize.c: shapes and dtypes of quantized matrices and their products. See infer.h. */
#include "base/alloc.h"
#include "dtype/blocks.h"
#include "dtype/dtype.h"
#include "graph/infer.h"

#include <string.h>

static bool short_float(emily_dtype dtype) {
  return dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16 || dtype == EMILY_FLOAT32;
}

/* Mode, group and bits go together. */
static bool known(const emily__attrs_quantize *a) {
  const int32_t g = a->group_size, b = a->bits;
  switch (a->mode) {
    case EMILY__QUANT_AFFINE: return (g == 32 || g == 64 || g == 128) && b >= 2 && b <= 8 && b != 7;
    case EMILY__QUANT_MXFP4: return g == 32 && b == 4;
    case EMILY__QUANT_MXFP8: return g == 32 && b == 8;
    case EMILY__QUANT_NVFP4: return g == 16 && b == 4;
    case EMILY__QUANT_FLOAT8: return (g == 32 || g == 64 || g == 128) && b == 8;
    default: return false;
  }
}

static void set(emily__aval *out, emily_dtype dtype, const emily_array *like, int64_t last) {
  out->dtype = dtype;
  out->ndim = like->ndim;
  memcpy(out->shape, like->dims, (size_t)like->ndim * sizeof *like->dims);
  out->shape[out->ndim - 1] = last;
}

static emily_status check_global(const emily__attrs_quantize *a, int32_t n, emily_array *const *in) {
  if (!a->has_global) return EMILY_OK;
  if (a->mode != EMILY__QUANT_NVFP4 || in[n - 1]->dtype != EMILY_FLOAT32 || in[n - 1]->size != 1)
    return emily__infer_refuse("a global scale is one float32, of mode nvfp4");
  return EMILY_OK;
}

static emily_status packed_shape(const emily__attrs_quantize *a, const emily_array *w, emily__aval *out) {
  if (!known(a)) return emily__infer_refuse("there is no such quantization");
  if (!short_float(w->dtype) || w->ndim < 1 || w->dims[w->ndim - 1] % a->group_size)
    return emily__infer_refuse("a matrix of float16, bfloat16 or float32 is quantized, whose last axis holds whole groups");
  const int64_t last = w->dims[w->ndim - 1];
  set(out, EMILY_UINT32, w, last / 32 * a->bits + last % 32 * a->bits / 32);
  return EMILY_OK;
}

EMILY__INFER(quantize_affine) {
  (void)n;
  const emily__attrs_quantize *a = attrs;
  EMILY__TRY(packed_shape(a, in[0], &out[0]));
  if (a->mode != EMILY__QUANT_AFFINE) return emily__infer_refuse("the mode is not affine");
  const int64_t groups = in[0]->dims[in[0]->ndim - 1] / a->group_size;
  set(&out[1], in[0]->dtype, in[0], groups);
  set(&out[2], in[0]->dtype, in[0], groups);
  return EMILY_OK;
}

EMILY__INFER(quantize_fp) {
  const emily__attrs_quantize *a = attrs;
  EMILY__TRY(packed_shape(a, in[0], &out[0]));
  if (a->mode == EMILY__QUANT_AFFINE || a->mode == EMILY__QUANT_FLOAT8) return emily__infer_refuse("the mode is none of mxfp4, mxfp8, nvfp4");
  if (n != 1 + (a->has_global != 0)) return emily__infer_refuse("a global scale is missing");
  EMILY__TRY(check_global(a, n, in));
  set(&out[1], EMILY_UINT8, in[0], in[0]->dims[in[0]->ndim - 1] / a->group_size);
  return EMILY_OK;
}

/* How many operands a matrix has: packed, scales, biases. */
static int32_t operands(const emily__attrs_quantize *a) {
  return a->mode == EMILY__QUANT_BLOCKS ? 1 : 2 + (a->mode == EMILY__QUANT_AFFINE);
}

/* Rows of whole blocks. */
static emily_status check_blocks(const emily__attrs_quantize *a, const emily_array *w, int64_t *last) {
  const emily__block_format *format = emily__block_format_of(a->bits);
  if (!format || !a->transpose) return emily__infer_refuse("there is no such format of blocks, or rows of them are not along k");
  if (w->dtype != EMILY_UINT8 || w->ndim < 1 || w->dims[w->ndim - 1] % format->size)
    return emily__infer_refuse("blocks are uint8, and the last axis holds whole ones");
  if (!emily__mul_i64(w->dims[w->ndim - 1] / format->size, format->block, last)) return emily__infer_refuse("a row is too long");
  return EMILY_OK;
}

/* Packed w, scales and, for affine, biases; *last: elements of the last axis. */
static emily_status check_matrix(const emily__attrs_quantize *a, int32_t n, emily_array *const *in, int64_t *last) {
  const bool affine = a->mode == EMILY__QUANT_AFFINE;
  if (a->mode == EMILY__QUANT_BLOCKS) return check_blocks(a, in[0], last);
  const emily_array *w = in[0], *scales = in[1];
  if (!known(a)) return emily__infer_refuse("there is no such quantization");
  if (n < 2 + affine) return emily__infer_refuse("mode affine has scales and biases");
  if (w->dtype != EMILY_UINT32 || w->ndim < 2 || scales->ndim != w->ndim ||
      memcmp(w->dims, scales->dims, (size_t)(w->ndim - 1) * sizeof *w->dims) != 0)
    return emily__infer_refuse("a quantized matrix is uint32, and its scales differ from it along the last axis alone");
  const emily_dtype fixed = a->mode == EMILY__QUANT_FLOAT8 ? EMILY_FLOAT32 : EMILY_UINT8;
  if (affine ? !short_float(scales->dtype) : scales->dtype != fixed)
    return emily__infer_refuse("scales are floats in mode affine, float32 in float8, and uint8 in others");
  if (affine && (!emily__shape_equal(scales->dims, scales->ndim, in[2]->dims, in[2]->ndim) || in[2]->dtype != scales->dtype))
    return emily__infer_refuse("scales and biases have one shape and dtype");
  if (!emily__mul_i64(scales->dims[w->ndim - 1], a->group_size, last) || *last > INT64_MAX / 8 ||
      *last * a->bits != w->dims[w->ndim - 1] * 32)
    return emily__infer_refuse("the last axes of matrix and scales do not fit group size and bits");
  return EMILY_OK;
}

EMILY__INFER(dequantize) {
  const emily__attrs_quantize *a = attrs;
  int64_t last;
  EMILY__TRY(check_matrix(a, n, in, &last));
  if (!short_float((emily_dtype)a->dtype)) return emily__infer_refuse("the result is float16, bfloat16 or float32");
  if (n != operands(a) + (a->has_global != 0)) return emily__infer_refuse("an operand is missing or too many");
  EMILY__TRY(check_global(a, n, in));
  set(out, (emily_dtype)a->dtype, in[0], last);
  if (emily__shape_size(out->shape, out->ndim) < 0) return emily__infer_refuse("the result would have more than 2^63 elements");
  return EMILY_OK;
}

/* x [..., M, K] and the quantized matrices behind it; *n: columns of the product. */
static emily_status check_product(const emily__attrs_quantize *a, int32_t n, emily_array *const *in, int64_t *columns) {
  const emily_array *x = in[0], *w = in[1];
  int64_t last;
  if (n < 1 + operands(a)) return emily__infer_refuse("a product has x, a matrix and its scales");
  EMILY__TRY(check_matrix(a, n - 1, in + 1, &last));
  if (!short_float(x->dtype) || x->ndim < 2 || w->ndim < 2) return emily__infer_refuse("x is float16, bfloat16 or float32, of at least two axes");
  const int64_t inner = a->transpose ? last : w->dims[w->ndim - 2];
  *columns = a->transpose ? w->dims[w->ndim - 2] : last;
  return x->dims[x->ndim - 1] == inner ? EMILY_OK : emily__infer_refuse("the inner extents differ");
}

static emily_status product_shape(emily__aval *out, const emily_array *x, const int64_t *batch, int32_t lead, int64_t columns) {
  if (lead + 2 > EMILY__MAX_RANK) return emily__infer_refuse("an array has at most 64 axes");
  memcpy(out->shape, batch, (size_t)lead * sizeof *batch);
  out->shape[lead] = x->dims[x->ndim - 2];
  out->shape[lead + 1] = columns;
  out->ndim = lead + 2;
  out->dtype = x->dtype;
  return emily__shape_size(out->shape, out->ndim) < 0 ? emily__infer_refuse("the result would have more than 2^63 elements") : EMILY_OK;
}

EMILY__INFER(quantized_matmul) {
  const emily__attrs_quantize *a = attrs;
  int64_t columns;
  EMILY__TRY(check_product(a, n, in, &columns));
  if (n != 1 + operands(a)) return emily__infer_refuse("an operand is missing or too many");
  if (!emily__shape_equal(in[0]->dims, in[0]->ndim - 2, in[1]->dims, in[1]->ndim - 2)) return emily__infer_refuse("the batches differ");
  return product_shape(out, in[0], in[0]->dims, in[0]->ndim - 2, columns);
}

EMILY__INFER(gather_qmm) {
  const emily__attrs_quantize *a = attrs;
  int64_t columns;
  EMILY__TRY(check_product(a, n - 2, in, &columns));
  if (n != 3 + operands(a)) return emily__infer_refuse("an operand is missing or too many");
  const emily_array *lhs = in[n - 2], *rhs = in[n - 1];
  if (!emily_dtype_is_integer(lhs->dtype) || !emily_dtype_is_integer(rhs->dtype) ||
      !emily__shape_equal(lhs->dims, lhs->ndim, rhs->dims, rhs->ndim))
    return emily__infer_refuse("indices are integers, of one shape");
  return product_shape(out, in[0], lhs->dims, lhs->ndim, columns);
}
