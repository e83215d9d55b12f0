/* elementwise.c: running contiguous-run kernels over strided operands. See iterate.h. */
#include "backend/cpu/halves.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

#include <string.h>

typedef struct buffer {
  _Alignas(64) char bytes[EMILY__BLOCK * 8];
} buffer;

/* n elements of contiguous 16-bit floats: float32 inside, one rounding at the end. */
static void run_widened(const emily__elementwise *op, int32_t operands, int32_t out_size, void *const *p, int64_t n) {
  float wide[EMILY__OPERANDS][EMILY__BLOCK];
  for (int64_t i = 0; i < n; i += EMILY__BLOCK) {
    int64_t m = n - i < EMILY__BLOCK ? n - i : EMILY__BLOCK;
    void *out = (char *)p[0] + i * out_size;
    void *q[EMILY__OPERANDS] = {op->narrow ? (void *)wide[0] : out};
    for (int32_t k = 1; k < operands; k++) {
      emily__widen(wide[k], (const uint16_t *)p[k] + i, op->widen, m);
      q[k] = wide[k];
    }
    op->fn(q, m);
    if (op->narrow) emily__narrow(out, wide[0], op->widen, m);
  }
}

static void run_contiguous(const emily__iterate *it, const emily__elementwise *op, void *const *p, int64_t n) {
  if (op->widen >= 0) run_widened(op, it->operands, it->itemsize[0], p, n);
  else op->fn(p, n);
}

/* Rows are handed over as they are where every operand is contiguous or constant along them, and long enough. */
static bool rows_are_runs(const emily__iterate *it) {
  int32_t last = it->ndim - 1;
  if (it->strides[0][last] != it->itemsize[0]) return false;
  for (int32_t k = 1; k < it->operands; k++)
    if (it->strides[k][last] != it->itemsize[k] && it->strides[k][last] != 0) return false;
  return it->ndim == 1 || it->shape[last] >= 64;
}

static void fill_constant(buffer *b, const char *value, int32_t itemsize, int64_t n) {
  emily__copy_strided(b->bytes, itemsize, value, 0, n, itemsize);
}

/* One row: p[k] points at operand k's elements; those with stride 0 are spread into a buffer first. */
static void run_row(const emily__iterate *it, const emily__elementwise *op, char *const *p, int64_t n) {
  int32_t last = it->ndim - 1, constants = 0;
  for (int32_t k = 1; k < it->operands; k++) constants += it->strides[k][last] == 0;
  if (constants == 0) {
    run_contiguous(it, op, (void *const *)p, n);
    return;
  }
  if (op->scalar && op->widen < 0 && constants == 1 && it->strides[it->operands - 1][last] == 0) {
    op->scalar((float *)p[0], (const float *)p[1], *(const float *)p[2], n);
    return;
  }
  buffer spread[EMILY__OPERANDS];
  int64_t step = n < EMILY__BLOCK ? n : EMILY__BLOCK;
  for (int32_t k = 1; k < it->operands; k++)
    if (it->strides[k][last] == 0) fill_constant(&spread[k], p[k], it->itemsize[k], step);
  for (int64_t i = 0; i < n; i += step) {
    void *q[EMILY__OPERANDS] = {p[0] + i * it->itemsize[0]};
    for (int32_t k = 1; k < it->operands; k++)
      q[k] = it->strides[k][last] == 0 ? spread[k].bytes : p[k] + i * it->itemsize[k];
    run_contiguous(it, op, q, n - i < step ? n - i : step);
  }
}

static void run_rows(const emily__iterate *it, const emily__elementwise *op, int64_t begin, int64_t end) {
  int32_t last = it->ndim - 1;
  int64_t extent = it->shape[last];
  for (int64_t at = begin; at < end;) {
    int64_t row = at / extent, column = at - row * extent;
    int64_t n = end - at < extent - column ? end - at : extent - column;
    char *p[EMILY__OPERANDS];
    for (int32_t k = 0; k < it->operands; k++) p[k] = it->data[k] + column * it->strides[k][last];
    for (int32_t i = last - 1; i >= 0; i--) {
      int64_t index = row % it->shape[i];
      row /= it->shape[i];
      for (int32_t k = 0; k < it->operands; k++) p[k] += index * it->strides[k][i];
    }
    run_row(it, op, p, n);
    at += n;
  }
}

/* Any strides: blocks are gathered into buffers and scattered back. A block is read whole before it is written, so
 * that an output in the place of an input with the same strides is right. */
static void run_gathered(const emily__iterate *it, const emily__elementwise *op, int64_t begin, int64_t end) {
  emily__walk walks[EMILY__OPERANDS];
  buffer buffers[EMILY__OPERANDS];
  void *p[EMILY__OPERANDS];
  for (int32_t k = 0; k < it->operands; k++) {
    emily__walk_begin(&walks[k], it->ndim, it->shape, it->strides[k], it->itemsize[k], it->data[k], begin);
    p[k] = buffers[k].bytes;
  }
  for (int64_t at = begin; at < end; at += EMILY__BLOCK) {
    int64_t n = end - at < EMILY__BLOCK ? end - at : EMILY__BLOCK;
    for (int32_t k = 1; k < it->operands; k++) emily__walk_gather(&walks[k], p[k], n);
    run_contiguous(it, op, p, n);
    emily__walk_scatter(&walks[0], p[0], n);
  }
}

typedef struct job {
  const emily__iterate *it;
  const emily__elementwise *op;
} job;

static void run_range(const job *j, int64_t begin, int64_t end) {
  if (rows_are_runs(j->it)) run_rows(j->it, j->op, begin, end);
  else run_gathered(j->it, j->op, begin, end);
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  int64_t begin = block * j->op->grain, end = begin + j->op->grain;
  run_range(j, begin, end < j->it->size ? end : j->it->size);
}

void emily__for_each_element(const emily__iterate *it, const emily__elementwise *op) {
  job j = {it, op};
  if (it->size <= 0) return;
  if (it->size <= op->grain) run_range(&j, 0, it->size);
  else emily__pool_run(run_block, &j, (it->size + op->grain - 1) / op->grain);
}

emily_status emily__elementwise_run(const emily__node_view *node, emily__block_fn *const of[EMILY_DTYPE_COUNT],
                                    emily__scalar_fn *scalar, int64_t grain) {
  emily_dtype dtype = node->inputs[0].dtype;
  emily__elementwise op = {.fn = of[dtype], .widen = -1, .grain = grain};
  if (!op.fn && emily__is_half(dtype)) {
    op.fn = of[EMILY_FLOAT32];
    op.widen = dtype;
    op.narrow = node->outputs[0].dtype == dtype;
  }
  if (dtype == EMILY_FLOAT32) op.scalar = scalar;
  const emily__tensor *operands[EMILY__OPERANDS] = {&node->outputs[0]};
  for (int32_t k = 0; k < node->n_inputs; k++) operands[k + 1] = &node->inputs[k];
  emily__iterate it;
  emily__iterate_init(&it, operands, node->n_inputs + 1);
  emily__for_each_element(&it, &op);
  return EMILY_OK;
}
