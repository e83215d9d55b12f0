/* infer_linalg.c: inference of linear algebra: the last two axes are matrices, those before them a batch. */
#include "graph/infer.h"

#include "dtype/dtype.h"

#include <string.h>

/* A matrix operand of a dtype that can be decomposed. */
static emily_status check_matrix(const emily_array *x) {
  if (x->ndim < 2) return emily__infer_refuse("a matrix has two axes");
  if (x->dtype != EMILY_FLOAT32 && x->dtype != EMILY_FLOAT64 && x->dtype != EMILY_COMPLEX64)
    return emily__infer_refuse("matrices are decomposed in float32, float64 and complex64");
  return EMILY_OK;
}

static int64_t rows_of(const emily_array *x) { return x->dims[x->ndim - 2]; }
static int64_t columns_of(const emily_array *x) { return x->dims[x->ndim - 1]; }

static emily_dtype real_of(emily_dtype dtype) { return dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : dtype; }

/* x's batch and behind it `count` extents. */
static void batched(emily__aval *out, const emily_array *x, emily_dtype dtype, int32_t count, int64_t first, int64_t second) {
  int32_t lead = x->ndim - 2;
  memcpy(out->shape, x->dims, (size_t)lead * sizeof *out->shape);
  out->ndim = lead + count;
  out->dtype = dtype;
  if (count > 0) out->shape[lead] = first;
  if (count > 1) out->shape[lead + 1] = second;
}

EMILY__INFER(svdvals) {
  (void)attrs, (void)n;
  const emily_array *x = in[0];
  EMILY__TRY(check_matrix(x));
  batched(out, x, real_of(x->dtype), 1, rows_of(x) < columns_of(x) ? rows_of(x) : columns_of(x), 0);
  return EMILY_OK;
}

EMILY__INFER(svd) {
  const emily__attrs_flag *a = attrs;
  const emily_array *x = in[0];
  EMILY__TRY(emily__infer_svdvals(attrs, n, in, &out[1]));
  int64_t k = out[1].shape[x->ndim - 2];
  batched(&out[0], x, x->dtype, 2, rows_of(x), a->on ? rows_of(x) : k);
  batched(&out[2], x, x->dtype, 2, a->on ? columns_of(x) : k, columns_of(x));
  if (emily__shape_size(out[0].shape, out[0].ndim) < 0 || emily__shape_size(out[2].shape, out[2].ndim) < 0)
    return emily__infer_refuse("the vectors have more than 2^63 elements");
  return EMILY_OK;
}

EMILY__INFER(qr) {
  (void)n;
  const emily__attrs_flag *a = attrs;
  const emily_array *x = in[0];
  EMILY__TRY(check_matrix(x));
  int64_t rows = rows_of(x), k = a->on || rows < columns_of(x) ? rows : columns_of(x);
  batched(&out[0], x, x->dtype, 2, k, rows);
  batched(&out[1], x, x->dtype, 2, k, columns_of(x));
  return emily__shape_size(out[0].shape, out[0].ndim) < 0 ? emily__infer_refuse("Q has more than 2^63 elements") : EMILY_OK;
}

static emily_status check_square(const emily_array *x) {
  EMILY__TRY(check_matrix(x));
  return rows_of(x) == columns_of(x) ? EMILY_OK : emily__infer_refuse("the matrix is not square");
}

EMILY__INFER(square) {
  (void)attrs, (void)n;
  EMILY__TRY(check_square(in[0]));
  batched(out, in[0], in[0]->dtype, 2, rows_of(in[0]), rows_of(in[0]));
  return EMILY_OK;
}

EMILY__INFER(eigvalsh) {
  (void)attrs, (void)n;
  EMILY__TRY(check_square(in[0]));
  batched(out, in[0], real_of(in[0]->dtype), 1, rows_of(in[0]), 0);
  return EMILY_OK;
}

EMILY__INFER(eigh) {
  EMILY__TRY(emily__infer_eigvalsh(attrs, n, in, &out[0]));
  return emily__infer_square(attrs, n, in, &out[1]);
}

EMILY__INFER(eigvals) {
  EMILY__TRY(emily__infer_eigvalsh(attrs, n, in, out));
  out->dtype = EMILY_COMPLEX64;
  return EMILY_OK;
}

EMILY__INFER(eig) {
  EMILY__TRY(emily__infer_eigvals(attrs, n, in, &out[0]));
  EMILY__TRY(emily__infer_square(attrs, n, in, &out[1]));
  out[1].dtype = EMILY_COMPLEX64;
  return EMILY_OK;
}

EMILY__INFER(lu_factor) {
  (void)attrs, (void)n;
  const emily_array *x = in[0];
  EMILY__TRY(check_matrix(x));
  batched(&out[0], x, x->dtype, 2, rows_of(x), columns_of(x));
  batched(&out[1], x, EMILY_UINT32, 1, rows_of(x) < columns_of(x) ? rows_of(x) : columns_of(x), 0);
  return EMILY_OK;
}

EMILY__INFER(lu) {
  (void)attrs, (void)n;
  const emily_array *x = in[0];
  EMILY__TRY(check_matrix(x));
  int64_t k = rows_of(x) < columns_of(x) ? rows_of(x) : columns_of(x);
  batched(&out[0], x, EMILY_UINT32, 1, rows_of(x), 0);
  batched(&out[1], x, x->dtype, 2, rows_of(x), k);
  batched(&out[2], x, x->dtype, 2, k, columns_of(x));
  return emily__shape_size(out[0].shape, out[0].ndim) < 0 ? emily__infer_refuse("there are more than 2^63 rows") : EMILY_OK;
}

/* B meets A along its rows where A stands on the left, else along its columns. */
static emily_status check_right(const emily_array *a, const emily_array *b, bool left) {
  EMILY__TRY(check_square(a));
  if (b->dtype != a->dtype || !emily__shape_equal(a->dims, a->ndim - 2, b->dims, b->ndim - 2))
    return emily__infer_refuse("the two sides differ in batch or dtype");
  return (left ? rows_of(b) : columns_of(b)) == rows_of(a) ? EMILY_OK : emily__infer_refuse("the two sides differ in extent");
}

EMILY__INFER(solve_triangular) {
  (void)n;
  const emily__attrs_triangular *t = attrs;
  const emily_array *b = in[1];
  if (b->ndim < 2) return emily__infer_refuse("a matrix has two axes");
  if (t->transform < 0 || t->transform > 2) return emily__infer_refuse("there is no such transform");
  EMILY__TRY(check_right(in[0], b, t->left != 0));
  batched(out, b, b->dtype, 2, rows_of(b), columns_of(b));
  return EMILY_OK;
}

EMILY__INFER(solve) {
  (void)attrs;
  static const emily__attrs_triangular left = {.left = 1};
  return emily__infer_solve_triangular(&left, n, in, out);
}

EMILY__INFER(det) {
  (void)attrs, (void)n;
  EMILY__TRY(check_square(in[0]));
  batched(out, in[0], in[0]->dtype, 0, 0, 0);
  return EMILY_OK;
}

EMILY__INFER(slogdet) {
  EMILY__TRY(emily__infer_det(attrs, n, in, &out[0]));
  batched(&out[1], in[0], real_of(in[0]->dtype), 0, 0, 0);
  return EMILY_OK;
}
