/* quantize_blocks.c: rows of ggml's blocks as floats. See quantize.h. */
#include "base/alloc.h"
#include "dtype/blocks.h"
#include "op/quantize.h"

bool emily__block_check(const emily__op *op, const char *name, const emily_array *w, emily__attrs_quantize *attrs, int64_t *last) {
  const emily__block_format *format = name ? emily__block_format_named(name) : NULL;
  if (!format) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "\"%.40s\" is no format of blocks (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K … Q6_K, Q8_K)", name ? name : "");
    return false;
  }
  if (w->dtype != EMILY_UINT8 || w->ndim < 1 || w->dims[w->ndim - 1] % format->size) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "rows of %s are uint8, of whole blocks of %d bytes", name, format->size);
    return false;
  }
  *attrs = (emily__attrs_quantize){.mode = EMILY__QUANT_BLOCKS, .bits = format->id, .group_size = format->block, .transpose = 1};
  if (emily__mul_i64(w->dims[w->ndim - 1] / format->size, format->block, last)) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a row is too long");
  return false;
}

emily_array *emily__block_floats(const emily__op *op, const emily__attrs_quantize *attrs, emily_array *w, emily_dtype dtype) {
  emily__attrs_quantize given = *attrs;
  given.dtype = dtype;
  return emily__apply(op, EMILY__PRIM_dequantize, &given, sizeof given, &w, 1);
}

emily_array *emily_block_dequantize(emily_scope *scope, emily_array *w, const char *format, emily_dtype dtype) {
  BEGIN(scope, w);
  emily__attrs_quantize attrs;
  int64_t last;
  if (!emily__block_check(&op, format, w, &attrs, &last)) return NULL;
  if (dtype == -1) dtype = EMILY_FLOAT32;
  if (!emily_dtype_is_float(dtype)) return REFUSE("blocks stand for floats");
  return emily__cast(&op, emily__block_floats(&op, &attrs, w, dtype == EMILY_FLOAT64 ? EMILY_FLOAT32 : dtype), dtype);
}
