/* skinny.c: few rows (m ≤ EMILY__SKINNY_MAX) times a matrix whose k axis is contiguous: out[i, j] = Σ_k a[i, k] · b[k, j].
 *
 * A decode step's products: bound by the memory that b is read from, so b is streamed once, in its own dtype, by blocks of
 * columns (rows of the weight that b is a transposed view of). a is needed as contiguous float32 and copied where it is not.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"

enum {
  BLOCK_BYTES = 1 << 20, /* of b, in a block: long streams (gemv_vector.inc) … */
  GRAIN_BYTES = 1 << 16, /* … but not at the price of idle threads, down to this: some microseconds */
  COLUMNS = 256,         /* sums kept on the stack where out cannot take them as they are */
  COPY_LIMIT = 4 << 20   /* elements of a that are copied at a time: 16 MiB */
};

typedef struct skinny_job {
  const emily__product *p;
  const emily__cpu_kernels *kernels;
  int64_t first;        /* product that block 0 begins with */
  int64_t products;     /* in this job */
  int64_t per_block;    /* whole products in a block, or 1 … */
  int64_t blocks_each;  /* … in so many blocks */
  int64_t columns;      /* of such a block */
  float *copy;          /* a's rows of the job's products, [products, m, k]; NULL: a is read as it is */
} skinny_job;

static int64_t at_least_1(int64_t x) { return x > 0 ? x : 1; }

static void multiply(const skinny_job *job, float *y, int64_t ldy, const float *x, int64_t ldx, const emily__matrix *b,
                     int64_t j0, int64_t cols) {
  const emily__product *p = job->p;
  const emily__cpu_kernels *kernels = job->kernels;
  const void *w = emily__matrix_at(b, 0, j0);
  if (p->m == 1) {
    if (b->dtype == EMILY_FLOAT32) kernels->gemv_f32(y, x, w, b->col, cols, p->k);
    else if (b->dtype == EMILY_FLOAT16) kernels->gemv_f16(y, x, w, b->col, cols, p->k);
    else kernels->gemv_bf16(y, x, w, b->col, cols, p->k);
  } else {
    if (b->dtype == EMILY_FLOAT32) kernels->skinny_f32(y, ldy, x, ldx, p->m, w, b->col, cols, p->k);
    else if (b->dtype == EMILY_FLOAT16) kernels->skinny_f16(y, ldy, x, ldx, p->m, w, b->col, cols, p->k);
    else kernels->skinny_bf16(y, ldy, x, ldx, p->m, w, b->col, cols, p->k);
  }
}

/* Columns j0 … j1 of product t. */
static void run_columns(const skinny_job *job, int64_t t, int64_t j0, int64_t j1) {
  const emily__product *p = job->p;
  const emily__matrix a = emily__product_at(p, EMILY__PRODUCT_A, t), b = emily__product_at(p, EMILY__PRODUCT_B, t),
                      c = emily__product_at(p, EMILY__PRODUCT_C, t), out = emily__product_at(p, EMILY__PRODUCT_OUT, t);
  const float *x = job->copy ? job->copy + (t - job->first) * p->m * p->k : (const float *)a.data;
  const int64_t ldx = job->copy ? p->k : a.row;
  if (out.dtype == EMILY_FLOAT32 && out.col == 1) {
    float *y = (float *)emily__matrix_at(&out, 0, j0);
    multiply(job, y, out.row, x, ldx, &b, j0, j1 - j0);
    if (c.data || p->alpha != 1) emily__product_finish(p, &out, &c, 0, j0, p->m, j1 - j0, y, out.row);
    return;
  }
  float y[EMILY__SKINNY_MAX * COLUMNS];
  for (; j0 < j1; j0 += COLUMNS) {
    const int64_t cols = j1 - j0 < COLUMNS ? j1 - j0 : COLUMNS;
    multiply(job, y, COLUMNS, x, ldx, &b, j0, cols);
    emily__product_finish(p, &out, &c, 0, j0, p->m, cols, y, COLUMNS);
  }
}

static void run_block(void *context, int64_t block) {
  const skinny_job *job = context;
  const int64_t n = job->p->n, part = block % job->blocks_each;
  const int64_t t0 = block / job->blocks_each * job->per_block, j0 = part * job->columns;
  const int64_t t1 = t0 + job->per_block < job->products ? t0 + job->per_block : job->products;
  const int64_t j1 = j0 + job->columns < n ? j0 + job->columns : n;
  for (int64_t t = t0; t < t1; t++) run_columns(job, job->first + t, j0, j1);
}

static void copy_rows(skinny_job *job) {
  const emily__product *p = job->p;
  for (int64_t t = 0; job->copy && t < job->products; t++) {
    const emily__matrix a = emily__product_at(p, EMILY__PRODUCT_A, job->first + t);
    for (int64_t i = 0; i < p->m; i++)
      emily__gather_f32(job->copy + (t * p->m + i) * p->k, emily__matrix_at(&a, i, 0), a.col, a.dtype, p->k);
  }
}

/* Columns of b are cut by what is to be read; how they are cut changes no bits. */
static void cut_blocks(skinny_job *job) {
  const emily__product *p = job->p;
  const int64_t column_bytes = at_least_1(p->k * (int64_t)emily_dtype_size(p->matrix[EMILY__PRODUCT_B].dtype));
  const int64_t each_thread = p->batch * p->n * column_bytes / emily__pool_threads();
  const int64_t bytes = each_thread < GRAIN_BYTES ? GRAIN_BYTES : each_thread < BLOCK_BYTES ? each_thread : BLOCK_BYTES;
  const int64_t columns = (bytes + column_bytes - 1) / column_bytes;
  job->per_block = p->n > columns ? 1 : columns / p->n;
  job->blocks_each = p->n > columns ? (p->n + columns - 1) / columns : 1;
  job->columns = (p->n + job->blocks_each - 1) / job->blocks_each;
}

emily_status emily__product_skinny(const emily__product *p) {
  const emily__matrix *a = &p->matrix[EMILY__PRODUCT_A];
  const bool as_it_is = a->dtype == EMILY_FLOAT32 && (a->col == 1 || p->k <= 1);
  const int64_t size = p->m * p->k;
  int64_t step = p->batch;
  skinny_job job = {.p = p, .kernels = emily__cpu_kernels_get()};
  if (!as_it_is && step * size > COPY_LIMIT) step = size > COPY_LIMIT ? 1 : COPY_LIMIT / size;
  const size_t bytes = as_it_is ? 0 : (size_t)(step * size) * sizeof(float);
  if (bytes) EMILY__TRY(emily__cpu_allocate(bytes, (void **)&job.copy));
  cut_blocks(&job);
  for (job.first = 0; job.first < p->batch; job.first += step) {
    job.products = p->batch - job.first < step ? p->batch - job.first : step;
    copy_rows(&job);
    emily__pool_run(run_block, &job, (job.products + job.per_block - 1) / job.per_block * job.blocks_each);
  }
  if (bytes) emily__cpu_release(job.copy, bytes);
  return EMILY_OK;
}
