/* linalg_lu.c: P A = L U by Gaussian elimination with partial pivoting, and what follows from it: solutions, inverses, determinants.
 *
 * Where the place of the elements must be A's own (factors, solutions) a matrix is loaded in columns, as LAPACK wants it. The inverse and
 * the determinant of the transpose are the transpose and the determinant: those load in rows. Small matrices go through
 * linalg_small.h. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/linalg.h"
#include "backend/cpu/linalg_small.h"

#include <string.h>

static const char singular[] = "the matrix is singular";

static bool is_small(const emily__batch *b) { return b->n <= EMILY__SMALL_MATRIX; }

/* Scratch of all of these: the matrix, its pivots, and something of the kernel's own. */
typedef struct room {
  size_t a, pivots, more, all;
} room;

static room layout(const emily__batch *b, size_t more) {
  room at = {0};
  at.a = emily__scratch_room(&at.all, (size_t)b->m * (size_t)b->n * (size_t)b->itemsize);
  at.pivots = emily__scratch_room(&at.all, (size_t)b->k * sizeof(int32_t));
  at.more = emily__scratch_room(&at.all, more);
  return at;
}

static int32_t *pivots_in(char *scratch, room at) { return (int32_t *)(void *)(scratch + at.pivots); }

/* ---- factors ---- */

/* Loaded in columns and factored; a zero on U's diagonal is a result like any other. */
static void factor(const emily__batch *b, int64_t index, char *scratch, room at) {
  int32_t info;
  emily__load_columns(&b->a, index, scratch + at.a, b->m);
  b->lapack->getrf[b->kind](&b->m, &b->n, scratch + at.a, &b->m, pivots_in(scratch, at), &info);
}

/* rows[i]: the row of L that makes row i of A; the exchanges in reverse, on 0, 1, 2 … */
static void rows_of(const emily__batch *b, uint32_t *rows, const int32_t *pivots) {
  for (int32_t i = 0; i < b->m; i++) rows[i] = (uint32_t)i;
  for (int32_t i = b->k - 1; i >= 0; i--) {
    uint32_t swap = rows[i];
    rows[i] = rows[pivots[i] - 1];
    rows[pivots[i] - 1] = swap;
  }
}

static int32_t one_lu(const emily__batch *b, int64_t index, char *scratch) {
  room at = layout(b, 0);
  char *l = emily__batch_out(b, 1, index, (int64_t)b->m * b->k), *u = emily__batch_out(b, 2, index, (int64_t)b->k * b->n);
  factor(b, index, scratch, at);
  rows_of(b, (uint32_t *)(void *)emily__batch_out(b, 0, index, b->m), pivots_in(scratch, at));
  emily__store_columns(l, scratch + at.a, b->m, b->m, b->k, b->itemsize);
  emily__zero_above(l, b->m, b->k, b->itemsize);
  for (int64_t i = 0; i < b->k; i++) emily__set_one(l + (i * b->k + i) * b->itemsize, b->dtype);
  emily__store_columns(u, scratch + at.a, b->m, b->k, b->n, b->itemsize);
  emily__zero_below(u, b->k, b->n, b->itemsize);
  return 0;
}

static int32_t one_lu_factor(const emily__batch *b, int64_t index, char *scratch) {
  room at = layout(b, 0);
  uint32_t *pivots = (uint32_t *)(void *)emily__batch_out(b, 1, index, b->k);
  factor(b, index, scratch, at);
  emily__store_columns(emily__batch_out(b, 0, index, (int64_t)b->m * b->n), scratch + at.a, b->m, b->m, b->n, b->itemsize);
  for (int32_t i = 0; i < b->k; i++) pivots[i] = (uint32_t)pivots_in(scratch, at)[i] - 1;
  return 0;
}

/* No columns: rows stay where they are; everything else is empty. */
static emily_status factors(const emily__node_view *node, emily__batch_fn *one) {
  emily__batch b;
  EMILY__TRY(emily__batch_begin(&b, node, one, ""));
  if (b.k == 0 && node->outputs[0].dtype == EMILY_UINT32)
    for (int64_t i = 0; i < node->outputs[0].size; i++) ((uint32_t *)node->outputs[0].data)[i] = (uint32_t)(i % b.m);
  if (b.k == 0 || b.a.count == 0) return EMILY_OK;
  EMILY__TRY(emily__batch_lapack(&b));
  b.scratch = layout(&b, 0).all;
  return emily__batch_run(&b);
}

emily_status emily__cpu_lu(const emily__node_view *node) { return factors(node, one_lu); }
emily_status emily__cpu_lu_factor(const emily__node_view *node) { return factors(node, one_lu_factor); }

/* ---- inverse ---- */

static int32_t one_inverse(const emily__batch *b, int64_t index, char *scratch) {
  room at = layout(b, (size_t)b->lwork * (size_t)b->itemsize);
  char *out = emily__batch_out(b, 0, index, (int64_t)b->n * b->n);
  int32_t *pivots = pivots_in(scratch, at), info = 0;
  if (is_small(b)) {
    const emily__small *small = &emily__small_of[b->kind];
    emily__load_rows(&b->a, index, scratch + at.a);
    info = small->lu(scratch + at.a, pivots, b->n);
    emily__fill_identity(out, 1, b->n, b->dtype);
    if (!info) small->lu_solve(scratch + at.a, pivots, out, b->n, b->n);
    return info;
  }
  emily__load_rows(&b->a, index, out);
  b->lapack->getrf[b->kind](&b->n, &b->n, out, &b->n, pivots, &info);
  if (!info) b->lapack->getri[b->kind](&b->n, out, &b->n, pivots, scratch + at.more, &b->lwork, &info);
  return info;
}

emily_status emily__cpu_inv(const emily__node_view *node) {
  emily__batch b;
  double answer[2] = {0};
  int32_t ask = -1, info;
  EMILY__TRY(emily__batch_begin(&b, node, one_inverse, singular));
  if (b.n == 0 || b.a.count == 0) return EMILY_OK;
  if (!is_small(&b)) {
    EMILY__TRY(emily__batch_lapack(&b));
    b.lapack->getri[b.kind](&b.n, NULL, &b.n, NULL, answer, &ask, &info);
    if (!emily__batch_workspace(&b, answer, &b.lwork)) return emily__batch_too_large(&b);
  }
  b.scratch = layout(&b, (size_t)b.lwork * (size_t)b.itemsize).all;
  return emily__batch_run(&b);
}

/* ---- solutions ---- */

static size_t right_bytes(const emily__batch *b) {
  bool direct = is_small(b) || b->b.columns == 1; /* rows and columns are the same, or wanted in rows */
  return direct ? 0 : (size_t)b->n * (size_t)b->b.columns * (size_t)b->itemsize;
}

static int32_t one_solution(const emily__batch *b, int64_t index, char *scratch) {
  room at = layout(b, right_bytes(b));
  int32_t *pivots = pivots_in(scratch, at), info = 0, k = (int32_t)b->b.columns;
  char *out = emily__batch_out(b, 0, index, (int64_t)b->n * k), *x = right_bytes(b) ? scratch + at.more : out;
  if (is_small(b)) {
    const emily__small *small = &emily__small_of[b->kind];
    emily__load_rows(&b->a, index, scratch + at.a);
    emily__load_rows(&b->b, index, out);
    info = small->lu(scratch + at.a, pivots, b->n);
    if (!info) small->lu_solve(scratch + at.a, pivots, out, b->n, k);
    return info;
  }
  emily__load_columns(&b->a, index, scratch + at.a, b->n);
  emily__load_columns(&b->b, index, x, b->n);
  b->lapack->getrf[b->kind](&b->n, &b->n, scratch + at.a, &b->n, pivots, &info);
  if (!info) b->lapack->getrs[b->kind]("N", &b->n, &k, scratch + at.a, &b->n, pivots, x, &b->n, &info, 1);
  if (!info && x != out) emily__store_columns(out, x, b->n, b->n, k, b->itemsize);
  return info;
}

emily_status emily__cpu_solve(const emily__node_view *node) {
  emily__batch b;
  EMILY__TRY(emily__batch_begin(&b, node, one_solution, singular));
  if (node->outputs[0].size == 0) return EMILY_OK;
  if (b.b.rows * b.b.columns > INT32_MAX) return emily__batch_too_large(&b);
  if (!is_small(&b)) EMILY__TRY(emily__batch_lapack(&b));
  b.scratch = layout(&b, right_bytes(&b)).all;
  return emily__batch_run(&b);
}

/* ---- determinants ---- */

/* A product whose factors may leave the range of doubles where the whole does not: mantissa · 2^exponent. */
typedef struct product {
  double re, im;
  int64_t exponent;
} product;

static void rescale(product *p) {
  double size = fmax(fabs(p->re), fabs(p->im));
  int shift;
  if (!(size > 0) || !isfinite(size)) return;
  frexp(size, &shift);
  p->re = ldexp(p->re, -shift);
  p->im = ldexp(p->im, -shift);
  p->exponent += shift;
}

static void element(const emily__batch *b, const char *at, double *re, double *im) {
  *im = b->kind == EMILY__LAPACK_C ? (double)((const float *)(const void *)at)[1] : 0;
  *re = b->kind == EMILY__LAPACK_D ? *(const double *)(const void *)at : (double)*(const float *)(const void *)at;
}

/* Of the diagonal, its sign turned at each exchange of rows. first: the number of the first row among the pivots. */
static product diagonal_product(const emily__batch *b, const char *a, const int32_t *pivots, int32_t first) {
  product p = {1, 0, 0};
  for (int32_t i = 0; i < b->n; i++) {
    double re, im, turn = pivots[i] == i + first ? 1 : -1;
    element(b, a + (int64_t)i * (b->n + 1) * b->itemsize, &re, &im);
    double real = p.re * re - p.im * im, imaginary = p.re * im + p.im * re;
    p.re = turn * (b->kind == EMILY__LAPACK_C ? real : p.re * re);
    p.im = b->kind == EMILY__LAPACK_C ? turn * imaginary : 0;
    rescale(&p);
  }
  return p;
}

static product determinant(const emily__batch *b, int64_t index, char *scratch) {
  room at = layout(b, 0);
  int32_t *pivots = pivots_in(scratch, at), info;
  const emily__small *small = &emily__small_of[b->kind];
  double parts[2];
  emily__load_rows(&b->a, index, scratch + at.a);
  if (b->n <= 3) {
    small->det(scratch + at.a, b->n, parts);
    product p = {parts[0], parts[1], 0};
    rescale(&p);
    return p;
  }
  if (is_small(b)) small->lu(scratch + at.a, pivots, b->n);
  else b->lapack->getrf[b->kind](&b->n, &b->n, scratch + at.a, &b->n, pivots, &info);
  return diagonal_product(b, scratch + at.a, pivots, is_small(b) ? 0 : 1);
}

static void put(const emily__batch *b, char *out, double re, double im) {
  if (b->kind == EMILY__LAPACK_D) *(double *)(void *)out = re;
  else *(float *)(void *)out = (float)re;
  if (b->kind == EMILY__LAPACK_C) ((float *)(void *)out)[1] = (float)im;
}

static int32_t one_det(const emily__batch *b, int64_t index, char *scratch) {
  product p = determinant(b, index, scratch);
  int shift = p.exponent > 4096 ? 4096 : p.exponent < -4096 ? -4096 : (int)p.exponent;
  put(b, emily__batch_out(b, 0, index, 1), ldexp(p.re, shift), ldexp(p.im, shift));
  return 0;
}

static int32_t one_slogdet(const emily__batch *b, int64_t index, char *scratch) {
  static const double ln2 = 0.693147180559945309417232121458;
  product p = determinant(b, index, scratch);
  double size = b->kind == EMILY__LAPACK_C ? hypot(p.re, p.im) : fabs(p.re);
  double logarithm = log(size) + (double)p.exponent * ln2;
  char *out = emily__batch_out(b, 1, index, 1);
  if (b->kind == EMILY__LAPACK_D) *(double *)(void *)out = logarithm;
  else *(float *)(void *)out = (float)logarithm;
  put(b, emily__batch_out(b, 0, index, 1), size == 0 ? 0 : p.re / size, size == 0 ? 0 : p.im / size);
  return 0;
}

static emily_status determinants(const emily__node_view *node, emily__batch_fn *one) {
  emily__batch b;
  EMILY__TRY(emily__batch_begin(&b, node, one, ""));
  if (b.a.count == 0) return EMILY_OK;
  if (!is_small(&b)) EMILY__TRY(emily__batch_lapack(&b));
  b.scratch = layout(&b, 0).all;
  return emily__batch_run(&b);
}

emily_status emily__cpu_det(const emily__node_view *node) { return determinants(node, one_det); }
emily_status emily__cpu_slogdet(const emily__node_view *node) { return determinants(node, one_slogdet); }
