/* quantize.c: matrices packed and unpacked. See quantize.h. */
#include "op/quantize.h"

enum { AFFINE = EMILY__QUANT_AFFINE, MXFP4 = EMILY__QUANT_MXFP4, MXFP8 = EMILY__QUANT_MXFP8, NVFP4 = EMILY__QUANT_NVFP4,
       FLOAT8 = EMILY__QUANT_FLOAT8 };

static const struct mode {
  const char *name;
  int32_t group_size, bits; /* the defaults; of all but affine the only ones */
} modes[] = {[AFFINE] = {"affine", 64, 4}, [MXFP4] = {"mxfp4", 32, 4}, [MXFP8] = {"mxfp8", 32, 8}, [NVFP4] = {"nvfp4", 16, 4},
           [FLOAT8] = {"float8", 128, 8}};

static bool fail(const emily__op *op, const char *message) {
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s", message);
  return false;
}

bool emily__quant_mode(const emily__op *op, const char *mode, int64_t group_size, int64_t bits, emily__attrs_quantize *out) {
  int32_t i = AFFINE;
  while (mode && i <= FLOAT8 && strcmp(mode, modes[i].name) != 0) i++;
  if (!mode || i > FLOAT8) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "mode \"%s\" is none of affine, mxfp4, mxfp8, nvfp4, float8", mode ? mode : "(null)");
    return false;
  }
  if (group_size == 0) group_size = modes[i].group_size;
  if (bits == 0) bits = modes[i].bits;
  if ((i == AFFINE || i == FLOAT8) && group_size != 32 && group_size != 64 && group_size != 128)
    return fail(op, "modes affine and float8 have groups of 32, 64 or 128");
  if (i == FLOAT8) {
    if (bits != 8) return fail(op, "mode float8 has 8 bits");
  } else if (i == AFFINE) {
    if (bits < 2 || bits > 8 || bits == 7) return fail(op, "mode affine has 2, 3, 4, 5, 6 or 8 bits");
  } else if (group_size != modes[i].group_size || bits != modes[i].bits) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "mode %s has groups of %d and %d bits", mode, modes[i].group_size, modes[i].bits);
    return false;
  }
  *out = (emily__attrs_quantize){.mode = i, .group_size = (int32_t)group_size, .bits = (int32_t)bits, .transpose = 1};
  return true;
}

bool emily__quant_global(const emily__op *op, const emily_array *global, int32_t mode) {
  if (!global) return true;
  if (mode != NVFP4) return fail(op, "a global scale is mode nvfp4's alone");
  if (global->dtype != EMILY_FLOAT32 || global->size != 1) return fail(op, "a global scale is one float32");
  return true;
}

emily_status emily__quant_pack(const emily__op *op, emily_array *w, emily_array *global, emily__attrs_quantize *attrs,
                               emily_array **out) {
  if (attrs->mode == FLOAT8) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "mode float8 is read, not made: mxfp8 is the mode of 8-bit floats to quantize to");
    return EMILY_INVALID_ARGUMENT;
  }
  if (attrs->mode == AFFINE) return emily__apply_many(op, EMILY__PRIM_quantize_affine, attrs, sizeof *attrs, &w, 1, out);
  attrs->has_global = global != NULL;
  return emily__apply_many(op, EMILY__PRIM_quantize_fp, attrs, sizeof *attrs, OPERANDS(w, global), global ? 2 : 1, out);
}

emily_status emily_quantize(emily_scope *scope, emily_array *w, emily_array *global_scale, int64_t group_size, int64_t bits,
                            const char *mode, emily_array **out, size_t capacity, size_t *count) {
  BEGIN_STATUS(scope, w);
  emily__attrs_quantize attrs;
  emily_array *parts[3];
  if (!emily__quant_mode(&op, mode, group_size, bits, &attrs) || !emily__quant_global(&op, global_scale, attrs.mode)) return EMILY_INVALID_ARGUMENT;
  if (!emily_dtype_is_float(w->dtype)) return REFUSE_STATUS("floats are quantized; cast first");
  if (w->ndim < 2) return REFUSE_STATUS("what is quantized has at least two axes");
  if (w->dims[w->ndim - 1] % attrs.group_size)
    return REFUSE_STATUS("the last axis, %lld, is no multiple of the group size, %d", (long long)w->dims[w->ndim - 1], attrs.group_size);
  const bool wide = w->dtype == EMILY_FLOAT64;
  emily_status status = emily__quant_pack(&op, wide ? emily__cast(&op, w, EMILY_FLOAT32) : w, global_scale, &attrs, parts);
  if (status != EMILY_OK) return status;
  for (int i = 1; wide && attrs.mode == AFFINE && i < 3; i++) parts[i] = emily__cast(&op, parts[i], EMILY_FLOAT64);
  return emily__give(&op, parts, attrs.mode == AFFINE ? 3 : 2, out, capacity, count);
}

bool emily__quant_check(const emily__op *op, const emily__attrs_quantize *attrs, const emily_array *w, const emily_array *scales,
                         const emily_array *biases, int64_t *last) {
  const bool affine = attrs->mode == AFFINE;
  if (w->dtype != EMILY_UINT32 || w->ndim < 2) return fail(op, "a quantized matrix is uint32 and has at least two axes");
  if (affine && !biases) return fail(op, "mode affine has biases");
  if (!affine && biases) return fail(op, "biases are mode affine's alone");
  const emily_dtype fixed = attrs->mode == FLOAT8 ? EMILY_FLOAT32 : EMILY_UINT8;
  if (affine ? !emily_dtype_is_float(emily_promote_types(scales->dtype, biases->dtype)) : scales->dtype != fixed)
    return fail(op, affine ? "scales and biases are floats" : fixed == EMILY_UINT8 ? "scales are uint8 in this mode" : "scales are float32 in this mode");
  if (biases && !emily__shape_equal(scales->dims, scales->ndim, biases->dims, biases->ndim))
    return fail(op, "scales and biases differ in shape");
  if (scales->ndim != w->ndim || !emily__shape_equal(scales->dims, scales->ndim - 1, w->dims, w->ndim - 1))
    return fail(op, "the matrix and its scales differ in another axis than the last");
  const int64_t words = w->dims[w->ndim - 1], groups = scales->dims[scales->ndim - 1];
  if (groups > INT64_MAX / 1024 || words > INT64_MAX / 1024 || groups * attrs->group_size * attrs->bits != words * 32) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%lld words of %d bits are not %lld groups of %d", (long long)words, attrs->bits,
                   (long long)groups, attrs->group_size);
    return false;
  }
  *last = groups * attrs->group_size;
  return true;
}

emily_array *emily__quant_unpack(const emily__op *op, emily__attrs_quantize attrs, emily_array *w, emily_array *scales, emily_array *biases,
                           emily_array *global, emily_dtype dtype) {
  emily_array *inputs[4] = {w, scales, attrs.mode == AFFINE ? biases : global, global};
  attrs.dtype = dtype;
  attrs.has_global = global != NULL;
  return emily__apply(op, EMILY__PRIM_dequantize, &attrs, sizeof attrs, inputs, 2 + (attrs.mode == AFFINE) + (global != NULL));
}

/* q of each element, times scale, in any float dtype, from the codes as float32. */
static emily_array *scaled_codes(const emily__op *op, const emily__attrs_quantize *attrs, emily_array *w, emily_array *scales,
                                 emily_array *biases, int64_t last) {
  int64_t grouped[EMILY__MAX_RANK + 1], column[EMILY__MAX_RANK + 1], shape[EMILY__MAX_RANK];
  const int32_t ndim = w->ndim;
  emily_array *one = emily__full(op, 1, EMILY_FLOAT32, scales->dims, ndim), *zero = emily__full(op, 0, EMILY_FLOAT32, scales->dims, ndim);
  emily_array *codes = emily__quant_unpack(op, *attrs, w, one, zero, NULL, EMILY_FLOAT32);
  if (ndim == EMILY__MAX_RANK) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a matrix of 64 axes is not taken in these dtypes");
  memcpy(grouped, scales->dims, (size_t)ndim * sizeof *grouped);
  memcpy(column, scales->dims, (size_t)ndim * sizeof *column);
  memcpy(shape, scales->dims, (size_t)ndim * sizeof *shape);
  grouped[ndim] = attrs->group_size;
  column[ndim] = 1;
  shape[ndim - 1] = last;
  codes = emily__cast(op, emily__reshape(op, codes, grouped, ndim + 1), scales->dtype);
  emily_array *factor = emily__reshape(op, scales, column, ndim + 1), *addend = emily__reshape(op, biases, column, ndim + 1);
  if (!codes || !factor || !addend) return NULL;
  emily_array *product = emily__binary(op, EMILY__PRIM_multiply, codes, factor);
  return product ? emily__reshape(op, emily__binary(op, EMILY__PRIM_add, product, addend), shape, ndim) : NULL;
}

emily_array *emily_dequantize(emily_scope *scope, emily_array *w, emily_array *scales, emily_array *biases, emily_array *global_scale,
                              int64_t group_size, int64_t bits, const char *mode, emily_dtype dtype) {
  BEGIN(scope, w, scales);
  emily__attrs_quantize attrs;
  int64_t last;
  if (!emily__quant_mode(&op, mode, group_size, bits, &attrs) || !emily__quant_check(&op, &attrs, w, scales, biases, &last) ||
      !emily__quant_global(&op, global_scale, attrs.mode))
    return NULL;
  if (dtype != -1 && !emily_dtype_is_float(dtype)) return REFUSE("a matrix is dequantized to floats");
  if (attrs.mode != AFFINE) {
    if (dtype == -1) dtype = EMILY_BFLOAT16;
    emily_array *y = emily__quant_unpack(&op, attrs, w, scales, NULL, global_scale, dtype == EMILY_FLOAT64 ? EMILY_FLOAT32 : dtype);
    return emily__cast(&op, y, dtype);
  }
  if (dtype == -1) dtype = emily_promote_types(scales->dtype, biases->dtype);
  const bool as_one = scales->dtype == biases->dtype && scales->dtype != EMILY_FLOAT64;
  emily_array *y = as_one ? emily__quant_unpack(&op, attrs, w, scales, biases, NULL, scales->dtype) : scaled_codes(&op, &attrs, w, scales, biases, last);
  return emily__cast(&op, y, dtype);
}
