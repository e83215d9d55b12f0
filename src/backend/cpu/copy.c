/* copy.c: copies between layouts, and fills.
 *
 * A copy walks the merged axes. Where the innermost axis of the output jumps in the input and another axis is the
 * input's contiguous one (a transpose), tiles of both are moved so that each cache line is read once. */
#include "backend/cpu/copy.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

#include <string.h>

enum { TILE = 16 }; /* a cache line of 4-byte elements */

typedef struct copy_job {
  const emily__iterate *it;
  int32_t across; /* the axis along which the input is contiguous, where that is not the last; else -1 */
  int64_t rows;   /* rows of the last axis, in row-major order (with `across`, of the axes but those two) */
  int64_t rows_per_block, tiles;
} copy_job;

/* The addresses of row `row` of the axes but the last and `skip`, which stay at 0. */
static void locate(const emily__iterate *it, int32_t skip, int64_t row, char **out, char **in) {
  *out = it->data[0];
  *in = it->data[1];
  for (int32_t i = it->ndim - 2; i >= 0; i--) {
    if (i == skip) continue;
    int64_t index = row % it->shape[i];
    row /= it->shape[i];
    *out += index * it->strides[0][i];
    *in += index * it->strides[1][i];
  }
}

static void copy_rows(void *context, int64_t block) {
  const copy_job *job = context;
  const emily__iterate *it = job->it;
  int32_t last = it->ndim - 1;
  int64_t begin = block * job->rows_per_block, end = begin + job->rows_per_block;
  emily__walk out, in;
  emily__walk_begin(&out, it->ndim, it->shape, it->strides[0], it->itemsize[0], it->data[0], begin * it->shape[last]);
  emily__walk_begin(&in, it->ndim, it->shape, it->strides[1], it->itemsize[1], it->data[1], begin * it->shape[last]);
  for (int64_t row = begin; row < end && row < job->rows; row++)
    emily__copy_strided(emily__walk_row(&out), it->strides[0][last], emily__walk_row(&in), it->strides[1][last],
                        it->shape[last], it->itemsize[0]);
}

/* A band of TILE indices of `across`, over the whole last axis in tiles. */
static void copy_band(void *context, int64_t block) {
  const copy_job *job = context;
  const emily__iterate *it = job->it;
  int32_t last = it->ndim - 1, across = job->across;
  int64_t row = block / job->tiles, first = block % job->tiles * TILE;
  int64_t rows = it->shape[across] - first < TILE ? it->shape[across] - first : TILE;
  char *out, *in;
  locate(it, across, row, &out, &in);
  out += first * it->strides[0][across];
  in += first * it->strides[1][across];
  for (int64_t j = 0; j < it->shape[last]; j += TILE) {
    int64_t n = it->shape[last] - j < TILE ? it->shape[last] - j : TILE;
    for (int64_t i = 0; i < rows; i++)
      emily__copy_strided(out + i * it->strides[0][across] + j * it->strides[0][last], it->strides[0][last],
                          in + i * it->strides[1][across] + j * it->strides[1][last], it->strides[1][last], n,
                          it->itemsize[0]);
  }
}

static int32_t find_across(const emily__iterate *it) {
  int32_t last = it->ndim - 1;
  int64_t stride = it->strides[1][last];
  if (stride == it->itemsize[1] || stride == 0) return -1;
  for (int32_t i = last - 1; i >= 0; i--)
    if (it->strides[1][i] == it->itemsize[1] && it->shape[i] > 1) return i;
  return -1;
}

static void run(emily__pool_fn *fn, copy_job *job, int64_t blocks, int64_t size) {
  if (size > EMILY__GRAIN_CHEAP) emily__pool_run(fn, job, blocks);
  else
    for (int64_t i = 0; i < blocks; i++) fn(job, i);
}

/* One long row is cut into rows of this many elements, so that the pool can share it. */
static void split_row(emily__iterate *it) {
  int64_t n = it->shape[it->ndim - 1];
  if (it->ndim != 1 || n <= EMILY__GRAIN_CHEAP || n % EMILY__GRAIN_CHEAP) return;
  it->ndim = 2;
  it->shape[0] = n / EMILY__GRAIN_CHEAP;
  it->shape[1] = EMILY__GRAIN_CHEAP;
  for (int32_t k = 0; k < 2; k++) {
    it->strides[k][1] = it->strides[k][0];
    it->strides[k][0] *= EMILY__GRAIN_CHEAP;
  }
}

static void copy_iterated(emily__iterate *it) {
  if (it->size == 0) return;
  int64_t n = it->shape[it->ndim - 1];
  if (it->ndim == 1 && n > EMILY__GRAIN_CHEAP && n % EMILY__GRAIN_CHEAP) { /* the tail alone, then whole rows */
    int64_t tail = n % EMILY__GRAIN_CHEAP, head = n - tail;
    emily__copy_strided(it->data[0] + head * it->strides[0][0], it->strides[0][0],
                        it->data[1] + head * it->strides[1][0], it->strides[1][0], tail, it->itemsize[0]);
    it->shape[0] = head;
  }
  split_row(it);
  copy_job job = {.it = it, .across = find_across(it)};
  n = it->shape[it->ndim - 1];
  job.rows = it->size / n;
  if (job.across >= 0) {
    job.tiles = (it->shape[job.across] + TILE - 1) / TILE;
    run(copy_band, &job, job.rows / it->shape[job.across] * job.tiles, it->size);
    return;
  }
  job.rows_per_block = n >= EMILY__GRAIN_CHEAP ? 1 : EMILY__GRAIN_CHEAP / n;
  run(copy_rows, &job, (job.rows + job.rows_per_block - 1) / job.rows_per_block, it->size);
}

void emily__cpu_copy_elements(int32_t ndim, const int64_t *shape, size_t itemsize, void *out,
                              const int64_t *out_strides, const void *in, const int64_t *in_strides) {
  emily__iterate it;
  emily__iterate_pair(&it, ndim, shape, itemsize, out, out_strides, in, in_strides);
  copy_iterated(&it);
}

void emily__cpu_fill(const emily__tensor *out, const void *value) {
  static const int64_t zeros[EMILY__MAX_RANK];
  emily__cpu_copy_elements(out->ndim, out->shape, emily_dtype_size(out->dtype), out->data, out->strides, value,
                           zeros);
}

emily_status emily__cpu_copy(const emily__node_view *node) {
  const emily__tensor *out = &node->outputs[0], *in = &node->inputs[0];
  emily__cpu_copy_elements(out->ndim, out->shape, emily_dtype_size(out->dtype), out->data, out->strides, in->data,
                           in->strides);
  return EMILY_OK;
}

emily_status emily__cpu_full(const emily__node_view *node) {
  const emily__attrs_full *attrs = node->attrs;
  emily__cpu_fill(&node->outputs[0], &attrs->bits); /* little-endian: the low bytes are the element */
  return EMILY_OK;
}
