/* arg_reduce.c: argmax and argmin along one axis. Of equal elements the first wins, or the last; a NaN beats every number.
 *
 * Rows along the axis are taken in chunks: the chunk's largest element by the reducer of max or min, and its place only where it is
 * better than what is known. Where the elements beside each other are nearer in memory than those along the axis, a tile of results
 * takes in one step of the axis at a time. Both give the same places. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/halves.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/reducers.h"
#include "backend/cpu/rows.h"

#include <stdlib.h>

#define INT_TEMPLATE "backend/cpu/arg_reduce_int.inc"
#include "backend/cpu/each_int.inc"
#define T float
#define NAME(op) op##_float32
#define LESS(a, b) ((a) < (b))
#define ISNAN(x) ((x) != (x))
#include "backend/cpu/arg_reduce.inc"
#define T double
#define NAME(op) op##_float64
#define LESS(a, b) ((a) < (b))
#define ISNAN(x) ((x) != (x))
#include "backend/cpu/arg_reduce.inc"
#define T emily__complex
#define NAME(op) op##_complex64
#define LESS(a, b) emily__complex_less(a, b)
#define ISNAN(x) emily__complex_isnan(x)
#include "backend/cpu/arg_reduce.inc"

typedef void row_fn(const void *x, int64_t n, int64_t base, const void *top, void *best, int64_t *index, bool last);
typedef void column_fn(const void *x, void *best, uint32_t *index, int64_t n, uint32_t place, bool last);

#define OF(name) {OF_BOOL(name), OF_INTEGER(name), OF_FLOAT(name), OF_COMPLEX(name)}
#define argmax_row_bool argmax_row_uint8
#define argmin_row_bool argmin_row_uint8
#define argmax_column_bool argmax_column_uint8
#define argmin_column_bool argmin_column_uint8
static row_fn *const row_fns[2][EMILY_DTYPE_COUNT] = {OF(argmax_row), OF(argmin_row)};
static column_fn *const column_fns[2][EMILY_DTYPE_COUNT] = {OF(argmax_column), OF(argmin_column)};

enum { CHUNK = 2048, TILE = 512, NARROW = 8 /* fewer results beside each other are found one by one */ };

typedef struct job {
  row_fn *row;
  column_fn *column;
  const reducer *extreme;
  emily_dtype half; /* the 16-bit float that is widened to float32, else -1 */
  bool last, columns;
  int64_t itemsize, extent, stride; /* of the axis; bytes */
  emily__iterate others;            /* the other axes: operand 0 the output's strides, 1 the input's */
  int64_t beside, step;             /* of columns: the last of the others, and its stride */
  int64_t tiles, units, units_per_block;
} job;

/* n elements from x, `stride` bytes apart, as contiguous ones of the functions' type: where they are, or in a buffer. */
static const void *bring(const job *j, const char *x, int64_t stride, int64_t n, void *raw, float *wide) {
  if (stride != j->itemsize && n > 1) {
    emily__copy_strided(raw, (int32_t)j->itemsize, x, stride, n, (int32_t)j->itemsize);
    x = raw;
  }
  if (j->half < 0) return x;
  emily__widen(wide, x, j->half, n);
  return wide;
}

static char *address(const emily__iterate *it, int32_t operand, int32_t ndim, int64_t index) {
  char *at = it->data[operand];
  for (int32_t i = ndim - 1; i >= 0 && index > 0; i--) {
    at += index % it->shape[i] * it->strides[operand][i];
    index /= it->shape[i];
  }
  return at;
}

static void run_row(const job *j, int64_t row) {
  _Alignas(64) uint64_t raw[CHUNK];
  _Alignas(64) float wide[CHUNK];
  const char *x = address(&j->others, 1, j->others.ndim, row);
  int64_t index = -1;
  emily__c64 best, top; /* room for any element */
  for (int64_t at = 0; at < j->extent; at += CHUNK) {
    int64_t n = j->extent - at < CHUNK ? j->extent - at : CHUNK;
    const void *chunk = bring(j, x + at * j->stride, j->stride, n, raw, wide);
    j->extreme->start(&top, 1);
    j->extreme->row(&top, chunk, n);
    j->row(chunk, n, at, &top, &best, &index, j->last);
  }
  *(uint32_t *)address(&j->others, 0, j->others.ndim, row) = (uint32_t)index;
}

static void run_tile(const job *j, int64_t unit) {
  _Alignas(64) uint64_t raw[TILE], best[TILE];
  _Alignas(64) float wide[TILE];
  const int64_t outer = unit / j->tiles, begin = unit % j->tiles * TILE;
  const int64_t n = j->beside - begin < TILE ? j->beside - begin : TILE;
  const char *x = address(&j->others, 1, j->others.ndim - 1, outer) + begin * j->step;
  uint32_t *out = (uint32_t *)address(&j->others, 0, j->others.ndim - 1, outer) + begin;
  for (int64_t at = 0; at < j->extent; at++)
    j->column(bring(j, x + at * j->stride, j->step, n, raw, wide), best, out, n, (uint32_t)at, j->last);
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  int64_t end = (block + 1) * j->units_per_block;
  for (int64_t unit = block * j->units_per_block; unit < end && unit < j->units; unit++) {
    if (j->columns) run_tile(j, unit);
    else run_row(j, unit);
  }
}

static void plan(job *j, const emily__tensor *in, const emily__tensor *out, int32_t axis) {
  int64_t shape[EMILY__MAX_RANK], in_strides[EMILY__MAX_RANK], out_strides[EMILY__MAX_RANK], stride = 1;
  const int32_t ndim = in->ndim - 1;
  for (int32_t i = ndim - 1; i >= 0; i--) {
    const int32_t from = i < axis ? i : i + 1;
    shape[i] = in->shape[from];
    in_strides[i] = in->strides[from] * j->itemsize;
    out_strides[i] = stride * (int64_t)sizeof(uint32_t);
    stride *= shape[i];
  }
  emily__iterate_pair(&j->others, ndim, shape, 1, out->data, out_strides, in->data, in_strides); /* strides are bytes */
  j->beside = j->others.shape[j->others.ndim - 1];
  j->step = j->others.strides[1][j->others.ndim - 1];
  j->columns = j->beside >= NARROW && llabs(j->step) < llabs(j->stride);
  j->tiles = (j->beside + TILE - 1) / TILE;
  j->units = j->columns ? out->size / j->beside * j->tiles : out->size;
  const int64_t work = j->extent * (!j->columns ? 1 : j->beside < TILE ? j->beside : TILE);
  j->units_per_block = work >= EMILY__GRAIN_CHEAP ? 1 : EMILY__GRAIN_CHEAP / work;
}

static emily_status arg_reduce(const emily__node_view *node, emily__prim extreme) {
  const emily__attrs_arg_reduce *attrs = node->attrs;
  const emily__tensor *in = &node->inputs[0], *out = &node->outputs[0];
  const bool half = emily__is_half(in->dtype), smallest = extreme == EMILY__PRIM_min;
  const emily_dtype dtype = half ? EMILY_FLOAT32 : in->dtype;
  if (out->size == 0) return EMILY_OK;
  job j = {.row = row_fns[smallest][dtype],
           .column = column_fns[smallest][dtype],
           .extreme = emily__cpu_reducer(extreme, dtype),
           .half = half ? in->dtype : -1,
           .last = attrs->last != 0,
           .itemsize = (int64_t)emily_dtype_size(in->dtype),
           .extent = in->shape[attrs->axis]};
  if (j.extent > UINT32_MAX)
    return emily__fail(EMILY_UNSUPPORTED, emily__prim_name(node->prim), "the axis has %lld elements; at most 2^32 - 1", (long long)j.extent);
  j.stride = in->strides[attrs->axis] * j.itemsize;
  plan(&j, in, out, (int32_t)attrs->axis);
  emily__pool_run(run_block, &j, (j.units + j.units_per_block - 1) / j.units_per_block);
  return EMILY_OK;
}

emily_status emily__cpu_argmax(const emily__node_view *node) { return arg_reduce(node, EMILY__PRIM_max); }
emily_status emily__cpu_argmin(const emily__node_view *node) { return arg_reduce(node, EMILY__PRIM_min); }
