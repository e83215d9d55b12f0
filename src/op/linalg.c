/* linalg.c: decompositions, solutions, inverses and determinants of matrices. */
#include "op/common.h"

/* a is a matrix, or a batch of them, of a dtype that LAPACK knows; else the op has failed. */
static bool is_matrix(const emily__op *op, const emily_array *a) {
  if (a->ndim < 2) emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a matrix has two axes or more; this array has %d", a->ndim);
  else if (a->dtype != EMILY_FLOAT32 && a->dtype != EMILY_FLOAT64 && a->dtype != EMILY_COMPLEX64)
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "matrices are float32, float64 or complex64; cast %s first", emily_dtype_name(a->dtype));
  else return true;
  return false;
}

static bool is_square(const emily__op *op, const emily_array *a) {
  if (!is_matrix(op, a)) return false;
  if (a->dims[a->ndim - 1] == a->dims[a->ndim - 2]) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the matrix is not square");
  return false;
}

/* A node of one flag; its first output. */
static emily_array *apply_flag(const emily__op *op, emily__prim prim, emily_array *a, bool on) {
  emily__attrs_flag attrs = {on};
  return emily__apply(op, prim, &attrs, sizeof attrs, &a, 1);
}

/* ---- singular values, QR ---- */

emily_status emily_linalg_svd(emily_scope *scope, emily_array *a, bool full_matrices, emily_array *out[3]) {
  BEGIN_STATUS(scope, a);
  emily__attrs_flag attrs = {full_matrices};
  if (!is_matrix(&op, a)) return EMILY_INVALID_ARGUMENT;
  return emily__apply_many(&op, EMILY__PRIM_svd, &attrs, sizeof attrs, &a, 1, out);
}

emily_array *emily_linalg_svdvals(emily_scope *scope, emily_array *a) {
  BEGIN(scope, a);
  return is_matrix(&op, a) ? APPLY_PLAIN(svdvals, a) : NULL;
}

emily_status emily_linalg_qr(emily_scope *scope, emily_array *a, const char *mode, emily_array *out[2]) {
  BEGIN_STATUS(scope, a);
  bool complete = mode && !strcmp(mode, "complete");
  emily__attrs_flag attrs = {complete};
  if (!is_matrix(&op, a)) return EMILY_INVALID_ARGUMENT;
  if (!mode || (!complete && strcmp(mode, "reduced")))
    return REFUSE_STATUS("mode is \"reduced\" or \"complete\", not \"%.40s\"", mode ? mode : "NULL");
  emily_status status = emily__apply_many(&op, EMILY__PRIM_qr, &attrs, sizeof attrs, &a, 1, out);
  if (status == EMILY_OK) out[0] = emily_swapaxes(scope, out[0], -1, -2); /* primitives give columns of vectors as rows */
  return emily_scope_status(scope);
}

/* ---- eigenvalues ---- */

/* 0 and 1 for the lower and upper triangle; -1 where the op has failed. */
static int32_t triangle(const emily__op *op, const char *uplo) {
  if (uplo && (!strcmp(uplo, "L") || !strcmp(uplo, "l"))) return 0;
  if (uplo && (!strcmp(uplo, "U") || !strcmp(uplo, "u"))) return 1;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "UPLO is \"L\" or \"U\", not \"%.40s\"", uplo ? uplo : "NULL");
  return -1;
}

emily_status emily_linalg_eig(emily_scope *scope, emily_array *a, emily_array *out[2]) {
  BEGIN_STATUS(scope, a);
  if (!is_square(&op, a)) return EMILY_INVALID_ARGUMENT;
  emily_status status = emily__apply_many(&op, EMILY__PRIM_eig, NULL, 0, &a, 1, out);
  if (status == EMILY_OK) out[1] = emily_swapaxes(scope, out[1], -1, -2);
  return emily_scope_status(scope);
}

emily_array *emily_linalg_eigvals(emily_scope *scope, emily_array *a) {
  BEGIN(scope, a);
  return is_square(&op, a) ? APPLY_PLAIN(eigvals, a) : NULL;
}

emily_status emily_linalg_eigh(emily_scope *scope, emily_array *a, const char *UPLO, emily_array *out[2]) {
  BEGIN_STATUS(scope, a);
  int32_t upper = triangle(&op, UPLO);
  emily__attrs_flag attrs = {upper};
  if (upper < 0 || !is_square(&op, a)) return EMILY_INVALID_ARGUMENT;
  emily_status status = emily__apply_many(&op, EMILY__PRIM_eigh, &attrs, sizeof attrs, &a, 1, out);
  if (status == EMILY_OK) out[1] = emily_swapaxes(scope, out[1], -1, -2);
  return emily_scope_status(scope);
}

emily_array *emily_linalg_eigvalsh(emily_scope *scope, emily_array *a, const char *UPLO) {
  BEGIN(scope, a);
  int32_t upper = triangle(&op, UPLO);
  return upper >= 0 && is_square(&op, a) ? apply_flag(&op, EMILY__PRIM_eigvalsh, a, upper) : NULL;
}

/* ---- factors ---- */

emily_array *emily_linalg_cholesky(emily_scope *scope, emily_array *a, bool upper) {
  BEGIN(scope, a);
  return is_square(&op, a) ? apply_flag(&op, EMILY__PRIM_cholesky, a, upper) : NULL;
}

/* The conjugate transpose. */
static emily_array *adjoint(const emily__op *op, emily_array *a) {
  a = a ? emily_swapaxes(op->scope, a, -1, -2) : NULL;
  return a && a->dtype == EMILY_COMPLEX64 ? emily__unary(op, EMILY__PRIM_conjugate, a) : a;
}

emily_array *emily_linalg_cholesky_inv(emily_scope *scope, emily_array *a, bool upper) {
  BEGIN(scope, a);
  if (!is_square(&op, a)) return NULL;
  emily_array *inverse = apply_flag(&op, EMILY__PRIM_tri_inv, a, upper), *other = adjoint(&op, inverse);
  if (!other) return NULL;
  return upper ? emily_matmul(scope, inverse, other) : emily_matmul(scope, other, inverse);
}

emily_status emily_linalg_lu(emily_scope *scope, emily_array *a, emily_array *out[3]) {
  BEGIN_STATUS(scope, a);
  return is_matrix(&op, a) ? emily__apply_many(&op, EMILY__PRIM_lu, NULL, 0, &a, 1, out) : EMILY_INVALID_ARGUMENT;
}

emily_status emily_linalg_lu_factor(emily_scope *scope, emily_array *a, emily_array *out[2]) {
  BEGIN_STATUS(scope, a);
  return is_matrix(&op, a) ? emily__apply_many(&op, EMILY__PRIM_lu_factor, NULL, 0, &a, 1, out) : EMILY_INVALID_ARGUMENT;
}

/* ---- solutions ---- */

/* A system: both sides of one dtype and one batch, b of two axes at least. */
typedef struct system {
  emily_array *a, *b;
  bool vector; /* b was one: the axis that it was given goes again */
} system;

static bool same_batch(const emily__op *op, system *s) {
  int64_t batch[EMILY__MAX_RANK], shape[EMILY__MAX_RANK];
  int32_t lead;
  if (!emily__broadcast_shapes(s->a->dims, s->a->ndim - 2, s->b->dims, s->b->ndim - 2, batch, &lead)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the batch axes do not broadcast");
    return false;
  }
  emily_array **sides[2] = {&s->a, &s->b};
  for (int32_t i = 0; i < 2; i++) {
    memcpy(shape, batch, (size_t)lead * sizeof *shape);
    memcpy(shape + lead, (*sides[i])->dims + (*sides[i])->ndim - 2, 2 * sizeof *shape);
    *sides[i] = emily__broadcast(op, *sides[i], shape, lead + 2);
  }
  return s->a && s->b;
}

static bool prepare(const emily__op *op, system *s, bool left) {
  emily_dtype dtype = emily_promote_types(s->a->dtype, s->b->dtype);
  s->a = emily__cast(op, s->a, dtype);
  s->b = emily__cast(op, s->b, dtype);
  if (!s->a || !s->b || !is_square(op, s->a)) return false;
  int64_t n = s->a->dims[s->a->ndim - 1];
  int32_t axis = s->b->ndim == 1 ? 0 : left ? s->b->ndim - 2 : s->b->ndim - 1;
  if (s->b->ndim < 1 || s->b->dims[axis] != n) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "b has not the %lld %s of a", (long long)n, left ? "rows" : "columns");
    return false;
  }
  s->vector = s->b->ndim == 1;
  if (s->vector) s->b = emily__reshape(op, s->b, left ? (int64_t[]){n, 1} : (int64_t[]){1, n}, 2);
  return s->b && same_batch(op, s);
}

static emily_array *finish(const emily__op *op, const system *s, emily_array *x) {
  int64_t shape[EMILY__MAX_RANK];
  if (!x || !s->vector) return x;
  memcpy(shape, x->dims, (size_t)x->ndim * sizeof *shape);
  shape[x->ndim - 2] = s->a->dims[s->a->ndim - 1];
  return emily__reshape(op, x, shape, x->ndim - 1);
}

emily_array *emily_linalg_solve(emily_scope *scope, emily_array *a, emily_array *b) {
  BEGIN(scope, a, b);
  system s = {a, b, false};
  return prepare(&op, &s, true) ? finish(&op, &s, APPLY_PLAIN(solve, s.a, s.b)) : NULL;
}

emily_array *emily_linalg_solve_triangular(emily_scope *scope, emily_array *a, emily_array *b, bool upper, bool left_side,
                                           const char *transform) {
  BEGIN(scope, a, b);
  static const char *const transforms[] = {"none", "transpose", "conjugate"};
  system s = {a, b, false};
  emily__attrs_triangular attrs = {upper, left_side, 0};
  while (attrs.transform < 3 && (!transform || strcmp(transform, transforms[attrs.transform]))) attrs.transform++;
  if (attrs.transform == 3)
    return REFUSE("transform is \"none\", \"transpose\" or \"conjugate\", not \"%.40s\"", transform ? transform : "NULL");
  return prepare(&op, &s, left_side) ? finish(&op, &s, APPLY(solve_triangular, &attrs, s.a, s.b)) : NULL;
}

/* ---- inverses ---- */

emily_array *emily_linalg_inv(emily_scope *scope, emily_array *a) {
  BEGIN(scope, a);
  return is_square(&op, a) ? APPLY_PLAIN(inv, a) : NULL;
}

emily_array *emily_linalg_tri_inv(emily_scope *scope, emily_array *a, bool upper) {
  BEGIN(scope, a);
  return is_square(&op, a) ? apply_flag(&op, EMILY__PRIM_tri_inv, a, upper) : NULL;
}

/* 1 / s [..., 1, K] where s is more than rounding may leave of 0, else 0. */
static emily_array *reciprocals(const emily__op *op, emily_array *s, double size) {
  double eps = s->dtype == EMILY_FLOAT64 ? 0x1p-52 : 0x1p-23;
  int64_t row[EMILY__MAX_RANK];
  emily__axes last = {1, {s->ndim - 1}};
  memcpy(row, s->dims, (size_t)s->ndim * sizeof *row);
  row[s->ndim] = row[s->ndim - 1];
  row[s->ndim - 1] = 1;
  emily_array *largest = emily__reduce(op, EMILY__PRIM_max, s, &last, true);
  emily_array *cutoff = emily__binary(op, EMILY__PRIM_multiply, largest, emily__scalar(op, 10 * size * eps, s->dtype));
  emily_array *counts = emily__binary(op, EMILY__PRIM_greater, s, cutoff);
  emily_array *inverse = emily__binary(op, EMILY__PRIM_divide, emily__scalar(op, 1, s->dtype), s);
  emily_array *zero = emily__full(op, 0, s->dtype, s->dims, s->ndim);
  return emily__reshape(op, emily__apply(op, EMILY__PRIM_select, NULL, 0, OPERANDS(counts, inverse, zero), 3), row, s->ndim + 1);
}

emily_array *emily_linalg_pinv(emily_scope *scope, emily_array *a) {
  BEGIN(scope, a);
  emily_array *usv[3];
  emily__attrs_flag thin = {0};
  if (!is_matrix(&op, a)) return NULL;
  if (a->size == 0) return emily_swapaxes(scope, a, -1, -2);
  if (emily__apply_many(&op, EMILY__PRIM_svd, &thin, sizeof thin, &a, 1, usv) != EMILY_OK) return NULL;
  int64_t m = a->dims[a->ndim - 2], n = a->dims[a->ndim - 1];
  emily_array *scaled = emily__binary(&op, EMILY__PRIM_multiply, adjoint(&op, usv[2]), reciprocals(&op, usv[1], (double)(m > n ? m : n)));
  return scaled ? emily_matmul(scope, scaled, adjoint(&op, usv[0])) : NULL;
}

/* ---- determinants ---- */

/* What determinants are computed in: integers and 16-bit floats in float32. */
static emily_array *widened(const emily__op *op, emily_array *a) {
  bool narrow = !emily_dtype_is_inexact(a->dtype) || a->dtype == EMILY_FLOAT16 || a->dtype == EMILY_BFLOAT16;
  a = narrow ? emily__cast(op, a, EMILY_FLOAT32) : a;
  return a && is_square(op, a) ? a : NULL;
}

/* The dtype of results: 16-bit floats stay what they are. */
static emily_dtype result_of(emily_dtype dtype) { return emily_dtype_is_inexact(dtype) ? dtype : EMILY_FLOAT32; }

emily_array *emily_linalg_det(emily_scope *scope, emily_array *a) {
  BEGIN(scope, a);
  emily_array *wide = widened(&op, a);
  return wide ? emily__cast(&op, APPLY_PLAIN(det, wide), result_of(a->dtype)) : NULL;
}

emily_status emily_linalg_slogdet(emily_scope *scope, emily_array *a, emily_array *out[2]) {
  BEGIN_STATUS(scope, a);
  emily_array *wide = widened(&op, a);
  if (!wide || emily__apply_many(&op, EMILY__PRIM_slogdet, NULL, 0, &wide, 1, out) != EMILY_OK) return emily_scope_status(scope);
  emily_dtype dtype = result_of(a->dtype);
  out[0] = emily__cast(&op, out[0], dtype);
  out[1] = emily__cast(&op, out[1], dtype == EMILY_COMPLEX64 ? EMILY_FLOAT32 : dtype);
  return emily_scope_status(scope);
}
