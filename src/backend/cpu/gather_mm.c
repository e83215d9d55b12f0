/* gather_mm.c: products of matrices chosen by indices (the experts of a mixture), and of segments of the inner axis.
 *
 * gather_mm: items that take the same matrix of b are one product: their rows of a are gathered side by side in the order of that matrix
 * (stable), and the rows of the result put back, unless the order is already theirs. So each matrix is read once, however few rows it
 * meets. Which kernel runs, and so the order of each sum, depends on shapes alone, not on how many rows a matrix meets.
 * Items whose index is out of bounds are zeros.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

#include <stdlib.h>
#include <string.h>

enum { ITEM_BYTES = 1 << 16 /* moved by a block */ };

typedef struct item {
  int64_t lhs, rhs, at; /* at: its place in the result */
} item;

typedef struct gather_job {
  const emily__node_view *node;
  item *items;
  int64_t count, m, n, k, per_block;
  char *rows, *sums; /* [count][m][k] and [count][m][n] in the order of items; sums may be the result itself */
  bool in_order;
} gather_job;

static int64_t index_at(const emily__tensor *x, int64_t i) { return ((const int64_t *)x->data)[i * x->strides[0]]; }

static int compare(const void *x, const void *y) {
  const item *a = x, *b = y;
  if (a->rhs != b->rhs) return a->rhs < b->rhs ? -1 : 1;
  return a->at < b->at ? -1 : 1;
}

/* Items in the order of their matrices; -1 stands for what is out of bounds. */
static bool sort_items(gather_job *job) {
  const emily__tensor *in = job->node->inputs;
  bool in_bounds = true;
  job->in_order = true;
  for (int64_t i = 0; i < job->count; i++) {
    item *x = &job->items[i];
    *x = (item){index_at(&in[2], i), index_at(&in[3], i), i};
    if (x->lhs < 0 || x->lhs >= in[0].shape[0] || x->rhs < 0 || x->rhs >= in[1].shape[0]) x->lhs = x->rhs = -1, in_bounds = false;
    if (i && x->rhs < x[-1].rhs) job->in_order = false;
  }
  if (!job->in_order) qsort(job->items, (size_t)job->count, sizeof *job->items, compare);
  return in_bounds;
}

static void gather_block(void *context, int64_t block) {
  const gather_job *job = context;
  const emily__tensor *a = &job->node->inputs[0];
  const int32_t size = (int32_t)emily_dtype_size(a->dtype);
  const int64_t end = (block + 1) * job->per_block < job->count ? (block + 1) * job->per_block : job->count;
  for (int64_t i = block * job->per_block; i < end; i++)
    for (int64_t row = 0; row < job->m && job->items[i].lhs >= 0; row++)
      emily__copy_strided(job->rows + (i * job->m + row) * job->k * size, size,
                          (const char *)a->data + (job->items[i].lhs * a->strides[0] + row * a->strides[1]) * size,
                          a->strides[2] * size, job->k, size);
}

static void scatter_block(void *context, int64_t block) {
  const gather_job *job = context;
  const emily__tensor *out = &job->node->outputs[0];
  const size_t bytes = (size_t)(job->m * job->n) * emily_dtype_size(out->dtype);
  const int64_t end = (block + 1) * job->per_block < job->count ? (block + 1) * job->per_block : job->count;
  for (int64_t i = block * job->per_block; i < end; i++) {
    char *to = (char *)out->data + (size_t)job->items[i].at * bytes;
    if (job->items[i].rhs < 0) memset(to, 0, bytes);
    else if (!job->in_order) memcpy(to, job->sums + (size_t)i * bytes, bytes);
  }
}

static void over_items(gather_job *job, emily__pool_fn *fn, int64_t elements) {
  job->per_block = ITEM_BYTES / (elements * (int64_t)emily_dtype_size(job->node->outputs[0].dtype) + 1) + 1;
  emily__pool_run(fn, job, (job->count + job->per_block - 1) / job->per_block);
}

/* Rows from..to of the gathered ones by matrix rhs of b. */
static emily__product product_of(const gather_job *job, int64_t rhs, int64_t from, int64_t to) {
  const emily__tensor *b = &job->node->inputs[1];
  const emily_dtype dtype = job->node->inputs[0].dtype; /* and of the result */
  const int64_t size = (int64_t)emily_dtype_size(dtype), b_size = (int64_t)emily_dtype_size(b->dtype);
  emily__product p = {.m = to - from, .n = job->n, .k = job->k, .batch = 1, .alpha = 1};
  p.matrix[EMILY__PRODUCT_A] = (emily__matrix){job->rows + from * job->k * size, job->k, 1, dtype};
  p.matrix[EMILY__PRODUCT_B] = (emily__matrix){(char *)b->data + rhs * b->strides[0] * b_size, b->strides[1], b->strides[2], b->dtype};
  p.matrix[EMILY__PRODUCT_OUT] = (emily__matrix){job->sums + from * job->n * size, job->n, 1, dtype};
  return p;
}

/* The kernel for these shapes, and the rows it takes at a time. */
static emily__product_fn *choose(const gather_job *job, int64_t *most) {
  const emily__tensor *b = &job->node->inputs[1];
  const bool floats = emily__gemm_member_of(b->dtype) < 0, along = b->strides[1] == 1 || job->k == 1;
  *most = floats ? EMILY__SKINNY_MAX : EMILY__DOTS_MAX;
  if (along && job->count * job->m <= *most * b->shape[0]) return floats ? emily__product_skinny : emily__product_dots;
  *most = INT64_MAX;
  return emily__product_gemm;
}

static emily_status multiply_groups(const gather_job *job) {
  int64_t most;
  emily__product_fn *run = choose(job, &most);
  for (int64_t begin = 0, end; begin < job->count; begin = end) {
    const int64_t rhs = job->items[begin].rhs;
    for (end = begin + 1; end < job->count && job->items[end].rhs == rhs;) end++;
    for (int64_t row = begin * job->m; rhs >= 0 && row < end * job->m;) {
      const int64_t last = end * job->m - row > most ? row + most : end * job->m;
      const emily__product p = product_of(job, rhs, row, last);
      EMILY__TRY(run(&p));
      row = last;
    }
  }
  return EMILY_OK;
}

emily_status emily__cpu_gather_mm(const emily__node_view *node) {
  const emily__tensor *out = &node->outputs[0], *a = &node->inputs[0];
  gather_job job = {.node = node, .count = out->shape[0], .m = out->shape[1], .n = out->shape[2], .k = a->shape[2]};
  if (out->size == 0) return EMILY_OK;
  const int64_t size = (int64_t)emily_dtype_size(out->dtype), items = job.count * (int64_t)sizeof(item);
  const int64_t rows = job.count * job.m * job.k * size, sums = out->size * size;
  char *scratch;
  EMILY__TRY(emily__cpu_allocate((size_t)(items + rows + sums + 64), (void **)&scratch));
  job.items = (item *)scratch;
  job.rows = scratch + (items + 63) / 64 * 64;
  const bool in_bounds = sort_items(&job);
  job.sums = job.in_order ? (char *)out->data : job.rows + rows;
  emily_status status = EMILY_OK;
  if (!in_bounds && (node->debug & EMILY__DEBUG_INDICES))
    status = emily__fail(EMILY_INVALID_ARGUMENT, "gather_mm", "gather_mm: an index is out of bounds (%lld and %lld matrices)",
                         (long long)a->shape[0], (long long)node->inputs[1].shape[0]);
  if (status == EMILY_OK) {
    over_items(&job, gather_block, job.m * job.k);
    status = multiply_groups(&job);
  }
  if (status == EMILY_OK && !(job.in_order && in_bounds)) over_items(&job, scatter_block, job.m * job.n);
  emily__cpu_release(scratch, (size_t)(items + rows + sums + 64));
  return status;
}

/* ---- segments ---- */

/* out[t] = a[:, begin:end] · b[begin:end, :]: zeros where a segment is empty; what lies beyond the inner axis counts for nothing. */
emily_status emily__cpu_segmented_mm(const emily__node_view *node) {
  const emily__tensor *a = &node->inputs[0], *b = &node->inputs[1], *segments = &node->inputs[2], *out = &node->outputs[0];
  const int64_t k = a->shape[1], size = (int64_t)emily_dtype_size(out->dtype);
  emily__product p = {.m = out->shape[1], .n = out->shape[2], .batch = 1, .alpha = 1};
  for (int64_t t = 0; out->size && t < out->shape[0]; t++) {
    const int64_t *ends = (const int64_t *)segments->data + t * segments->strides[0];
    int64_t begin = ends[0], end = ends[segments->strides[1]];
    const bool in_bounds = begin >= 0 && begin <= k && end >= 0 && end <= k;
    if (!in_bounds && (node->debug & EMILY__DEBUG_INDICES))
      return emily__fail(EMILY_INVALID_ARGUMENT, "segmented_mm", "segmented_mm: segment %lld is out of bounds", (long long)t);
    begin = begin < 0 ? 0 : begin > k ? k : begin;
    end = end > k ? k : end;
    p.k = end > begin ? end - begin : 0;
    p.matrix[EMILY__PRODUCT_A] = (emily__matrix){(char *)a->data + begin * a->strides[1] * size, a->strides[0], a->strides[1], a->dtype};
    p.matrix[EMILY__PRODUCT_B] = (emily__matrix){(char *)b->data + begin * b->strides[0] * size, b->strides[0], b->strides[1], b->dtype};
    p.matrix[EMILY__PRODUCT_OUT] = (emily__matrix){(char *)out->data + t * p.m * p.n * size, p.n, 1, out->dtype};
    EMILY__TRY(emily__product_run(&p));
  }
  return EMILY_OK;
}
