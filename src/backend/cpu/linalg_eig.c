/* linalg_eig.c: eigenvalues and eigenvectors, of symmetric (Hermitian) matrices and of any.
 *
 * Vectors come out as rows: LAPACK's columns as they stand. A symmetric matrix may be loaded in rows: LAPACK then finds the triangle that
 * is asked for on the other side. A Hermitian one would be conjugated by that, and is loaded in columns. LAPACK's balancing ends the
 * process on NaN in some builds, so numbers are looked at first. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/linalg.h"

static bool with_vectors(const emily__batch *b) { return b->node->n_outputs == 2; }

typedef struct room {
  size_t a, work, rwork, iwork, values, vectors, all;
} room;

/* ---- symmetric and Hermitian ---- */

static bool in_rows(const emily__batch *b) { return b->kind != EMILY__LAPACK_C; }

static room symmetric_layout(const emily__batch *b) {
  room at = {0};
  at.a = emily__scratch_room(&at.all, with_vectors(b) ? 0 : (size_t)b->n * (size_t)b->n * (size_t)b->itemsize);
  at.work = emily__scratch_room(&at.all, (size_t)b->lwork * (size_t)b->itemsize);
  at.rwork = emily__scratch_room(&at.all, (size_t)b->lrwork * (size_t)b->real_size);
  at.iwork = emily__scratch_room(&at.all, (size_t)b->liwork * sizeof(int32_t));
  return at;
}

typedef struct spaces {
  void *work, *rwork;
  int32_t *iwork;
  int32_t lwork, lrwork, liwork; /* -1 asks for them */
} spaces;

static int32_t symmetric(const emily__batch *b, void *a, void *values, spaces s) {
  char job = with_vectors(b) ? 'V' : 'N', uplo = b->on == in_rows(b) ? 'L' : 'U';
  int32_t info = 0;
  if (b->kind == EMILY__LAPACK_C)
    b->lapack->cheevd(&job, &uplo, &b->n, a, &b->n, values, s.work, &s.lwork, s.rwork, &s.lrwork, s.iwork, &s.liwork, &info, 1, 1);
  else
    b->lapack->syevd[b->kind](&job, &uplo, &b->n, a, &b->n, values, s.work, &s.lwork, s.iwork, &s.liwork, &info, 1, 1);
  return info;
}

/* The other triangle is never read: what stands there does not matter. */
static bool triangle_is_finite(const emily__batch *b, const char *a) {
  bool lower = b->on != in_rows(b), finite = true; /* in rows of memory */
  for (int64_t i = 0; i < b->n; i++)
    finite &= emily__finite(a + (i * b->n + (lower ? 0 : i)) * b->itemsize, lower ? i + 1 : b->n - i, b->dtype);
  return finite;
}

static int32_t one_symmetric(const emily__batch *b, int64_t index, char *scratch) {
  room at = symmetric_layout(b);
  char *a = with_vectors(b) ? emily__batch_out(b, 1, index, (int64_t)b->n * b->n) : scratch + at.a;
  if (in_rows(b)) emily__load_rows(&b->a, index, a);
  else emily__load_columns(&b->a, index, a, b->n);
  if (!triangle_is_finite(b, a)) return EMILY__NOT_FINITE;
  spaces s = {scratch + at.work, scratch + at.rwork, (int32_t *)(void *)(scratch + at.iwork), b->lwork, b->lrwork, b->liwork};
  return symmetric(b, a, emily__batch_out(b, 0, index, b->n), s);
}

emily_status emily__cpu_eigh(const emily__node_view *node) {
  emily__batch b;
  double work[2] = {0}, rwork[2] = {0};
  int32_t iwork = 0;
  EMILY__TRY(emily__batch_begin(&b, node, one_symmetric, "the eigenvalues did not converge"));
  b.on = ((const emily__attrs_flag *)node->attrs)->on != 0;
  if (b.n == 0 || b.a.count == 0) return EMILY_OK;
  EMILY__TRY(emily__batch_lapack(&b));
  symmetric(&b, NULL, NULL, (spaces){work, rwork, &iwork, -1, -1, -1});
  if (!emily__batch_workspace(&b, work, &b.lwork) || !emily__batch_workspace(&b, rwork, &b.lrwork) || iwork < 0)
    return emily__batch_too_large(&b);
  b.liwork = iwork < 1 ? 1 : iwork;
  b.scratch = symmetric_layout(&b).all;
  return emily__batch_run(&b);
}

emily_status emily__cpu_eigvalsh(const emily__node_view *node) { return emily__cpu_eigh(node); }

/* ---- general ---- */

static room general_layout(const emily__batch *b) {
  room at = {0};
  size_t n = (size_t)b->n, square = n * n * (size_t)b->itemsize;
  bool is_complex = b->kind == EMILY__LAPACK_C;
  at.a = emily__scratch_room(&at.all, square);
  at.work = emily__scratch_room(&at.all, (size_t)b->lwork * (size_t)b->itemsize);
  at.rwork = emily__scratch_room(&at.all, is_complex ? 2 * n * sizeof(float) : 0);
  at.values = emily__scratch_room(&at.all, is_complex ? 0 : 2 * n * (size_t)b->itemsize);
  at.vectors = emily__scratch_room(&at.all, is_complex || !with_vectors(b) ? 0 : square);
  return at;
}

/* values: of real matrices the real parts, and n elements on the imaginary ones. */
static int32_t general(const emily__batch *b, void *a, void *values, void *vectors, void *work, int32_t lwork, void *rwork) {
  char left = 'N', right = with_vectors(b) ? 'V' : 'N';
  int32_t one = 1, info = 0;
  if (b->kind == EMILY__LAPACK_C)
    b->lapack->cgeev(&left, &right, &b->n, a, &b->n, values, NULL, &one, vectors, &b->n, work, &lwork, rwork, &info, 1, 1);
  else
    b->lapack->geev[b->kind](&left, &right, &b->n, a, &b->n, values, values ? (char *)values + b->n * b->itemsize : NULL, NULL, &one,
                             vectors, &b->n, work, &lwork, &info, 1, 1);
  return info;
}

static double real_at(const emily__batch *b, const char *x, int64_t i) {
  return b->kind == EMILY__LAPACK_D ? ((const double *)(const void *)x)[i] : (double)((const float *)(const void *)x)[i];
}

/* A pair of conjugate eigenvalues has one pair of rows: real parts and imaginary parts of the first one's vector. */
static void widen(const emily__batch *b, int64_t index, const char *values, const char *vectors) {
  int64_t n = b->n;
  emily__complex *w = (emily__complex *)(void *)emily__batch_out(b, 0, index, n);
  for (int64_t i = 0; i < n; i++) w[i] = emily__complex_of((float)real_at(b, values, i), (float)real_at(b, values, n + i));
  if (!with_vectors(b)) return;
  emily__complex *v = (emily__complex *)(void *)emily__batch_out(b, 1, index, n * n);
  for (int64_t i = 0; i < n; i++) {
    bool pair = real_at(b, values, n + i) != 0 && i + 1 < n;
    for (int64_t j = 0; j < n; j++) {
      float re = (float)real_at(b, vectors, i * n + j), im = pair ? (float)real_at(b, vectors, (i + 1) * n + j) : 0;
      v[i * n + j] = emily__complex_of(re, im);
      if (pair) v[(i + 1) * n + j] = emily__complex_of(re, -im);
    }
    i += pair;
  }
}

static int32_t one_general(const emily__batch *b, int64_t index, char *scratch) {
  room at = general_layout(b);
  bool is_complex = b->kind == EMILY__LAPACK_C;
  emily__load_columns(&b->a, index, scratch + at.a, b->n);
  if (!emily__finite(scratch + at.a, (int64_t)b->n * b->n, b->dtype)) return EMILY__NOT_FINITE;
  char *values = is_complex ? emily__batch_out(b, 0, index, b->n) : scratch + at.values;
  char *vectors = !with_vectors(b) ? NULL : is_complex ? emily__batch_out(b, 1, index, (int64_t)b->n * b->n) : scratch + at.vectors;
  int32_t info = general(b, scratch + at.a, values, vectors, scratch + at.work, b->lwork, scratch + at.rwork);
  if (!info && !is_complex) widen(b, index, values, vectors);
  return info;
}

emily_status emily__cpu_eig(const emily__node_view *node) {
  emily__batch b;
  double work[2] = {0};
  float rwork[2];
  EMILY__TRY(emily__batch_begin(&b, node, one_general, "the eigenvalues did not converge"));
  if (b.n == 0 || b.a.count == 0) return EMILY_OK;
  EMILY__TRY(emily__batch_lapack(&b));
  general(&b, NULL, NULL, NULL, work, -1, rwork);
  if (!emily__batch_workspace(&b, work, &b.lwork)) return emily__batch_too_large(&b);
  b.scratch = general_layout(&b).all;
  return emily__batch_run(&b);
}

emily_status emily__cpu_eigvals(const emily__node_view *node) { return emily__cpu_eig(node); }
