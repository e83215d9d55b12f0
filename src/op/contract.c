/* contract.c: products over chosen axes, as matmul on transposed views.
 *
 * An operand becomes [batches, its free axes, contracted axes], the last two groups folded into one axis each. Folding is a view where a
 * group's axes lie side by side; where the free axes of the first operand do not, and the last of them is long enough for a product of
 * its own, the others are taken as more batches, over which the second operand stands still. */
#include "op/contract.h"

#include "base/alloc.h"

enum {
  ROWS_ENOUGH = 32, /* of a product that is worth its own overhead */
  DEPTH_ENOUGH = 64 /* of a lone dot product */
};

/* One operand's axes: batches, free ones, contracted ones. */
typedef struct side {
  emily_array *x;
  int32_t batches, frees, contracts;
  int32_t batch[EMILY__MAX_RANK], free[EMILY__MAX_RANK], contract[EMILY__MAX_RANK];
} side;

static void make_side(side *s, emily_array *x, int32_t batches, const int32_t *batch, int32_t contracts, const int32_t *contract) {
  uint64_t taken = 0;
  *s = (side){.x = x, .batches = batches, .contracts = contracts};
  for (int32_t i = 0; i < batches; i++) taken |= (uint64_t)1 << (s->batch[i] = batch[i]);
  for (int32_t i = 0; i < contracts; i++) taken |= (uint64_t)1 << (s->contract[i] = contract[i]);
  for (int32_t i = 0; i < x->ndim; i++)
    if (!(taken >> i & 1)) s->free[s->frees++] = i;
}

static int64_t extent_of(const side *s, const int32_t *axes, int32_t count) {
  int64_t n = 1;
  for (int32_t i = 0; i < count; i++) n *= s->x->dims[axes[i]];
  return n;
}

static int32_t put_extents(int64_t *shape, int32_t ndim, const side *s, const int32_t *axes, int32_t count) {
  for (int32_t i = 0; i < count; i++) shape[ndim++] = s->x->dims[axes[i]];
  return ndim;
}

/* x with its axes in the order batches, `middle`, `last`. */
static emily_array *arrange(const emily__op *op, const side *s, const int32_t *middle, int32_t middles, const int32_t *last,
                            int32_t lasts) {
  int32_t order[EMILY__MAX_RANK], n = 0;
  for (int32_t i = 0; i < s->batches; i++) order[n++] = s->batch[i];
  for (int32_t i = 0; i < middles; i++) order[n++] = middle[i];
  for (int32_t i = 0; i < lasts; i++) order[n++] = last[i];
  return emily__transpose(op, s->x, order);
}

static bool side_by_side(const int32_t *axes, int32_t count) {
  for (int32_t i = 1; i < count; i++)
    if (axes[i] != axes[i - 1] + 1) return false;
  return true;
}

/* Pairs in the order of a's axes, so that a's fold where they can. */
static void sort_pairs(int32_t *a, int32_t *b, int32_t count) {
  for (int32_t i = 1; i < count; i++)
    for (int32_t j = i; j > 0 && a[j] < a[j - 1]; j--) {
      const int32_t x = a[j], y = b[j];
      a[j] = a[j - 1], b[j] = b[j - 1];
      a[j - 1] = x, b[j - 1] = y;
    }
}

/* No axis is summed over: every pair of free elements. */
static emily_array *all_pairs(const emily__op *op, const side *a, const side *b) {
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim = put_extents(shape, 0, a, a->batch, a->batches);
  ndim = put_extents(shape, ndim, a, a->free, a->frees);
  for (int32_t i = 0; i < b->frees; i++) shape[ndim++] = 1;
  emily_array *left = emily__reshape(op, arrange(op, a, a->free, a->frees, NULL, 0), shape, ndim);
  ndim = put_extents(shape, 0, b, b->batch, b->batches);
  for (int32_t i = 0; i < a->frees; i++) shape[ndim++] = 1;
  ndim = put_extents(shape, ndim, b, b->free, b->frees);
  emily_array *right = emily__reshape(op, arrange(op, b, b->free, b->frees, NULL, 0), shape, ndim);
  return left && right ? emily__binary(op, EMILY__PRIM_multiply, left, right) : NULL;
}

/* Dot products that are short, or do not run along memory: elementwise, and a sum. 16-bit floats are summed in float32. */
static bool better_elementwise(const side *a, const side *b, emily_dtype dtype) {
  const bool along = a->contract[a->contracts - 1] == a->x->ndim - 1 && b->contract[b->contracts - 1] == b->x->ndim - 1;
  return a->frees == 0 && b->frees == 0 && a->batches > 0 && dtype != EMILY_BOOL &&
         !(along && extent_of(a, a->contract, a->contracts) >= DEPTH_ENOUGH);
}

static emily_array *multiply_and_sum(const emily__op *op, const side *a, const side *b, emily_dtype dtype) {
  const emily_dtype inner = dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16 ? EMILY_FLOAT32 : dtype;
  emily__axes axes = {.count = a->contracts};
  for (int32_t i = 0; i < a->contracts; i++) axes.axis[i] = a->batches + i;
  emily_array *left = emily__cast(op, arrange(op, a, NULL, 0, a->contract, a->contracts), inner);
  emily_array *right = emily__cast(op, arrange(op, b, NULL, 0, b->contract, b->contracts), inner);
  if (!left || !right) return NULL;
  emily_array *products = emily__binary(op, EMILY__PRIM_multiply, left, right);
  return products ? emily__cast(op, emily__reduce(op, EMILY__PRIM_sum, products, &axes, false), dtype) : NULL;
}

/* Does the first operand keep its free axes but the last as batches? */
static bool keeps_free_axes(const side *a, const side *b) {
  return a->frees > 1 && !side_by_side(a->free, a->frees) && a->x->dims[a->free[a->frees - 1]] >= ROWS_ENOUGH &&
         a->batches + a->frees + 1 <= EMILY__MAX_RANK && b->batches + a->frees + 1 <= EMILY__MAX_RANK;
}

static emily_array *as_matmul(const emily__op *op, const side *a, const side *b) {
  int64_t shape[EMILY__MAX_RANK + 2];
  const int64_t k = extent_of(a, a->contract, a->contracts);
  const bool keeps = keeps_free_axes(a, b);
  int32_t ndim = put_extents(shape, 0, a, a->batch, a->batches);
  if (keeps) ndim = put_extents(shape, ndim, a, a->free, a->frees);
  else shape[ndim++] = extent_of(a, a->free, a->frees);
  shape[ndim++] = k;
  emily_array *left = emily__reshape(op, arrange(op, a, a->free, a->frees, a->contract, a->contracts), shape, ndim);
  ndim = put_extents(shape, 0, b, b->batch, b->batches);
  for (int32_t i = 1; keeps && i < a->frees; i++) shape[ndim++] = 1;
  shape[ndim++] = k;
  shape[ndim++] = extent_of(b, b->free, b->frees);
  emily_array *right = emily__reshape(op, arrange(op, b, b->contract, b->contracts, b->free, b->frees), shape, ndim);
  return emily__matmul(op, left, right);
}

emily_array *emily__contract(const emily__op *op, emily_array *a, emily_array *b, const emily__contraction *by) {
  side left, right;
  emily__contraction sorted = *by;
  if (!a || !b) return NULL;
  sort_pairs(sorted.contract_a, sorted.contract_b, by->contracts);
  make_side(&left, a, by->batches, by->batch_a, by->contracts, sorted.contract_a);
  make_side(&right, b, by->batches, by->batch_b, by->contracts, sorted.contract_b);
  if (by->batches + left.frees + right.frees > EMILY__MAX_RANK || by->batches + 2 > EMILY__MAX_RANK)
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the result would have more than %d axes", EMILY__MAX_RANK);
  if (by->contracts == 0) return all_pairs(op, &left, &right);
  const emily_dtype dtype = emily_promote_types(a->dtype, b->dtype);
  if (better_elementwise(&left, &right, dtype)) return multiply_and_sum(op, &left, &right, dtype);
  int64_t shape[EMILY__MAX_RANK];
  int32_t ndim = put_extents(shape, 0, &left, left.batch, left.batches);
  ndim = put_extents(shape, ndim, &left, left.free, left.frees);
  ndim = put_extents(shape, ndim, &right, right.free, right.frees);
  return emily__reshape(op, as_matmul(op, &left, &right), shape, ndim);
}

/* ---- ops ---- */

/* Pairs of axes from two lists; false (and the op failed) where they do not fit. taken: bits of the axes already named. */
static bool read_pairs(const emily__op *op, const emily_array *a, const emily_array *b, const int64_t *axes_a, int32_t count_a,
                       const int64_t *axes_b, int32_t count_b, uint64_t taken[2], int32_t *out_a, int32_t *out_b) {
  if (count_a != count_b) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%d axes of a go with %d of b", count_a, count_b);
    return false;
  }
  if (count_a < 0 || count_a > a->ndim || count_a > b->ndim) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%d pairs of axes are more than there are", count_a);
    return false;
  }
  for (int32_t i = 0; i < count_a; i++) {
    if (!emily__op_axis(op, axes_a[i], a->ndim, &out_a[i]) || !emily__op_axis(op, axes_b[i], b->ndim, &out_b[i])) return false;
    if ((taken[0] >> out_a[i] & 1) || (taken[1] >> out_b[i] & 1)) {
      emily__op_fail(op, EMILY_INVALID_ARGUMENT, "an axis is named twice");
      return false;
    }
    taken[0] |= (uint64_t)1 << out_a[i];
    taken[1] |= (uint64_t)1 << out_b[i];
    if (a->dims[out_a[i]] == b->dims[out_b[i]]) continue;
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "axis %d of a and axis %d of b have extents %lld and %lld", out_a[i], out_b[i],
                   (long long)a->dims[out_a[i]], (long long)b->dims[out_b[i]]);
    return false;
  }
  return true;
}

emily_array *emily_dot_general(emily_scope *scope, emily_array *a, emily_array *b, const int64_t *contract_a, int32_t contract_a_count,
                               const int64_t *batch_a, int32_t batch_a_count, const int64_t *contract_b, int32_t contract_b_count,
                               const int64_t *batch_b, int32_t batch_b_count) {
  BEGIN(scope, a, b);
  emily__contraction by = {.contracts = contract_a_count, .batches = batch_a_count};
  uint64_t taken[2] = {0};
  if (!read_pairs(&op, a, b, batch_a, batch_a_count, batch_b, batch_b_count, taken, by.batch_a, by.batch_b) ||
      !read_pairs(&op, a, b, contract_a, contract_a_count, contract_b, contract_b_count, taken, by.contract_a, by.contract_b))
    return NULL;
  return emily__contract(&op, a, b, &by);
}

emily_array *emily_tensordot(emily_scope *scope, emily_array *a, emily_array *b, int64_t axes, const int64_t *axes_a,
                             int32_t axes_a_count, const int64_t *axes_b, int32_t axes_b_count) {
  BEGIN(scope, a, b);
  emily__contraction by = {0};
  uint64_t taken[2] = {0};
  int64_t last[EMILY__MAX_RANK], first[EMILY__MAX_RANK];
  if (!axes_a && !axes_b) {
    if (axes < 0 || axes > a->ndim || axes > b->ndim) return REFUSE("axes is %lld; both operands must have so many", (long long)axes);
    for (int32_t i = 0; i < axes; i++) first[i] = i, last[i] = a->ndim - axes + i;
    axes_a = last, axes_b = first;
    axes_a_count = axes_b_count = (int32_t)axes;
  }
  if (!read_pairs(&op, a, b, axes_a, axes_a ? axes_a_count : 0, axes_b, axes_b ? axes_b_count : 0, taken, by.contract_a, by.contract_b))
    return NULL;
  by.contracts = axes_a_count;
  return emily__contract(&op, a, b, &by);
}

emily_array *emily_inner(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  if (a->ndim == 0 || b->ndim == 0) return emily__binary(&op, EMILY__PRIM_multiply, a, b);
  const int64_t k = a->dims[a->ndim - 1], other = b->dims[b->ndim - 1];
  if (k != other) return REFUSE("the last extents are %lld and %lld", (long long)k, (long long)other);
  const emily__contraction by = {.contracts = 1, .contract_a = {a->ndim - 1}, .contract_b = {b->ndim - 1}};
  return emily__contract(&op, a, b, &by);
}

emily_array *emily_outer(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  const emily__contraction by = {0};
  return emily__contract(&op, emily__flatten(&op, a), emily__flatten(&op, b), &by);
}

emily_array *emily_vecdot(emily_scope *scope, emily_array *a, emily_array *b, int64_t axis) {
  BEGIN(scope, a, b);
  int32_t at, also;
  emily__contraction by = {.contracts = 1};
  if (!emily__op_axis(&op, axis, a->ndim, &at) || !emily__op_axis(&op, axis, b->ndim, &also)) return NULL;
  if (at != also) return REFUSE("axis %lld is not the same in both", (long long)axis);
  if (a->dims[at] != b->dims[at]) return REFUSE("the extents along the axis are %lld and %lld", (long long)a->dims[at], (long long)b->dims[at]);
  if (a->dtype == EMILY_COMPLEX64) a = emily__unary(&op, EMILY__PRIM_conjugate, a);
  if (!emily__op_match(&op, &a, &b, -1)) return NULL;
  const emily_dtype sum = emily__dtype_to_sum(a->dtype);
  if (sum != a->dtype) { /* narrow integers: products in their dtype, summed in a wider one */
    emily__axes axes = {1, {at}};
    return emily__reduce(&op, EMILY__PRIM_sum, emily__cast(&op, emily__binary(&op, EMILY__PRIM_multiply, a, b), sum), &axes, false);
  }
  by.contract_a[0] = by.contract_b[0] = at;
  for (int32_t i = 0; i < a->ndim; i++)
    if (i != at) by.batch_a[by.batches] = i, by.batch_b[by.batches++] = i;
  return emily__contract(&op, a, b, &by);
}

emily_array *emily_kron(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  const int32_t ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
  int64_t left[EMILY__MAX_RANK], right[EMILY__MAX_RANK], shape[EMILY__MAX_RANK];
  if (a->size == 0 || b->size == 0) return REFUSE("an operand is empty");
  if (2 * ndim > EMILY__MAX_RANK) return REFUSE("operands have at most %d axes", EMILY__MAX_RANK / 2);
  for (int32_t i = 0; i < ndim; i++) {
    left[2 * i] = i >= ndim - a->ndim ? a->dims[i - ndim + a->ndim] : 1;
    right[2 * i + 1] = i >= ndim - b->ndim ? b->dims[i - ndim + b->ndim] : 1;
    left[2 * i + 1] = right[2 * i] = 1;
    if (!emily__mul_i64(left[2 * i], right[2 * i + 1], &shape[i])) return REFUSE("an extent of the result does not fit 63 bits");
  }
  a = emily__reshape(&op, a, left, 2 * ndim);
  b = emily__reshape(&op, b, right, 2 * ndim);
  return a && b ? emily__reshape(&op, emily__binary(&op, EMILY__PRIM_multiply, a, b), shape, ndim) : NULL;
}
