/* conv_direct.c: one phase of a convolution in float64 or complex64, as its formula says: for each pixel runs of filters, each sum in
 * the order of k. The weights are laid out with the filters of a group next to each other. */
#include "backend/cpu/conv.h"

#include "base/alloc.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"

#include <string.h>

enum { LAST = EMILY__CONV_AXES - 1, COLUMNS = 64, GRAIN = 1 << 15 /* multiplications worth a block of their own */ };

typedef struct direct_job {
  const emily__conv *conv;
  const emily__conv_phase *phase;
  char *weights; /* [group][k][filter] */
  int64_t rows, rows_in_block; /* a row: one pixel and one group */
} direct_job;

/* Where tap `index` (of all axes) of a pixel reads, in elements; false outside of the input. */
static bool reads_at(const direct_job *job, const emily__conv_pixel *at, int64_t index, int64_t *x) {
  *x = at->n * job->conv->x_batch;
  for (int32_t i = LAST; i >= 0; i--) {
    const emily__conv_phase_axis *p = &job->phase->axis[i];
    const int64_t in = p->in_first + at->q[i] * p->in_step + index % p->taps * p->in_tap;
    if (in < 0 || in >= job->conv->axis[i].in) return false;
    *x += in * job->conv->axis[i].x_stride;
    index /= p->taps;
  }
  return true;
}

#define T double
#define NAME(base) base##_float64
#define ADD_PRODUCT(s, x, y) ((s) += (x) * (y))
#include "backend/cpu/conv_direct.inc"

#define T emily__c64
#define NAME(base) base##_complex64
#define ADD_PRODUCT(s, x, y) \
  ((s).re += (x).re * (y).re - (x).im * (y).im, (s).im += (x).re * (y).im + (x).im * (y).re)
#include "backend/cpu/conv_direct.inc"

static void pack_block(void *context, int64_t group) {
  const direct_job *job = context;
  if (job->conv->dtype == EMILY_FLOAT64) pack_float64(job, group);
  else pack_complex64(job, group);
}

static void run_block(void *context, int64_t block) {
  const direct_job *job = context;
  int64_t end = (block + 1) * job->rows_in_block;
  if (end > job->rows) end = job->rows;
  for (int64_t row = block * job->rows_in_block; row < end; row++) {
    const int64_t pixel = row / job->conv->groups, group = row % job->conv->groups;
    if (job->conv->dtype == EMILY_FLOAT64) row_float64(job, pixel, group);
    else row_complex64(job, pixel, group);
  }
}

emily_status emily__conv_direct(const emily__conv *conv, const emily__conv_phase *phase) {
  direct_job job = {.conv = conv, .phase = phase, .rows = phase->pixels * conv->groups};
  int64_t bytes;
  if (!emily__mul_i64(phase->k, conv->filters, &bytes) || !emily__mul_i64(bytes, conv->groups, &bytes) || !emily__mul_i64(bytes, 8, &bytes))
    return emily__fail(EMILY_OUT_OF_MEMORY, "conv", "the weights do not fit in memory");
  EMILY__TRY(emily__cpu_allocate((size_t)bytes, (void **)&job.weights));
  const double per_row = (double)phase->k * (double)conv->filters;
  job.rows_in_block = per_row >= GRAIN ? 1 : GRAIN / ((int64_t)per_row + 1) + 1;
  emily__pool_run(pack_block, &job, conv->groups);
  emily__pool_run(run_block, &job, (job.rows + job.rows_in_block - 1) / job.rows_in_block);
  emily__cpu_release(job.weights, (size_t)bytes);
  return EMILY_OK;
}
