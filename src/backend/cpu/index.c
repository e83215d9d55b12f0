/* index.c: take and take_along_axis.
 *
 * Indices are of any integer dtype and count from the end where negative. One out of range is defined: its result is
 * 0; under EMILY__DEBUG_INDICES it is an error that names it. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OUT_OF_RANGE = -1 };

/* n raw indices, contiguous, to places in 0 … extent - 1 or OUT_OF_RANGE. */
static inline int64_t place_of(int64_t index, int64_t extent) {
  if (index < 0) index += extent;
  return index >= 0 && index < extent ? index : OUT_OF_RANGE;
}

#define RESOLVE(type) \
  for (int64_t i = 0; i < n; i++) out[i] = place_of((int64_t)((const type *)in)[i], extent);

/* Past the largest int64 there is no negative index to mistake one for. */
static void resolve_uint64(int64_t *out, const uint64_t *in, int64_t n, int64_t extent) {
  for (int64_t i = 0; i < n; i++) out[i] = in[i] > INT64_MAX ? OUT_OF_RANGE : place_of((int64_t)in[i], extent);
}

static void resolve(int64_t *out, const void *in, emily_dtype dtype, int64_t n, int64_t extent) {
  switch (dtype) {
    case EMILY_UINT16: RESOLVE(uint16_t) break;
    case EMILY_UINT32: RESOLVE(uint32_t) break;
    case EMILY_UINT64: resolve_uint64(out, in, n, extent); break;
    case EMILY_INT8: RESOLVE(int8_t) break;
    case EMILY_INT16: RESOLVE(int16_t) break;
    case EMILY_INT32: RESOLVE(int32_t) break;
    case EMILY_INT64: RESOLVE(int64_t) break;
    default: RESOLVE(uint8_t) break;
  }
}

/* A cursor over an index tensor. */
typedef struct reader {
  emily__iterate it;
  emily__walk walk;
  emily_dtype dtype;
  int64_t extent;
} reader;

static void reader_init(reader *r, const emily__tensor *indices, int64_t extent) {
  r->dtype = indices->dtype;
  r->extent = extent;
  emily__iterate_one(&r->it, indices);
}

static void reader_begin(const reader *r, emily__walk *walk, int64_t position) {
  emily__walk_begin(walk, r->it.ndim, r->it.shape, r->it.strides[0], r->it.itemsize[0], r->it.data[0], position);
}

/* The next n ≤ EMILY__BLOCK places. */
static void reader_next(const reader *r, emily__walk *walk, int64_t *places, int64_t n) {
  uint64_t raw[EMILY__BLOCK];
  emily__walk_gather(walk, raw, n);
  resolve(places, raw, r->dtype, n, r->extent);
}

/* The index at `position` as text: uint64 goes further than int64. */
static void describe_index(const reader *r, int64_t position, char text[24]) {
  emily__walk walk;
  int64_t raw = 0;
  reader_begin(r, &walk, position);
  emily__walk_gather(&walk, &raw, 1);
  if (r->dtype == EMILY_INT8) raw = (int8_t)raw;
  if (r->dtype == EMILY_INT16) raw = (int16_t)raw;
  if (r->dtype == EMILY_INT32) raw = (int32_t)raw;
  snprintf(text, 24, r->dtype == EMILY_UINT64 ? "%" PRIu64 : "%" PRId64, raw);
}

static emily_status fail_index(const emily__node_view *node, const reader *r, int64_t position) {
  char text[24];
  describe_index(r, position, text);
  return emily__fail(EMILY_DEBUG_CHECK, emily__prim_name(node->prim),
                     "%s: index %s (element %lld of the indices) is out of range for an axis of %lld", emily__prim_name(node->prim), text,
                     (long long)position, (long long)r->extent);
}

static emily_status check_indices(const emily__node_view *node, const reader *r) {
  emily__walk walk;
  int64_t places[EMILY__BLOCK];
  if (r->it.size == 0) return EMILY_OK;
  reader_begin(r, &walk, 0);
  for (int64_t at = 0; at < r->it.size; at += EMILY__BLOCK) {
    int64_t n = r->it.size - at < EMILY__BLOCK ? r->it.size - at : EMILY__BLOCK;
    reader_next(r, &walk, places, n);
    for (int64_t i = 0; i < n; i++)
      if (places[i] == OUT_OF_RANGE) return fail_index(node, r, at + i);
  }
  return EMILY_OK;
}

/* ---- take: out [pre…, indices…, post…] = x [pre…, axis, post…] ---- */

typedef struct take_job {
  const emily__tensor *x;
  char *out;
  int32_t axis;
  int64_t itemsize, count, rows; /* indices; pre × indices */
  int64_t rows_per_block;
  reader indices;
  emily__iterate post; /* operand 1: x's axes behind `axis` */
  bool contiguous;     /* … are one run of memory */
} take_job;

/* x's address at flat index `pre` of the axes before `axis`. */
static const char *before_axis(const take_job *job, int64_t pre) {
  const char *at = job->x->data;
  for (int32_t i = job->axis - 1; i >= 0; i--) {
    at += pre % job->x->shape[i] * job->x->strides[i] * job->itemsize;
    pre /= job->x->shape[i];
  }
  return at;
}

static void take_row(const take_job *job, char *out, const char *base, int64_t place) {
  int64_t bytes = job->post.size * job->itemsize;
  const char *from = base + place * job->x->strides[job->axis] * job->itemsize;
  if (place == OUT_OF_RANGE) memset(out, 0, (size_t)bytes);
  else if (job->post.size == 1) emily__copy_strided(out, 0, from, 0, 1, (int32_t)job->itemsize);
  else if (job->contiguous) memcpy(out, from, (size_t)bytes);
  else {
    emily__walk walk;
    emily__walk_begin(&walk, job->post.ndim, job->post.shape, job->post.strides[1], (int32_t)job->itemsize,
                      (char *)from, 0);
    emily__walk_gather(&walk, out, job->post.size);
  }
}

static void take_block(void *context, int64_t block) {
  const take_job *job = context;
  int64_t begin = block * job->rows_per_block, end = begin + job->rows_per_block;
  if (end > job->rows) end = job->rows;
  for (int64_t row = begin; row < end;) {
    int64_t first = row % job->count, n = job->count - first; /* indices left for this pre */
    if (n > end - row) n = end - row;
    if (n > EMILY__BLOCK) n = EMILY__BLOCK;
    int64_t places[EMILY__BLOCK];
    emily__walk walk;
    reader_begin(&job->indices, &walk, first);
    reader_next(&job->indices, &walk, places, n);
    const char *base = before_axis(job, row / job->count);
    for (int64_t i = 0; i < n; i++, row++)
      take_row(job, job->out + row * job->post.size * job->itemsize, base, places[i]);
  }
}

/* Rows of `elements` each, in blocks over the pool where that pays. */
static int64_t rows_per_block(int64_t elements) {
  return elements >= EMILY__GRAIN_CHEAP ? 1 : EMILY__GRAIN_CHEAP / (elements > 0 ? elements : 1);
}

static void run_blocks(emily__pool_fn *fn, void *job, int64_t rows, int64_t per_block) {
  int64_t blocks = (rows + per_block - 1) / per_block;
  if (blocks == 1) fn(job, 0);
  else if (blocks > 1) emily__pool_run(fn, job, blocks);
}

emily_status emily__cpu_take(const emily__node_view *node) {
  const emily__attrs_axis *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *indices = &node->inputs[1], *out = &node->outputs[0];
  int32_t axis = (int32_t)attrs->axis, after = x->ndim - axis - 1;
  take_job job = {.x = x,
                  .out = out->data,
                  .axis = axis,
                  .itemsize = (int64_t)emily_dtype_size(x->dtype),
                  .count = indices->size,
                  .rows = indices->size};
  for (int32_t i = 0; i < axis; i++) job.rows *= x->shape[i];
  reader_init(&job.indices, indices, x->shape[axis]);
  if (node->debug & EMILY__DEBUG_INDICES) EMILY__TRY(check_indices(node, &job.indices));
  if (out->size == 0) return EMILY_OK;
  const int64_t *strides = x->strides + axis + 1;
  emily__iterate_pair(&job.post, after, x->shape + axis + 1, (size_t)job.itemsize, NULL, strides, NULL, strides);
  job.contiguous = job.post.ndim == 1 && job.post.strides[1][0] == job.itemsize;
  job.rows_per_block = rows_per_block(job.post.size);
  run_blocks(take_block, &job, job.rows, job.rows_per_block);
  return EMILY_OK;
}

/* ---- take_along_axis: out[…, j, …] = x[…, indices[…, j, …], …]; x's other axes are broadcast to the indices' ----
 */

typedef struct along_job {
  char *out;
  int32_t ndim, itemsize;
  const int64_t *shape;             /* the result's */
  int64_t strides[EMILY__MAX_RANK]; /* x's in bytes, 0 for the axis and where x is broadcast */
  int64_t axis_stride;
  char *x;
  int64_t rows, columns, rows_per_block;
  reader indices;
} along_job;

/* out[j] = x + j · step + places[j] · axis_stride */
static void along_row(const along_job *job, char *out, const char *x, int64_t step, const int64_t *places,
                      int64_t n) {
  for (int64_t j = 0; j < n; j++, out += job->itemsize, x += step) {
    if (places[j] == OUT_OF_RANGE) memset(out, 0, (size_t)job->itemsize);
    else emily__copy_strided(out, 0, x + places[j] * job->axis_stride, 0, 1, job->itemsize);
  }
}

static void along_block(void *context, int64_t block) {
  const along_job *job = context;
  int64_t begin = block * job->rows_per_block, end = begin + job->rows_per_block;
  int64_t step = job->strides[job->ndim - 1], places[EMILY__BLOCK];
  emily__walk walk, rows;
  reader_begin(&job->indices, &walk, begin * job->columns);
  emily__walk_begin(&rows, job->ndim, job->shape, job->strides, job->itemsize, job->x, begin * job->columns);
  for (int64_t row = begin; row < end && row < job->rows; row++) {
    const char *x = emily__walk_row(&rows);
    char *out = job->out + row * job->columns * job->itemsize;
    for (int64_t j = 0; j < job->columns; j += EMILY__BLOCK) {
      int64_t n = job->columns - j < EMILY__BLOCK ? job->columns - j : EMILY__BLOCK;
      reader_next(&job->indices, &walk, places, n);
      along_row(job, out + j * job->itemsize, x + j * step, step, places, n);
    }
  }
}

emily_status emily__cpu_take_along_axis(const emily__node_view *node) {
  const emily__attrs_axis *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *indices = &node->inputs[1], *out = &node->outputs[0];
  along_job job = {.out = out->data,
                   .ndim = out->ndim,
                   .itemsize = (int32_t)emily_dtype_size(x->dtype),
                   .shape = out->shape,
                   .x = x->data};
  for (int32_t i = 0; i < x->ndim; i++)
    job.strides[i] = i == attrs->axis || x->shape[i] == 1 ? 0 : x->strides[i] * job.itemsize;
  job.axis_stride = x->strides[attrs->axis] * job.itemsize;
  reader_init(&job.indices, indices, x->shape[attrs->axis]);
  if (node->debug & EMILY__DEBUG_INDICES) EMILY__TRY(check_indices(node, &job.indices));
  if (out->size == 0) return EMILY_OK;
  job.columns = out->shape[out->ndim - 1];
  job.rows = out->size / job.columns;
  job.rows_per_block = rows_per_block(job.columns);
  run_blocks(along_block, &job, job.rows, job.rows_per_block);
  return EMILY_OK;
}
