/* linalg.h: what the kernels of linear algebra share: batches of matrices over the pool, and how a matrix gets in and out.
 *
 * A kernel handles one matrix at a time: it reads it from a strided operand into dense memory (its output or its scratch), in rows or
 * in columns, calls LAPACK, and tidies up. LAPACK's matrices stand in columns, so what is loaded in rows it sees transposed; each
 * kernel says which of the two saves a copy. Matrices of a batch are independent of each other: how they are cut into blocks changes
 * no result. */
#ifndef EMILY_BACKEND_CPU_LINALG_H
#define EMILY_BACKEND_CPU_LINALG_H

#include "backend/backend.h"
#include "backend/cpu/lapack.h"

/* ---- operands ---- */

/* The last two axes of a tensor, by matrix. Strides in elements. */
typedef struct emily__matrices {
  const emily__tensor *tensor;
  int64_t rows, columns, row_stride, column_stride, count;
  int64_t itemsize;
} emily__matrices;

emily__matrices emily__matrices_of(const emily__tensor *tensor); /* of two axes at least */
char *emily__matrix_at(const emily__matrices *x, int64_t index); /* its element [0, 0] */

/* Copy the matrix of this index to dense memory: in rows, or in columns `lead` elements apart. */
void emily__load_rows(const emily__matrices *x, int64_t index, void *out);
void emily__load_columns(const emily__matrices *x, int64_t index, void *out, int64_t lead);
/* Dense rows from columns `lead` elements apart. */
void emily__store_columns(void *out, const void *in, int64_t lead, int64_t rows, int64_t columns, int64_t itemsize);
/* The same for any strides, in elements. */
void emily__copy_matrix(void *out, int64_t out_row, int64_t out_column, const void *in, int64_t in_row, int64_t in_column,
                        int64_t rows, int64_t columns, int64_t itemsize);

/* Zero what lies below (or above) the diagonal of dense rows. */
void emily__zero_below(void *rows, int64_t m, int64_t n, int64_t itemsize);
void emily__zero_above(void *rows, int64_t m, int64_t n, int64_t itemsize);
/* `count` unit matrices in rows. */
void emily__fill_identity(void *out, int64_t count, int64_t n, emily_dtype dtype);
void emily__set_one(void *element, emily_dtype dtype);
/* No NaN and no infinity among n numbers. */
bool emily__finite(const void *x, int64_t n, emily_dtype dtype);

/* ---- batches ---- */

typedef struct emily__batch emily__batch;
/* One matrix: 0, or what LAPACK's info says of it. `scratch` is aligned to 64 bytes and belongs to the caller's block. */
typedef int32_t emily__batch_fn(const emily__batch *batch, int64_t index, char *scratch);

struct emily__batch {
  const emily__node_view *node;
  const char *name;            /* the primitive's */
  const emily__lapack *lapack; /* set by emily__batch_lapack */
  emily__matrices a, b;        /* the first operand; the second, where there is one */
  emily_dtype dtype;           /* its dtype; kind, itemsize and real_size follow */
  int32_t kind;
  int64_t itemsize, real_size;
  int32_t m, n, k;             /* of one matrix; k = min(m, n) */
  bool on;                     /* the flag of the attributes, where there is one */
  emily__batch_fn *one;
  size_t scratch;              /* bytes */
  int32_t lwork, lrwork, liwork; /* as LAPACK asked for */
  const char *meaning;         /* what a positive info says: "the matrix is singular" */
};

/* A batch over the first operand; refuses matrices whose elements an int32 can not count. */
emily_status emily__batch_begin(emily__batch *batch, const emily__node_view *node, emily__batch_fn *one, const char *meaning);
emily_status emily__batch_lapack(emily__batch *batch);
/* Runs over all matrices; fails for the first one in order whose info is not 0. */
emily_status emily__batch_run(emily__batch *batch);

/* The place of a matrix (or vector) of so many elements in an output. */
char *emily__batch_out(const emily__batch *batch, int32_t output, int64_t index, int64_t elements);

/* The workspace that LAPACK answered to a query, as an element of the batch's dtype; false where an int32 can not hold it. */
bool emily__batch_workspace(const emily__batch *batch, const void *answer, int32_t *out);
emily_status emily__batch_too_large(const emily__batch *batch);

/* Room for `bytes` in a block's scratch: adds to *used and gives the offset. */
size_t emily__scratch_room(size_t *used, size_t bytes);

enum { EMILY__NOT_FINITE = -1000 }; /* an info of our own */

#endif
