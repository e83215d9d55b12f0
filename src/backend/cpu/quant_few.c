/* quant_few.c: few rows times quantized matrices that are packed along k (a decode step): the packed weights are streamed once.
 *
 * Where the level has a kernel for the elements (kernels.h, quant_rows), it makes floats of them in registers; its scales are widened
 * beside, a block of the matrix's rows at a time. Otherwise a few rows of the matrix are unpacked into scratch that stays in the
 * second-level cache, and meet the kernels of dense products there. Blocks of the matrix's rows are shared over the pool; how they are
 * cut changes no bits. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "backend/cpu/quant_product.h"
#include "backend/cpu/slots.h"

enum {
  BLOCK_BYTES = 1 << 19, /* of a matrix, in a block: long streams … */
  GRAIN_BYTES = 1 << 14, /* … but not at the price of idle threads, down to this: some microseconds */
  SCALES = 1 << 14,      /* widened at a time: 64 KiB */
  UNPACKED = 1 << 16,    /* elements unpacked at a time: 256 KiB */
  SUMS = 1 << 9,         /* columns at a time where nothing else limits them: sums of EMILY__SKINNY_MAX rows are 64 KiB */
  PIECE = 512,           /* elements of x that are widened at a time */
  PACK_ALONE = 1 << 14   /* elements of x that one thread packs in the time others need to begin */
};

typedef struct few_job {
  const emily__quant_product *p;
  const emily__cpu_kernels *kernels;
  emily__quant_rows *fused; /* or NULL */
  const emily__block_kernels *blocks; /* of a format of blocks; NULL: none */
  bool in_registers; /* one of the two has a kernel that makes floats there */
  int64_t row_bytes, groups;
  int64_t blocks_each, columns; /* of a span; of a block */
  int64_t together;             /* columns whose scales or elements scratch holds */
  int64_t span_groups;          /* of EMILY__SKINNY_GROUP rows, in the longest span */
  float *packed;                /* x, as kernels.h says */
  emily__slots slots;           /* scales and biases, then unpacked elements, then sums */
} few_job;

static int64_t at_least_1(int64_t x) { return x > 0 ? x : 1; }
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

static emily__quant_rows *fused_kernel(const emily__cpu_kernels *kernels, const emily__quant_form *form) {
  switch (form->element) {
    case EMILY__QUANT_E2M1: return kernels->quant_rows_e2m1;
    case EMILY__QUANT_E4M3: return kernels->quant_rows_e4m3;
    default: return kernels->quant_rows_int[form->bits];
  }
}

/* ---- x ---- */

/* A row's pieces of 16, `step` apart. Elements of four bits: as the two words of a piece hold them, nibble by nibble. */
static void spread(float *to, int64_t step, const float *x, int64_t n, bool nibbles) {
  for (int64_t at = 0; at < n; at += EMILY__SKINNY_LANES, to += step, x += EMILY__SKINNY_LANES)
    if (!nibbles) memcpy(to, x, EMILY__SKINNY_LANES * sizeof *to);
    else
      for (int i = 0; i < 8; i++) {
        to[2 * i] = x[i];
        to[2 * i + 1] = x[8 + i];
      }
}

static void pack_task(void *context, int64_t task) {
  const few_job *job = context;
  const emily__quant_product *p = job->p;
  const emily__quant_span *span = &p->spans[task / job->span_groups];
  const int64_t row0 = task % job->span_groups * EMILY__SKINNY_GROUP;
  if (row0 >= span->rows) return;
  const int64_t m = least(span->rows - row0, EMILY__SKINNY_GROUP), itemsize = (int64_t)emily_dtype_size(p->dtype);
  float *to = job->packed + (span->first + row0) * p->k, wide[PIECE];
  for (int64_t i = 0; i < m; i++) {
    const char *x = p->x + p->x_at[span->first + row0 + i] * itemsize;
    for (int64_t at = 0; at < p->k; at += PIECE) {
      const int64_t n = least(p->k - at, PIECE);
      emily__gather_f32(wide, x + at * p->x_stride * itemsize, p->x_stride, p->dtype, n);
      spread(to + at * m + i * EMILY__SKINNY_LANES, m * EMILY__SKINNY_LANES, wide, n, job->fused && p->form.bits == 4);
    }
  }
}

static void pack(few_job *job) {
  const int64_t tasks = job->p->span_count * job->span_groups;
  if (job->p->rows * job->p->k > PACK_ALONE) emily__pool_run(pack_task, job, tasks);
  else
    for (int64_t task = 0; task < tasks; task++) pack_task(job, task);
}

/* ---- the product ---- */

/* Columns j … j + cols of the span's product with m rows of x. */
static void multiply(const few_job *job, const emily__quant_span *span, float *y, const float *x, int64_t m, int64_t j, int64_t cols,
                     const float *scales, const float *biases, const float *elements) {
  const int64_t k = job->p->k;
  if (job->blocks && job->in_registers)
    job->blocks->rows(y, cols, x, m, span->packed + j * job->row_bytes, job->row_bytes, cols, k / job->p->format->block);
  else if (job->fused)
    job->fused(y, cols, x, m, span->packed + j * job->row_bytes, job->row_bytes, scales, biases, job->groups, cols, k,
               job->p->form.group);
  else if (m == 1) job->kernels->gemv_f32(y, x, elements, k, cols, k);
  else job->kernels->skinny_f32(y, cols, x, m, elements, k, cols, k);
}

static void run_columns(const few_job *job, const emily__quant_span *span, int64_t j, int64_t cols, float *scratch) {
  const emily__quant_product *p = job->p;
  const int64_t itemsize = (int64_t)emily_dtype_size(p->dtype), count = cols * job->groups;
  const int64_t at = j * job->groups * emily__quant_scale_size(p);
  float *scales = scratch, *biases = span->biases ? scales + count : NULL;
  float *elements = scratch + 2 * job->together * job->groups;
  float *y = elements + (job->in_registers ? 0 : job->together * p->k);
  if (!p->format) emily__quant_scales(scales, span->scales + at, p->attrs->mode, p->scale_dtype, count);
  if (biases) emily__quant_scales(biases, span->biases + at, p->attrs->mode, p->scale_dtype, count);
  for (int64_t i = 0; !job->in_registers && i < cols; i++)
    if (p->format) job->blocks->unpack(elements + i * p->k, span->packed + (j + i) * job->row_bytes, p->k / p->format->block);
    else job->kernels->quant_unpack(elements + i * p->k, span->packed + (j + i) * job->row_bytes, &p->form, scales + i * job->groups,
                               biases ? biases + i * job->groups : NULL, p->k);
  for (int64_t row = 0; row < span->rows; row += EMILY__SKINNY_MAX) {
    const int64_t m = least(span->rows - row, EMILY__SKINNY_MAX), first = span->first + row;
    multiply(job, span, y, job->packed + first * p->k, m, j, cols, scales, biases, elements);
    for (int64_t i = 0; i < m; i++)
      emily__scatter_f32(p->out + (p->out_at[first + i] * p->n + j) * itemsize, 1, p->dtype, y + i * cols, cols);
  }
}

static void run_block(void *context, int64_t block) {
  few_job *job = context;
  int slot;
  float *scratch = emily__slots_take(&job->slots, &slot);
  const int64_t from = block % job->blocks_each * job->columns, to = least(from + job->columns, job->p->n);
  for (int64_t j = from; j < to; j += job->together)
    run_columns(job, &job->p->spans[block / job->blocks_each], j, least(job->together, to - j), scratch);
  emily__slots_give(&job->slots, slot);
}

static void cut(few_job *job) {
  const emily__quant_product *p = job->p;
  const int64_t each_thread = p->span_count * p->n * job->row_bytes / emily__pool_threads();
  const int64_t bytes = each_thread < GRAIN_BYTES ? GRAIN_BYTES : least(each_thread, BLOCK_BYTES);
  job->blocks_each = ceil_div(p->n, at_least_1(bytes / job->row_bytes));
  job->columns = ceil_div(p->n, job->blocks_each);
  job->together = !job->in_registers ? UNPACKED / p->k : job->groups ? SCALES / (2 * job->groups) : SUMS;
  job->together = least(job->together < 4 ? 4 : job->together, job->columns);
}

emily_status emily__quant_few(const emily__quant_product *p) {
  const int32_t threads = (int32_t)least(emily__pool_threads(), EMILY__SLOTS_MAX);
  few_job job = {.p = p, .kernels = emily__cpu_kernels_get(), .row_bytes = emily__quant_row_bytes(p), .groups = p->format ? 0 : emily__quant_row_scales(p)};
  int64_t longest = 0;
  for (int64_t i = 0; i < p->span_count; i++) longest = p->spans[i].rows > longest ? p->spans[i].rows : longest;
  if (p->format) job.blocks = &job.kernels->block[p->format->id];
  else job.fused = fused_kernel(job.kernels, &p->form);
  job.in_registers = job.fused || (job.blocks && job.blocks->rows);
  job.span_groups = ceil_div(longest, EMILY__SKINNY_GROUP);
  cut(&job);
  const int64_t slot = job.together * (2 * job.groups + (job.in_registers ? 0 : p->k) + EMILY__SKINNY_MAX);
  const size_t bytes = (size_t)(p->rows * p->k + threads * slot) * sizeof(float);
  EMILY__TRY(emily__cpu_allocate(bytes, (void **)&job.packed));
  emily__slots_init(&job.slots, job.packed + p->rows * p->k, slot, threads);
  pack(&job);
  emily__pool_run(run_block, &job, p->span_count * job.blocks_each);
  emily__cpu_release(job.packed, bytes);
  return EMILY_OK;
}
