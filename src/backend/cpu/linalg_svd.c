/* linalg_svd.c: singular values and vectors, A = U S V^H, by LAPACK's divide and conquer.
 *
 * A is loaded in rows, so LAPACK sees A^T = conj(V) S U^T. What it then calls u, in columns, is V^H in rows, and its vt is U in rows: both
 * go straight to the outputs. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/linalg.h"

/* gesdd on A^T, n x m. Without outputs only the values; lwork -1 asks for the workspace. */
static int32_t decompose(const emily__batch *b, char job, void *a, void *s, void *u, void *vt, void *work, int32_t lwork, void *rwork,
                         int32_t *iwork) {
  int32_t n = b->n > 0 ? b->n : 1, columns = job == 'A' ? b->m : b->k, info = 0;
  if (columns < 1) columns = 1;
  if (b->kind == EMILY__LAPACK_C)
    b->lapack->cgesdd(&job, &b->n, &b->m, a, &n, s, vt, &n, u, &columns, work, &lwork, rwork, iwork, &info, 1);
  else
    b->lapack->gesdd[b->kind](&job, &b->n, &b->m, a, &n, s, vt, &n, u, &columns, work, &lwork, iwork, &info, 1);
  return info;
}

typedef struct room {
  size_t a, work, rwork, iwork, all;
} room;

static room layout(const emily__batch *b, bool vectors) {
  room at = {0};
  size_t k = (size_t)b->k, larger = (size_t)(b->m > b->n ? b->m : b->n);
  size_t real = vectors ? 5 * k * k + 5 * k + 2 * larger * k + 2 * k * k + k : 7 * k; /* at least as LAPACK's manual asks for */
  at.a = emily__scratch_room(&at.all, (size_t)b->m * (size_t)b->n * (size_t)b->itemsize);
  at.work = emily__scratch_room(&at.all, (size_t)b->lwork * (size_t)b->itemsize);
  at.rwork = emily__scratch_room(&at.all, b->kind == EMILY__LAPACK_C ? real * sizeof(float) : 0);
  at.iwork = emily__scratch_room(&at.all, 8 * k * sizeof(int32_t));
  return at;
}

static int32_t one_matrix(const emily__batch *b, int64_t index, char *scratch) {
  bool vectors = b->node->n_outputs == 3;
  room at = layout(b, vectors);
  char job = !vectors ? 'N' : b->on ? 'A' : 'S';
  int64_t columns = b->on ? b->m : b->k, rows = b->on ? b->n : b->k;
  emily__load_rows(&b->a, index, scratch + at.a);
  if (!emily__finite(scratch + at.a, (int64_t)b->m * b->n, b->dtype)) return EMILY__NOT_FINITE;
  void *u = vectors ? emily__batch_out(b, 0, index, b->m * columns) : NULL, *vt = vectors ? emily__batch_out(b, 2, index, rows * b->n) : NULL;
  return decompose(b, job, scratch + at.a, emily__batch_out(b, vectors ? 1 : 0, index, b->k), u, vt, scratch + at.work, b->lwork,
                   scratch + at.rwork, (int32_t *)(void *)(scratch + at.iwork));
}

/* No singular values: the vectors of a full decomposition are those of the unit matrix. */
static emily_status without_values(const emily__batch *b) {
  const emily__tensor *u = &b->node->outputs[0], *vt = &b->node->outputs[2];
  if (b->node->n_outputs < 3 || !b->on) return EMILY_OK;
  if (u->size) emily__fill_identity(u->data, b->a.count, b->m, u->dtype);
  if (vt->size) emily__fill_identity(vt->data, b->a.count, b->n, vt->dtype);
  return EMILY_OK;
}

static emily_status svd(const emily__node_view *node, bool full) {
  emily__batch b;
  double answer[2] = {0};
  float real[8];
  int32_t integers[8];
  EMILY__TRY(emily__batch_begin(&b, node, one_matrix, "the singular values did not converge"));
  b.on = full;
  if (b.k == 0 || b.a.count == 0) return without_values(&b);
  if (full && ((int64_t)b.m * b.m > INT32_MAX || (int64_t)b.n * b.n > INT32_MAX)) return emily__batch_too_large(&b);
  EMILY__TRY(emily__batch_lapack(&b));
  decompose(&b, node->n_outputs < 3 ? 'N' : full ? 'A' : 'S', NULL, NULL, NULL, NULL, answer, -1, real, integers);
  if (!emily__batch_workspace(&b, answer, &b.lwork)) return emily__batch_too_large(&b);
  b.scratch = layout(&b, node->n_outputs == 3).all;
  return emily__batch_run(&b);
}

emily_status emily__cpu_svd(const emily__node_view *node) { return svd(node, ((const emily__attrs_flag *)node->attrs)->on != 0); }
emily_status emily__cpu_svdvals(const emily__node_view *node) { return svd(node, false); }
