/* gather_mm.c: products of chosen matrices, of segments of the inner axis, and with masks for blocks. */
#include "op/contract.h"

/* Operands of a product as matrices of one dtype: a vector is a row or a column, whose axis the result lacks. */
typedef struct factors {
  emily_array *a, *b;
  bool a_vector, b_vector;
} factors;

/* mixed: 16-bit matrices of b stay as they are beside float32. */
static bool read_factors(const emily__op *op, emily_array *a, emily_array *b, bool mixed, factors *f) {
  if (a->ndim == 0 || b->ndim == 0) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a product needs operands of at least one axis");
    return false;
  }
  const emily_dtype dtype = emily_promote_types(a->dtype, b->dtype);
  *f = (factors){a, b, a->ndim == 1, b->ndim == 1};
  if (f->a_vector) f->a = emily__reshape(op, a, (int64_t[]){1, a->dims[0]}, 2);
  if (f->b_vector) f->b = emily__reshape(op, b, (int64_t[]){b->dims[0], 1}, 2);
  f->a = emily__cast(op, f->a, dtype);
  if (!(mixed && a->dtype == EMILY_FLOAT32 && (b->dtype == EMILY_FLOAT16 || b->dtype == EMILY_BFLOAT16))) f->b = emily__cast(op, f->b, dtype);
  if (!f->a || !f->b) return false;
  const int64_t k = f->a->dims[f->a->ndim - 1], other = f->b->dims[f->b->ndim - 2];
  if (k == other) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the inner extents are %lld and %lld", (long long)k, (long long)other);
  return false;
}

/* y [..., M, N] with the axes of vectors dropped. */
static emily_array *drop_vectors(const emily__op *op, emily_array *y, const int64_t *lead, int32_t leads, const factors *f) {
  int64_t shape[EMILY__MAX_RANK + 2];
  int32_t ndim = leads;
  if (leads) memcpy(shape, lead, (size_t)leads * sizeof *shape);
  if (!f->a_vector) shape[ndim++] = f->a->dims[f->a->ndim - 2];
  if (!f->b_vector) shape[ndim++] = f->b->dims[f->b->ndim - 1];
  if (ndim > EMILY__MAX_RANK) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the result would have more than %d axes", EMILY__MAX_RANK);
  return emily__reshape(op, y, shape, ndim);
}

/* [..., M, K] as [matrices, M, K] */
static emily_array *as_list(const emily__op *op, emily_array *x) {
  const int64_t shape[3] = {emily__shape_size(x->dims, x->ndim - 2), x->dims[x->ndim - 2], x->dims[x->ndim - 1]};
  return emily__reshape(op, x, shape, 3);
}

/* Indices as int64; by default each matrix in turn, in the shape of the batch. */
static emily_array *indices_or_all(const emily__op *op, emily_array *indices, const emily_array *x) {
  if (indices && !emily_dtype_is_integer(indices->dtype)) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "indices are integers");
  if (indices) return emily__cast(op, indices, EMILY_INT64);
  const emily__attrs_iota attrs = {.dtype = EMILY_INT64, .count = emily__shape_size(x->dims, x->ndim - 2), .step = 1, .int_step = 1};
  emily_array *all = emily__apply(op, EMILY__PRIM_iota, &attrs, sizeof attrs, NULL, 0);
  return emily__reshape(op, all, x->dims, x->ndim - 2);
}

emily_array *emily_gather_mm(emily_scope *scope, emily_array *a, emily_array *b, emily_array *lhs_indices, emily_array *rhs_indices,
                             bool sorted_indices) {
  BEGIN(scope, a, b);
  factors f;
  (void)sorted_indices; /* the kernel sees for itself */
  if (!lhs_indices && !rhs_indices) return emily__matmul(&op, a, b);
  if (!read_factors(&op, a, b, true, &f)) return NULL;
  emily_array *lhs = indices_or_all(&op, lhs_indices, f.a), *rhs = indices_or_all(&op, rhs_indices, f.b);
  if (!emily__op_match(&op, &lhs, &rhs, EMILY_INT64)) return NULL;
  emily_array *const inputs[] = {as_list(&op, f.a), as_list(&op, f.b), emily__flatten(&op, lhs), emily__flatten(&op, rhs)};
  emily_array *y = emily__apply(&op, EMILY__PRIM_gather_mm, NULL, 0, inputs, 4);
  return drop_vectors(&op, y, lhs->dims, lhs->ndim, &f);
}

emily_array *emily_segmented_mm(emily_scope *scope, emily_array *a, emily_array *b, emily_array *segments) {
  BEGIN(scope, a, b, segments);
  factors f;
  if (a->ndim != 2 || b->ndim != 2) return REFUSE("a and b have two axes");
  if (segments->ndim < 1 || segments->dims[segments->ndim - 1] != 2 || !emily_dtype_is_integer(segments->dtype))
    return REFUSE("segments are integers of shape [..., 2]");
  if (!read_factors(&op, a, b, false, &f)) return NULL;
  const int64_t list[2] = {emily__shape_size(segments->dims, segments->ndim - 1), 2};
  emily_array *ends = emily__reshape(&op, emily__cast(&op, segments, EMILY_INT64), list, 2);
  return drop_vectors(&op, APPLY_PLAIN(segmented_mm, f.a, f.b, ends), segments->dims, segments->ndim - 1, &f);
}

/* ---- masks for blocks ---- */

static int64_t blocks(int64_t extent, int64_t size) { return (extent + size - 1) / size; }

/* A mask [..., ⌈rows / size⌉, ⌈cols / size⌉] as one for elements, [..., rows, cols]. */
static emily_array *spread(const emily__op *op, emily_array *mask, int64_t rows, int64_t cols, int64_t size) {
  const int64_t down = blocks(rows, size), across = blocks(cols, size);
  int64_t shape[EMILY__MAX_RANK + 2], both[EMILY__MAX_RANK];
  int32_t lead = mask->ndim > 2 ? mask->ndim - 2 : 0, ndim;
  if (!emily__broadcast_shapes(mask->dims + lead, mask->ndim - lead, (int64_t[]){down, across}, 2, both, &ndim) || both[0] != down || both[1] != across)
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a mask has an element for each of %lld by %lld blocks", (long long)down, (long long)across);
  if (lead + 4 > EMILY__MAX_RANK) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a mask has too many axes");
  if (lead) memcpy(shape, mask->dims, (size_t)lead * sizeof *shape);
  memcpy(shape + lead, both, 2 * sizeof *shape);
  mask = emily__broadcast(op, mask, shape, lead + 2);
  memcpy(shape + lead, (int64_t[]){down, 1, across, 1}, 4 * sizeof *shape);
  mask = emily__reshape(op, mask, shape, lead + 4);
  shape[lead + 1] = shape[lead + 3] = size;
  mask = emily__broadcast(op, mask, shape, lead + 4);
  memcpy(shape + lead, (int64_t[]){down * size, across * size}, 2 * sizeof *shape);
  mask = emily__reshape(op, mask, shape, lead + 2);
  return emily__slice_axis(op, emily__slice_axis(op, mask, lead, 0, rows), lead + 1, 0, cols);
}

/* x where a bool mask is true, else zeros; x times a mask of numbers. */
static emily_array *mask_blocks(const emily__op *op, emily_array *x, emily_array *mask, int64_t size) {
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim;
  if (!mask || !x) return x;
  mask = spread(op, mask, x->dims[x->ndim - 2], x->dims[x->ndim - 1], size);
  if (!mask) return NULL;
  if (mask->dtype != EMILY_BOOL) return emily__binary(op, EMILY__PRIM_multiply, x, emily__cast(op, mask, x->dtype));
  if (!emily__broadcast_shapes(mask->dims, mask->ndim, x->dims, x->ndim, shape, &ndim))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a mask does not broadcast over the batch");
  emily_array *zero = emily__broadcast(op, emily__scalar(op, 0, x->dtype), shape, ndim);
  emily_array *inputs[] = {emily__broadcast(op, mask, shape, ndim), emily__broadcast(op, x, shape, ndim), zero};
  return emily__apply(op, EMILY__PRIM_select, NULL, 0, inputs, 3);
}

/* A mask with the axis that its vector lacks. */
static emily_array *with_axis(const emily__op *op, emily_array *mask, bool vector, int32_t from_end) {
  int64_t shape[EMILY__MAX_RANK + 1];
  if (!mask || !vector) return mask;
  if (mask->ndim < from_end - 1 || mask->ndim == EMILY__MAX_RANK) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a mask lacks axes");
  const int32_t at = mask->ndim - (from_end - 1);
  for (int32_t i = 0; i <= mask->ndim; i++) shape[i] = i == at ? 1 : mask->dims[i - (i > at)];
  return emily__reshape(op, mask, shape, mask->ndim + 1);
}

emily_array *emily_block_masked_mm(emily_scope *scope, emily_array *a, emily_array *b, int64_t block_size, emily_array *mask_out,
                                   emily_array *mask_lhs, emily_array *mask_rhs) {
  BEGIN(scope, a, b);
  factors f;
  if (!mask_out && !mask_lhs && !mask_rhs) return emily__matmul(&op, a, b);
  if (block_size != 32 && block_size != 64) return REFUSE("block_size is %lld; it is 32 or 64", (long long)block_size);
  if (!read_factors(&op, a, b, false, &f)) return NULL;
  mask_lhs = with_axis(&op, mask_lhs, f.a_vector, 2);
  mask_rhs = with_axis(&op, mask_rhs, f.b_vector, 1);
  mask_out = with_axis(&op, with_axis(&op, mask_out, f.b_vector, 1), f.a_vector, 2);
  if (emily_scope_status(scope) != EMILY_OK) return NULL;
  emily_array *y = emily__matmul(&op, mask_blocks(&op, f.a, mask_lhs, block_size), mask_blocks(&op, f.b, mask_rhs, block_size));
  y = mask_blocks(&op, y, mask_out, block_size);
  return y ? drop_vectors(&op, y, y->dims, y->ndim - 2, &f) : NULL;
}
