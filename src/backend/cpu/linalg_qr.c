/* linalg_qr.c: A = Q R by Householder reflections.
 *
 * A is loaded in columns, where LAPACK leaves R above the diagonal and the reflections below; they become Q in place. The first output
 * is Q's columns as they stand, Q^T in rows: who asks for Q gets a view. Where A has no more columns than rows all this happens in that
 * output's memory. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/linalg.h"

#include <string.h>

typedef struct room {
  size_t a, tau, work, all;
} room;

static bool in_output(const emily__batch *b) { return b->m >= b->n; }

static room layout(const emily__batch *b) {
  room at = {0};
  at.a = emily__scratch_room(&at.all, in_output(b) ? 0 : (size_t)b->m * (size_t)b->n * (size_t)b->itemsize);
  at.tau = emily__scratch_room(&at.all, (size_t)b->k * (size_t)b->itemsize);
  at.work = emily__scratch_room(&at.all, (size_t)b->lwork * (size_t)b->itemsize);
  return at;
}

/* Columns of Q: all where the decomposition is complete. */
static int32_t q_columns(const emily__batch *b) { return b->on ? b->m : b->k; }

static int32_t one_matrix(const emily__batch *b, int64_t index, char *scratch) {
  room at = layout(b);
  int32_t columns = q_columns(b), info = 0;
  char *q = emily__batch_out(b, 0, index, (int64_t)columns * b->m), *r = emily__batch_out(b, 1, index, (int64_t)columns * b->n);
  char *a = in_output(b) ? q : scratch + at.a;
  emily__load_columns(&b->a, index, a, b->m);
  b->lapack->geqrf[b->kind](&b->m, &b->n, a, &b->m, scratch + at.tau, scratch + at.work, &b->lwork, &info);
  if (info) return info;
  emily__store_columns(r, a, b->m, b->k, b->n, b->itemsize);
  memset(r + (int64_t)b->k * b->n * b->itemsize, 0, (size_t)(columns - b->k) * (size_t)b->n * (size_t)b->itemsize);
  emily__zero_below(r, b->k, b->n, b->itemsize);
  b->lapack->orgqr[b->kind](&b->m, &columns, &b->k, a, &b->m, scratch + at.tau, scratch + at.work, &b->lwork, &info);
  if (!in_output(b)) memcpy(q, a, (size_t)columns * (size_t)b->m * (size_t)b->itemsize);
  return info;
}

/* What the two routines want, whichever is more. */
static bool workspace(emily__batch *b) {
  double answer[2] = {0};
  int32_t ask = -1, info = 0, columns = q_columns(b), other;
  b->lapack->geqrf[b->kind](&b->m, &b->n, NULL, &b->m, NULL, answer, &ask, &info);
  if (!emily__batch_workspace(b, answer, &b->lwork)) return false;
  b->lapack->orgqr[b->kind](&b->m, &columns, &b->k, NULL, &b->m, NULL, answer, &ask, &info);
  if (!emily__batch_workspace(b, answer, &other)) return false;
  if (other > b->lwork) b->lwork = other;
  return true;
}

emily_status emily__cpu_qr(const emily__node_view *node) {
  emily__batch b;
  EMILY__TRY(emily__batch_begin(&b, node, one_matrix, ""));
  b.on = ((const emily__attrs_flag *)node->attrs)->on != 0;
  if (b.a.count == 0 || b.m == 0) return EMILY_OK;
  if (b.n == 0) {
    if (b.on) emily__fill_identity(node->outputs[0].data, b.a.count, b.m, b.dtype);
    return EMILY_OK;
  }
  if (b.on && (int64_t)b.m * b.m > INT32_MAX) return emily__batch_too_large(&b);
  EMILY__TRY(emily__batch_lapack(&b));
  if (!workspace(&b)) return emily__batch_too_large(&b);
  b.scratch = layout(&b).all;
  return emily__batch_run(&b);
}
