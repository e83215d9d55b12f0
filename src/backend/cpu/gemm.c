/* gemm.c: products of any dtype, packed and blocked (Goto and van de Geijn, "Anatomy of High-Performance
 * Matrix Multiplication", 2008).
 *
 * C is cut into blocks of rows and columns, each a task for the pool. A task goes over k in blocks: it packs that
 * block of B into panels [k][gemm_nr] that stay in its core's second-level cache, then takes the tiles of A, packed
 * as [k][rows of the tile] and small enough for the first level, through all of these panels with the micro-kernel. A
 * is packed once, by all threads, before the tasks begin. 16-bit floats are widened to float32 while they are
 * packed, and rounded once at the end. What else depends on the dtype stands in an emily__gemm_type (gemm_type.c).
 *
 * Each element of C is Σ over blocks of k of (Σ over the block in the order of k): blocks of k depend on k alone, so
 * the bits depend neither on the number of threads nor on the other rows and columns, however these are cut.
 *
 * Scratch comes from the backend's allocator, which keeps it for the next product (emily__cpu_memory_clear_cache
 * gives it back): at most A_LIMIT elements for A (or one tile), and (TASK_ROWS + K_BLOCK) · TASK_COLUMNS for each
 * thread.
 */
#include "backend/cpu/gemm.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/slots.h"

#include <string.h>

enum {
  K_BLOCK = 512,      /* A's tile of 12 rows: 24 KiB */
  TASK_COLUMNS = 256, /* B's block: 512 KiB of float32 */
  TASK_ROWS = 384,    /* C's block where it needs scratch: 384 KiB of float32 */
  TASK_ROWS_IN_PLACE = 4096,
  TASKS_PER_THREAD = 2, /* where there are enough columns and rows, so that threads end together */
  A_LIMIT = 8 << 20,    /* elements of A packed at a time: 32 MiB */
  PACK_TASK = 1 << 15,  /* elements of A that are worth a task of their own */
  ALONE = 1 << 18       /* multiplications that one thread does in the time others need to begin */
};

typedef struct gemm_job {
  const emily__product *p;
  const emily__cpu_kernels *kernels;
  emily__gemm_type type;
  emily__gemm_cut cut;
  int64_t first, products;   /* of the batch, in this round */
  int64_t row0, rows;        /* of each of them, in this round */
  int64_t tiles_per_pack;    /* tiles of A that a packing task takes */
  char *a;                   /* [products][block of k][tile][k][rows of the tile] */
  emily__slots slots;        /* a task's own: B's panels, then C's block */
  int64_t b_size;            /* in elements */
  bool sums_apart; /* out cannot hold the sums of every block: it has another dtype, or its last panel is not whole */
} gemm_job;

static int64_t at_least_1(int64_t x) { return x > 0 ? x : 1; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }
static int64_t round_up(int64_t x, int64_t unit) { return ceil_div(x, unit) * unit; }
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }

void emily__gemm_cut_product(emily__gemm_cut *cut, const emily__gemm_type *type, int64_t m, int64_t n, int64_t k,
                             int64_t batch, int64_t most_rows, int32_t threads) {
  const int64_t wanted = threads > 1 ? (int64_t)threads * TASKS_PER_THREAD : 1;
  const int64_t nr = type->nr;
  cut->tiles = ceil_div(m, type->mr);
  cut->k_blocks = at_least_1(ceil_div(k, K_BLOCK));
  cut->row_blocks = ceil_div(m, most_rows);
  cut->width = TASK_COLUMNS;
  while (cut->width > nr && batch * cut->row_blocks * ceil_div(n, cut->width) < wanted)
    cut->width = round_up(cut->width / 2, nr);
  cut->column_blocks = ceil_div(n, cut->width);
  const int64_t short_of = ceil_div(wanted, batch * cut->row_blocks * cut->column_blocks);
  cut->row_blocks = least(cut->row_blocks * short_of, ceil_div(cut->tiles, 4));
}

static int64_t tile_border(const gemm_job *job, int64_t tile) {
  return emily__gemm_border(job->rows, job->cut.tiles, tile);
}
static int64_t k_border(const gemm_job *job, int64_t block) {
  return emily__gemm_border(job->p->k, job->cut.k_blocks, block);
}

/* The packed tile that begins at `row` (of this round), for the k from k0 to k1 of product t. */
static char *packed_a(const gemm_job *job, int64_t t, int64_t k0, int64_t k1, int64_t row) {
  return job->a + (t * job->rows * job->p->k + k0 * job->rows + row * (k1 - k0)) * job->type.size;
}

static void pack_a_task(void *context, int64_t task) {
  gemm_job *job = context;
  const int64_t tasks_each = ceil_div(job->cut.tiles, job->tiles_per_pack);
  const int64_t t = task / tasks_each, first = task % tasks_each * job->tiles_per_pack;
  const int64_t last = least(first + job->tiles_per_pack, job->cut.tiles);
  const emily__matrix a = emily__product_at(job->p, EMILY__PRODUCT_A, job->first + t);
  for (int64_t tile = first; tile < last; tile++)
    for (int64_t block = 0; block < job->cut.k_blocks; block++) {
      const int64_t k0 = k_border(job, block), k1 = k_border(job, block + 1);
      const int64_t i0 = tile_border(job, tile), rows = tile_border(job, tile + 1) - i0;
      const emily__matrix from = {emily__matrix_at(&a, job->row0 + i0, k0), a.row, a.col, a.dtype};
      job->type.pack(job->kernels, packed_a(job, t, k0, k1, i0), rows, &from, rows, k1 - k0);
    }
}

/* A task: tiles first_tile … last_tile of product t, columns j0 … j1. */
typedef struct gemm_task {
  int64_t t, first_tile, last_tile, j0, j1;
  emily__matrix b, c, out;
  char *panels; /* B, packed */
  char *sums;   /* C: out itself where it can hold the sums … */
  int64_t lds;
  bool direct;   /* … which is when whole panels of its columns are contiguous in it */
  bool in_place; /* B's whole panels are not packed */
} gemm_task;

static bool holds_sums(const gemm_job *job, const emily__matrix *out) { return out->dtype == job->type.stored && out->col == 1; }

static gemm_task make_task(const gemm_job *job, int64_t index, char *slot) {
  const emily__gemm_cut *cut = &job->cut;
  const int64_t column_block = index % cut->column_blocks, rest = index / cut->column_blocks;
  const int64_t row_block = rest % cut->row_blocks;
  gemm_task task = {.t = rest / cut->row_blocks,
                    .first_tile = emily__gemm_border(cut->tiles, cut->row_blocks, row_block),
                    .last_tile = emily__gemm_border(cut->tiles, cut->row_blocks, row_block + 1),
                    .j0 = column_block * cut->width};
  task.j1 = least(task.j0 + cut->width, job->p->n);
  task.b = emily__product_at(job->p, EMILY__PRODUCT_B, job->first + task.t);
  task.c = emily__product_at(job->p, EMILY__PRODUCT_C, job->first + task.t);
  task.out = emily__product_at(job->p, EMILY__PRODUCT_OUT, job->first + task.t);
  task.direct = holds_sums(job, &task.out) && (task.j1 - task.j0) % job->type.nr == 0;
  const int64_t i0 = tile_border(job, task.first_tile);
  task.in_place = !job->p->fill && task.b.dtype == job->type.stored && task.b.col == 1 && task.last_tile - task.first_tile <= 2;
  task.panels = slot;
  task.sums = task.direct ? emily__matrix_at(&task.out, job->row0 + i0, task.j0) : slot + job->b_size * job->type.size;
  task.lds = task.direct ? task.out.row : round_up(task.j1 - task.j0, job->type.nr);
  return task;
}

/* The task's columns, k from k0 to k1, as panels [k][nr], the last one filled up with zeros. */
static void pack_b(const gemm_job *job, const gemm_task *task, int64_t k0, int64_t k1) {
  const int64_t nr = job->type.nr, panel_bytes = nr * (k1 - k0) * job->type.size;
  const emily__matrix *b = &task->b;
  char *panel = task->panels;
  for (int64_t j = task->j0; j < task->j1; j += nr, panel += panel_bytes) {
    const int64_t cols = least(task->j1 - j, nr);
    if (task->in_place && cols == nr) continue;
    if (cols < nr) memset(panel, 0, (size_t)panel_bytes);
    if (job->p->fill) {
      job->p->fill(job->p->fill_context, (float *)panel, nr, k0, k1, j, cols);
      continue;
    }
    const emily__matrix from = {emily__matrix_at(b, k0, j), b->col, b->row, b->dtype};
    job->type.pack(job->kernels, panel, nr, &from, cols, k1 - k0);
  }
}

/* One tile of A through all panels of B; at the last block of k the tile's rows of C are finished while they are in
 * cache. */
static void multiply_tile(const gemm_job *job, const gemm_task *task, int64_t tile, int64_t block) {
  const int64_t nr = job->type.nr, size = job->type.size, k0 = k_border(job, block), k1 = k_border(job, block + 1);
  const int64_t i0 = tile_border(job, tile), rows = tile_border(job, tile + 1) - i0;
  const char *a = packed_a(job, task->t, k0, k1, i0);
  char *sums = task->sums + (i0 - tile_border(job, task->first_tile)) * task->lds * size;
  for (int64_t j = 0; j < task->j1 - task->j0; j += nr) {
    const bool in_place = task->in_place && task->j0 + j + nr <= task->j1;
    const char *b = in_place ? emily__matrix_at(&task->b, k0, task->j0 + j) : task->panels + j * (k1 - k0) * size;
    job->type.micro(sums + j * size, task->lds, a, b, in_place ? task->b.row : nr, k1 - k0, (int32_t)rows, block > 0);
  }
  if (block + 1 < job->cut.k_blocks || (task->direct && !task->c.data && job->p->alpha == 1)) return;
  job->type.finish(job->p, &task->out, &task->c, job->row0 + i0, task->j0, rows, task->j1 - task->j0, sums, task->lds, nr);
}

static void run_task(void *context, int64_t index) {
  gemm_job *job = context;
  int slot;
  char *scratch = (char *)emily__slots_take(&job->slots, &slot);
  gemm_task task = make_task(job, index, scratch);
  for (int64_t block = 0; block < job->cut.k_blocks; block++) {
    pack_b(job, &task, k_border(job, block), k_border(job, block + 1));
    for (int64_t tile = task.first_tile; tile < task.last_tile; tile++) multiply_tile(job, &task, tile, block);
  }
  emily__slots_give(&job->slots, slot);
}

static void run(const gemm_job *job, emily__pool_fn *fn, int64_t count, bool alone) {
  if (!alone) emily__pool_run(fn, (void *)job, count);
  else
    for (int64_t i = 0; i < count; i++) fn((void *)job, i);
}

/* A round: as much of A as scratch holds. */
static void run_round(gemm_job *job, int32_t threads) {
  const emily__product *p = job->p;
  const bool alone = threads == 1 || p->batch * p->m * p->n <= ALONE / at_least_1(p->k);
  emily__gemm_cut_product(&job->cut, &job->type, job->rows, p->n, p->k, job->products,
                          job->sums_apart ? TASK_ROWS : TASK_ROWS_IN_PLACE, alone ? 1 : threads);
  job->tiles_per_pack = at_least_1(PACK_TASK / at_least_1(p->k * job->type.mr));
  run(job, pack_a_task, job->products * ceil_div(job->cut.tiles, job->tiles_per_pack), alone);
  run(job, run_task, job->products * job->cut.row_blocks * job->cut.column_blocks, alone);
}

/* Products and rows of a round, by the scratch that A may take. */
static void choose_round(const gemm_job *job, int64_t *products, int64_t *rows) {
  const emily__product *p = job->p;
  const int64_t k = at_least_1(p->k), most_rows = A_LIMIT / k;
  *rows = least(p->m, most_rows > job->type.mr ? most_rows : job->type.mr);
  *products = *rows < p->m ? 1 : least(p->batch, at_least_1(most_rows / p->m));
}

emily_status emily__product_gemm(const emily__product *p) {
  int64_t products, rows;
  const int32_t threads = (int32_t)least(emily__pool_threads(), EMILY__SLOTS_MAX);
  gemm_job job = {.p = p, .kernels = emily__cpu_kernels_get()};
  job.type = emily__gemm_type_of(job.kernels, p->matrix[EMILY__PRODUCT_A].dtype);
  choose_round(&job, &products, &rows);
  job.b_size = least(p->k, K_BLOCK) * least(round_up(p->n, job.type.nr), TASK_COLUMNS);
  job.sums_apart = !holds_sums(&job, &p->matrix[EMILY__PRODUCT_OUT]) || p->n % job.type.nr != 0;
  int64_t slot_size = job.b_size;
  if (job.sums_apart) slot_size += (TASK_ROWS + 2 * EMILY__GEMM_MR_MAX) * least(round_up(p->n, job.type.nr), TASK_COLUMNS);
  const int64_t a_bytes = round_up(products * rows * p->k * job.type.size, 64), slot_bytes = round_up(slot_size * job.type.size, 64);
  const size_t bytes = (size_t)(a_bytes + threads * slot_bytes);
  EMILY__TRY(emily__cpu_allocate(bytes, (void **)&job.a));
  emily__slots_init(&job.slots, (float *)(job.a + a_bytes), slot_bytes / (int64_t)sizeof(float), threads);
  for (job.first = 0; job.first < p->batch; job.first += products) {
    job.products = least(products, p->batch - job.first);
    for (job.row0 = 0; job.row0 < p->m; job.row0 += rows) {
      job.rows = least(rows, p->m - job.row0);
      run_round(&job, threads);
    }
  }
  emily__cpu_release(job.a, bytes);
  return EMILY_OK;
}
