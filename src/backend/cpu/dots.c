/* dots.c: one row or few (m ≤ EMILY__DOTS_MAX) times a matrix whose k axis is contiguous, of types that are not summed in float32:
 * dot products along memory, with nothing packed but a row that is not contiguous itself. Blocks of columns are cut by what is to be read;
 * how they are cut changes no bits. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

enum {
  COLUMNS = 64,         /* sums kept on the stack */
  BLOCK_BYTES = 1 << 16 /* of the matrix, in a block */
};

typedef struct dots_job {
  const emily__product *p;
  const emily__gemm_member *member;
  emily__gemm_type type;
  int64_t column_blocks, columns; /* of a block */
  char *rows;                     /* a's rows, one after the other: [batch][m][k]; NULL: they are contiguous */
} dots_job;

static const char *row_of(const dots_job *job, int64_t t, int64_t i) {
  const emily__product *p = job->p;
  const emily__matrix a = emily__product_at(p, EMILY__PRODUCT_A, t);
  return job->rows ? job->rows + (t * p->m + i) * p->k * (int64_t)emily_dtype_size(a.dtype) : emily__matrix_at(&a, i, 0);
}

static void run_block(void *context, int64_t block) {
  const dots_job *job = context;
  const emily__product *p = job->p;
  const int64_t t = block / job->column_blocks, j0 = block % job->column_blocks * job->columns;
  const int64_t j1 = j0 + job->columns < p->n ? j0 + job->columns : p->n;
  const emily__matrix b = emily__product_at(p, EMILY__PRODUCT_B, t), c = emily__product_at(p, EMILY__PRODUCT_C, t),
                      out = emily__product_at(p, EMILY__PRODUCT_OUT, t);
  uint64_t y[COLUMNS];
  for (int64_t j = j0; j < j1; j += COLUMNS)
    for (int64_t i = 0; i < p->m; i++) {
      const int64_t cols = j1 - j < COLUMNS ? j1 - j : COLUMNS;
      job->member->dots(y, row_of(job, t, i), emily__matrix_at(&b, 0, j), b.col, cols, p->k);
      job->type.finish(p, &out, &c, i, j, 1, cols, y, COLUMNS, 1);
    }
}

static void gather_rows(const dots_job *job) {
  const emily__product *p = job->p;
  const int32_t size = (int32_t)emily_dtype_size(p->matrix[EMILY__PRODUCT_A].dtype);
  for (int64_t t = 0; t < p->batch; t++)
    for (int64_t i = 0; i < p->m; i++) {
      const emily__matrix a = emily__product_at(p, EMILY__PRODUCT_A, t);
      emily__copy_strided(job->rows + (t * p->m + i) * p->k * size, size, emily__matrix_at(&a, i, 0), a.col * size, p->k, size);
    }
}

emily_status emily__product_dots(const emily__product *p) {
  const emily__matrix *a = &p->matrix[EMILY__PRODUCT_A];
  const emily__cpu_kernels *kernels = emily__cpu_kernels_get();
  dots_job job = {.p = p, .member = &kernels->gemm_of[emily__gemm_member_of(a->dtype)], .type = emily__gemm_type_of(kernels, a->dtype)};
  const int64_t size = (int64_t)emily_dtype_size(a->dtype), column_bytes = (p->k + 1) * size;
  const bool as_it_is = a->col == 1 || p->k <= 1;
  const size_t bytes = as_it_is ? 0 : (size_t)(p->batch * p->m * p->k * size);
  if (bytes) EMILY__TRY(emily__cpu_allocate(bytes, (void **)&job.rows));
  if (bytes) gather_rows(&job);
  job.columns = BLOCK_BYTES / column_bytes > COLUMNS ? BLOCK_BYTES / column_bytes / COLUMNS * COLUMNS : BLOCK_BYTES / column_bytes + 1;
  job.column_blocks = (p->n + job.columns - 1) / job.columns;
  emily__pool_run(run_block, &job, p->batch * job.column_blocks);
  if (bytes) emily__cpu_release(job.rows, bytes);
  return EMILY_OK;
}
