/* searchsorted.c: where values would be put into a sorted sequence. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/rows.h"
#include "base/alloc.h"
#include "dtype/half.h"

/* NaN is above all numbers. */
#define FLOAT_LESS(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))

#define INT_TEMPLATE "backend/cpu/searchsorted_int.inc"
#include "backend/cpu/each_int.inc"
#define T emily__f16
#define W float
#define NAME(part) part##_float16
#define LOAD emily__f16_to_f32
#define LESS FLOAT_LESS
#include "backend/cpu/searchsorted.inc"
#define T emily__bf16
#define W float
#define NAME(part) part##_bfloat16
#define LOAD emily__bf16_to_f32
#define LESS FLOAT_LESS
#include "backend/cpu/searchsorted.inc"
#define T float
#define W T
#define NAME(part) part##_float32
#define LOAD(x) (x)
#define LESS FLOAT_LESS
#include "backend/cpu/searchsorted.inc"
#define T double
#define W T
#define NAME(part) part##_float64
#define LOAD(x) (x)
#define LESS FLOAT_LESS
#include "backend/cpu/searchsorted.inc"
#define T emily__complex
#define W T
#define NAME(part) part##_complex64
#define LOAD(x) (x)
#define LESS(a, b) (emily__complex_less(a, b) || (emily__complex_isnan(b) && !emily__complex_isnan(a)))
#include "backend/cpu/searchsorted.inc"

typedef void search_fn(uint32_t *out, const void *values, int64_t count, const void *sorted, int64_t n, bool right);

typedef struct job {
  search_fn *search;
  const void *sorted;
  int64_t n;
  bool right;
  emily__iterate values;
  uint32_t *out;
} job;

enum { PER_BLOCK = 4096 };

static void run_block(void *context, int64_t block) {
  const job *j = context;
  uint64_t values[EMILY__BLOCK];
  int64_t end = (block + 1) * PER_BLOCK < j->values.size ? (block + 1) * PER_BLOCK : j->values.size;
  emily__walk walk;
  emily__walk_begin(&walk, j->values.ndim, j->values.shape, j->values.strides[1], j->values.itemsize[1], j->values.data[1], block * PER_BLOCK);
  for (int64_t at = block * PER_BLOCK; at < end; at += EMILY__BLOCK) {
    int64_t n = end - at < EMILY__BLOCK ? end - at : EMILY__BLOCK;
    emily__walk_gather(&walk, values, n);
    j->search(j->out + at, values, n, j->sorted, j->n, j->right);
  }
}

emily_status emily__cpu_searchsorted(const emily__node_view *node) {
  static search_fn *const of[EMILY_DTYPE_COUNT] = {[EMILY_BOOL] = search_uint8,       OF_INTEGER(search), OF_FLOAT(search), OF_COMPLEX(search),
                                                   [EMILY_FLOAT16] = search_float16, [EMILY_BFLOAT16] = search_bfloat16};
  const emily__attrs_flag *right = node->attrs;
  const emily__tensor *sorted = &node->inputs[0], *values = &node->inputs[1], *out = &node->outputs[0];
  const int32_t itemsize = (int32_t)emily_dtype_size(sorted->dtype);
  if (out->size == 0) return EMILY_OK;
  job j = {.search = of[sorted->dtype], .sorted = sorted->data, .n = sorted->size, .right = right->on != 0, .out = out->data};
  void *dense = NULL;
  if (!sorted->dense && sorted->size > 1) {
    dense = emily__alloc_array((size_t)sorted->size, (size_t)itemsize);
    if (!dense) return EMILY_OUT_OF_MEMORY;
    emily__copy_strided(dense, itemsize, sorted->data, sorted->strides[0] * itemsize, sorted->size, itemsize);
    j.sorted = dense;
  }
  emily__iterate_one(&j.values, values);
  emily__pool_run(run_block, &j, (values->size + PER_BLOCK - 1) / PER_BLOCK);
  emily__free(dense);
  return EMILY_OK;
}
