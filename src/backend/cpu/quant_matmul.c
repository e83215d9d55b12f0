/* quant_matmul.c: the primitives quantized_matmul and gather_qmm: spans of rows that meet one matrix, and which kernel takes them.
 *
 * The choice is by shapes alone: rows that a matrix meets, or may meet on average where indices say which. What a row gives depends neither on
 * the rows beside it nor on how many of them there are in its span. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/places.h"
#include "backend/cpu/product.h"
#include "backend/cpu/quant_product.h"
#include "base/alloc.h"

#include <stdlib.h>

int64_t emily__quant_row_scales(const emily__quant_product *p) { return (p->attrs->transpose ? p->k : p->n) / p->form.group; }
int64_t emily__quant_row_bytes(const emily__quant_product *p) {
  if (p->format) return p->k / p->format->block * p->format->size;
  return (p->attrs->transpose ? p->k : p->n) / 8 * p->form.bits;
}
int64_t emily__quant_scale_size(const emily__quant_product *p) {
  return emily__quant_scale_bytes(p->attrs->mode, p->scale_dtype);
}

void emily__quant_some_scales(const emily__quant_product *p, float *out, const char *from, int64_t n) {
  const int32_t mode = p->attrs->mode;
  if (mode == EMILY__QUANT_NVFP4)
    for (int64_t i = 0; i < n; i++) out[i] = emily__e4m3_to_f32(((const uint8_t *)from)[i]);
  else if (mode != EMILY__QUANT_AFFINE && mode != EMILY__QUANT_FLOAT8)
    for (int64_t i = 0; i < n; i++) out[i] = emily__e8m0_to_f32(((const uint8_t *)from)[i]);
  else if (p->scale_dtype == EMILY_FLOAT32)
    for (int64_t i = 0; i < n; i++) out[i] = ((const float *)from)[i];
  else if (p->scale_dtype == EMILY_FLOAT16)
    for (int64_t i = 0; i < n; i++) out[i] = emily__f16_to_f32(((const emily__f16 *)from)[i]);
  else
    for (int64_t i = 0; i < n; i++) out[i] = emily__bf16_to_f32(((const emily__bf16 *)from)[i]);
}

enum { FEW = 48 }; /* rows, measured: with more it is worth packing what is unpacked */

/* ---- a node's operands ---- */

enum { X, W, SCALES, BIASES, OPERANDS };

/* Batches of matrices whose own elements are C arrays (x: whose rows may stand anywhere); copies of what is not. */
typedef struct operands {
  emily__quant_product p;
  emily__tensor tensor[OPERANDS]; /* data and strides are the copy's where there is one */
  int64_t strides[OPERANDS][EMILY__MAX_RANK];
  emily__quant_copy copies[OPERANDS];
  int64_t m;
  bool indexed; /* spans are made by indices */
  emily__quant_span *spans;
  int64_t *places; /* x_at, then out_at */
} operands;

static bool matrix_is_dense(const emily__tensor *x) {
  const int64_t *shape = x->shape + x->ndim - 2, *strides = x->strides + x->ndim - 2;
  return x->size == 0 || ((shape[1] == 1 || strides[1] == 1) && (shape[0] == 1 || strides[0] == shape[1]));
}

static emily_status take_operand(operands *o, int which, const emily__tensor *from) {
  emily__tensor *x = &o->tensor[which];
  const char *data;
  *x = *from;
  if (which == X || matrix_is_dense(from)) return EMILY_OK;
  EMILY__TRY(emily__quant_dense(from, &data, &o->copies[which]));
  int64_t step = 1;
  for (int32_t i = x->ndim - 1; i >= 0; step *= x->shape[i], i--) o->strides[which][i] = step;
  x->data = (void *)data;
  x->strides = o->strides[which];
  return EMILY_OK;
}

static emily_status take_operands(operands *o, const emily__node_view *node) {
  const emily__tensor *x = &node->inputs[0], *out = &node->outputs[0];
  const int32_t mode = ((const emily__attrs_quantize *)node->attrs)->mode;
  const int end = mode == EMILY__QUANT_BLOCKS ? SCALES : mode == EMILY__QUANT_AFFINE ? OPERANDS : BIASES;
  emily__quant_product *p = &o->p;
  p->attrs = node->attrs;
  if (mode == EMILY__QUANT_BLOCKS) p->format = emily__block_format_of(p->attrs->bits);
  else p->form = emily__quant_form_of(p->attrs);
  p->k = x->shape[x->ndim - 1];
  p->n = out->shape[out->ndim - 1];
  o->m = x->shape[x->ndim - 2];
  p->dtype = out->dtype;
  p->out = out->data;
  if (!p->format) p->scale_dtype = node->inputs[SCALES].dtype;
  for (int i = X; i < end; i++) EMILY__TRY(take_operand(o, i, &node->inputs[i]));
  p->x = o->tensor[X].data;
  p->x_stride = o->tensor[X].strides[x->ndim - 1];
  return EMILY_OK;
}

static int64_t batch_of(const emily__tensor *x) {
  int64_t count = 1;
  for (int32_t i = 0; i < x->ndim - 2; i++) count *= x->shape[i];
  return count;
}

/* Where matrix t of a batch begins, in elements. */
static int64_t matrix_at(const emily__tensor *x, int64_t t) {
  int64_t at = 0;
  for (int32_t i = x->ndim - 3; i >= 0; t /= x->shape[i], i--) at += t % x->shape[i] * x->strides[i];
  return at;
}

/* Room for so many spans and pairs of m rows. */
static emily_status take_room(operands *o, int64_t spans, int64_t pairs) {
  int64_t rows, count;
  if (!emily__mul_i64(pairs, o->m, &rows) || !emily__mul_i64(rows, 2, &count)) return emily__fail(EMILY_OUT_OF_MEMORY, "cpu", "too many rows");
  o->spans = emily__alloc_array((size_t)spans, sizeof *o->spans);
  o->places = o->spans ? emily__alloc_array((size_t)count, sizeof *o->places) : NULL;
  if (!o->places) return EMILY_OUT_OF_MEMORY;
  o->p.spans = o->spans;
  o->p.x_at = o->places;
  o->p.out_at = o->places + rows;
  return EMILY_OK;
}

static void begin_span(operands *o, int64_t matrix) {
  const emily__tensor *w = &o->tensor[W], *scales = &o->tensor[SCALES], *biases = &o->tensor[BIASES];
  const int64_t size = emily__quant_scale_size(&o->p);
  emily__quant_span *span = &o->spans[o->p.span_count++];
  *span = (emily__quant_span){.first = o->p.rows};
  span->packed = (const uint8_t *)w->data + matrix_at(w, matrix) * (o->p.format ? 1 : 4);
  if (o->p.format) return;
  span->scales = (const char *)scales->data + matrix_at(scales, matrix) * size;
  if (biases->data) span->biases = (const char *)biases->data + matrix_at(biases, matrix) * size;
}

/* Matrix t of x's batch, whose rows make those of out's matrix `to`, joins the last span. */
static void add_rows(operands *o, int64_t t, int64_t to) {
  const emily__tensor *x = &o->tensor[X];
  const int64_t at = matrix_at(x, t);
  for (int64_t i = 0; i < o->m; i++, o->p.rows++) {
    o->places[o->p.rows] = at + i * x->strides[x->ndim - 2];
    ((int64_t *)o->p.out_at)[o->p.rows] = to * o->m + i;
  }
  o->spans[o->p.span_count - 1].rows += o->m;
}

/* Not where indices say how many rows meet a matrix: a row's mates would choose the kernel. */
static bool along(const operands *o) {
  return !o->p.attrs->transpose && !o->indexed && o->m <= EMILY__QUANT_ALONG;
}

/* few: rows that a matrix meets. */
static emily_status multiply(const operands *o, bool few) {
  if (o->p.rows == 0) return EMILY_OK;
  if (o->p.k == 0) {
    memset(o->p.out, 0, (size_t)(o->p.rows * o->p.n) * emily_dtype_size(o->p.dtype));
    return EMILY_OK;
  }
  if (few && o->p.attrs->transpose) return emily__quant_few(&o->p);
  return along(o) ? emily__quant_along(&o->p) : emily__quant_many(&o->p);
}

static void done(operands *o) {
  for (int i = 0; i < OPERANDS; i++) emily__quant_done(&o->copies[i]);
  emily__free(o->spans);
  emily__free(o->places);
}

/* ---- quantized_matmul ---- */

static emily_status multiply_batch(operands *o, const emily__node_view *node) {
  EMILY__TRY(take_operands(o, node));
  const int64_t batch = batch_of(&o->tensor[X]);
  EMILY__TRY(take_room(o, batch, batch));
  for (int64_t t = 0; t < batch; t++) {
    begin_span(o, t);
    add_rows(o, t, t);
  }
  return multiply(o, o->m <= FEW);
}

emily_status emily__cpu_quantized_matmul(const emily__node_view *node) {
  if (node->outputs[0].size == 0) return EMILY_OK;
  operands o = {0};
  const emily_status status = multiply_batch(&o, node);
  done(&o);
  return status;
}

/* ---- gather_qmm ---- */

typedef struct pair {
  int64_t matrix, x, to;
} pair;

static int by_matrix(const void *a, const void *b) {
  const pair *p = a, *q = b;
  if (p->matrix != q->matrix) return p->matrix < q->matrix ? -1 : 1;
  return p->to < q->to ? -1 : p->to > q->to;
}

/* Pairs in the order of their matrices; one with an index out of bounds gives rows of zeros. */
static emily_status read_pairs(const operands *o, const emily__node_view *node, pair *pairs, int64_t *count) {
  const emily__tensor *lhs = &node->inputs[node->n_inputs - 2], *rhs = &node->inputs[node->n_inputs - 1];
  const int64_t bytes = o->m * o->p.n * (int64_t)emily_dtype_size(o->p.dtype);
  emily__index index[2];
  int64_t x[EMILY__BLOCK], w[EMILY__BLOCK];
  bool sorted = true;
  emily__index_init(&index[0], lhs, batch_of(&o->tensor[X]), 1, 0, false);
  emily__index_init(&index[1], rhs, batch_of(&o->tensor[W]), 1, 0, false);
  for (int i = 0; i < 2; i++) EMILY__TRY(emily__index_check(node, &index[i], 1));
  *count = 0;
  for (int64_t i = 0; i < lhs->size; i++) {
    if (i % EMILY__BLOCK == 0) {
      const int64_t n = lhs->size - i < EMILY__BLOCK ? lhs->size - i : EMILY__BLOCK;
      emily__index_places(&index[0], i, n, x);
      emily__index_places(&index[1], i, n, w);
    }
    const pair one = {w[i % EMILY__BLOCK], x[i % EMILY__BLOCK], i};
    if (one.matrix == EMILY__NOWHERE || one.x == EMILY__NOWHERE) {
      memset(o->p.out + i * bytes, 0, (size_t)bytes);
      continue;
    }
    sorted &= *count == 0 || pairs[*count - 1].matrix <= one.matrix;
    pairs[(*count)++] = one;
  }
  if (!sorted) qsort(pairs, (size_t)*count, sizeof *pairs, by_matrix);
  return EMILY_OK;
}

static emily_status multiply_pairs(operands *o, const emily__node_view *node, pair *pairs) {
  int64_t count;
  o->indexed = true;
  EMILY__TRY(read_pairs(o, node, pairs, &count));
  EMILY__TRY(take_room(o, count, count));
  for (int64_t i = 0; i < count; i++) {
    if (i == 0 || pairs[i].matrix != pairs[i - 1].matrix) begin_span(o, pairs[i].matrix);
    add_rows(o, pairs[i].x, pairs[i].to);
  }
  const int64_t all = node->inputs[node->n_inputs - 1].size, matrices = batch_of(&o->tensor[W]);
  return multiply(o, (double)all * (double)o->m <= FEW * (double)matrices);
}

emily_status emily__cpu_gather_qmm(const emily__node_view *node) {
  if (node->outputs[0].size == 0) return EMILY_OK;
  operands o = {0};
  pair *pairs = emily__alloc_array((size_t)node->inputs[node->n_inputs - 1].size, sizeof *pairs);
  emily_status status = pairs ? take_operands(&o, node) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = multiply_pairs(&o, node, pairs);
  done(&o);
  emily__free(pairs);
  return status;
}
