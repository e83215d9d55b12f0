/* conv_product.c: one phase of a convolution as a product of matrices, pixels [M, K] by filters [K, O] for each group, with the
 * micro-kernel of gemm.c. The left matrix, which holds each element of the input once for each tap, is never whole: a task packs
 * it tile by tile, small enough for the first-level cache, and takes each tile through the packed filters.
 *
 * Wide: tiles of at most gemm_mr pixels go through panels of gemm_nr filters, at most TASK_COLUMNS of them, which stay in the
 * second-level cache. Narrow, where filters would fill no panel: filters are the tiles, and gemm_nr pixels the panel.
 *
 * Each sum goes over blocks of k as gemm.c's do: cut by k alone, each block in the order of k. */
#include "backend/cpu/conv.h"

#include "base/alloc.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "backend/cpu/slots.h"

#include <string.h>

enum {
  LAST = EMILY__CONV_AXES - 1,
  K_BLOCK = 512,      /* a tile of 12 pixels: 24 KiB */
  TASK_COLUMNS = 256, /* a block of filters: 512 KiB */
  TASK_TILES = 16,    /* sums of a task: 192 KiB */
  TASKS_PER_THREAD = 4,
  ALONE = 1 << 18     /* multiplications that one thread does in the time others need to begin */
};

typedef struct conv_job {
  const emily__conv *conv;
  const emily__conv_phase *phase;
  const emily__cpu_kernels *kernels;
  bool narrow;
  int64_t tile;                         /* pixels of one at most */
  int64_t lines, line, tiles_in_line;   /* tiles do not cross the borders of lines */
  int64_t k_blocks, longest_block;
  int64_t panel, panels, width;         /* filters of a panel (narrow: of a tile) at most, of a group, and these as packed */
  int64_t columns, column_blocks;       /* panels of a task at most */
  int64_t tiles_in_task, row_blocks;
  float *weights;                       /* [group][block of k][panel][k][filters of the panel] */
  emily__slots slots;                   /* a tile of pixels, then a task's sums */
  int64_t pixels_size, sums_size;       /* sums_size: of a tile */
} conv_job;

static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }
static int64_t round_up(int64_t x, int64_t unit) { return ceil_div(x, unit) * unit; }
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t border(int64_t extent, int64_t parts, int64_t i) { return emily__gemm_border(extent, parts, i); }

/* ---- how the work is cut; blocks of k alone decide bits, and k alone decides them ---- */

static void cut_filters(conv_job *job) {
  const int64_t filters = job->conv->filters, nr = job->kernels->gemm_nr;
  job->narrow = filters <= nr;
  job->panel = job->narrow ? job->kernels->gemm_mr : nr;
  job->panels = ceil_div(filters, job->panel);
  job->width = job->narrow ? filters : round_up(filters, nr);
  job->columns = job->narrow ? job->panels : TASK_COLUMNS / nr;
  job->column_blocks = ceil_div(job->panels, job->columns);
}

static void cut_pixels(conv_job *job, int32_t threads) {
  const int64_t count = job->phase->axis[LAST].count, pixels = job->phase->pixels;
  job->tile = job->narrow ? job->kernels->gemm_nr : job->kernels->gemm_mr;
  /* tiles of one row of the output are packed faster, whole tiles are multiplied faster */
  job->line = job->narrow || 10 * count < 9 * job->tile * ceil_div(count, job->tile) ? pixels : count;
  job->lines = pixels / job->line;
  job->tiles_in_line = ceil_div(job->line, job->tile);
  const int64_t tiles = job->lines * job->tiles_in_line;
  job->tiles_in_task = least(TASK_TILES, ceil_div(tiles, ceil_div((int64_t)TASKS_PER_THREAD * threads, job->column_blocks * job->conv->groups)));
  job->row_blocks = ceil_div(tiles, job->tiles_in_task);
}

static void cut_sums(conv_job *job) {
  const int64_t k = job->phase->k, nr = job->kernels->gemm_nr;
  job->k_blocks = ceil_div(k, K_BLOCK);
  job->longest_block = ceil_div(k, job->k_blocks);
  job->pixels_size = round_up(job->longest_block * job->tile, 16);
  job->sums_size = job->narrow ? job->width * nr : job->tile * least(job->width, TASK_COLUMNS);
}

/* ---- weights ---- */

static int64_t panel_begin(const conv_job *job, int64_t panel) {
  return job->narrow ? border(job->conv->filters, job->panels, panel) : panel * job->panel;
}
/* Past the last filter of a wide panel there are zeros. */
static int64_t panel_filters(const conv_job *job, int64_t panel) {
  const int64_t filters = job->conv->filters;
  return job->narrow ? panel_begin(job, panel + 1) - panel_begin(job, panel) : least(job->panel, filters - panel * job->panel);
}

static float *packed_weights(const conv_job *job, int64_t group, int64_t block, int64_t panel) {
  const int64_t k = job->phase->k, k0 = border(k, job->k_blocks, block), k1 = border(k, job->k_blocks, block + 1);
  return job->weights + (group * k + k0) * job->width + panel_begin(job, panel) * (k1 - k0);
}

static void pack_weights_task(void *context, int64_t task) {
  conv_job *job = context;
  const int64_t group = task / job->panels, panel = task % job->panels, k = job->phase->k;
  const int64_t rows = panel_filters(job, panel), ldo = job->narrow ? rows : job->panel;
  const int64_t filter = group * job->conv->filters + panel_begin(job, panel);
  for (int64_t block = 0; block < job->k_blocks; block++) {
    const int64_t k0 = border(k, job->k_blocks, block), k1 = border(k, job->k_blocks, block + 1);
    float *to = packed_weights(job, group, block, panel);
    emily__conv_pack_weights(job->conv, job->phase, job->kernels, to, ldo, filter, rows, k0, k1);
    for (int64_t p = 0; rows < ldo && p < k1 - k0; p++) memset(to + p * ldo + rows, 0, (size_t)(ldo - rows) * sizeof *to);
  }
}

/* ---- tasks ---- */

typedef struct conv_task {
  int64_t group, first_tile, last_tile, first_panel, last_panel;
  float *pixels, *sums;
} conv_task;

static conv_task make_task(const conv_job *job, int64_t index, float *scratch) {
  const int64_t column_block = index % job->column_blocks, rest = index / job->column_blocks, row_block = rest % job->row_blocks;
  const int64_t tiles = job->lines * job->tiles_in_line;
  return (conv_task){.group = rest / job->row_blocks,
                     .first_tile = row_block * job->tiles_in_task,
                     .last_tile = least((row_block + 1) * job->tiles_in_task, tiles),
                     .first_panel = column_block * job->columns,
                     .last_panel = least((column_block + 1) * job->columns, job->panels),
                     .pixels = scratch,
                     .sums = scratch + job->pixels_size};
}

/* Tiles of a line are as equal as can be; narrow ones are whole but for the last. */
static int64_t tile_begin(const conv_job *job, int64_t tile) {
  const int64_t line = tile / job->tiles_in_line, i = tile % job->tiles_in_line;
  return line * job->line + (job->narrow ? i * job->tile : border(job->line, job->tiles_in_line, i));
}

static int64_t tile_end(const conv_job *job, int64_t tile) {
  return (tile + 1) % job->tiles_in_line ? tile_begin(job, tile + 1) : (tile / job->tiles_in_line + 1) * job->line;
}

/* Sums of the tile: wide [pixels][columns], narrow [filters][gemm_nr pixels]. Where k is one block the next tile takes their place. */
static float *sums_of(const conv_job *job, const conv_task *task, int64_t tile) {
  return task->sums + (job->k_blocks > 1 ? (tile - task->first_tile) * job->sums_size : 0);
}

static int64_t sums_stride(const conv_job *job) { return job->narrow ? job->kernels->gemm_nr : least(job->width, TASK_COLUMNS); }

/* The tile's pixels of a block of k: packed, or in place. */
static const float *pixels_of(const conv_job *job, const conv_task *task, int64_t tile, int64_t rows, int64_t k0, int64_t k1, int64_t *ldb) {
  const int64_t nr = job->kernels->gemm_nr, pixel = tile_begin(job, tile), ldo = job->narrow ? nr : rows;
  const float *in_place = job->narrow && rows == nr ? emily__conv_in_place(job->conv, job->phase, task->group, pixel, rows, k0, k1, ldb) : NULL;
  if (in_place) return in_place;
  *ldb = nr;
  emily__conv_pack(job->conv, job->phase, job->kernels, task->pixels, ldo, task->group, pixel, rows, k0, k1);
  for (int64_t p = 0; rows < ldo && p < k1 - k0; p++) memset(task->pixels + p * ldo + rows, 0, (size_t)(ldo - rows) * sizeof(float));
  return task->pixels;
}

static void multiply_tile(const conv_job *job, const conv_task *task, int64_t tile, int64_t rows, int64_t block) {
  const int64_t k = job->phase->k, nr = job->kernels->gemm_nr, lds = sums_stride(job);
  const int64_t k0 = border(k, job->k_blocks, block), k1 = border(k, job->k_blocks, block + 1);
  int64_t ldb;
  const float *pixels = pixels_of(job, task, tile, rows, k0, k1, &ldb);
  float *sums = sums_of(job, task, tile);
  for (int64_t panel = task->first_panel; panel < task->last_panel; panel++) {
    const float *weights = packed_weights(job, task->group, block, panel);
    if (job->narrow)
      job->kernels->gemm_micro(sums + panel_begin(job, panel) * lds, lds, weights, pixels, ldb, k1 - k0,
                               (int32_t)panel_filters(job, panel), block > 0);
    else
      job->kernels->gemm_micro(sums + (panel - task->first_panel) * nr, lds, pixels, weights, nr, k1 - k0, (int32_t)rows, block > 0);
  }
}

/* The tile's sums, rounded, to their places in out. */
static void store_tile(const conv_job *job, const conv_task *task, int64_t tile, int64_t rows) {
  const emily__conv *conv = job->conv;
  const emily__conv_phase_axis *last = &job->phase->axis[LAST];
  const int64_t pixel = tile_begin(job, tile), lds = sums_stride(job), itemsize = (int64_t)emily_dtype_size(conv->dtype);
  const int64_t first = task->first_panel * job->panel, step = last->step * conv->axis[LAST].out_stride;
  const int64_t filters = least(conv->filters - first, job->columns * job->panel);
  const float *sums = sums_of(job, task, tile);
  for (int64_t i = 0, pixels; i < rows; i += pixels) {
    const emily__conv_pixel at = emily__conv_pixel_at(job->phase, pixel + i);
    char *out = emily__conv_out(conv, job->phase, &at) + (task->group * conv->filters + first) * itemsize;
    pixels = least(rows - i, last->count - at.q[LAST]);
    for (int64_t f = 0; job->narrow && f < conv->filters; f++)
      emily__scatter_f32(out + f * itemsize, step, conv->dtype, sums + f * lds + i, pixels);
    for (int64_t p = 0; !job->narrow && p < pixels; p++)
      emily__scatter_f32(out + p * step * itemsize, 1, conv->dtype, sums + (i + p) * lds, filters);
  }
}

static void run_task(void *context, int64_t index) {
  conv_job *job = context;
  int slot;
  const conv_task task = make_task(job, index, emily__slots_take(&job->slots, &slot));
  for (int64_t block = 0; block < job->k_blocks; block++)
    for (int64_t tile = task.first_tile; tile < task.last_tile; tile++) {
      const int64_t rows = tile_end(job, tile) - tile_begin(job, tile);
      multiply_tile(job, &task, tile, rows, block);
      if (block + 1 == job->k_blocks) store_tile(job, &task, tile, rows);
    }
  emily__slots_give(&job->slots, slot);
}

static void run(conv_job *job, emily__pool_fn *fn, int64_t count, bool alone) {
  if (!alone) emily__pool_run(fn, job, count);
  else
    for (int64_t i = 0; i < count; i++) fn(job, i);
}

emily_status emily__conv_product(const emily__conv *conv, const emily__conv_phase *phase) {
  conv_job job = {.conv = conv, .phase = phase, .kernels = emily__cpu_kernels_get()};
  const int32_t threads = (int32_t)least(emily__pool_threads(), EMILY__SLOTS_MAX);
  int64_t weights_size, bytes;
  float *scratch;
  cut_filters(&job);
  cut_pixels(&job, threads);
  cut_sums(&job);
  const int64_t slot_size = round_up(job.pixels_size + job.sums_size * (job.k_blocks > 1 ? job.tiles_in_task : 1), 16);
  if (!emily__mul_i64(phase->k, job.width, &weights_size) || !emily__mul_i64(weights_size, conv->groups, &weights_size) ||
      !emily__add_i64(round_up(weights_size, 16), slot_size * threads, &bytes) || !emily__mul_i64(bytes, sizeof(float), &bytes))
    return emily__fail(EMILY_OUT_OF_MEMORY, "conv", "the packed weights do not fit in memory");
  EMILY__TRY(emily__cpu_allocate((size_t)bytes, (void **)&scratch));
  job.weights = scratch;
  emily__slots_init(&job.slots, scratch + round_up(weights_size, 16), slot_size, threads);
  const bool alone = threads == 1 || (double)phase->pixels * (double)phase->k * (double)(conv->filters * conv->groups) <= ALONE;
  run(&job, pack_weights_task, conv->groups * job.panels, alone);
  run(&job, run_task, conv->groups * job.row_blocks * job.column_blocks, alone);
  emily__cpu_release(scratch, (size_t)bytes);
  return EMILY_OK;
}
