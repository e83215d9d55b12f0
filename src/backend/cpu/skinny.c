/* skinny.c: few rows (m ≤ EMILY__SKINNY_MAX) times a matrix whose k axis is contiguous: out[i, j] = Σ_k a[i, k] ·
 * b[k, j].
 *
 * A decode step's products: bound by the memory that b is read from, so b is streamed once, in its own dtype, by
 * blocks of columns (rows of the weight that b is a transposed view of). a is packed for the kernel (kernels.h), but
 * for a single row of contiguous float32.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"

enum {
  BLOCK_BYTES = 1 << 20, /* of b, in a block: long streams (gemv_vector.inc) … */
  GRAIN_BYTES = 1 << 16, /* … but not at the price of idle threads, down to this: some microseconds */
  COLUMNS = 128,         /* sums kept on the stack where out cannot take them as they are */
  PACK_LIMIT = 4 << 20,  /* elements of a that are packed at a time: 16 MiB */
  PACK_ALONE = 1 << 14   /* elements that one thread packs in the time others need to begin */
};

typedef struct skinny_job {
  const emily__product *p;
  const emily__cpu_kernels *kernels;
  int64_t first;       /* product that block 0 begins with */
  int64_t products;    /* in this job */
  int64_t per_block;   /* whole products in a block, or 1 … */
  int64_t blocks_each; /* … in so many blocks */
  int64_t columns;     /* of such a block */
  int64_t padded;      /* k, rounded up to whole pieces */
  float *packed;       /* a of the job's products, [products][m · padded]; NULL: a row that is read as it is */
} skinny_job;

static int64_t at_least_1(int64_t x) { return x > 0 ? x : 1; }

static void multiply(const skinny_job *job, float *y, int64_t ldy, const float *x, const emily__matrix *b, int64_t j0,
                     int64_t cols) {
  const int64_t m = job->p->m, k = job->p->k;
  const emily__cpu_kernels *kernels = job->kernels;
  const void *w = emily__matrix_at(b, 0, j0);
  if (m == 1) {
    if (b->dtype == EMILY_FLOAT32) kernels->gemv_f32(y, x, w, b->col, cols, k);
    else if (b->dtype == EMILY_FLOAT16) kernels->gemv_f16(y, x, w, b->col, cols, k);
    else kernels->gemv_bf16(y, x, w, b->col, cols, k);
  } else {
    if (b->dtype == EMILY_FLOAT32) kernels->skinny_f32(y, ldy, x, m, w, b->col, cols, k);
    else if (b->dtype == EMILY_FLOAT16) kernels->skinny_f16(y, ldy, x, m, w, b->col, cols, k);
    else kernels->skinny_bf16(y, ldy, x, m, w, b->col, cols, k);
  }
}

/* Columns j0 … j1 of product t. */
static void run_columns(const skinny_job *job, int64_t t, int64_t j0, int64_t j1) {
  const emily__product *p = job->p;
  const emily__matrix a = emily__product_at(p, EMILY__PRODUCT_A, t), b = emily__product_at(p, EMILY__PRODUCT_B, t),
                      c = emily__product_at(p, EMILY__PRODUCT_C, t),
                      out = emily__product_at(p, EMILY__PRODUCT_OUT, t);
  const float *x = job->packed ? job->packed + (t - job->first) * p->m * job->padded : (const float *)a.data;
  if (out.dtype == EMILY_FLOAT32 && out.col == 1) {
    float *y = (float *)emily__matrix_at(&out, 0, j0);
    multiply(job, y, out.row, x, &b, j0, j1 - j0);
    if (c.data || p->alpha != 1) emily__product_finish(p, &out, &c, 0, j0, p->m, j1 - j0, y, out.row);
    return;
  }
  float y[EMILY__SKINNY_MAX * COLUMNS];
  for (; j0 < j1; j0 += COLUMNS) {
    const int64_t cols = j1 - j0 < COLUMNS ? j1 - j0 : COLUMNS;
    multiply(job, y, COLUMNS, x, &b, j0, cols);
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

void emily__skinny_pack(float *to, const emily__matrix *a, int64_t m, int64_t k) {
  for (int64_t at = 0; at < k; at += EMILY__SKINNY_LANES)
    for (int64_t i = 0; i < m; i++, to += EMILY__SKINNY_LANES) {
      const int64_t n = k - at < EMILY__SKINNY_LANES ? k - at : EMILY__SKINNY_LANES;
      emily__gather_f32(to, emily__matrix_at(a, i, at), a->col, a->dtype, n);
      for (int64_t j = n; j < EMILY__SKINNY_LANES; j++) to[j] = 0;
    }
}

static void pack_task(void *context, int64_t task) {
  const skinny_job *job = context;
  const int64_t m = job->p->m, groups = (m + EMILY__SKINNY_GROUP - 1) / EMILY__SKINNY_GROUP;
  const int64_t t = task / groups, i0 = task % groups * EMILY__SKINNY_GROUP;
  emily__matrix a = emily__product_at(job->p, EMILY__PRODUCT_A, job->first + t);
  a.data = emily__matrix_at(&a, i0, 0);
  emily__skinny_pack(job->packed + (t * m + i0) * job->padded, &a,
                     m - i0 < EMILY__SKINNY_GROUP ? m - i0 : EMILY__SKINNY_GROUP, job->p->k);
}

static void pack(skinny_job *job) {
  const int64_t groups = (job->p->m + EMILY__SKINNY_GROUP - 1) / EMILY__SKINNY_GROUP, tasks = job->products * groups;
  if (!job->packed) return;
  if (job->products * job->p->m * job->padded > PACK_ALONE) emily__pool_run(pack_task, job, tasks);
  else
    for (int64_t task = 0; task < tasks; task++) pack_task(job, task);
}

/* Columns of b are cut by what is to be read; how they are cut changes no bits. */
static void cut_blocks(skinny_job *job) {
  const emily__product *p = job->p;
  const int64_t column_bytes = at_least_1(p->k * (int64_t)emily_dtype_size(p->matrix[EMILY__PRODUCT_B].dtype));
  const int64_t each_thread = p->batch * p->n * column_bytes / emily__pool_threads();
  const int64_t bytes = each_thread < GRAIN_BYTES   ? GRAIN_BYTES
                        : each_thread < BLOCK_BYTES ? each_thread
                                                    : BLOCK_BYTES;
  const int64_t columns = (bytes + column_bytes - 1) / column_bytes;
  job->per_block = p->n > columns ? 1 : columns / p->n;
  job->blocks_each = p->n > columns ? (p->n + columns - 1) / columns : 1;
  job->columns = (p->n + job->blocks_each - 1) / job->blocks_each;
}

emily_status emily__product_skinny(const emily__product *p) {
  const emily__matrix *a = &p->matrix[EMILY__PRODUCT_A];
  const bool as_it_is = p->m == 1 && a->dtype == EMILY_FLOAT32 && (a->col == 1 || p->k <= 1);
  skinny_job job = {.p = p, .kernels = emily__cpu_kernels_get()};
  job.padded = (p->k + EMILY__SKINNY_LANES - 1) / EMILY__SKINNY_LANES * EMILY__SKINNY_LANES;
  const int64_t size = at_least_1(p->m * job.padded);
  int64_t step = p->batch;
  if (!as_it_is && step > PACK_LIMIT / size) step = at_least_1(PACK_LIMIT / size);
  const size_t bytes = as_it_is ? 0 : (size_t)(step * size) * sizeof(float);
  if (bytes) EMILY__TRY(emily__cpu_allocate(bytes, (void **)&job.packed));
  cut_blocks(&job);
  for (job.first = 0; job.first < p->batch; job.first += step) {
    job.products = p->batch - job.first < step ? p->batch - job.first : step;
    pack(&job);
    emily__pool_run(run_block, &job, (job.products + job.per_block - 1) / job.per_block * job.blocks_each);
  }
  if (bytes) emily__cpu_release(job.packed, bytes);
  return EMILY_OK;
}
