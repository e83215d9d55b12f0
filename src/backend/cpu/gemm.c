/* gemm.c: products in float32 arithmetic, packed and blocked (Goto and van de Geijn, "Anatomy of High-Performance
 * Matrix Multiplication", 2008).
 *
 * C is cut into blocks of rows and columns, each a task for the pool. A task goes over k in blocks: it packs that
 * block of B into panels [k][gemm_nr] that stay in its core's second-level cache, then takes the tiles of A, packed
 * as [k][rows of the tile] and small enough for the first level, through all of these panels with the micro-kernel. A
 * is packed once, by all threads, before the tasks begin. 16-bit elements are widened to float32 while they are
 * packed, and rounded once at the end.
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

enum {
  K_BLOCK = 512,      /* A's tile of 12 rows: 24 KiB */
  TASK_COLUMNS = 256, /* B's block: 512 KiB */
  TASK_ROWS = 384,    /* C's block where it needs scratch: 384 KiB */
  TASK_ROWS_IN_PLACE = 4096,
  TASKS_PER_THREAD = 2, /* where there are enough columns and rows, so that threads end together */
  A_LIMIT = 8 << 20,    /* elements of A packed at a time: 32 MiB */
  PACK_TASK = 1 << 15,  /* elements of A that are worth a task of their own */
  ALONE = 1 << 18       /* multiplications that one thread does in the time others need to begin */
};

typedef struct gemm_job {
  const emily__product *p;
  const emily__cpu_kernels *kernels;
  emily__gemm_cut cut;
  int64_t first, products;   /* of the batch, in this round */
  int64_t row0, rows;        /* of each of them, in this round */
  int64_t tiles_per_pack;    /* tiles of A that a packing task takes */
  float *a;                  /* [products][block of k][tile][k][rows of the tile] */
  emily__slots slots;        /* a task's own: B's panels, then C's block */
  int64_t b_size;            /* in elements */
  bool sums_apart; /* out cannot hold the sums of every block: it is not float32, or its last panel is not whole */
} gemm_job;

static int64_t at_least_1(int64_t x) { return x > 0 ? x : 1; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }
static int64_t round_up(int64_t x, int64_t unit) { return ceil_div(x, unit) * unit; }
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }

void emily__gemm_cut_product(emily__gemm_cut *cut, const emily__cpu_kernels *kernels, int64_t m, int64_t n, int64_t k,
                             int64_t batch, int64_t most_rows, int32_t threads) {
  const int64_t wanted = threads > 1 ? (int64_t)threads * TASKS_PER_THREAD : 1;
  const int64_t nr = kernels->gemm_nr;
  cut->tiles = ceil_div(m, kernels->gemm_mr);
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
static float *packed_a(const gemm_job *job, int64_t t, int64_t k0, int64_t k1, int64_t row) {
  return job->a + t * job->rows * job->p->k + k0 * job->rows + row * (k1 - k0);
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
      emily__gemm_pack(job->kernels, packed_a(job, t, k0, k1, i0), rows, emily__matrix_at(&a, job->row0 + i0, k0),
                       a.dtype, a.row, a.col, rows, k1 - k0);
    }
}

/* A task: tiles first_tile … last_tile of product t, columns j0 … j1. */
typedef struct gemm_task {
  int64_t t, first_tile, last_tile, j0, j1;
  emily__matrix b, c, out;
  float *panels; /* B, packed */
  float *sums;   /* C in float32: out itself where it can hold the sums … */
  int64_t lds;
  bool direct;   /* … which is when whole panels of float32 columns are contiguous in it */
  bool in_place; /* B's whole panels are not packed */
} gemm_task;

static bool holds_sums(const emily__matrix *out) { return out->dtype == EMILY_FLOAT32 && out->col == 1; }

static gemm_task make_task(const gemm_job *job, int64_t index, float *slot) {
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
  task.direct = holds_sums(&task.out) && (task.j1 - task.j0) % job->kernels->gemm_nr == 0;
  const int64_t i0 = tile_border(job, task.first_tile);
  task.in_place = task.b.dtype == EMILY_FLOAT32 && task.b.col == 1 && task.last_tile - task.first_tile <= 2;
  task.panels = slot;
  task.sums = task.direct ? (float *)emily__matrix_at(&task.out, job->row0 + i0, task.j0) : slot + job->b_size;
  task.lds = task.direct ? task.out.row : round_up(task.j1 - task.j0, job->kernels->gemm_nr);
  return task;
}

/* The task's columns, k from k0 to k1, as panels [k][nr], the last one filled up with zeros. */
static void pack_b(const gemm_job *job, const gemm_task *task, int64_t k0, int64_t k1) {
  const int64_t nr = job->kernels->gemm_nr;
  const emily__matrix *b = &task->b;
  float *panel = task->panels;
  for (int64_t j = task->j0; j < task->j1; j += nr, panel += nr * (k1 - k0)) {
    const int64_t cols = least(task->j1 - j, nr);
    if (task->in_place && cols == nr) continue;
    emily__gemm_pack(job->kernels, panel, nr, emily__matrix_at(b, k0, j), b->dtype, b->col, b->row, cols, k1 - k0);
    for (int64_t p = 0; cols < nr && p < k1 - k0; p++)
      for (int64_t i = cols; i < nr; i++) panel[p * nr + i] = 0;
  }
}

/* One tile of A through all panels of B; at the last block of k the tile's rows of C are finished while they are in
 * cache. */
static void multiply_tile(const gemm_job *job, const gemm_task *task, int64_t tile, int64_t block) {
  const int64_t nr = job->kernels->gemm_nr, k0 = k_border(job, block), k1 = k_border(job, block + 1);
  const int64_t i0 = tile_border(job, tile), rows = tile_border(job, tile + 1) - i0;
  const float *a = packed_a(job, task->t, k0, k1, i0);
  float *sums = task->sums + (i0 - tile_border(job, task->first_tile)) * task->lds;
  for (int64_t j = 0; j < task->j1 - task->j0; j += nr) {
    const bool in_place = task->in_place && task->j0 + j + nr <= task->j1;
    const float *b =
        in_place ? (const float *)emily__matrix_at(&task->b, k0, task->j0 + j) : task->panels + j * (k1 - k0);
    job->kernels->gemm_micro(sums + j, task->lds, a, b, in_place ? task->b.row : nr, k1 - k0, (int32_t)rows,
                             block > 0);
  }
  if (block + 1 < job->cut.k_blocks || (task->direct && !task->c.data && job->p->alpha == 1)) return;
  emily__product_finish(job->p, &task->out, &task->c, job->row0 + i0, task->j0, rows, task->j1 - task->j0, sums,
                        task->lds);
}

static void run_task(void *context, int64_t index) {
  gemm_job *job = context;
  int slot;
  float *scratch = emily__slots_take(&job->slots, &slot);
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
  emily__gemm_cut_product(&job->cut, job->kernels, job->rows, p->n, p->k, job->products,
                          job->sums_apart ? TASK_ROWS : TASK_ROWS_IN_PLACE, alone ? 1 : threads);
  job->tiles_per_pack = at_least_1(PACK_TASK / at_least_1(p->k * job->kernels->gemm_mr));
  run(job, pack_a_task, job->products * ceil_div(job->cut.tiles, job->tiles_per_pack), alone);
  run(job, run_task, job->products * job->cut.row_blocks * job->cut.column_blocks, alone);
}

/* Products and rows of a round, by the scratch that A may take. */
static void choose_round(const gemm_job *job, int64_t *products, int64_t *rows) {
  const emily__product *p = job->p;
  const int64_t k = at_least_1(p->k), most_rows = A_LIMIT / k;
  *rows = least(p->m, most_rows > job->kernels->gemm_mr ? most_rows : job->kernels->gemm_mr);
  *products = *rows < p->m ? 1 : least(p->batch, at_least_1(most_rows / p->m));
}

emily_status emily__product_gemm(const emily__product *p) {
  int64_t products, rows;
  const int32_t threads = (int32_t)least(emily__pool_threads(), EMILY__SLOTS_MAX);
  gemm_job job = {.p = p, .kernels = emily__cpu_kernels_get()};
  choose_round(&job, &products, &rows);
  job.b_size = least(p->k, K_BLOCK) * least(round_up(p->n, job.kernels->gemm_nr), TASK_COLUMNS);
  job.sums_apart = !holds_sums(&p->matrix[EMILY__PRODUCT_OUT]) || p->n % job.kernels->gemm_nr != 0;
  int64_t slot_size = job.b_size;
  if (job.sums_apart)
    slot_size += (TASK_ROWS + 2 * EMILY__GEMM_MR_MAX) * least(round_up(p->n, job.kernels->gemm_nr), TASK_COLUMNS);
  const int64_t a_size = round_up(products * rows * p->k, 16);
  const size_t bytes = (size_t)(a_size + threads * slot_size) * sizeof(float);
  EMILY__TRY(emily__cpu_allocate(bytes, (void **)&job.a));
  emily__slots_init(&job.slots, job.a + a_size, slot_size, threads);
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
