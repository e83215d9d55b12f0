/* scan.c: running sums, products, extremes and log-sums along one axis, from either end, each element counted or not.
 *
 * Where elements lie behind the axis, a tile of them is scanned together, a step of the axis (or where they are few and dense, some)
 * at a time. Otherwise each row along the axis is scanned by itself, in chunks. Where there are few rows and they are long, each is cut into parts of fixed
 * length: the parts are folded, their totals summed up in order, and each part scanned from what comes before it. So the order of
 * the operations depends on the shape alone, neither on strides nor on threads. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/halves.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/scanners.h"
#include "base/alloc.h"

#include <string.h>

enum {
  CHUNK = 2048,       /* elements of a row at once */
  TILE = 512,         /* elements behind the axis at once */
  ROW_PART = 65536,   /* elements of a part of a row: a multiple of CHUNK */
  COLUMN_PART = 2048, /* steps of a part of a tile */
  FEW = 16            /* groups that are cut into parts */
};

typedef struct job {
  const emily__scanner *scanner;
  emily_dtype half; /* the 16-bit float that is widened to float32, else -1 */
  int64_t itemsize, extent;
  int64_t in_stride, out_stride; /* of the axis; bytes */
  bool reverse, inclusive;
  bool columns, dense; /* the axis has others behind it; the input's lie in one run of memory with it */
  emily__iterate outer; /* the axes before it, of rows all others: operand 0 the output's strides, 1 the input's */
  emily__iterate inner; /* of columns: the axes behind */
  int64_t tile, tiles, part, parts, groups, units, units_per_block;
  char *accumulators; /* where parts > 1: [groups][parts][tile] */
} job;

typedef struct unit {
  char *in, *out;
  int64_t group, part, begin, end; /* of the scan: step 0 is the last element of a reversed one */
  int64_t column, n;               /* the tile's */
} unit;

static char *address(const emily__iterate *it, int32_t operand, int64_t index) {
  char *at = it->data[operand];
  for (int32_t i = it->ndim - 1; i >= 0 && index > 0; i--) {
    at += index % it->shape[i] * it->strides[operand][i];
    index /= it->shape[i];
  }
  return at;
}

/* Units count parts fastest, then tiles, then the outer axes. */
static unit unit_at(const job *j, int64_t index) {
  unit u = {.part = index % j->parts, .group = index / j->parts};
  int64_t outer = u.group / j->tiles;
  u.column = u.group % j->tiles * j->tile;
  u.n = j->columns && j->inner.size - u.column < j->tile ? j->inner.size - u.column : j->tile;
  u.begin = u.part * j->part;
  u.end = u.begin + j->part < j->extent ? u.begin + j->part : j->extent;
  u.in = address(&j->outer, 1, outer);
  u.out = address(&j->outer, 0, outer) + u.column * j->itemsize;
  return u;
}

/* The accumulators of a unit: its own, or where it is cut into parts those of the part. */
static void *accumulators_of(const job *j, const unit *u, void *local) {
  if (j->parts == 1) return local;
  return j->accumulators + (u->group * j->parts + u->part) * j->tile * (int64_t)j->scanner->size;
}

/* ---- rows ---- */

/* n elements from x, `stride` bytes apart, as contiguous ones of the scanner's type: where they are, or in a buffer. */
static const void *bring(const job *j, const char *x, int64_t stride, int64_t n, void *raw, float *wide) {
  if (stride != j->itemsize && n > 1) {
    emily__copy_strided(raw, j->itemsize, x, stride, n, (int32_t)j->itemsize);
    x = raw;
  }
  if (j->half < 0) return x;
  emily__widen(wide, x, j->half, n);
  return wide;
}

/* The chunk of steps at … at + n - 1: place of its lowest element in memory order. */
static int64_t lowest(const job *j, int64_t at, int64_t n) { return j->reverse ? j->extent - at - n : at; }

static void scan_chunk(const job *j, const unit *u, int64_t at, int64_t n, void *acc) {
  _Alignas(64) uint64_t raw[CHUNK], result[CHUNK];
  _Alignas(64) float wide[CHUNK];
  const int64_t low = lowest(j, at, n), size = j->half < 0 ? j->itemsize : (int64_t)sizeof(float);
  const int64_t skip = j->reverse ? (n - 1) * size : 0;
  char *out = u->out + low * j->out_stride;
  const char *x = bring(j, u->in + low * j->in_stride, j->in_stride, n, raw, wide);
  const bool dense = j->out_stride == j->itemsize || n == 1;
  char *to = j->half < 0 && dense ? out : (char *)result;
  j->scanner->scan(to + skip, x + skip, n, j->reverse ? -1 : 1, j->inclusive, acc);
  if (to == out) return;
  if (j->half >= 0) emily__narrow(dense ? (void *)out : raw, (const float *)result, j->half, n);
  if (!dense) emily__copy_strided(out, j->out_stride, j->half < 0 ? result : raw, j->itemsize, n, (int32_t)j->itemsize);
}

static void scan_row(const job *j, const unit *u, void *acc) {
  for (int64_t at = u->begin; at < u->end; at += CHUNK) scan_chunk(j, u, at, u->end - at < CHUNK ? u->end - at : CHUNK, acc);
}

static void fold_row(const job *j, const unit *u, void *acc) {
  _Alignas(64) uint64_t raw[CHUNK];
  _Alignas(64) float wide[CHUNK];
  for (int64_t at = u->begin; at < u->end; at += CHUNK) {
    int64_t n = u->end - at < CHUNK ? u->end - at : CHUNK;
    j->scanner->fold(acc, bring(j, u->in + lowest(j, at, n) * j->in_stride, j->in_stride, n, raw, wide), n);
  }
}

/* ---- columns ---- */

/* The tile's elements at `steps` steps of the axis from `place` on; more than one only where the tile is dense. */
static const void *bring_tile(const job *j, const unit *u, int64_t place, int64_t steps, void *raw, float *wide) {
  char *x = u->in + place * j->in_stride;
  if (steps > 1) return bring(j, x, j->itemsize, steps * u->n, raw, wide);
  if (j->inner.ndim == 1) {
    int64_t stride = j->inner.strides[1][0];
    return bring(j, x + u->column * stride, stride, u->n, raw, wide);
  }
  emily__walk walk;
  emily__walk_begin(&walk, j->inner.ndim, j->inner.shape, j->inner.strides[1], (int32_t)j->itemsize, x, u->column);
  emily__walk_gather(&walk, raw, u->n);
  return bring(j, raw, j->itemsize, u->n, raw, wide);
}

static void run_columns(const job *j, const unit *u, void *acc, bool store) {
  _Alignas(64) uint64_t raw[TILE];
  _Alignas(64) float wide[TILE], result[TILE];
  const int64_t most = j->dense && j->tiles == 1 ? TILE / u->n : 1, size = j->half < 0 ? j->itemsize : (int64_t)sizeof(float);
  for (int64_t at = u->begin, steps; at < u->end; at += steps) {
    steps = u->end - at < most ? u->end - at : most;
    const int64_t place = lowest(j, at, steps), skip = j->reverse ? (steps - 1) * u->n * size : 0;
    const char *x = bring_tile(j, u, place, steps, raw, wide);
    char *out = u->out + place * j->out_stride, *to = j->half < 0 ? out : (char *)result;
    if (!store) j->scanner->columns(acc, x, u->n, steps);
    else j->scanner->step(to + skip, acc, x + skip, u->n, steps, j->reverse ? -u->n : u->n, j->inclusive);
    if (store && j->half >= 0) emily__narrow(out, result, j->half, steps * u->n);
  }
}

/* ---- all ---- */

/* The total of a part, which those behind it start from. */
static void fold_unit(const job *j, int64_t index) {
  unit u = unit_at(j, index);
  void *acc = accumulators_of(j, &u, NULL);
  j->scanner->start(acc, u.n, j->inclusive);
  if (u.part + 1 == j->parts) return; /* nobody starts from the last */
  if (j->columns) run_columns(j, &u, acc, false);
  else fold_row(j, &u, acc);
}

static void scan_unit(const job *j, int64_t index) {
  _Alignas(64) char local[TILE * EMILY__SCAN_ACCUMULATOR];
  unit u = unit_at(j, index);
  void *acc = accumulators_of(j, &u, local);
  if (j->parts == 1) j->scanner->start(acc, u.n, j->inclusive);
  if (j->columns) run_columns(j, &u, acc, true);
  else scan_row(j, &u, acc);
}

/* Totals of the parts become what stands before each. */
static void sum_up(const job *j) {
  const int64_t bytes = j->tile * (int64_t)j->scanner->size;
  for (int64_t group = 0; group < j->groups; group++) {
    char *first = j->accumulators + group * j->parts * bytes;
    for (int64_t part = 1; part < j->parts; part++) j->scanner->merge(first + part * bytes, first + (part - 1) * bytes, j->tile);
    for (int64_t part = j->parts - 1; part > 0; part--) memcpy(first + part * bytes, first + (part - 1) * bytes, (size_t)bytes);
    j->scanner->start(first, j->tile, j->inclusive);
  }
}

static void fold_block(void *context, int64_t block) {
  const job *j = context;
  int64_t end = (block + 1) * j->units_per_block;
  for (int64_t i = block * j->units_per_block; i < end && i < j->units; i++) fold_unit(j, i);
}

static void scan_block(void *context, int64_t block) {
  const job *j = context;
  int64_t end = (block + 1) * j->units_per_block;
  for (int64_t i = block * j->units_per_block; i < end && i < j->units; i++) scan_unit(j, i);
}

static void plan(job *j, int64_t grain) {
  j->tile = !j->columns ? 1 : j->inner.size < TILE ? j->inner.size : TILE;
  j->tiles = j->columns ? (j->inner.size + j->tile - 1) / j->tile : 1;
  j->groups = j->outer.size * j->tiles;
  int64_t part = j->columns ? COLUMN_PART : ROW_PART;
  j->part = j->groups < FEW ? part : j->extent;
  j->parts = (j->extent + j->part - 1) / j->part;
  j->units = j->groups * j->parts;
  int64_t work = (j->extent < j->part ? j->extent : j->part) * j->tile;
  j->units_per_block = work >= grain ? 1 : grain / work;
}

static emily_status run(job *j) {
  int64_t blocks = (j->units + j->units_per_block - 1) / j->units_per_block;
  if (j->parts > 1) {
    j->accumulators = emily__alloc_array((size_t)(j->units * j->tile), j->scanner->size);
    if (!j->accumulators) return EMILY_OUT_OF_MEMORY;
    emily__pool_run(fold_block, j, blocks);
    sum_up(j);
  }
  emily__pool_run(scan_block, j, blocks);
  emily__free(j->accumulators);
  return EMILY_OK;
}

/* The axes before the axis, and those behind where they make columns; of rows, all of them. */
static void split_axes(job *j, const emily__tensor *in, const emily__tensor *out, int32_t axis) {
  int64_t behind = 1, shape[EMILY__MAX_RANK], in_strides[EMILY__MAX_RANK], out_strides[EMILY__MAX_RANK];
  int32_t ndim = 0;
  for (int32_t i = axis + 1; i < in->ndim; i++) behind *= in->shape[i];
  j->columns = behind > 1;
  for (int32_t i = 0; i < in->ndim; i++) {
    if (i == axis || (j->columns && i > axis)) continue;
    shape[ndim] = in->shape[i];
    in_strides[ndim] = in->strides[i];
    out_strides[ndim++] = out->strides[i];
  }
  emily__iterate_pair(&j->outer, ndim, shape, (size_t)j->itemsize, out->data, out_strides, in->data, in_strides);
  int32_t next = axis + 1;
  emily__iterate_pair(&j->inner, j->columns ? in->ndim - next : 0, in->shape + next, (size_t)j->itemsize, out->data, out->strides + next,
                      in->data, in->strides + next);
  j->dense = j->inner.ndim == 1 && j->inner.strides[1][0] == j->itemsize && j->in_stride == behind * j->itemsize;
}

static emily_status scan(const emily__node_view *node, int64_t grain) {
  const emily__attrs_scan *attrs = node->attrs;
  const emily__tensor *in = &node->inputs[0], *out = &node->outputs[0];
  if (out->size == 0) return EMILY_OK;
  const bool half = emily__is_half(in->dtype);
  job j = {.scanner = emily__cpu_scanner(node->prim, half ? EMILY_FLOAT32 : in->dtype),
           .half = half ? in->dtype : -1,
           .itemsize = (int64_t)emily_dtype_size(in->dtype),
           .extent = in->shape[attrs->axis],
           .reverse = attrs->reverse != 0,
           .inclusive = attrs->inclusive != 0};
  j.in_stride = in->strides[attrs->axis] * j.itemsize;
  j.out_stride = out->strides[attrs->axis] * j.itemsize;
  split_axes(&j, in, out, (int32_t)attrs->axis);
  plan(&j, grain);
  return run(&j);
}

emily_status emily__cpu_cumsum(const emily__node_view *node) { return scan(node, EMILY__GRAIN_CHEAP); }
emily_status emily__cpu_cumprod(const emily__node_view *node) { return scan(node, EMILY__GRAIN_CHEAP); }
emily_status emily__cpu_cummax(const emily__node_view *node) { return scan(node, EMILY__GRAIN_CHEAP); }
emily_status emily__cpu_cummin(const emily__node_view *node) { return scan(node, EMILY__GRAIN_CHEAP); }
emily_status emily__cpu_logcumsumexp(const emily__node_view *node) { return scan(node, EMILY__GRAIN_COSTLY); }
