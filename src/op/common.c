/* common.c: see common.h. */
#include "op/common.h"

#include "base/alloc.h"
#include "emily/call.h"
#include "graph/node.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- failures ---- */

static void describe_operands(const emily__op *op, char *text, size_t capacity) {
  size_t used = 0;
  text[0] = '\0';
  for (int32_t i = 0; i < op->count && used + 64 < capacity; i++) {
    const emily_array *x = op->operands[i];
    used += (size_t)snprintf(text + used, capacity - used, "%s", i ? ", " : " (operands: ");
    if (x)
      used += strlen(emily__describe(text + used, capacity - used - 8, x->dtype, x->dims, x->ndim));
    else
      used += (size_t)snprintf(text + used, capacity - used, "none");
  }
  if (used) snprintf(text + used, capacity - used, ")");
}

emily_array *emily__op_fail(const emily__op *op, emily_status status, const char *format, ...) {
  char message[512], operands[400];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  describe_operands(op, operands, sizeof operands);
  emily__fail(status, op->name, "%s: %s%s", op->name, message, operands);
  return emily_scope_fail(op->scope);
}

static emily_status refuse_storage(const emily__op *op, emily_dtype dtype) {
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s is for storage; cast it, to %s for instance", emily_dtype_name(dtype),
                 emily_dtype_name(emily_dtype_compute(dtype)));
  return EMILY_INVALID_ARGUMENT;
}

/* The ops that move elements take storage dtypes. */
static bool moves(const char *name) {
  static const char *const groups[] = {"shape", "indexing", "cast", "creation"};
  const emily_op_info *info = strncmp(name, "emily_", 6) == 0 ? emily_op_find(name + 6) : NULL;
  if (!info || strcmp(info->name, "where") == 0) return true;
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (strcmp(info->group, groups[i]) == 0) return true;
  return false;
}

bool emily__op_ready(const emily__op *op) {
  if (!emily__scope_ok(op->scope)) return false;
  for (int32_t i = 0; i < op->count; i++) {
    const emily_array *x = op->operands[i];
    if (!x)
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "operand %d is NULL", i);
    else if (emily_dtype_is_storage(x->dtype) && !moves(op->name))
      refuse_storage(op, x->dtype);
    else
      continue;
    return false;
  }
  return true;
}

emily_status emily__apply_many(const emily__op *op, emily__prim prim, const void *attrs, size_t attrs_size,
                               emily_array *const *inputs, int32_t count, emily_array **outs) {
  if (!emily__scope_ok(op->scope)) return emily_scope_status(op->scope);
  for (int32_t i = 0; i < count; i++) {
    if (!inputs[i]) return emily_scope_status(op->scope);
    if (emily_dtype_is_storage(inputs[i]->dtype) && !(emily__prims[prim].flags & (EMILY__PRIM_VIEW | EMILY__PRIM_MOVES)))
      return refuse_storage(op, inputs[i]->dtype);
  }
  emily_status status = emily__node_build(emily_scope_stream(op->scope), prim, attrs, attrs_size, inputs, count, outs);
  if (status == EMILY_OK) {
    for (int32_t i = 0; i < emily__prims[prim].n_outputs; i++) outs[i] = emily__scope_own(op->scope, outs[i]);
    return emily_scope_status(op->scope);
  }
  if (status == EMILY_OUT_OF_MEMORY) {
    emily_scope_fail(op->scope);
    return status;
  }
  char message[256];
  snprintf(message, sizeof message, "%s", emily_last_error()->message);
  emily__op_fail(op, status, "%s", message);
  return status;
}

emily_array *emily__apply(const emily__op *op, emily__prim prim, const void *attrs, size_t attrs_size,
                          emily_array *const *inputs, int32_t count) {
  emily_array *out = NULL;
  return emily__apply_many(op, prim, attrs, attrs_size, inputs, count, &out) == EMILY_OK ? out : NULL;
}

/* ---- axes and shapes ---- */

bool emily__op_axis(const emily__op *op, int64_t axis, int32_t ndim, int32_t *out) {
  if (axis < -(int64_t)ndim || axis >= ndim) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "axis %lld is out of range for %d axes", (long long)axis, ndim);
    return false;
  }
  *out = (int32_t)(axis < 0 ? axis + ndim : axis);
  return true;
}

bool emily__op_axes(const emily__op *op, const int64_t *axes, int32_t count, int32_t ndim, emily__axes *out) {
  uint64_t set = axes ? 0 : ndim == 64 ? ~(uint64_t)0 : ((uint64_t)1 << ndim) - 1;
  for (int32_t i = 0; axes && i < count; i++) {
    int32_t axis;
    if (!emily__op_axis(op, axes[i], ndim, &axis)) return false;
    if (set >> axis & 1) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "axis %d is named twice", axis);
      return false;
    }
    set |= (uint64_t)1 << axis;
  }
  out->count = 0;
  for (int32_t i = 0; i < ndim; i++)
    if (set >> i & 1) out->axis[out->count++] = i;
  return true;
}

bool emily__op_shape(const emily__op *op, const int64_t *shape, int32_t count) {
  if (count < 0 || count > EMILY__MAX_RANK || (count && !shape)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a shape of %d axes; an array has 0 to %d", count, EMILY__MAX_RANK);
    return false;
  }
  if (emily__shape_size(shape, count) < 0) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the shape has a negative extent or more than 2^63 elements");
    return false;
  }
  return true;
}

int32_t emily__op_choice(const emily__op *op, const char *argument, const char *text, const char *const *choices) {
  char list[128] = "";
  for (int32_t i = 0; choices[i]; i++) {
    if (text && strcmp(text, choices[i]) == 0) return i;
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s\"%s\"", i ? ", " : "", choices[i]);
  }
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s is \"%.40s\"; it is one of %s", argument, text ? text : "(null)", list);
  return -1;
}

/* ---- moves that may be nothing ---- */

emily_array *emily__cast(const emily__op *op, emily_array *x, emily_dtype dtype) {
  if (!x || x->dtype == dtype) return x;
  emily__attrs_dtype attrs = {dtype};
  return emily__apply(op, EMILY__PRIM_astype, &attrs, sizeof attrs, &x, 1);
}

static emily_array *apply_ints(const emily__op *op, emily__prim prim, emily_array *x, const int64_t *values, int32_t count) {
  emily__attrs_room attrs;
  attrs.ints.count = count;
  if (count) memcpy(attrs.ints.values, values, (size_t)count * sizeof *values);
  return emily__apply(op, prim, &attrs, sizeof attrs.ints + (size_t)count * sizeof *values, &x, 1);
}

emily_array *emily__broadcast(const emily__op *op, emily_array *x, const int64_t *shape, int32_t ndim) {
  if (!x || emily__shape_equal(x->dims, x->ndim, shape, ndim)) return x;
  return apply_ints(op, EMILY__PRIM_broadcast, x, shape, ndim);
}

emily_array *emily__reshape(const emily__op *op, emily_array *x, const int64_t *shape, int32_t ndim) {
  if (!x || emily__shape_equal(x->dims, x->ndim, shape, ndim)) return x;
  return apply_ints(op, EMILY__PRIM_reshape, x, shape, ndim);
}

emily_array *emily__flatten(const emily__op *op, emily_array *x) { return x ? emily__reshape(op, x, &x->size, 1) : NULL; }

emily_array *emily__transpose(const emily__op *op, emily_array *x, const int32_t *permutation) {
  int64_t values[EMILY__MAX_RANK];
  bool moves = false;
  if (!x) return NULL;
  for (int32_t i = 0; i < x->ndim; i++) {
    values[i] = permutation[i];
    moves |= permutation[i] != i;
  }
  return moves ? apply_ints(op, EMILY__PRIM_transpose, x, values, x->ndim) : x;
}

emily_array *emily__slice(const emily__op *op, emily_array *x, const int64_t *start, const int64_t *extent,
                          const int64_t *stride) {
  emily__attrs_room attrs;
  if (!x) return NULL;
  bool whole = emily__shape_equal(x->dims, x->ndim, extent, x->ndim);
  for (int32_t i = 0; i < x->ndim; i++) {
    attrs.slice.values[i] = start[i];
    attrs.slice.values[x->ndim + i] = extent[i];
    attrs.slice.values[2 * x->ndim + i] = stride[i];
    whole &= stride[i] == 1;
  }
  if (whole) return x;
  attrs.slice.count = x->ndim;
  return emily__apply(op, EMILY__PRIM_slice, &attrs, sizeof attrs.slice + 3 * (size_t)x->ndim * sizeof(int64_t), &x, 1);
}

emily_array *emily__slice_axis(const emily__op *op, emily_array *x, int32_t axis, int64_t from, int64_t extent) {
  int64_t starts[EMILY__MAX_RANK] = {0}, extents[EMILY__MAX_RANK], strides[EMILY__MAX_RANK];
  if (!x) return NULL;
  for (int32_t i = 0; i < x->ndim; i++) {
    extents[i] = x->dims[i];
    strides[i] = 1;
  }
  starts[axis] = from;
  extents[axis] = extent;
  return emily__slice(op, x, starts, extents, strides);
}

/* ---- constants ---- */

static uint64_t element_bits(double value, emily_dtype dtype) {
  uint64_t bits = 0;
  float f = (float)value;
  int64_t i = value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : value == value ? (int64_t)value : 0;
  switch (dtype) {
    case EMILY_FLOAT16: bits = emily__f32_to_f16(f).bits; break;
    case EMILY_BFLOAT16: bits = emily__f32_to_bf16(f).bits; break;
    case EMILY_FLOAT32:
    case EMILY_COMPLEX64: memcpy(&bits, &f, sizeof f); break;
    case EMILY_FLOAT64: memcpy(&bits, &value, sizeof value); break;
    case EMILY_BOOL: bits = value != 0; break;
    case EMILY_INT2:
    case EMILY_INT4:
    case EMILY_UINT2:
    case EMILY_UINT4:
    case EMILY_FLOAT8_E4M3FN:
    case EMILY_FLOAT8_E5M2: bits = emily__storage_of_float(value, dtype); break;
    default: memcpy(&bits, &i, emily_dtype_size(dtype));
  }
  return bits;
}

emily_array *emily__full(const emily__op *op, double value, emily_dtype dtype, const int64_t *shape, int32_t ndim) {
  emily__attrs_room attrs;
  attrs.full.dtype = dtype;
  attrs.full.bits = element_bits(value, dtype);
  attrs.full.count = ndim;
  if (ndim) memcpy(attrs.full.shape, shape, (size_t)ndim * sizeof *shape);
  return emily__apply(op, EMILY__PRIM_full, &attrs, sizeof attrs.full + (size_t)ndim * sizeof *shape, NULL, 0);
}

emily_array *emily__scalar(const emily__op *op, double value, emily_dtype dtype) {
  return emily__full(op, value, dtype, NULL, 0);
}

/* ---- pairs ---- */

bool emily__op_match(const emily__op *op, emily_array **a, emily_array **b, emily_dtype dtype) {
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim;
  if (!*a || !*b) return false;
  if (!emily__broadcast_shapes((*a)->dims, (*a)->ndim, (*b)->dims, (*b)->ndim, shape, &ndim)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the shapes do not broadcast");
    return false;
  }
  if (dtype < 0) dtype = emily_promote_types((*a)->dtype, (*b)->dtype);
  *a = emily__broadcast(op, emily__cast(op, *a, dtype), shape, ndim);
  *b = emily__broadcast(op, emily__cast(op, *b, dtype), shape, ndim);
  return *a && *b;
}

emily_array *emily__binary(const emily__op *op, emily__prim prim, emily_array *a, emily_array *b) {
  if (!emily__op_match(op, &a, &b, -1)) return NULL;
  return emily__apply(op, prim, NULL, 0, OPERANDS(a, b), 2);
}

emily_array *emily__unary(const emily__op *op, emily__prim prim, emily_array *x) {
  return emily__apply(op, prim, NULL, 0, &x, 1);
}

emily_array *emily__reduce(const emily__op *op, emily__prim prim, emily_array *x, const emily__axes *axes, bool keepdims) {
  emily__attrs_room attrs;
  attrs.reduce.keepdims = keepdims;
  attrs.reduce.count = axes->count;
  for (int32_t i = 0; i < axes->count; i++) attrs.reduce.axes[i] = axes->axis[i];
  return emily__apply(op, prim, &attrs, sizeof attrs.reduce + (size_t)axes->count * sizeof(int64_t), &x, 1);
}

emily_status emily__give(const emily__op *op, emily_array *const *results, size_t n, emily_array **out, size_t capacity,
                         size_t *count) {
  if (emily_scope_status(op->scope) != EMILY_OK) return emily_scope_status(op->scope);
  if (n > capacity) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "there are %zu results and room for %zu", n, capacity);
    return EMILY_INVALID_ARGUMENT;
  }
  if (n) memcpy(out, results, n * sizeof *out);
  if (count) *count = n;
  return EMILY_OK;
}
