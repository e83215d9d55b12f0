/* tiny.c: batches of products so small that packing would cost more than they do: each straight from memory, many to a block. */
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"

enum {
  MOST = 1 << 13, /* multiplications of a product */
  GRAIN = 1 << 16 /* of a block */
};

typedef struct tiny_job {
  const emily__product *p;
  const emily__cpu_kernels *kernels;
  int64_t per_block;
} tiny_job;

bool emily__product_is_tiny(const emily__product *p) {
  const emily__matrix *a = &p->matrix[EMILY__PRODUCT_A], *b = &p->matrix[EMILY__PRODUCT_B], *out = &p->matrix[EMILY__PRODUCT_OUT];
  return p->batch > 1 && p->m <= MOST && p->n <= MOST && p->k <= MOST && p->m * p->n <= MOST && p->m * p->n * p->k <= MOST &&
         (a->dtype == EMILY_FLOAT32 || a->dtype == EMILY_FLOAT64) && b->dtype == a->dtype && b->col == 1 && out->col == 1 &&
         !p->matrix[EMILY__PRODUCT_C].data && p->alpha == 1;
}

/* Matrix `which` of product t, without divisions where the batch is one axis. */
static void *data_of(const emily__product *p, int which, int64_t t) {
  const emily__matrix *x = &p->matrix[which];
  if (p->batch_ndim != 1) return emily__product_at(p, which, t).data;
  return x->data + t * p->batch_strides[which][0] * (int64_t)emily_dtype_size(x->dtype);
}

static void run_block(void *context, int64_t block) {
  const tiny_job *job = context;
  const emily__product *p = job->p;
  const emily__matrix *a = &p->matrix[EMILY__PRODUCT_A], *b = &p->matrix[EMILY__PRODUCT_B], *out = &p->matrix[EMILY__PRODUCT_OUT];
  const int64_t end = (block + 1) * job->per_block < p->batch ? (block + 1) * job->per_block : p->batch;
  for (int64_t t = block * job->per_block; t < end; t++)
    (a->dtype == EMILY_FLOAT32 ? job->kernels->tiny_f32 : job->kernels->tiny_f64)(
        data_of(p, EMILY__PRODUCT_OUT, t), out->row, data_of(p, EMILY__PRODUCT_A, t), a->row, a->col, data_of(p, EMILY__PRODUCT_B, t),
        b->row, p->m, p->n, p->k);
}

emily_status emily__product_tiny(const emily__product *p) {
  tiny_job job = {p, emily__cpu_kernels_get(), GRAIN / (p->m * p->n * (p->k + 1)) + 1};
  emily__pool_run(run_block, &job, (p->batch + job.per_block - 1) / job.per_block);
  return EMILY_OK;
}
