/* product.c: see product.h. */
#include "backend/cpu/product.h"

#include "backend/cpu/kernels.h"

#include <assert.h>
#include <string.h>

enum { RUN = 256 }; /* elements converted at a time: 1 KiB on the stack */

static void set_matrix(emily__product *p, int which, const emily__tensor *x) {
  const int32_t batch = x->ndim - 2;
  p->matrix[which] = (emily__matrix){x->data, x->strides[batch], x->strides[batch + 1], x->dtype};
  if (batch > 0) memcpy(p->batch_strides[which], x->strides, (size_t)batch * sizeof *x->strides);
}

/* May the last axis of the batch join m? Then matrix `which` has to walk on over it in steps of its row stride. */
static bool continues_rows(const emily__product *p, int which, int32_t axis) {
  return !p->matrix[which].data || p->m == 1 || p->batch_strides[which][axis] == p->m * p->matrix[which].row;
}

static bool fold_last_axis(emily__product *p) {
  static const int rows_of[] = {EMILY__PRODUCT_A, EMILY__PRODUCT_C, EMILY__PRODUCT_OUT};
  const int32_t axis = p->batch_ndim - 1;
  const int64_t extent = p->batch_shape[axis];
  if (extent != 1) {
    if (p->batch_strides[EMILY__PRODUCT_B][axis] != 0) return false;
    for (int i = 0; i < 3; i++)
      if (!continues_rows(p, rows_of[i], axis)) return false;
    for (int i = 0; p->m == 1 && i < 3; i++) p->matrix[rows_of[i]].row = p->batch_strides[rows_of[i]][axis];
    p->m *= extent;
    p->batch /= extent;
  }
  p->batch_ndim--;
  return true;
}

void emily__product_init(emily__product *p, const emily__node_view *node) {
  const emily__attrs_matmul *attrs = node->attrs;
  const emily__tensor *out = &node->outputs[0];
  p->batch_ndim = out->ndim - 2;
  p->m = out->shape[p->batch_ndim];
  p->n = out->shape[p->batch_ndim + 1];
  p->k = node->inputs[0].shape[node->inputs[0].ndim - 1];
  p->alpha = attrs->alpha;
  p->beta = attrs->beta;
  p->batch = 1;
  p->fill = NULL;
  p->fill_context = NULL;
  for (int32_t i = 0; i < p->batch_ndim; i++) p->batch *= p->batch_shape[i] = out->shape[i];
  set_matrix(p, EMILY__PRODUCT_A, &node->inputs[0]);
  set_matrix(p, EMILY__PRODUCT_B, &node->inputs[1]);
  p->matrix[EMILY__PRODUCT_C] = (emily__matrix){0};
  if (node->n_inputs > 2) set_matrix(p, EMILY__PRODUCT_C, &node->inputs[2]);
  set_matrix(p, EMILY__PRODUCT_OUT, out);
  while (p->batch_ndim > 0 && p->batch > 0 && fold_last_axis(p)) continue;
}

static void transpose(emily__matrix *x) {
  const int64_t row = x->row;
  x->row = x->col;
  x->col = row;
}

void emily__product_swap(emily__product *p) {
  emily__product before = *p;
  const size_t strides = sizeof before.batch_strides[0];
  p->m = before.n;
  p->n = before.m;
  p->matrix[EMILY__PRODUCT_A] = before.matrix[EMILY__PRODUCT_B];
  p->matrix[EMILY__PRODUCT_B] = before.matrix[EMILY__PRODUCT_A];
  memcpy(p->batch_strides[EMILY__PRODUCT_A], before.batch_strides[EMILY__PRODUCT_B], strides);
  memcpy(p->batch_strides[EMILY__PRODUCT_B], before.batch_strides[EMILY__PRODUCT_A], strides);
  for (int i = 0; i < EMILY__PRODUCT_MATRICES; i++) transpose(&p->matrix[i]);
}

emily__matrix emily__product_at(const emily__product *p, int which, int64_t t) {
  emily__matrix x = p->matrix[which];
  if (!x.data || t == 0) return x;
  int64_t offset = 0;
  for (int32_t axis = p->batch_ndim - 1; axis >= 0; axis--) {
    offset += t % p->batch_shape[axis] * p->batch_strides[which][axis];
    t /= p->batch_shape[axis];
  }
  x.data += offset * (int64_t)emily_dtype_size(x.dtype);
  return x;
}

void emily__gather_f32(float *out, const char *x, int64_t stride, emily_dtype dtype, int64_t n) {
  const emily__cpu_kernels *kernels = emily__cpu_kernels_get();
  if (dtype == EMILY_FLOAT32) {
    const float *from = (const float *)x;
    if (stride == 1) memcpy(out, from, (size_t)n * sizeof *out);
    else
      for (int64_t i = 0; i < n; i++) out[i] = from[i * stride];
  } else if (dtype == EMILY_FLOAT16) {
    const emily__f16 *from = (const emily__f16 *)x;
    if (stride == 1) kernels->f16_to_f32(out, from, n);
    else
      for (int64_t i = 0; i < n; i++) out[i] = emily__f16_to_f32(from[i * stride]);
  } else {
    const emily__bf16 *from = (const emily__bf16 *)x;
    assert(dtype == EMILY_BFLOAT16);
    if (stride == 1) kernels->bf16_to_f32(out, from, n);
    else
      for (int64_t i = 0; i < n; i++) out[i] = emily__bf16_to_f32(from[i * stride]);
  }
}

void emily__scatter_f32(char *out, int64_t stride, emily_dtype dtype, const float *x, int64_t n) {
  const emily__cpu_kernels *kernels = emily__cpu_kernels_get();
  if (dtype == EMILY_FLOAT32) {
    float *to = (float *)out;
    if (stride == 1) memcpy(to, x, (size_t)n * sizeof *x);
    else
      for (int64_t i = 0; i < n; i++) to[i * stride] = x[i];
  } else if (dtype == EMILY_FLOAT16) {
    emily__f16 *to = (emily__f16 *)out;
    if (stride == 1) kernels->f32_to_f16(to, x, n);
    else
      for (int64_t i = 0; i < n; i++) to[i * stride] = emily__f32_to_f16(x[i]);
  } else {
    emily__bf16 *to = (emily__bf16 *)out;
    assert(dtype == EMILY_BFLOAT16);
    if (stride == 1) kernels->f32_to_bf16(to, x, n);
    else
      for (int64_t i = 0; i < n; i++) to[i * stride] = emily__f32_to_bf16(x[i]);
  }
}

/* out = alpha · sum + beta · c over at most RUN elements; c: NULL for none */
static void combine(float *out, const float *sum, float alpha, const float *c, float beta, int64_t n) {
  if (!c)
    for (int64_t i = 0; i < n; i++) out[i] = alpha * sum[i];
  else if (alpha == 1 && beta == 1)
    for (int64_t i = 0; i < n; i++) out[i] = sum[i] + c[i];
  else
    for (int64_t i = 0; i < n; i++) out[i] = alpha * sum[i] + beta * c[i];
}

static void finish_run(const emily__product *p, const emily__matrix *out, char *to, const emily__matrix *c,
                       const char *addend, const float *sum, int64_t n) {
  float added[RUN], result[RUN];
  const bool in_place = out->dtype == EMILY_FLOAT32 && out->col == 1;
  float *at = in_place ? (float *)to : result;
  const float *c_run = NULL;
  if (c->data && c->dtype == EMILY_FLOAT32 && c->col == 1) c_run = (const float *)addend;
  else if (c->data) emily__gather_f32(added, addend, c->col, c->dtype, n), c_run = added;
  if (c_run || p->alpha != 1) combine(at, sum, (float)p->alpha, c_run, (float)p->beta, n);
  else if (in_place && at != sum) memcpy(at, sum, (size_t)n * sizeof *sum);
  else if (!in_place) at = NULL;
  if (!in_place) emily__scatter_f32(to, out->col, out->dtype, at ? at : sum, n);
}

void emily__product_finish(const emily__product *p, const emily__matrix *out, const emily__matrix *c, int64_t i0,
                           int64_t j0, int64_t rows, int64_t cols, const float *sum, int64_t lds) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j += RUN) {
      const int64_t n = cols - j < RUN ? cols - j : RUN;
      finish_run(p, out, emily__matrix_at(out, i0 + i, j0 + j), c,
                 c->data ? emily__matrix_at(c, i0 + i, j0 + j) : NULL, sum + i * lds + j, n);
    }
}
