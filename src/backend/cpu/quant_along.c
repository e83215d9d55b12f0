/* quant_along.c: few rows times quantized matrices that are packed along n: out[r] = Σ_k x[r, k] · W[k], as the values of a quantized cache meet
 * their weights.
 *
 * Rows of W are unpacked a tile at a time into scratch that stays in the first-level cache, and added to each row's sums. Blocks are columns
 * of one span, whole groups; each sum runs over k in order, so that cuts change no bits. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "backend/cpu/quant_product.h"
#include "backend/cpu/slots.h"

enum {
  BLOCKS = 32,    /* that are wanted in all, if there are groups for so many */
  TILE = 1 << 12, /* elements unpacked at a time: 16 KiB */
  ROWS = EMILY__QUANT_ALONG
};

typedef struct along_job {
  const emily__quant_product *p;
  const emily__cpu_kernels *kernels;
  int64_t groups;                /* of a row of W */
  int64_t columns, blocks_each;  /* of a block; blocks of a span */
  int64_t together;              /* rows of W in a tile */
  emily__slots slots;            /* scales, biases, elements of a tile; x of a tile; sums */
} along_job;

typedef struct block {
  const emily__quant_span *span;
  int64_t j, cols, groups; /* columns [j, j + cols), and their groups */
  float *scales, *biases, *elements, *x, *sums;
} block;

static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

/* Scales or biases of rows k0 … k0 + rows, the block's columns. */
static void take_scales(const along_job *job, const block *b, float *to, const char *from, int64_t k0, int64_t rows) {
  const emily__quant_product *p = job->p;
  const int64_t size = emily__quant_scale_size(p), first = b->j / p->form.group;
  from += (k0 * job->groups + first) * size;
  if (b->groups == job->groups) emily__quant_scales(to, from, p->attrs->mode, p->scale_dtype, rows * b->groups);
  else
    for (int64_t i = 0; i < rows; i++) emily__quant_some_scales(p, to + i * b->groups, from + i * job->groups * size, b->groups);
}

static void unpack_tile(const along_job *job, const block *b, int64_t k0, int64_t rows) {
  const emily__quant_product *p = job->p;
  const int64_t row_bytes = emily__quant_row_bytes(p);
  const uint8_t *packed = b->span->packed + k0 * row_bytes + b->j / 8 * p->form.bits;
  const bool whole = b->cols == p->n;
  float *biases = b->span->biases ? b->biases : NULL;
  take_scales(job, b, b->scales, b->span->scales, k0, rows);
  if (biases) take_scales(job, b, biases, b->span->biases, k0, rows);
  if (whole) job->kernels->quant_unpack(b->elements, packed, &p->form, b->scales, biases, rows * b->cols);
  else
    for (int64_t i = 0; i < rows; i++)
      job->kernels->quant_unpack(b->elements + i * b->cols, packed + i * row_bytes, &p->form, b->scales + i * b->groups,
                                 biases ? biases + i * b->groups : NULL, b->cols);
}

static void add_tile(const along_job *job, const block *b, int64_t k0, int64_t rows) {
  const emily__quant_product *p = job->p;
  const int64_t itemsize = (int64_t)emily_dtype_size(p->dtype);
  for (int64_t r = 0; r < b->span->rows; r++) {
    const char *x = p->x + (p->x_at[b->span->first + r] + k0 * p->x_stride) * itemsize;
    emily__gather_f32(b->x, x, p->x_stride, p->dtype, rows);
    for (int64_t i = 0; i < rows; i++) job->kernels->axpy(b->sums + r * b->cols, b->x[i], b->elements + i * b->cols, b->cols);
  }
}

static block lay_out(const along_job *job, int64_t index, float *scratch) {
  const emily__quant_product *p = job->p;
  block b = {.span = &p->spans[index / job->blocks_each], .j = index % job->blocks_each * job->columns};
  b.cols = least(job->columns, p->n - b.j);
  b.groups = b.cols / p->form.group;
  b.scales = scratch;
  b.biases = b.scales + job->together * b.groups;
  b.elements = b.biases + job->together * b.groups;
  b.x = b.elements + job->together * b.cols;
  b.sums = b.x + job->together;
  return b;
}

static void run_block(void *context, int64_t index) {
  along_job *job = context;
  const emily__quant_product *p = job->p;
  int slot;
  const block b = lay_out(job, index, emily__slots_take(&job->slots, &slot));
  memset(b.sums, 0, (size_t)(b.span->rows * b.cols) * sizeof *b.sums);
  for (int64_t k0 = 0; k0 < p->k; k0 += job->together) {
    const int64_t rows = least(job->together, p->k - k0);
    unpack_tile(job, &b, k0, rows);
    add_tile(job, &b, k0, rows);
  }
  for (int64_t r = 0; r < b.span->rows; r++) {
    char *to = p->out + (p->out_at[b.span->first + r] * p->n + b.j) * (int64_t)emily_dtype_size(p->dtype);
    emily__scatter_f32(to, 1, p->dtype, b.sums + r * b.cols, b.cols);
  }
  emily__slots_give(&job->slots, slot);
}

static void cut(along_job *job) {
  const emily__quant_product *p = job->p;
  const int64_t wanted = least(ceil_div(BLOCKS, p->span_count), job->groups);
  job->columns = ceil_div(job->groups, wanted) * p->form.group;
  job->blocks_each = ceil_div(p->n, job->columns);
  job->together = TILE / job->columns > 0 ? TILE / job->columns : 1;
}

emily_status emily__quant_along(const emily__quant_product *p) {
  const int32_t threads = (int32_t)least(emily__pool_threads(), EMILY__SLOTS_MAX);
  along_job job = {.p = p, .kernels = emily__cpu_kernels_get(), .groups = emily__quant_row_scales(p)};
  float *scratch;
  cut(&job);
  const int64_t slot = job.together * (2 * (job.columns / p->form.group) + job.columns + 1) + ROWS * job.columns;
  const size_t bytes = (size_t)(threads * slot) * sizeof(float);
  EMILY__TRY(emily__cpu_allocate(bytes, (void **)&scratch));
  emily__slots_init(&job.slots, scratch, slot, threads);
  emily__pool_run(run_block, &job, p->span_count * job.blocks_each);
  emily__cpu_release(scratch, bytes);
  return EMILY_OK;
}
