/* gather.c: take and gather: windows of x that indices point at, behind each other.
 *
 * out [pre…, indices…, window…]: for each place `pre` of the leading axes and each tuple of indices one window of x. take has leading
 * axes and one index, gather several indices and no leading axes. Offsets are worked out for a chunk of tuples at once and
 * used for several places `pre`. Windows out of range are zeros. */
#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/places.h"
#include "backend/cpu/pool.h"
#include "base/alloc.h"

#include <string.h>

typedef struct gather_job {
  const emily__tensor *x;
  char *out;
  int32_t itemsize;
  int32_t pre_ndim; /* leading axes of x */
  int64_t pre;      /* … and the places there */
  const emily__index *indices;
  int32_t index_count;
  int64_t count;         /* tuples of indices */
  emily__iterate window; /* operand 1: with x's strides */
  int64_t chunk, chunks; /* tuples a chunk */
  int64_t group;         /* places `pre` a block */
} gather_job;

/* x's address at place `pre` of the leading axes. */
static const char *base_of(const gather_job *job, int64_t pre) {
  const char *at = job->x->data;
  for (int32_t i = job->pre_ndim - 1; i >= 0 && pre > 0; i--) {
    at += pre % job->x->shape[i] * job->x->strides[i] * job->itemsize;
    pre /= job->x->shape[i];
  }
  return at;
}

static void gather_runs(char *out, const char *base, const int64_t *offsets, int64_t n, size_t bytes) {
  for (int64_t i = 0; i < n; i++, out += bytes) {
    if (offsets[i] == EMILY__NOWHERE) memset(out, 0, bytes);
    else memcpy(out, base + offsets[i], bytes);
  }
}

static void gather_windows(const gather_job *job, char *out, const char *base, const int64_t *offsets, int64_t n) {
  const emily__iterate *w = &job->window;
  const size_t bytes = (size_t)(w->size * job->itemsize);
  emily__walk walk;
  for (int64_t i = 0; i < n; i++, out += bytes) {
    if (offsets[i] == EMILY__NOWHERE) {
      memset(out, 0, bytes);
      continue;
    }
    emily__walk_begin(&walk, w->ndim, w->shape, w->strides[1], job->itemsize, (char *)base + offsets[i], 0);
    emily__walk_gather(&walk, out, w->size);
  }
}

static void gather_block(void *context, int64_t block) {
  const gather_job *job = context;
  int64_t offsets[EMILY__BLOCK], first = block % job->chunks * job->chunk, pre = block / job->chunks * job->group;
  int64_t n = job->count - first < job->chunk ? job->count - first : job->chunk, size = job->window.size;
  const bool run = job->window.ndim == 1 && job->window.strides[1][0] == job->itemsize;
  emily__index_offsets(job->indices, job->index_count, first, n, offsets);
  for (int64_t end = pre + job->group; pre < end && pre < job->pre; pre++) {
    const char *base = base_of(job, pre);
    char *out = job->out + (pre * job->count + first) * size * job->itemsize;
    if (size == 1) emily__index_gather(out, base, offsets, n, job->itemsize);
    else if (run) gather_runs(out, base, offsets, n, (size_t)(size * job->itemsize));
    else gather_windows(job, out, base, offsets, n);
  }
}

/* Few large windows: the pool shares each. */
static void gather_large(const gather_job *job, int32_t ndim, const int64_t *shape, const int64_t *strides) {
  int64_t dense[EMILY__MAX_RANK], offset, bytes = job->window.size * job->itemsize, at = 1;
  for (int32_t i = ndim - 1; i >= 0; at *= shape[i--]) dense[i] = at;
  for (int64_t i = 0; i < job->pre * job->count; i++) {
    char *out = job->out + i * bytes;
    emily__index_offsets(job->indices, job->index_count, i % job->count, 1, &offset);
    if (offset == EMILY__NOWHERE) memset(out, 0, (size_t)bytes);
    else
      emily__cpu_copy_elements(ndim, shape, (size_t)job->itemsize, out, dense, base_of(job, i / job->count) + offset, strides);
  }
}

static int64_t at_least_one(int64_t n) { return n > 1 ? n : 1; }

/* `shape` and `strides` (in elements) are the window's. */
static void run(gather_job *job, int32_t ndim, const int64_t *shape, const int64_t *strides) {
  emily__iterate_pair(&job->window, ndim, shape, (size_t)job->itemsize, NULL, strides, NULL, strides);
  const int64_t size = job->window.size;
  if (size >= EMILY__GRAIN_CHEAP) {
    gather_large(job, ndim, shape, strides);
    return;
  }
  job->chunk = at_least_one(EMILY__GRAIN_CHEAP / size);
  if (job->chunk > EMILY__BLOCK) job->chunk = EMILY__BLOCK;
  if (job->chunk > job->count) job->chunk = job->count;
  job->chunks = (job->count + job->chunk - 1) / job->chunk;
  job->group = at_least_one(EMILY__GRAIN_CHEAP / (job->chunk * size));
  int64_t blocks = (job->pre + job->group - 1) / job->group * job->chunks;
  if (blocks > 1 && job->pre * job->count * size > EMILY__GRAIN_CHEAP / 2) emily__pool_run(gather_block, job, blocks);
  else
    for (int64_t i = 0; i < blocks; i++) gather_block(job, i);
}

emily_status emily__cpu_take(const emily__node_view *node) {
  const emily__attrs_axis *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *out = &node->outputs[0];
  const int32_t axis = (int32_t)attrs->axis;
  emily__index index;
  gather_job job = {.x = x, .out = out->data, .itemsize = (int32_t)emily_dtype_size(x->dtype), .pre_ndim = axis, .pre = 1,
                    .indices = &index, .index_count = 1, .count = node->inputs[1].size};
  for (int32_t i = 0; i < axis; i++) job.pre *= x->shape[i];
  emily__index_init(&index, &node->inputs[1], x->shape[axis], 1, x->strides[axis] * job.itemsize, false);
  EMILY__TRY(emily__index_check(node, &index, 1));
  if (out->size > 0) run(&job, x->ndim - axis - 1, x->shape + axis + 1, x->strides + axis + 1);
  return EMILY_OK;
}

emily_status emily__cpu_gather(const emily__node_view *node) {
  const emily__attrs_gather *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *out = &node->outputs[0];
  const int64_t *axes = attrs->values, *sizes = attrs->values + attrs->count;
  gather_job job = {.x = x, .out = out->data, .itemsize = (int32_t)emily_dtype_size(x->dtype), .pre = 1,
                    .index_count = (int32_t)attrs->count, .count = node->inputs[1].size};
  emily__index *indices = emily__alloc_array((size_t)attrs->count, sizeof *indices);
  if (!indices) return EMILY_OUT_OF_MEMORY;
  for (int32_t k = 0; k < job.index_count; k++)
    emily__index_init(&indices[k], &node->inputs[k + 1], x->shape[axes[k]], sizes[axes[k]], x->strides[axes[k]] * job.itemsize,
                      attrs->clamp);
  job.indices = indices;
  emily_status status = emily__index_check(node, indices, job.index_count);
  if (status == EMILY_OK && out->size > 0) run(&job, x->ndim, sizes, x->strides);
  emily__free(indices);
  return status;
}
