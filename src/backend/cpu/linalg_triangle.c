/* linalg_triangle.c: triangular matrices: the Cholesky factor, inverses, and solutions.
 *
 * All work on dense rows, which LAPACK sees as the transpose: what is upper there is lower here. A = L L^H in rows is A^T = conj(A) =
 * U^H U in columns with U = L^T, so that Hermitian matrices need no conjugation either. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/linalg.h"
#include "backend/cpu/linalg_small.h"

static bool is_small(const emily__batch *b) { return b->n <= EMILY__SMALL_MATRIX; }

static const char *seen_as(bool upper) { return upper ? "L" : "U"; }

static void keep_triangle(const emily__batch *b, char *rows) {
  if (b->on) emily__zero_below(rows, b->n, b->n, b->itemsize);
  else emily__zero_above(rows, b->n, b->n, b->itemsize);
}

/* ---- factor and inverse ---- */

static int32_t one_cholesky(const emily__batch *b, int64_t index, char *scratch) {
  (void)scratch;
  char *out = emily__batch_out(b, 0, index, (int64_t)b->n * b->n);
  int32_t info = 0;
  emily__load_rows(&b->a, index, out);
  if (is_small(b)) info = emily__small_of[b->kind].cholesky(out, b->n, b->on);
  else b->lapack->potrf[b->kind](seen_as(b->on), &b->n, out, &b->n, &info, 1);
  keep_triangle(b, out);
  return info;
}

static int32_t one_inverse(const emily__batch *b, int64_t index, char *scratch) {
  (void)scratch;
  char *out = emily__batch_out(b, 0, index, (int64_t)b->n * b->n);
  int32_t info = 0;
  emily__load_rows(&b->a, index, out);
  b->lapack->trtri[b->kind](seen_as(b->on), "N", &b->n, out, &b->n, &info, 1, 1);
  keep_triangle(b, out);
  return info;
}

static emily_status in_place(const emily__node_view *node, emily__batch_fn *one, const char *meaning, bool small) {
  emily__batch b;
  EMILY__TRY(emily__batch_begin(&b, node, one, meaning));
  b.on = ((const emily__attrs_flag *)node->attrs)->on != 0;
  if (b.n == 0 || b.a.count == 0) return EMILY_OK;
  if (!small || !is_small(&b)) EMILY__TRY(emily__batch_lapack(&b));
  return emily__batch_run(&b);
}

emily_status emily__cpu_cholesky(const emily__node_view *node) {
  return in_place(node, one_cholesky, "the matrix is not positive definite", true);
}

emily_status emily__cpu_tri_inv(const emily__node_view *node) { return in_place(node, one_inverse, "the matrix is singular", false); }

/* ---- solutions ---- */

/* trsm only reads its triangle: rows that are dense, or padded, stay where they are. */
static bool readable(const emily__batch *b) {
  return b->a.column_stride == 1 && b->a.row_stride >= b->n && b->a.row_stride <= INT32_MAX;
}

static bool has_zero(const emily__batch *b, const char *a, int64_t lead) {
  bool zero = false;
  for (int64_t i = 0; i < b->n; i++) {
    const char *at = a + i * (lead + 1) * b->itemsize;
    if (b->kind == EMILY__LAPACK_D) zero |= *(const double *)(const void *)at == 0;
    else if (b->kind == EMILY__LAPACK_S) zero |= *(const float *)(const void *)at == 0;
    else zero |= *(const emily__complex *)(const void *)at == 0;
  }
  return zero;
}

/* op(A) X = B in rows is X^T op(A)^T = B^T in columns: from the other side, and of A^T, as it is seen, the same op. */
static int32_t one_solution(const emily__batch *b, int64_t index, char *scratch) {
  static const double ones_d[1] = {1};
  static const float ones[2] = {1, 0};
  const emily__attrs_triangular *attrs = b->node->attrs;
  char *a = readable(b) ? emily__matrix_at(&b->a, index) : scratch, *out = emily__batch_out(b, 0, index, b->b.rows * b->b.columns);
  int32_t lead = readable(b) ? (int32_t)b->a.row_stride : b->n, rows = (int32_t)b->b.columns, columns = (int32_t)b->b.rows;
  if (!readable(b)) emily__load_rows(&b->a, index, a);
  if (has_zero(b, a, lead)) return 1;
  emily__load_rows(&b->b, index, out);
  b->lapack->trsm[b->kind](attrs->left ? "R" : "L", seen_as(attrs->upper), &"NTC"[attrs->transform], "N", &rows, &columns,
                           b->kind == EMILY__LAPACK_D ? (const void *)ones_d : (const void *)ones, a, &lead, out, &rows, 1, 1, 1, 1);
  return 0;
}

emily_status emily__cpu_solve_triangular(const emily__node_view *node) {
  emily__batch b;
  EMILY__TRY(emily__batch_begin(&b, node, one_solution, "the matrix is singular: a zero is on its diagonal"));
  if (node->outputs[0].size == 0) return EMILY_OK;
  if (b.b.rows * b.b.columns > INT32_MAX) return emily__batch_too_large(&b);
  EMILY__TRY(emily__batch_lapack(&b));
  b.scratch = readable(&b) ? 0 : (size_t)b.n * (size_t)b.n * (size_t)b.itemsize;
  return emily__batch_run(&b);
}
