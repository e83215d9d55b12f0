/* scatter.c: windows of x updated where indices point.
 *
 * updates [indices…, window…]: the window of each tuple of indices is combined into x in row-major order of the tuples, so that
 * the last of several puts to one place stays, and sums have one order. Threads share the columns of windows, never the
 * tuples: results do not depend on their number. Windows out of range are dropped. */
#include "backend/cpu/combine.h"
#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/places.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/scatter.h"
#include "base/alloc.h"

enum { PIECE = 1024, PIECES = 16 }; /* bytes of a row worth a block; blocks at most */

typedef struct scatter_job {
  const emily__tensor *out, *updates;
  int64_t update;
  const emily__combine *combine;
  int32_t itemsize;
  const emily__index *indices;
  int32_t index_count;
  int64_t count;         /* tuples of indices */
  emily__iterate tuples; /* operand 1: the updates' axes of indices */
  emily__iterate window; /* operands: out, updates */
  int64_t piece;         /* columns a block */
} scatter_job;

/* Windows of one element: blocks of offsets and updates. */
static void scatter_elements(const scatter_job *job) {
  int64_t offsets[EMILY__BLOCK];
  uint64_t room[EMILY__BLOCK];
  const emily__iterate *t = &job->tuples;
  const bool run = t->ndim == 1 && t->strides[1][0] == job->itemsize;
  emily__walk walk;
  emily__walk_begin(&walk, t->ndim, t->shape, t->strides[1], job->itemsize, t->data[1], 0);
  for (int64_t at = 0; at < job->count; at += EMILY__BLOCK) {
    int64_t n = job->count - at < EMILY__BLOCK ? job->count - at : EMILY__BLOCK;
    emily__index_offsets(job->indices, job->index_count, at, n, offsets);
    if (!run) emily__walk_gather(&walk, room, n);
    job->combine->at(job->out->data, offsets, run ? t->data[1] + at * job->itemsize : (char *)room, n);
  }
}

/* The columns [first, first + n) of one window. */
static void combine_columns(const scatter_job *job, char *out, char *update, int64_t first, int64_t n) {
  const emily__iterate *w = &job->window;
  const int32_t last = w->ndim - 1;
  const int64_t out_stride = w->strides[0][last], in_stride = w->strides[1][last], rows = w->size / w->shape[last];
  out += first * out_stride;
  update += first * in_stride;
  if (rows == 1) {
    emily__combine_row(job->combine, job->itemsize, out, out_stride, update, in_stride, n);
    return;
  }
  emily__walk to, from;
  emily__walk_begin(&to, w->ndim, w->shape, w->strides[0], job->itemsize, out, 0);
  emily__walk_begin(&from, w->ndim, w->shape, w->strides[1], job->itemsize, update, 0);
  for (int64_t i = 0; i < rows; i++)
    emily__combine_row(job->combine, job->itemsize, emily__walk_row(&to), out_stride, emily__walk_row(&from), in_stride, n);
}

static void scatter_columns(void *context, int64_t block) {
  const scatter_job *job = context;
  int64_t extent = job->window.shape[job->window.ndim - 1], first = block * job->piece;
  int64_t columns = extent - first < job->piece ? extent - first : job->piece, offsets[EMILY__BLOCK];
  const emily__iterate *t = &job->tuples;
  emily__walk walk;
  emily__walk_begin(&walk, t->ndim, t->shape, t->strides[1], job->itemsize, t->data[1], 0);
  for (int64_t at = 0; at < job->count; at += EMILY__BLOCK) {
    int64_t n = job->count - at < EMILY__BLOCK ? job->count - at : EMILY__BLOCK;
    emily__index_offsets(job->indices, job->index_count, at, n, offsets);
    for (int64_t i = 0; i < n; i++) {
      char *update = emily__walk_next(&walk);
      if (offsets[i] != EMILY__NOWHERE)
        combine_columns(job, (char *)job->out->data + offsets[i], update, first, columns);
    }
  }
}

/* Large windows: the pool shares each. */
static void scatter_large(const scatter_job *job) {
  const int32_t lead = job->updates->ndim - job->out->ndim;
  const emily__iterate *t = &job->tuples;
  emily__walk walk;
  int64_t offset;
  emily__walk_begin(&walk, t->ndim, t->shape, t->strides[1], job->itemsize, t->data[1], 0);
  for (int64_t i = 0; i < job->count; i++) {
    char *update = emily__walk_next(&walk);
    emily__index_offsets(job->indices, job->index_count, i, 1, &offset);
    if (offset != EMILY__NOWHERE)
      emily__combine_elements(job->update, job->out->dtype, job->out->ndim, job->updates->shape + lead,
                              (char *)job->out->data + offset, job->out->strides, update, job->updates->strides + lead);
  }
}

static void run(scatter_job *job) {
  const int64_t extent = job->window.shape[job->window.ndim - 1], bytes = extent * job->itemsize;
  if (job->window.size == 1) {
    scatter_elements(job);
    return;
  }
  if (job->window.size >= EMILY__GRAIN_CHEAP) {
    scatter_large(job);
    return;
  }
  int64_t pieces = bytes / PIECE < PIECES ? bytes / PIECE : PIECES;
  if (pieces < 1 || job->updates->size < EMILY__GRAIN_CHEAP) pieces = 1;
  job->piece = (extent + pieces - 1) / pieces;
  pieces = (extent + job->piece - 1) / job->piece;
  if (pieces > 1) emily__pool_run(scatter_columns, job, pieces);
  else scatter_columns(job, 0);
}

void emily__scatter_windows(const emily__tensor *out, const emily__tensor *updates, int64_t update, const emily__index *indices,
                            int32_t index_count, int64_t count) {
  const int32_t lead = updates->ndim - out->ndim;
  scatter_job job = {.out = out, .updates = updates, .update = update, .itemsize = (int32_t)emily_dtype_size(out->dtype),
                     .combine = emily__combine_of(update, out->dtype), .indices = indices, .index_count = index_count,
                     .count = count};
  if (updates->size == 0) return;
  emily__iterate_pair(&job.tuples, lead, updates->shape, (size_t)job.itemsize, NULL, updates->strides, updates->data,
                      updates->strides);
  emily__iterate_pair(&job.window, out->ndim, updates->shape + lead, (size_t)job.itemsize, NULL, out->strides, NULL,
                      updates->strides + lead);
  run(&job);
}

emily_status emily__cpu_scatter(const emily__node_view *node) {
  const emily__attrs_scatter *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *updates = &node->inputs[1], *out = &node->outputs[0];
  const int32_t lead = updates->ndim - out->ndim, count = (int32_t)attrs->count;
  const int64_t itemsize = (int64_t)emily_dtype_size(out->dtype);
  emily__index *indices = emily__alloc_array((size_t)count, sizeof *indices);
  if (!indices) return EMILY_OUT_OF_MEMORY;
  for (int32_t k = 0; k < count; k++) {
    const int64_t axis = attrs->axes[k];
    emily__index_init(&indices[k], &node->inputs[k + 2], out->shape[axis], updates->shape[lead + axis],
                      out->strides[axis] * itemsize, attrs->clamp);
  }
  emily_status status = emily__index_check(node, indices, count);
  if (status == EMILY_OK && node->donated != 0)
    emily__cpu_copy_elements(out->ndim, out->shape, (size_t)itemsize, out->data, out->strides, x->data, x->strides);
  if (status == EMILY_OK)
    emily__scatter_windows(out, updates, attrs->update, indices, count, node->inputs[2].size);
  emily__free(indices);
  return status;
}
