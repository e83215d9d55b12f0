/* arg_reduce.c: argmax and argmin along one axis. The first of equal elements wins; a NaN beats every number, the
 * first NaN the others. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/halves.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

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

typedef void chunk_fn(const void *x, int64_t n, int64_t base, void *best, int64_t *index);

#define ROW(op)                                                                                      \
  {                                                                                                  \
    [EMILY_BOOL] = op##_uint8, [EMILY_UINT8] = op##_uint8, [EMILY_UINT16] = op##_uint16,             \
    [EMILY_UINT32] = op##_uint32, [EMILY_UINT64] = op##_uint64, [EMILY_INT8] = op##_int8,            \
    [EMILY_INT16] = op##_int16, [EMILY_INT32] = op##_int32, [EMILY_INT64] = op##_int64,              \
    [EMILY_FLOAT16] = op##_float32, [EMILY_BFLOAT16] = op##_float32, [EMILY_FLOAT32] = op##_float32, \
    [EMILY_FLOAT64] = op##_float64, [EMILY_COMPLEX64] = op##_complex64                               \
  }

enum { CHUNK = 4096 };

typedef struct job {
  chunk_fn *chunk;
  emily_dtype dtype;
  int32_t itemsize;
  int64_t extent, stride;                                   /* of the axis; bytes */
  int32_t ndim;                                             /* of the other axes */
  int64_t shape[EMILY__MAX_RANK], strides[EMILY__MAX_RANK]; /* bytes */
  const char *in;
  uint32_t *out;
  int64_t rows, rows_per_block;
} job;

/* n elements from x as contiguous ones of the chunk function's type: where they are, or in a buffer. */
static const void *bring(const job *j, const char *x, int64_t n, char *raw, float *wide) {
  if (j->stride != j->itemsize) {
    emily__copy_strided(raw, j->itemsize, x, j->stride, n, j->itemsize);
    x = raw;
  }
  if (!emily__is_half(j->dtype)) return x;
  emily__widen(wide, x, j->dtype, n);
  return wide;
}

static void run_row(const job *j, int64_t row) {
  _Alignas(64) char raw[CHUNK * 8];
  _Alignas(64) float wide[CHUNK];
  const char *x = j->in;
  int64_t rest = row, index = -1;
  emily__c64 best; /* room for any element */
  for (int32_t i = j->ndim - 1; i >= 0 && rest > 0; i--) {
    x += rest % j->shape[i] * j->strides[i];
    rest /= j->shape[i];
  }
  for (int64_t at = 0; at < j->extent; at += CHUNK) {
    int64_t n = j->extent - at < CHUNK ? j->extent - at : CHUNK;
    j->chunk(bring(j, x + at * j->stride, n, raw, wide), n, at, &best, &index);
  }
  j->out[row] = (uint32_t)index;
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  int64_t end = (block + 1) * j->rows_per_block;
  for (int64_t row = block * j->rows_per_block; row < end && row < j->rows; row++) run_row(j, row);
}

static emily_status arg_reduce(const emily__node_view *node, chunk_fn *const of[EMILY_DTYPE_COUNT]) {
  const emily__attrs_arg_reduce *attrs = node->attrs;
  const emily__tensor *in = &node->inputs[0], *out = &node->outputs[0];
  if (out->size == 0) return EMILY_OK;
  job j = {.chunk = of[in->dtype],
           .dtype = in->dtype,
           .itemsize = (int32_t)emily_dtype_size(in->dtype),
           .in = in->data,
           .out = out->data,
           .rows = out->size,
           .extent = in->shape[attrs->axis]};
  j.stride = in->strides[attrs->axis] * j.itemsize;
  for (int32_t i = 0; i < in->ndim; i++) {
    if (i == attrs->axis) continue;
    j.shape[j.ndim] = in->shape[i];
    j.strides[j.ndim++] = in->strides[i] * j.itemsize;
  }
  j.rows_per_block = j.extent >= EMILY__GRAIN_CHEAP ? 1 : EMILY__GRAIN_CHEAP / j.extent;
  if (j.rows <= j.rows_per_block) run_block(&j, 0);
  else emily__pool_run(run_block, &j, (j.rows + j.rows_per_block - 1) / j.rows_per_block);
  return EMILY_OK;
}

emily_status emily__cpu_argmax(const emily__node_view *node) {
  static chunk_fn *const of[EMILY_DTYPE_COUNT] = ROW(argmax);
  return arg_reduce(node, of);
}

emily_status emily__cpu_argmin(const emily__node_view *node) {
  static chunk_fn *const of[EMILY_DTYPE_COUNT] = ROW(argmin);
  return arg_reduce(node, of);
}
