/* along.c: take_along_axis and scatter_axis: indices of the array's own rank, into one axis.
 *
 * Element i of the indices stands for the array's element of the same place but for the axis, where the index says it. Byte
 * offsets of a block of such elements are worked out row by row of the last axis; then elements are read, or updated
 * in their order. Blocks of take_along_axis are rows; those of scatter_axis the places of the axes before, so that no two write
 * to one element. */
#include "backend/cpu/combine.h"
#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/places.h"
#include "backend/cpu/pool.h"

enum { GRAIN = 8192 }; /* elements worth a block: each is a jump in memory */

typedef struct along_job {
  char *data; /* of the array that the axis is of */
  int32_t ndim, itemsize;
  const int64_t *shape;             /* of the indices */
  int64_t strides[EMILY__MAX_RANK]; /* the array's in bytes, 0 for the axis and where its extent is 1 */
  int64_t columns, size, block;     /* the last axis; elements in all and a block */
  emily__index index;
  char *out;                  /* take_along_axis: dense */
  const emily__combine *combine; /* scatter_axis */
  emily__iterate updates;        /* … operand 0 */
} along_job;

static void along_init(along_job *job, const emily__tensor *x, const emily__tensor *indices, int32_t axis) {
  job->data = x->data;
  job->ndim = x->ndim;
  job->itemsize = (int32_t)emily_dtype_size(x->dtype);
  job->shape = indices->shape;
  job->size = indices->size;
  for (int32_t i = 0; i < x->ndim; i++) job->strides[i] = i == axis || x->shape[i] == 1 ? 0 : x->strides[i] * job->itemsize;
  emily__index_init(&job->index, indices, x->shape[axis], 1, x->strides[axis] * job->itemsize, false);
}

/* Offsets of n ≤ EMILY__BLOCK elements from the first-th; `rows` stands at the row after that of `*row`. */
static void along_offsets(const along_job *job, emily__walk *rows, char **row, int64_t first, int64_t n, int64_t *offsets) {
  const int64_t step = job->strides[job->ndim - 1];
  int64_t column = first % job->columns;
  for (int64_t i = 0; i < n;) {
    if (column == 0) *row = emily__walk_row(rows);
    int64_t m = job->columns - column < n - i ? job->columns - column : n - i;
    emily__index_offsets_from(&job->index, first + i, m, *row - job->data + column * step, step, offsets + i);
    i += m;
    column = 0;
  }
}

/* fn's loop over a block's elements; blocks begin at rows. */
static void take_block(void *context, int64_t block) {
  const along_job *job = context;
  int64_t at = block * job->block, end = at + job->block < job->size ? at + job->block : job->size, offsets[EMILY__BLOCK];
  emily__walk rows;
  char *row = NULL;
  emily__walk_begin(&rows, job->ndim, job->shape, job->strides, job->itemsize, job->data, at);
  for (; at < end; at += EMILY__BLOCK) {
    int64_t n = end - at < EMILY__BLOCK ? end - at : EMILY__BLOCK;
    along_offsets(job, &rows, &row, at, n, offsets);
    emily__index_gather(job->out + at * job->itemsize, job->data, offsets, n, job->itemsize);
  }
}

static void scatter_block(void *context, int64_t block) {
  const along_job *job = context;
  const emily__iterate *u = &job->updates;
  int64_t at = block * job->block, end = at + job->block < job->size ? at + job->block : job->size, offsets[EMILY__BLOCK];
  uint64_t room[EMILY__BLOCK];
  emily__walk rows, updates;
  char *row = NULL;
  emily__walk_begin(&rows, job->ndim, job->shape, job->strides, job->itemsize, job->data, at);
  emily__walk_begin(&updates, u->ndim, u->shape, u->strides[0], job->itemsize, u->data[0], at);
  for (; at < end; at += EMILY__BLOCK) {
    int64_t n = end - at < EMILY__BLOCK ? end - at : EMILY__BLOCK;
    along_offsets(job, &rows, &row, at, n, offsets);
    emily__walk_gather(&updates, room, n);
    job->combine->at(job->data, offsets, room, n);
  }
}

/* `unit`: the least number of elements that a block may hold. */
static void run(emily__pool_fn *fn, along_job *job, int64_t unit) {
  job->columns = job->shape[job->ndim - 1];
  job->block = unit >= GRAIN ? unit : GRAIN / unit * unit;
  int64_t blocks = (job->size + job->block - 1) / job->block;
  if (blocks == 1) fn(job, 0);
  else emily__pool_run(fn, job, blocks);
}

emily_status emily__cpu_take_along_axis(const emily__node_view *node) {
  const emily__attrs_axis *attrs = node->attrs;
  const emily__tensor *out = &node->outputs[0];
  along_job job = {.out = out->data};
  along_init(&job, &node->inputs[0], &node->inputs[1], (int32_t)attrs->axis);
  EMILY__TRY(emily__index_check(node, &job.index, 1));
  if (out->size > 0) run(take_block, &job, out->shape[out->ndim - 1]);
  return EMILY_OK;
}

emily_status emily__cpu_scatter_axis(const emily__node_view *node) {
  const emily__attrs_scatter_axis *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *updates = &node->inputs[1], *indices = &node->inputs[2], *out = &node->outputs[0];
  along_job job = {.combine = emily__combine_of(attrs->update, out->dtype)};
  along_init(&job, out, indices, (int32_t)attrs->axis);
  EMILY__TRY(emily__index_check(node, &job.index, 1));
  if (node->donated != 0)
    emily__cpu_copy_elements(out->ndim, out->shape, (size_t)job.itemsize, out->data, out->strides, x->data, x->strides);
  if (indices->size == 0 || out->size == 0) return EMILY_OK;
  emily__iterate_one(&job.updates, updates);
  int64_t unit = 1;
  for (int32_t i = (int32_t)attrs->axis; i < out->ndim; i++) unit *= indices->shape[i];
  run(scatter_block, &job, unit);
  return EMILY_OK;
}
