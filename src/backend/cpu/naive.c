/* naive.c: products in float64 and complex64, any strides: runs of 64 columns of one row, each sum in the order of k.
 */
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"

#include <string.h>

enum { COLUMNS = 64, GRAIN = 1 << 15 /* multiplications worth a block of their own */ };

#define T double
#define NAME(base) base##_float64
#define ADD_PRODUCT(s, x, y) ((s) += (x) * (y))
#define FINISH(alpha, s) ((double)(alpha) * (s))
#define ADD_SCALED(r, beta, c) ((r) += (double)(beta) * (c))
#include "backend/cpu/naive.inc"

#define T emily__c64
#define NAME(base) base##_complex64
#define ADD_PRODUCT(s, x, y) \
  ((s).re += (x).re * (y).re - (x).im * (y).im, (s).im += (x).re * (y).im + (x).im * (y).re)
#define FINISH(alpha, s) ((emily__c64){(alpha) * (s).re, (alpha) * (s).im})
#define ADD_SCALED(r, beta, c) ((r).re += (beta) * (c).re, (r).im += (beta) * (c).im)
#include "backend/cpu/naive.inc"

typedef struct naive_job {
  const emily__product *p;
  int64_t runs, runs_in_row, runs_in_block;
} naive_job;

static void run_block(void *context, int64_t block) {
  const naive_job *job = context;
  const emily__product *p = job->p;
  int64_t end = (block + 1) * job->runs_in_block;
  if (end > job->runs) end = job->runs;
  for (int64_t run = block * job->runs_in_block; run < end; run++) {
    const int64_t row = run / job->runs_in_row, j0 = run % job->runs_in_row * COLUMNS;
    const int64_t cols = p->n - j0 < COLUMNS ? p->n - j0 : COLUMNS;
    if (p->matrix[EMILY__PRODUCT_A].dtype == EMILY_FLOAT64) block_float64(p, row / p->m, row % p->m, j0, cols);
    else block_complex64(p, row / p->m, row % p->m, j0, cols);
  }
}

void emily__product_naive(const emily__product *p) {
  const int64_t runs_in_row = (p->n + COLUMNS - 1) / COLUMNS, per_run = p->k * (p->n < COLUMNS ? p->n : COLUMNS);
  const int64_t runs_in_block = per_run >= GRAIN ? 1 : GRAIN / (per_run + 1) + 1;
  naive_job job = {p, p->batch * p->m * runs_in_row, runs_in_row, runs_in_block};
  emily__pool_run(run_block, &job, (job.runs + runs_in_block - 1) / runs_in_block);
}
