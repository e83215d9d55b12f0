/* window_scatter.c: window_scatter_max and window_scatter_min: finds the place of each window's extreme, then adds the sources there.
 *
 * Windows are searched by all threads; additions are one thread's, in the order of the windows, so that sums have the same bits each
 * time. Of the elements of a window only those on the axes are visited, whatever its size. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

#include <string.h>

enum { TASK = 4096 /* windows */ };

typedef struct scatter_job {
  const emily__node_view *node;
  bool largest;
  const int64_t *window, *stride, *low;
  int64_t windows;
  int64_t *places; /* of each window: an offset in the result, -1 for none */
} scatter_job;

/* The elements of one window that are on the axes: on axis i from first[i], count[i] of them. */
typedef struct part {
  int64_t first[EMILY__MAX_RANK], count[EMILY__MAX_RANK];
} part;

/* Cuts axis i of the window at place `at` of the axis. */
static void cut_axis(const scatter_job *job, int32_t i, int64_t at, part *p) {
  const int64_t extent = job->node->inputs[0].shape[i], start = at * job->stride[i] - job->low[i];
  const int64_t end = start >= extent || job->window[i] > extent - start ? extent : start + job->window[i];
  p->first[i] = start < 0 ? 0 : start;
  p->count[i] = end - p->first[i];
}

/* Where the windows from `index` on are, on each axis. */
static void begin_windows(const scatter_job *job, int64_t index, int64_t *at, part *p) {
  const emily__tensor *source = &job->node->inputs[1];
  for (int32_t i = source->ndim - 1; i >= 0; i--) {
    at[i] = index % source->shape[i];
    index /= source->shape[i];
    cut_axis(job, i, at[i], p);
  }
}

static void next_window(const scatter_job *job, int64_t *at, part *p) {
  const emily__tensor *source = &job->node->inputs[1];
  for (int32_t i = source->ndim - 1; i >= 0; i--) {
    const bool on = ++at[i] < source->shape[i];
    if (!on) at[i] = 0;
    cut_axis(job, i, at[i], p);
    if (on) return;
  }
}

static bool is_empty(const part *p, int32_t ndim) {
  for (int32_t i = 0; i < ndim; i++)
    if (p->count[i] <= 0) return true;
  return false;
}

/* On to the next row of the window, all axes but the last; false after the last one. */
static bool next_row(const part *p, int32_t ndim, int64_t *index) {
  for (int32_t i = ndim - 2; i >= 0; i--) {
    if (++index[i] < p->count[i]) return true;
    index[i] = 0;
  }
  return false;
}

/* Offsets of the row's first element: in x by its strides, in the result. */
static void row_offsets(const emily__node_view *node, const part *p, const int64_t *index, int64_t *in, int64_t *out) {
  *in = *out = 0;
  for (int32_t i = 0; i < node->inputs[0].ndim; i++) {
    const int64_t at = p->first[i] + index[i];
    *in += at * node->inputs[0].strides[i];
    *out += at * node->outputs[0].strides[i];
  }
}

#define T uint8_t
#define NAME(base) base##_uint8
#include "backend/cpu/window_scatter.inc"
#define T uint16_t
#define NAME(base) base##_uint16
#include "backend/cpu/window_scatter.inc"
#define T uint32_t
#define NAME(base) base##_uint32
#include "backend/cpu/window_scatter.inc"
#define T uint64_t
#define NAME(base) base##_uint64
#include "backend/cpu/window_scatter.inc"
#define T int8_t
#define NAME(base) base##_int8
#include "backend/cpu/window_scatter.inc"
#define T int16_t
#define NAME(base) base##_int16
#include "backend/cpu/window_scatter.inc"
#define T int32_t
#define NAME(base) base##_int32
#include "backend/cpu/window_scatter.inc"
#define T int64_t
#define NAME(base) base##_int64
#include "backend/cpu/window_scatter.inc"
#define T float
#define NAME(base) base##_float32
#include "backend/cpu/window_scatter.inc"
#define T double
#define NAME(base) base##_float64
#include "backend/cpu/window_scatter.inc"

typedef int64_t find_fn(const scatter_job *job, const part *p);
static find_fn *const find_of[EMILY_DTYPE_COUNT] = {
    [EMILY_BOOL] = find_uint8,   [EMILY_UINT8] = find_uint8, [EMILY_UINT16] = find_uint16, [EMILY_UINT32] = find_uint32, [EMILY_UINT64] = find_uint64,
    [EMILY_INT8] = find_int8,    [EMILY_INT16] = find_int16, [EMILY_INT32] = find_int32,   [EMILY_INT64] = find_int64,
    [EMILY_FLOAT32] = find_float32, [EMILY_FLOAT64] = find_float64};

static void find_block(void *context, int64_t block) {
  const scatter_job *job = context;
  find_fn *find = find_of[job->node->inputs[0].dtype];
  const int64_t end = (block + 1) * TASK < job->windows ? (block + 1) * TASK : job->windows;
  int64_t at[EMILY__MAX_RANK];
  part p;
  begin_windows(job, block * TASK, at, &p);
  for (int64_t w = block * TASK; w < end; w++, next_window(job, at, &p))
    job->places[w] = is_empty(&p, job->node->inputs[0].ndim) ? -1 : find(job, &p);
}

static void fill_init(const emily__node_view *node) {
  const int64_t itemsize = (int64_t)emily_dtype_size(node->outputs[0].dtype);
  for (int64_t i = 0; i < node->outputs[0].size; i++) memcpy((char *)node->outputs[0].data + i * itemsize, node->inputs[2].data, (size_t)itemsize);
}

static void add_sources(const scatter_job *job) {
  const emily__tensor *source = &job->node->inputs[1];
  const int64_t itemsize = (int64_t)emily_dtype_size(source->dtype);
  emily__block_fn *add = emily__binary_block(EMILY__PRIM_add, source->dtype);
  emily__iterate it;
  emily__walk walk;
  emily__iterate_one(&it, source);
  emily__walk_begin(&walk, it.ndim, it.shape, it.strides[0], it.itemsize[0], it.data[0], 0);
  for (int64_t w = 0; w < job->windows; w++) {
    char *from = emily__walk_next(&walk);
    if (job->places[w] < 0) continue;
    char *to = (char *)job->node->outputs[0].data + job->places[w] * itemsize;
    add((void *const[]){to, to, from}, 1);
  }
}

static emily_status run(const emily__node_view *node, bool largest) {
  const emily__attrs_window *a = node->attrs;
  scatter_job job = {.node = node, .largest = largest, .window = a->values, .stride = a->values + a->count, .low = a->values + 2 * a->count,
                     .windows = node->inputs[1].size};
  const size_t bytes = (size_t)job.windows * sizeof *job.places;
  if (!find_of[node->inputs[0].dtype] || !emily__binary_block(EMILY__PRIM_add, node->inputs[1].dtype))
    return emily__fail(EMILY_UNSUPPORTED, "window", "windows of 16-bit floats are widened first");
  if (bytes) EMILY__TRY(emily__cpu_allocate(bytes, (void **)&job.places));
  fill_init(node);
  if (node->outputs[0].size > 0 && job.windows > 0) {
    emily__pool_run(find_block, &job, (job.windows + TASK - 1) / TASK);
    add_sources(&job);
  }
  if (bytes) emily__cpu_release(job.places, bytes);
  return EMILY_OK;
}

emily_status emily__cpu_window_scatter_max(const emily__node_view *node) { return run(node, true); }
emily_status emily__cpu_window_scatter_min(const emily__node_view *node) { return run(node, false); }
