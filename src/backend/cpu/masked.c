/* masked.c: count_true, nonzero, masked_select, masked_scatter: elements that a mask names, in row-major order.
 *
 * The mask is cut into parts of fixed length. Each part is counted, sums of the counts say where each part's results begin, and
 * then the parts are written, both in parallel. Within a part, blocks of positions are found without branches. */
#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/scatter.h"
#include "base/alloc.h"

#include <string.h>

enum { PART = 32768 }; /* elements of the mask: a multiple of EMILY__BLOCK */

typedef struct masked_job {
  emily__iterate mask; /* operand 0 */
  int64_t parts;
  int64_t *begin; /* [parts + 1]: what is true before each part */
  /* nonzero */
  int64_t *out; /* [ndim, count] */
  int64_t count;
  int32_t ndim;
  const int64_t *shape;
  /* masked_select */
  emily__iterate places; /* operand 1: x's axes that the mask has */
  emily__iterate row;    /* operand 1: x's other axes */
  char *rows;            /* the result */
} masked_job;

/* n ≤ EMILY__BLOCK elements of the mask: in place where they are one run, else gathered into `room`. */
static const uint8_t *mask_block(const masked_job *job, int64_t first, int64_t n, uint8_t *room) {
  const emily__iterate *it = &job->mask;
  if (it->ndim == 1 && it->strides[0][0] == 1) return (const uint8_t *)it->data[0] + first;
  emily__walk walk;
  emily__walk_begin(&walk, it->ndim, it->shape, it->strides[0], 1, it->data[0], first);
  emily__walk_gather(&walk, room, n);
  return room;
}

/* Row-major positions of what is true among n elements from the first-th; their number. */
static int64_t find(const masked_job *job, int64_t first, int64_t n, int64_t *positions) {
  uint8_t room[EMILY__BLOCK];
  const uint8_t *mask = mask_block(job, first, n, room);
  int64_t found = 0;
  for (int64_t i = 0; i < n; i++) {
    positions[found] = first + i;
    found += mask[i] != 0;
  }
  return found;
}

static int64_t block_end(const masked_job *job, int64_t at, int64_t end) {
  int64_t limit = end < job->mask.size ? end : job->mask.size;
  return limit - at < EMILY__BLOCK ? limit - at : EMILY__BLOCK;
}

static void count_part(void *context, int64_t part) {
  const masked_job *job = context;
  uint8_t room[EMILY__BLOCK];
  int64_t total = 0;
  for (int64_t at = part * PART, end = at + PART; at < end && at < job->mask.size; at += EMILY__BLOCK) {
    int64_t n = block_end(job, at, end);
    const uint8_t *mask = mask_block(job, at, n, room);
    int32_t found = 0;
    for (int64_t i = 0; i < n; i++) found += mask[i] != 0;
    total += found;
  }
  job->begin[part + 1] = total;
}

static void run_parts(emily__pool_fn *fn, masked_job *job) {
  if (job->parts > 1) emily__pool_run(fn, job, job->parts);
  else if (job->parts == 1) fn(job, 0);
}

/* Counts each part; the caller frees job->begin. */
static emily_status masked_begin(masked_job *job, const emily__tensor *mask) {
  emily__iterate_one(&job->mask, mask);
  job->parts = (mask->size + PART - 1) / PART;
  job->begin = emily__calloc((size_t)job->parts + 1, sizeof *job->begin);
  if (!job->begin) return EMILY_OUT_OF_MEMORY;
  run_parts(count_part, job);
  for (int64_t i = 0; i < job->parts; i++) job->begin[i + 1] += job->begin[i];
  return EMILY_OK;
}

static emily_status check_count(const emily__node_view *node, const masked_job *job, int64_t count) {
  if (job->begin[job->parts] == count) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, emily__prim_name(node->prim), "the mask has %lld true elements, not %lld",
                     (long long)job->begin[job->parts], (long long)count);
}

emily_status emily__cpu_count_true(const emily__node_view *node) {
  masked_job job = {0};
  EMILY__TRY(masked_begin(&job, &node->inputs[0]));
  *(int64_t *)node->outputs[0].data = job.begin[job.parts];
  emily__free(job.begin);
  return EMILY_OK;
}

/* ---- nonzero ---- */

/* The coordinates of n positions, of which column k goes to out[axis, at + k]. Divisions only where a row begins. */
static void unravel(const masked_job *job, const int64_t *positions, int64_t n, int64_t at) {
  const int64_t columns = job->shape[job->ndim - 1];
  int64_t row = -1, lead[EMILY__MAX_RANK], *last = job->out + (job->ndim - 1) * job->count + at;
  for (int64_t k = 0; k < n; k++) {
    if (row < 0 || positions[k] - row >= columns) {
      int64_t rest = positions[k] / columns;
      row = rest * columns;
      for (int32_t i = job->ndim - 2; i >= 0; rest /= job->shape[i--]) lead[i] = rest % job->shape[i];
    }
    last[k] = positions[k] - row;
    for (int32_t i = 0; i < job->ndim - 1; i++) job->out[i * job->count + at + k] = lead[i];
  }
}

static void nonzero_part(void *context, int64_t part) {
  const masked_job *job = context;
  int64_t positions[EMILY__BLOCK], to = job->begin[part];
  for (int64_t at = part * PART, end = at + PART; at < end && at < job->mask.size; at += EMILY__BLOCK) {
    int64_t found = find(job, at, block_end(job, at, end), positions);
    if (job->ndim == 1) memcpy(job->out + to, positions, (size_t)found * sizeof *positions);
    else if (job->ndim > 1) unravel(job, positions, found, to);
    to += found;
  }
}

emily_status emily__cpu_nonzero(const emily__node_view *node) {
  const emily__attrs_ints *attrs = node->attrs;
  const emily__tensor *mask = &node->inputs[0];
  masked_job job = {.out = node->outputs[0].data, .count = attrs->values[0], .ndim = mask->ndim, .shape = mask->shape};
  emily_status status = masked_begin(&job, mask);
  if (status == EMILY_OK) status = check_count(node, &job, job.count);
  if (status == EMILY_OK) run_parts(nonzero_part, &job);
  emily__free(job.begin);
  return status;
}

/* ---- masked_select ---- */

/* Positions to byte offsets into x. */
static void locate(const emily__iterate *places, int64_t *positions, int64_t n) {
  for (int64_t k = 0; k < n; k++) {
    int64_t rest = positions[k], offset = 0;
    for (int32_t i = places->ndim - 1; i > 0; rest /= places->shape[i--]) offset += rest % places->shape[i] * places->strides[1][i];
    positions[k] = offset + rest * places->strides[1][0];
  }
}

static void select_rows(const masked_job *job, char *out, const int64_t *offsets, int64_t n) {
  const emily__iterate *row = &job->row;
  const char *x = job->places.data[1];
  const int32_t itemsize = row->itemsize[0];
  if (row->size == 1) {
    emily__index_gather(out, x, offsets, n, itemsize);
    return;
  }
  const size_t bytes = (size_t)(row->size * itemsize);
  emily__walk walk;
  for (int64_t k = 0; k < n; k++, out += bytes) {
    if (row->ndim == 1 && row->strides[1][0] == itemsize) {
      memcpy(out, x + offsets[k], bytes);
      continue;
    }
    emily__walk_begin(&walk, row->ndim, row->shape, row->strides[1], itemsize, (char *)x + offsets[k], 0);
    emily__walk_gather(&walk, out, row->size);
  }
}

static void select_part(void *context, int64_t part) {
  const masked_job *job = context;
  const int64_t bytes = job->row.size * job->row.itemsize[0];
  int64_t positions[EMILY__BLOCK], to = job->begin[part];
  for (int64_t at = part * PART, end = at + PART; at < end && at < job->mask.size; at += EMILY__BLOCK) {
    int64_t found = find(job, at, block_end(job, at, end), positions);
    locate(&job->places, positions, found);
    select_rows(job, job->rows + to * bytes, positions, found);
    to += found;
  }
}

emily_status emily__cpu_masked_select(const emily__node_view *node) {
  const emily__attrs_ints *attrs = node->attrs;
  const emily__tensor *x = &node->inputs[0], *mask = &node->inputs[1];
  const size_t itemsize = emily_dtype_size(x->dtype);
  const int32_t lead = mask->ndim;
  masked_job job = {.rows = node->outputs[0].data};
  emily_status status = masked_begin(&job, mask);
  if (status == EMILY_OK) status = check_count(node, &job, attrs->values[0]);
  if (status == EMILY_OK && node->outputs[0].size > 0) {
    emily__iterate_pair(&job.places, lead, x->shape, itemsize, NULL, x->strides, x->data, x->strides);
    emily__iterate_pair(&job.row, x->ndim - lead, x->shape + lead, itemsize, NULL, x->strides + lead, NULL, x->strides + lead);
    run_parts(select_part, &job);
  }
  emily__free(job.begin);
  return status;
}

/* ---- masked_scatter ---- */

/* The rows [n, …] into out, which is dense, at the positions of what is true. */
static void put_rows(const emily__tensor *out, const emily__tensor *rows, const int64_t *positions, int64_t n, int64_t places,
                     int32_t lead) {
  int64_t shape[1 + EMILY__MAX_RANK], strides[1 + EMILY__MAX_RANK], one[1] = {1};
  int64_t in_shape[2 + EMILY__MAX_RANK], in_strides[2 + EMILY__MAX_RANK];
  const int32_t rest = out->ndim - lead;
  shape[0] = places;
  strides[0] = 1;
  for (int32_t i = lead; i < out->ndim; i++) {
    shape[1 + i - lead] = out->shape[i];
    strides[1 + i - lead] = out->strides[i];
    strides[0] *= out->shape[i];
  }
  in_shape[0] = n, in_shape[1] = 1;
  in_strides[0] = rows->strides[0], in_strides[1] = 0;
  for (int32_t i = 1; i <= rest; i++) in_shape[1 + i] = rows->shape[i], in_strides[1 + i] = rows->strides[i];
  emily__tensor to = *out, from = *rows, where = {(void *)positions, &n, one, n, 1, EMILY_INT64, true};
  to.ndim = rest + 1, to.shape = shape, to.strides = strides;
  from.ndim = rest + 2, from.shape = in_shape, from.strides = in_strides;
  from.size = n * (rows->shape[0] ? rows->size / rows->shape[0] : 0);
  emily__index index;
  emily__index_init(&index, &where, places, 1, strides[0] * (int64_t)emily_dtype_size(out->dtype), false);
  emily__scatter_windows(&to, &from, EMILY__UPDATE_PUT, &index, 1, n);
}

emily_status emily__cpu_masked_scatter(const emily__node_view *node) {
  const emily__tensor *x = &node->inputs[0], *mask = &node->inputs[1], *rows = &node->inputs[2], *out = &node->outputs[0];
  int64_t shape[1] = {mask->size};
  masked_job job = {.ndim = 1, .shape = shape};
  emily_status status = masked_begin(&job, mask);
  if (status == EMILY_OK) {
    job.count = job.begin[job.parts];
    if (job.count > rows->shape[0])
      status = emily__fail(EMILY_INVALID_ARGUMENT, "masked_scatter", "the mask has %lld true elements, and there are %lld to put there",
                           (long long)job.count, (long long)rows->shape[0]);
  }
  if (status == EMILY_OK && !(job.out = emily__alloc_array((size_t)job.count, sizeof *job.out))) status = EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) {
    run_parts(nonzero_part, &job);
    if (node->donated != 0)
      emily__cpu_copy_elements(out->ndim, out->shape, emily_dtype_size(out->dtype), out->data, out->strides, x->data, x->strides);
    if (job.count > 0 && out->size > 0) put_rows(out, rows, job.out, job.count, mask->size, mask->ndim);
  }
  emily__free(job.out);
  emily__free(job.begin);
  return status;
}
