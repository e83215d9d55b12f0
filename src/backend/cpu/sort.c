/* sort.c: sort and argsort along one axis: ascending, stable, NaN last (in the order in which they came), 0 and -0 equal. Rows are
 * brought into scratch memory, sorted there and written out. 16-bit floats are sorted as float32, which is exact. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "base/alloc.h"

#include <string.h>

enum { RUN = 16 };

static inline bool complex_before(emily__complex a, emily__complex b) {
  if (emily__complex_isnan(a) || emily__complex_isnan(b)) return !emily__complex_isnan(a);
  return emily__complex_less(a, b);
}

#define T uint8_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_uint8
#include "backend/cpu/sort.inc"
#define T uint16_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_uint16
#include "backend/cpu/sort.inc"
#define T uint32_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_uint32
#include "backend/cpu/sort.inc"
#define T uint64_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_uint64
#include "backend/cpu/sort.inc"
#define T int8_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_int8
#include "backend/cpu/sort.inc"
#define T int16_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_int16
#include "backend/cpu/sort.inc"
#define T int32_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_int32
#include "backend/cpu/sort.inc"
#define T int64_t
#define LESS(a, b) ((a) < (b))
#define NAME(part) part##_int64
#include "backend/cpu/sort.inc"
#define T float
#define LESS(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))
#define NAME(part) part##_float32
#include "backend/cpu/sort.inc"
#define T double
#define LESS(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))
#define NAME(part) part##_float64
#include "backend/cpu/sort.inc"
#define T emily__complex
#define LESS(a, b) complex_before(a, b)
#define NAME(part) part##_complex64
#include "backend/cpu/sort.inc"

typedef struct sorter {
  const void *(*sort)(void *scratch, const void *keys, int64_t n);          /* where the sorted keys are */
  void (*argsort)(void *scratch, const void *keys, int64_t n, uint32_t *out);
  size_t key, placed; /* bytes of an element of the scratch memory, of which 2n are needed */
} sorter;

#define SORTER(name, type) {sort_##name, argsort_##name, sizeof(type), sizeof(placed_##name)}
static const sorter sorters[EMILY_DTYPE_COUNT] = {
    [EMILY_BOOL] = SORTER(uint8, uint8_t),       [EMILY_UINT8] = SORTER(uint8, uint8_t),
    [EMILY_UINT16] = SORTER(uint16, uint16_t),   [EMILY_UINT32] = SORTER(uint32, uint32_t),
    [EMILY_UINT64] = SORTER(uint64, uint64_t),   [EMILY_INT8] = SORTER(int8, int8_t),
    [EMILY_INT16] = SORTER(int16, int16_t),      [EMILY_INT32] = SORTER(int32, int32_t),
    [EMILY_INT64] = SORTER(int64, int64_t),      [EMILY_FLOAT16] = SORTER(float32, float),
    [EMILY_BFLOAT16] = SORTER(float32, float),   [EMILY_FLOAT32] = SORTER(float32, float),
    [EMILY_FLOAT64] = SORTER(float64, double),   [EMILY_COMPLEX64] = SORTER(complex64, emily__complex),
};

enum { MOST_BLOCKS = 16 }; /* each has scratch memory of its own */

typedef struct job {
  const sorter *sorter;
  bool places; /* argsort */
  emily_dtype dtype;
  int32_t in_size, out_size;
  int64_t extent, in_stride, out_stride; /* of the axis; bytes */
  int32_t ndim;                          /* of the other axes */
  int64_t shape[EMILY__MAX_RANK], in_strides[EMILY__MAX_RANK], out_strides[EMILY__MAX_RANK]; /* bytes */
  char *in, *out;
  int64_t rows, blocks;
  char *scratch;                                /* blocks × block_bytes */
  size_t raw_bytes, wide_bytes, block_bytes; /* the row as it is; widened; both and the sorter's */
} job;

static bool is_half(emily_dtype dtype) { return dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16; }

static void sort_row(const job *j, char *scratch, const char *in, char *out) {
  const emily__cpu_kernels *k = emily__cpu_kernels_get();
  char *raw = scratch, *wide = raw + j->raw_bytes, *room = wide + j->wide_bytes;
  emily__copy_strided(raw, j->in_size, in, j->in_stride, j->extent, j->in_size);
  const void *keys = raw;
  if (is_half(j->dtype)) {
    if (j->dtype == EMILY_FLOAT16) k->f16_to_f32((float *)wide, (void *)raw, j->extent);
    else k->bf16_to_f32((float *)wide, (void *)raw, j->extent);
    keys = wide;
  }
  const void *result = raw;
  if (j->places) j->sorter->argsort(room, keys, j->extent, (uint32_t *)raw);
  else result = j->sorter->sort(room, keys, j->extent);
  if (!j->places && j->dtype == EMILY_FLOAT16) k->f32_to_f16((void *)raw, result, j->extent), result = raw;
  if (!j->places && j->dtype == EMILY_BFLOAT16) k->f32_to_bf16((void *)raw, result, j->extent), result = raw;
  emily__copy_strided(out, j->out_stride, result, j->out_size, j->extent, j->out_size);
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  int64_t begin = j->rows * block / j->blocks, end = j->rows * (block + 1) / j->blocks;
  for (int64_t row = begin; row < end; row++) {
    char *in = j->in, *out = j->out;
    int64_t rest = row;
    for (int32_t i = j->ndim - 1; i >= 0 && rest > 0; i--) {
      in += rest % j->shape[i] * j->in_strides[i];
      out += rest % j->shape[i] * j->out_strides[i];
      rest /= j->shape[i];
    }
    sort_row(j, j->scratch + (size_t)block * j->block_bytes, in, out);
  }
}

static size_t line(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* Room for the row (or its places, if wider), the widened row, and the sorter's two buffers. */
static void plan_scratch(job *j) {
  size_t n = (size_t)j->extent, wider = j->in_size > j->out_size ? (size_t)j->in_size : (size_t)j->out_size;
  j->raw_bytes = line(n * wider);
  j->wide_bytes = is_half(j->dtype) ? line(n * sizeof(float)) : 0;
  j->block_bytes = j->raw_bytes + j->wide_bytes + line(2 * n * (j->places ? j->sorter->placed : j->sorter->key));
  bool small = j->rows * j->extent <= EMILY__GRAIN_COSTLY;
  j->blocks = small ? 1 : j->rows < MOST_BLOCKS ? j->rows : MOST_BLOCKS;
}

static emily_status sort(const emily__node_view *node, bool places) {
  const emily__attrs_axis *attrs = node->attrs;
  const emily__tensor *in = &node->inputs[0], *out = &node->outputs[0];
  if (out->size == 0) return EMILY_OK;
  job j = {.sorter = &sorters[in->dtype], .places = places, .dtype = in->dtype, .in = in->data, .out = out->data,
           .in_size = (int32_t)emily_dtype_size(in->dtype), .out_size = (int32_t)emily_dtype_size(out->dtype),
           .extent = in->shape[attrs->axis]};
  j.rows = in->size / j.extent;
  j.in_stride = in->strides[attrs->axis] * j.in_size;
  j.out_stride = out->strides[attrs->axis] * j.out_size;
  for (int32_t i = 0; i < in->ndim; i++) {
    if (i == attrs->axis) continue;
    j.shape[j.ndim] = in->shape[i];
    j.in_strides[j.ndim] = in->strides[i] * j.in_size;
    j.out_strides[j.ndim++] = out->strides[i] * j.out_size;
  }
  plan_scratch(&j);
  j.scratch = emily__alloc_array((size_t)j.blocks, j.block_bytes);
  if (!j.scratch) return EMILY_OUT_OF_MEMORY;
  if (j.blocks == 1) run_block(&j, 0);
  else emily__pool_run(run_block, &j, j.blocks);
  emily__free(j.scratch);
  return EMILY_OK;
}

emily_status emily__cpu_sort(const emily__node_view *node) { return sort(node, false); }
emily_status emily__cpu_argsort(const emily__node_view *node) { return sort(node, true); }
