/* linalg.c: see linalg.h. */
#include "backend/cpu/linalg.h"

#include "backend/cpu/copy.h"
#include "backend/cpu/pool.h"
#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- operands ---- */

emily__matrices emily__matrices_of(const emily__tensor *t) {
  int32_t last = t->ndim - 1;
  emily__matrices x = {t, t->shape[last - 1], t->shape[last], t->strides[last - 1], t->strides[last], 1,
                       (int64_t)emily_dtype_size(t->dtype)};
  for (int32_t i = 0; i < last - 1; i++) x.count *= t->shape[i];
  return x;
}

char *emily__matrix_at(const emily__matrices *x, int64_t index) {
  const emily__tensor *t = x->tensor;
  int64_t offset = 0;
  for (int32_t i = t->ndim - 3; i >= 0 && index > 0; i--) {
    offset += index % t->shape[i] * t->strides[i];
    index /= t->shape[i];
  }
  return (char *)t->data + offset * x->itemsize;
}

enum { SMALL = 1024 }; /* elements that plain loops copy at once; more go through the strided copy of all kernels */

#define LOOPS(type)                                                                                   \
  do {                                                                                                \
    for (int64_t i = 0; i < rows; i++)                                                                \
      for (int64_t j = 0; j < columns; j++)                                                           \
        ((type *)out)[i * out_row + j * out_column] = ((const type *)in)[i * in_row + j * in_column]; \
  } while (0)

void emily__copy_matrix(void *out, int64_t out_row, int64_t out_column, const void *in, int64_t in_row, int64_t in_column,
                        int64_t rows, int64_t columns, int64_t itemsize) {
  if (rows * columns > SMALL)
    emily__cpu_copy_elements(2, (int64_t[]){rows, columns}, (size_t)itemsize, out, (int64_t[]){out_row, out_column}, in,
                             (int64_t[]){in_row, in_column});
  else if (itemsize == 4) LOOPS(uint32_t);
  else LOOPS(uint64_t);
}

void emily__load_rows(const emily__matrices *x, int64_t index, void *out) {
  const char *from = emily__matrix_at(x, index);
  bool dense = (x->column_stride == 1 || x->columns == 1) && (x->row_stride == x->columns || x->rows == 1);
  if (dense) memcpy(out, from, (size_t)(x->rows * x->columns * x->itemsize));
  else emily__copy_matrix(out, x->columns, 1, from, x->row_stride, x->column_stride, x->rows, x->columns, x->itemsize);
}

void emily__load_columns(const emily__matrices *x, int64_t index, void *out, int64_t lead) {
  emily__copy_matrix(out, 1, lead, emily__matrix_at(x, index), x->row_stride, x->column_stride, x->rows, x->columns, x->itemsize);
}

void emily__store_columns(void *out, const void *in, int64_t lead, int64_t rows, int64_t columns, int64_t itemsize) {
  emily__copy_matrix(out, columns, 1, in, 1, lead, rows, columns, itemsize);
}

void emily__zero_below(void *rows, int64_t m, int64_t n, int64_t itemsize) {
  for (int64_t i = 1; i < m; i++) memset((char *)rows + i * n * itemsize, 0, (size_t)((i < n ? i : n) * itemsize));
}

void emily__zero_above(void *rows, int64_t m, int64_t n, int64_t itemsize) {
  for (int64_t i = 0; i < m && i + 1 < n; i++)
    memset((char *)rows + (i * n + i + 1) * itemsize, 0, (size_t)((n - i - 1) * itemsize));
}

void emily__set_one(void *element, emily_dtype dtype) {
  if (dtype == EMILY_FLOAT64) *(double *)element = 1;
  else *(float *)element = 1;
  if (dtype == EMILY_COMPLEX64) ((float *)element)[1] = 0;
}

void emily__fill_identity(void *out, int64_t count, int64_t n, emily_dtype dtype) {
  size_t itemsize = emily_dtype_size(dtype);
  memset(out, 0, (size_t)(count * n * n) * itemsize);
  for (int64_t i = 0; i < count * n; i++) emily__set_one((char *)out + (size_t)(i * n + i % n) * itemsize, dtype);
}

bool emily__finite(const void *x, int64_t n, emily_dtype dtype) {
  bool finite = true;
  if (dtype == EMILY_FLOAT64)
    for (int64_t i = 0; i < n; i++) finite &= isfinite(((const double *)x)[i]) != 0;
  else
    for (int64_t i = 0; i < (dtype == EMILY_COMPLEX64 ? 2 * n : n); i++) finite &= isfinite(((const float *)x)[i]) != 0;
  return finite;
}

/* ---- batches ---- */

size_t emily__scratch_room(size_t *used, size_t bytes) {
  size_t at = *used;
  *used += (bytes + 63) & ~(size_t)63;
  return at;
}

emily_status emily__batch_too_large(const emily__batch *b) {
  return emily__fail(EMILY_UNSUPPORTED, b->name, "%s: a matrix of %lld x %lld is too large for LAPACK, which counts in 32 bits", b->name,
                     (long long)b->a.rows, (long long)b->a.columns);
}

emily_status emily__batch_begin(emily__batch *b, const emily__node_view *node, emily__batch_fn *one, const char *meaning) {
  *b = (emily__batch){.node = node, .name = emily__prim_name(node->prim), .one = one, .meaning = meaning};
  b->a = emily__matrices_of(&node->inputs[0]);
  if (node->n_inputs > 1) b->b = emily__matrices_of(&node->inputs[1]);
  b->dtype = node->inputs[0].dtype;
  b->kind = b->dtype == EMILY_FLOAT32 ? EMILY__LAPACK_S : b->dtype == EMILY_FLOAT64 ? EMILY__LAPACK_D : EMILY__LAPACK_C;
  b->itemsize = b->a.itemsize;
  b->real_size = b->dtype == EMILY_FLOAT64 ? 8 : 4;
  int64_t larger = b->a.rows > b->a.columns ? b->a.rows : b->a.columns, elements;
  if (larger > INT32_MAX || !emily__mul_i64(b->a.rows, b->a.columns, &elements) || elements > INT32_MAX)
    return emily__batch_too_large(b);
  b->m = (int32_t)b->a.rows;
  b->n = (int32_t)b->a.columns;
  b->k = b->m < b->n ? b->m : b->n;
  return EMILY_OK;
}

emily_status emily__batch_lapack(emily__batch *b) { return emily__lapack_find(b->name, &b->lapack); }

char *emily__batch_out(const emily__batch *b, int32_t output, int64_t index, int64_t elements) {
  const emily__tensor *out = &b->node->outputs[output];
  return (char *)out->data + index * elements * (int64_t)emily_dtype_size(out->dtype);
}

/* float32 holds integers up to 2^24 only: what it says beyond may be too little by half a unit of its last place. */
bool emily__batch_workspace(const emily__batch *b, const void *answer, int32_t *out) {
  double wanted = b->dtype == EMILY_FLOAT64 ? *(const double *)answer : (double)*(const float *)answer;
  if (b->dtype != EMILY_FLOAT64 && wanted >= 0x1p24) wanted *= 1 + 0x1p-23;
  if (!(wanted < INT32_MAX)) return false;
  *out = wanted < 1 ? 1 : (int32_t)ceil(wanted);
  return true;
}

enum {
  MOST_BLOCKS = 32,    /* each has scratch of its own; OpenBLAS has room for a few dozen callers at once */
  GRAIN = 1 << 16      /* operations worth a thread */
};

typedef struct run {
  const emily__batch *batch;
  int64_t blocks;
  char *scratch;
  int64_t failed[MOST_BLOCKS]; /* the first matrix of each block that failed, or -1 */
  int32_t info[MOST_BLOCKS];
} run;

static void run_block(void *context, int64_t block) {
  run *r = context;
  const emily__batch *b = r->batch;
  int64_t begin = b->a.count * block / r->blocks, end = b->a.count * (block + 1) / r->blocks;
  r->failed[block] = -1;
  for (int64_t i = begin; i < end; i++) {
    int32_t info = b->one(b, i, r->scratch + (size_t)block * b->scratch);
    if (info == 0) continue;
    r->failed[block] = i;
    r->info[block] = info;
    return;
  }
}

static emily_status failure(const emily__batch *b, int64_t index, int32_t info) {
  char which[48] = "";
  if (b->a.count > 1) snprintf(which, sizeof which, " (matrix %lld of the batch)", (long long)index);
  if (info == EMILY__NOT_FINITE)
    return emily__fail(EMILY_INVALID_ARGUMENT, b->name, "%s: the matrix holds NaN or infinity%s", b->name, which);
  if (info < 0)
    return emily__fail(EMILY_INTERNAL, b->name, "%s: LAPACK refuses its argument %d%s", b->name, -info, which);
  return emily__fail(EMILY_INVALID_ARGUMENT, b->name, "%s: %s%s", b->name, b->meaning, which);
}

enum { CALL = 1 << 12 }; /* operations that calls of LAPACK cost beside their arithmetic */

/* By shape alone: a matrix of n costs some n³ operations. */
static int64_t blocks_of(const emily__batch *b) {
  double each = ((double)b->m * b->n + (double)b->b.rows * (double)b->b.columns) * (b->k + 8) + (b->lapack ? CALL : 0), total = each * (double)b->a.count;
  int64_t blocks = total >= (double)GRAIN * MOST_BLOCKS ? MOST_BLOCKS : (int64_t)(total / GRAIN);
  if (blocks > b->a.count) blocks = b->a.count;
  return blocks < 1 ? 1 : blocks;
}

emily_status emily__batch_run(emily__batch *b) {
  run r = {.batch = b, .blocks = blocks_of(b)};
  if (b->a.count == 0) return EMILY_OK;
  b->scratch = (b->scratch + 63) & ~(size_t)63;
  char *room = NULL;
  size_t bytes;
  if (b->scratch) {
    if (!emily__mul_size((size_t)r.blocks, b->scratch, &bytes)) return emily__batch_too_large(b);
    room = emily__malloc(bytes + 63);
    if (!room) return EMILY_OUT_OF_MEMORY;
    r.scratch = room + (-(uintptr_t)room & 63);
  }
  if (r.blocks == 1) run_block(&r, 0);
  else emily__pool_run(run_block, &r, r.blocks);
  emily__free(room);
  for (int64_t i = 0; i < r.blocks; i++)
    if (r.failed[i] >= 0) return failure(b, r.failed[i], r.info[i]);
  return EMILY_OK;
}
