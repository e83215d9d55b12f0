/* infer.c: see infer.h. */
#include "graph/infer.h"

#include "base/alloc.h"
#include "dtype/dtype.h"

#include <string.h>

static void set_shape(emily__aval *out, const int64_t *shape, int32_t ndim) {
  out->ndim = ndim;
  if (ndim) memcpy(out->shape, shape, (size_t)ndim * sizeof *shape);
}

static bool same_shape(const emily_array *a, const emily_array *b) {
  return emily__shape_equal(a->dims, a->ndim, b->dims, b->ndim);
}

static emily_status shape_from(emily__aval *out, int64_t count, const int64_t *shape) {
  if (count < 0 || count > EMILY__MAX_RANK) return emily__infer_refuse("an array has at most 64 axes");
  if (emily__shape_size(shape, (int32_t)count) < 0)
    return emily__infer_refuse("a shape has a negative extent or more than 2^63 elements");
  set_shape(out, shape, (int32_t)count);
  return EMILY_OK;
}

static emily_status check_axis(int64_t axis, int32_t ndim) {
  return axis >= 0 && axis < ndim ? EMILY_OK : emily__infer_refuse("an axis is out of range");
}

EMILY__INFER(same) {
  (void)attrs, (void)n;
  emily__infer_like(out, in[0]);
  return EMILY_OK;
}

EMILY__INFER(sort) {
  (void)n;
  const emily__attrs_sort *a = attrs;
  emily__infer_like(out, in[0]);
  EMILY__TRY(check_axis(a->axis, in[0]->ndim));
  return a->kth < 0 || a->kth < in[0]->dims[a->axis] ? EMILY_OK : emily__infer_refuse("kth is not on the axis");
}

EMILY__INFER(scan) {
  (void)n;
  const emily__attrs_scan *a = attrs;
  emily__infer_like(out, in[0]);
  return check_axis(a->axis, in[0]->ndim);
}

EMILY__INFER(full) {
  (void)n, (void)in;
  const emily__attrs_full *a = attrs;
  if (!emily__dtype_valid((emily_dtype)a->dtype)) return emily__infer_refuse("there is no such dtype");
  out->dtype = (emily_dtype)a->dtype;
  return shape_from(out, a->count, a->shape);
}

EMILY__INFER(iota) {
  (void)n, (void)in;
  const emily__attrs_iota *a = attrs;
  if (!emily__dtype_valid((emily_dtype)a->dtype)) return emily__infer_refuse("there is no such dtype");
  out->dtype = (emily_dtype)a->dtype;
  return shape_from(out, 1, &a->count);
}

EMILY__INFER(random_bits) {
  (void)n;
  const emily__attrs_random_bits *a = attrs;
  if (in[0]->dtype != EMILY_UINT32 || in[0]->ndim < 1 || in[0]->dims[in[0]->ndim - 1] != 2)
    return emily__infer_refuse("a key is uint32 and its last axis holds 2");
  if (a->width != 1 && a->width != 2 && a->width != 4) return emily__infer_refuse("width must be 1, 2 or 4 bytes");
  int64_t shape[EMILY__MAX_RANK];
  int64_t lead = in[0]->ndim - 1;
  if (a->count < 0 || lead + a->count > EMILY__MAX_RANK) return emily__infer_refuse("an array has at most 64 axes");
  memcpy(shape, in[0]->dims, (size_t)lead * sizeof *shape);
  memcpy(shape + lead, a->shape, (size_t)a->count * sizeof *shape);
  out->dtype = a->width == 1 ? EMILY_UINT8 : a->width == 2 ? EMILY_UINT16 : EMILY_UINT32;
  return shape_from(out, lead + a->count, shape);
}

EMILY__INFER(reshape) {
  (void)n;
  const emily__attrs_ints *a = attrs;
  out->dtype = in[0]->dtype;
  EMILY__TRY(shape_from(out, a->count, a->values));
  if (emily__shape_size(out->shape, out->ndim) != in[0]->size) return emily__infer_refuse("a reshape keeps the number of elements");
  return EMILY_OK;
}

EMILY__INFER(transpose) {
  (void)n;
  const emily__attrs_ints *a = attrs;
  if (a->count != in[0]->ndim) return emily__infer_refuse("a permutation names each axis once");
  uint64_t seen = 0;
  for (int32_t i = 0; i < in[0]->ndim; i++) {
    EMILY__TRY(check_axis(a->values[i], in[0]->ndim));
    seen |= (uint64_t)1 << a->values[i];
    out->shape[i] = in[0]->dims[a->values[i]];
  }
  if (__builtin_popcountll(seen) != in[0]->ndim) return emily__infer_refuse("a permutation names each axis once");
  out->dtype = in[0]->dtype;
  out->ndim = in[0]->ndim;
  return EMILY_OK;
}

EMILY__INFER(broadcast) {
  (void)n;
  const emily__attrs_ints *a = attrs;
  int64_t both[EMILY__MAX_RANK];
  int32_t ndim;
  out->dtype = in[0]->dtype;
  EMILY__TRY(shape_from(out, a->count, a->values));
  if (!emily__broadcast_shapes(in[0]->dims, in[0]->ndim, out->shape, out->ndim, both, &ndim) ||
      !emily__shape_equal(both, ndim, out->shape, out->ndim))
    return emily__infer_refuse("the array does not broadcast to the shape");
  return EMILY_OK;
}

EMILY__INFER(slice) {
  (void)n;
  const emily__attrs_slice *a = attrs;
  if (a->count != in[0]->ndim) return emily__infer_refuse("a slice has a start, an extent and a stride for each axis");
  const int64_t *start = a->values, *extent = start + a->count, *stride = extent + a->count;
  for (int32_t i = 0; i < in[0]->ndim; i++) {
    int64_t last;
    if (extent[i] < 0) return emily__infer_refuse("a slice has a negative extent");
    if (extent[i] == 0) continue;
    if (__builtin_mul_overflow(stride[i], extent[i] - 1, &last) || __builtin_add_overflow(last, start[i], &last) ||
        start[i] < 0 || start[i] >= in[0]->dims[i] || last < 0 || last >= in[0]->dims[i])
      return emily__infer_refuse("a slice leaves its array");
  }
  out->dtype = in[0]->dtype;
  return shape_from(out, a->count, extent);
}

EMILY__INFER(as_strided) {
  (void)n;
  const emily__attrs_as_strided *a = attrs;
  out->dtype = in[0]->dtype;
  EMILY__TRY(shape_from(out, a->count, a->values));
  if (emily__shape_size(out->shape, out->ndim) == 0) return EMILY_OK;
  int64_t low = a->offset, high = a->offset, reach;
  for (int64_t i = 0; i < a->count; i++) {
    if (__builtin_mul_overflow(a->values[a->count + i], a->values[i] - 1, &reach)) return emily__infer_refuse("a view leaves its array");
    int64_t *end = reach < 0 ? &low : &high;
    if (__builtin_add_overflow(*end, reach, end)) return emily__infer_refuse("a view leaves its array");
  }
  return low < 0 || high >= in[0]->size ? emily__infer_refuse("a view leaves its array") : EMILY_OK;
}

EMILY__INFER(bitcast) {
  (void)n;
  const emily__attrs_dtype *a = attrs;
  if (!emily__dtype_valid((emily_dtype)a->dtype)) return emily__infer_refuse("there is no such dtype");
  int64_t from = (int64_t)emily_dtype_size(in[0]->dtype), to = (int64_t)emily_dtype_size((emily_dtype)a->dtype);
  emily__infer_like(out, in[0]);
  out->dtype = (emily_dtype)a->dtype;
  if (from == to) return EMILY_OK;
  if (in[0]->ndim == 0) return emily__infer_refuse("a 0-d array is viewed only as a dtype of its own size");
  int64_t *last = &out->shape[out->ndim - 1], bytes;
  if (!emily__mul_i64(*last, from, &bytes) || bytes % to) return emily__infer_refuse("the last axis does not hold whole elements of the dtype");
  *last = bytes / to;
  return EMILY_OK;
}

EMILY__INFER(astype) {
  (void)n;
  const emily__attrs_dtype *a = attrs;
  if (!emily__dtype_valid((emily_dtype)a->dtype)) return emily__infer_refuse("there is no such dtype");
  emily__infer_like(out, in[0]);
  out->dtype = (emily_dtype)a->dtype;
  return EMILY_OK;
}

EMILY__INFER(pad) {
  (void)n;
  const emily__attrs_pad *a = attrs;
  if (a->count != in[0]->ndim) return emily__infer_refuse("padding has a low and a high count for each axis");
  if (in[1]->ndim != 0 || in[1]->dtype != in[0]->dtype) return emily__infer_refuse("the padding value is a 0-d array of the same dtype");
  const int64_t *low = a->values, *high = low + a->count, *interior = high + a->count;
  int64_t shape[EMILY__MAX_RANK], between;
  for (int32_t i = 0; i < in[0]->ndim; i++) {
    int64_t extent = in[0]->dims[i];
    if (!emily__mul_i64(extent > 0 ? extent - 1 : 0, interior[i], &between) || !emily__add_i64(extent, between, &shape[i]) ||
        !emily__add_i64(shape[i], low[i], &shape[i]) || !emily__add_i64(shape[i], high[i], &shape[i]))
      return emily__infer_refuse("padding counts are not negative and their sums fit 63 bits");
    if (a->mode != EMILY__PAD_CONSTANT && extent == 0 && shape[i]) return emily__infer_refuse("an empty axis has nothing to repeat");
    if (a->mode != EMILY__PAD_CONSTANT && interior[i]) return emily__infer_refuse("only constants are put between elements");
  }
  out->dtype = in[0]->dtype;
  return shape_from(out, a->count, shape);
}

EMILY__INFER(concatenate) {
  const emily__attrs_axis *a = attrs;
  if (n < 1) return emily__infer_refuse("there is nothing to concatenate");
  EMILY__TRY(check_axis(a->axis, in[0]->ndim));
  emily__infer_like(out, in[0]);
  for (int32_t k = 1; k < n; k++) {
    if (in[k]->ndim != out->ndim || in[k]->dtype != out->dtype) return emily__infer_refuse("parts differ in rank or dtype");
    for (int32_t i = 0; i < out->ndim; i++)
      if (i != a->axis && in[k]->dims[i] != out->shape[i]) return emily__infer_refuse("parts differ off the axis");
    if (!emily__add_i64(out->shape[a->axis], in[k]->dims[a->axis], &out->shape[a->axis]))
      return emily__infer_refuse("the joined axis is too long");
  }
  return EMILY_OK;
}

EMILY__INFER(slice_update) {
  const emily__attrs_slice_update *a = attrs;
  emily__aval part;
  if (a->update < 0 || a->update >= EMILY__UPDATE_COUNT) return emily__infer_refuse("there is no such update");
  if (a->update != EMILY__UPDATE_PUT && emily_dtype_is_storage(in[0]->dtype)) return emily__infer_refuse("storage dtypes are put, not combined: cast first");
  EMILY__TRY(emily__infer_slice(&a->count, n, in, &part));
  if (in[1]->dtype != in[0]->dtype || !emily__shape_equal(part.shape, part.ndim, in[1]->dims, in[1]->ndim))
    return emily__infer_refuse("an update has the dtype of its array and the shape of the slice");
  emily__infer_like(out, in[0]);
  return EMILY_OK;
}

EMILY__INFER(take) {
  (void)n;
  const emily__attrs_axis *a = attrs;
  const emily_array *x = in[0], *indices = in[1];
  EMILY__TRY(check_axis(a->axis, x->ndim));
  if (!emily_dtype_is_integer(indices->dtype)) return emily__infer_refuse("indices are integers");
  if (x->ndim - 1 + indices->ndim > EMILY__MAX_RANK) return emily__infer_refuse("an array has at most 64 axes");
  int64_t shape[2 * EMILY__MAX_RANK];
  int32_t ndim = 0;
  for (int32_t i = 0; i < a->axis; i++) shape[ndim++] = x->dims[i];
  for (int32_t i = 0; i < indices->ndim; i++) shape[ndim++] = indices->dims[i];
  for (int32_t i = (int32_t)a->axis + 1; i < x->ndim; i++) shape[ndim++] = x->dims[i];
  out->dtype = x->dtype;
  return shape_from(out, ndim, shape);
}

EMILY__INFER(take_along_axis) {
  (void)n;
  const emily__attrs_axis *a = attrs;
  EMILY__TRY(check_axis(a->axis, in[0]->ndim));
  if (!emily_dtype_is_integer(in[1]->dtype)) return emily__infer_refuse("indices are integers");
  if (in[1]->ndim != in[0]->ndim) return emily__infer_refuse("indices have the rank of their array");
  for (int32_t i = 0; i < in[0]->ndim; i++)
    if (i != a->axis && in[0]->dims[i] != in[1]->dims[i]) return emily__infer_refuse("indices differ from their array off the axis");
  emily__infer_like(out, in[1]);
  out->dtype = in[0]->dtype;
  return EMILY_OK;
}

EMILY__INFER(real_part) {
  (void)attrs, (void)n;
  emily__infer_like(out, in[0]);
  if (out->dtype == EMILY_COMPLEX64) out->dtype = EMILY_FLOAT32;
  return EMILY_OK;
}

EMILY__INFER(to_bool) {
  (void)attrs, (void)n;
  emily__infer_like(out, in[0]);
  out->dtype = EMILY_BOOL;
  return EMILY_OK;
}

EMILY__INFER(to_uint8) {
  (void)attrs, (void)n;
  emily__infer_like(out, in[0]);
  out->dtype = EMILY_UINT8;
  return EMILY_OK;
}

/* How many elements share a byte; 0 for a dtype that is not packed. */
static int64_t to_a_byte(emily_dtype dtype) {
  return dtype == EMILY_INT2 || dtype == EMILY_UINT2 ? 4 : dtype == EMILY_INT4 || dtype == EMILY_UINT4 ? 2 : 0;
}

EMILY__INFER(pack) {
  (void)attrs, (void)n;
  int64_t each = to_a_byte(in[0]->dtype);
  if (!each) return emily__infer_refuse("only integers of 2 and 4 bits are packed");
  if (in[0]->ndim < 1 || in[0]->dims[in[0]->ndim - 1] % each) return emily__infer_refuse("the last axis does not fill whole bytes");
  emily__infer_like(out, in[0]);
  out->dtype = EMILY_UINT8;
  out->shape[out->ndim - 1] /= each;
  return EMILY_OK;
}

EMILY__INFER(unpack) {
  (void)n;
  const emily__attrs_dtype *a = attrs;
  int64_t each = to_a_byte((emily_dtype)a->dtype), shape[EMILY__MAX_RANK];
  if (!each || in[0]->dtype != EMILY_UINT8) return emily__infer_refuse("uint8 is unpacked, to integers of 2 and 4 bits");
  if (in[0]->ndim < 1) return emily__infer_refuse("there is no axis to unpack along");
  memcpy(shape, in[0]->dims, (size_t)in[0]->ndim * sizeof *shape);
  if (!emily__mul_i64(shape[in[0]->ndim - 1], each, &shape[in[0]->ndim - 1])) return emily__infer_refuse("the unpacked axis is too long");
  out->dtype = (emily_dtype)a->dtype;
  return shape_from(out, in[0]->ndim, shape);
}

EMILY__INFER(argsort) {
  EMILY__TRY(emily__infer_sort(attrs, n, in, out));
  out->dtype = EMILY_UINT32;
  return EMILY_OK;
}

EMILY__INFER(searchsorted) {
  (void)attrs, (void)n;
  if (in[0]->ndim != 1 || in[0]->size > UINT32_MAX) return emily__infer_refuse("a sorted sequence has one axis, of at most 2^32 - 1 elements");
  if (in[0]->dtype != in[1]->dtype) return emily__infer_refuse("the sequence and the values differ in dtype");
  emily__infer_like(out, in[1]);
  out->dtype = EMILY_UINT32;
  return EMILY_OK;
}

EMILY__INFER(binary) {
  (void)attrs, (void)n;
  if (in[0]->dtype != in[1]->dtype || !same_shape(in[0], in[1])) return emily__infer_refuse("operands differ in shape or dtype");
  emily__infer_like(out, in[0]);
  return EMILY_OK;
}

EMILY__INFER(compare) {
  EMILY__TRY(emily__infer_binary(attrs, n, in, out));
  out->dtype = EMILY_BOOL;
  return EMILY_OK;
}

EMILY__INFER(select) {
  (void)attrs, (void)n;
  if (in[0]->dtype != EMILY_BOOL || in[1]->dtype != in[2]->dtype || !same_shape(in[0], in[1]) || !same_shape(in[1], in[2]))
    return emily__infer_refuse("a selection has a bool condition and two operands of one shape and dtype");
  emily__infer_like(out, in[1]);
  return EMILY_OK;
}

EMILY__INFER(reduce) {
  (void)n;
  const emily__attrs_reduce *a = attrs;
  uint64_t reduced = 0;
  for (int64_t i = 0; i < a->count; i++) {
    EMILY__TRY(check_axis(a->axes[i], in[0]->ndim));
    if (i && a->axes[i] <= a->axes[i - 1]) return emily__infer_refuse("axes are ascending and distinct");
    reduced |= (uint64_t)1 << a->axes[i];
  }
  out->dtype = in[0]->dtype;
  out->ndim = 0;
  for (int32_t i = 0; i < in[0]->ndim; i++) {
    if (!(reduced >> i & 1))
      out->shape[out->ndim++] = in[0]->dims[i];
    else if (a->keepdims)
      out->shape[out->ndim++] = 1;
  }
  return EMILY_OK;
}

EMILY__INFER(reduce_bool) {
  EMILY__TRY(emily__infer_reduce(attrs, n, in, out));
  out->dtype = EMILY_BOOL;
  return EMILY_OK;
}

EMILY__INFER(arg_reduce) {
  (void)n;
  const emily__attrs_arg_reduce *a = attrs;
  EMILY__TRY(check_axis(a->axis, in[0]->ndim));
  if (in[0]->dims[a->axis] == 0) return emily__infer_refuse("the axis is empty");
  out->dtype = EMILY_UINT32;
  out->ndim = 0;
  for (int32_t i = 0; i < in[0]->ndim; i++) {
    if (i != a->axis)
      out->shape[out->ndim++] = in[0]->dims[i];
    else if (a->keepdims)
      out->shape[out->ndim++] = 1;
  }
  return EMILY_OK;
}

EMILY__INFER(drop_last) {
  (void)attrs, (void)n;
  if (in[0]->ndim < 1 || in[0]->dims[in[0]->ndim - 1] == 0) return emily__infer_refuse("the last axis is missing or empty");
  emily__infer_like(out, in[0]);
  out->shape[out->ndim - 1] = 1;
  return EMILY_OK;
}

EMILY__INFER(hadamard) {
  (void)attrs, (void)n;
  if (in[0]->ndim < 1 || in[0]->dims[in[0]->ndim - 1] < 1) return emily__infer_refuse("the last axis is missing or empty");
  int64_t odd = in[0]->dims[in[0]->ndim - 1];
  while (odd % 2 == 0) odd /= 2;
  if (odd != 1 && ((odd != 3 && odd != 5 && odd != 7) || in[0]->dims[in[0]->ndim - 1] % (4 * odd)))
    return emily__infer_refuse("the last axis has m * 2^k elements, where m is 1, 12, 20 or 28");
  emily__infer_like(out, in[0]);
  return EMILY_OK;
}

EMILY__INFER(matmul) {
  (void)attrs;
  const emily_array *a = in[0], *b = in[1];
  if (a->ndim < 2 || a->ndim != b->ndim || a->dims[a->ndim - 1] != b->dims[b->ndim - 2] ||
      memcmp(a->dims, b->dims, (size_t)(a->ndim - 2) * sizeof *a->dims) != 0)
    return emily__infer_refuse("a product is [..., M, K] by [..., K, N] with equal batches");
  out->dtype = emily_promote_types(a->dtype, b->dtype);
  bool mixed = a->dtype == EMILY_FLOAT32 && (b->dtype == EMILY_FLOAT16 || b->dtype == EMILY_BFLOAT16);
  if (a->dtype != b->dtype && !mixed) return emily__infer_refuse("operands differ in dtype");
  set_shape(out, a->dims, a->ndim);
  out->shape[out->ndim - 1] = b->dims[b->ndim - 1];
  if (n == 3 && (in[2]->dtype != out->dtype || !emily__shape_equal(in[2]->dims, in[2]->ndim, out->shape, out->ndim)))
    return emily__infer_refuse("the addend has the product's shape and dtype");
  return EMILY_OK;
}

EMILY__INFER(norm) {
  (void)attrs;
  if (in[0]->ndim < 1) return emily__infer_refuse("a norm needs an axis");
  emily__infer_like(out, in[0]);
  for (int32_t i = 1; i < n; i++) {
    if (in[i]->ndim != 1 || in[i]->dims[0] != in[0]->dims[in[0]->ndim - 1])
      return emily__infer_refuse("weight and bias have the extent of the last axis");
    out->dtype = emily_promote_types(out->dtype, in[i]->dtype);
  }
  return emily_dtype_is_float(out->dtype) ? EMILY_OK : emily__infer_refuse("a norm is of floats");
}

EMILY__INFER(attention) {
  (void)attrs, (void)n;
  const emily_array *q = in[0], *k = in[1], *v = in[2];
  if (q->ndim != 4 || k->ndim != 4 || v->ndim != 4 || q->dtype != k->dtype || q->dtype != v->dtype)
    return emily__infer_refuse("q, k and v have four axes and one dtype");
  if (q->dims[0] != k->dims[0] || k->dims[0] != v->dims[0] || k->dims[1] != v->dims[1] || k->dims[2] != v->dims[2] ||
      q->dims[3] != k->dims[3] || k->dims[1] == 0 || q->dims[1] % k->dims[1])
    return emily__infer_refuse("q [B, H, Tq, D], k [B, Hk, Tk, D], v [B, Hk, Tk, Dv] with H a multiple of Hk");
  emily__infer_like(out, q);
  out->shape[3] = v->dims[3];
  return EMILY_OK;
}
