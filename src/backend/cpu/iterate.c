/* iterate.c: see iterate.h. */
#include "backend/cpu/iterate.h"

#include <string.h>

/* Append an axis to the iterate, merged into the one before where that is the same run of memory for all operands. */
static void push_axis(emily__iterate *it, int64_t extent, const int64_t *strides) {
  if (extent == 1) return;
  bool merge = it->ndim > 0;
  for (int32_t k = 0; merge && k < it->operands; k++) merge = it->strides[k][it->ndim - 1] == strides[k] * extent;
  if (!merge) it->shape[it->ndim++] = 1;
  it->shape[it->ndim - 1] *= extent;
  for (int32_t k = 0; k < it->operands; k++) it->strides[k][it->ndim - 1] = strides[k];
}

/* A shape of ones alone still has a row to walk. */
static void finish(emily__iterate *it) {
  if (it->ndim > 0) return;
  it->ndim = 1;
  it->shape[0] = 1;
  for (int32_t k = 0; k < it->operands; k++) it->strides[k][0] = it->itemsize[k];
}

/* Axes by falling stride of the output, so that a permuted output is written in memory order. */
static void order_axes(int32_t *order, const emily__tensor *out) {
  for (int32_t i = 0; i < out->ndim; i++) {
    int32_t at = i;
    for (; at > 0 && out->strides[order[at - 1]] < out->strides[i]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
}

void emily__iterate_init(emily__iterate *it, const emily__tensor *const *operands, int32_t count) {
  const emily__tensor *out = operands[0];
  it->ndim = 0;
  it->operands = count;
  it->size = out->size;
  bool dense = true;
  for (int32_t k = 0; k < count; k++) {
    it->data[k] = operands[k]->data;
    it->itemsize[k] = (int32_t)emily_dtype_size(operands[k]->dtype);
    dense = dense && operands[k]->dense;
  }
  if (dense) {
    it->ndim = 1;
    it->shape[0] = it->size;
    for (int32_t k = 0; k < count; k++) it->strides[k][0] = it->itemsize[k];
    return;
  }
  int32_t order[EMILY__MAX_RANK];
  if (!out->dense) order_axes(order, out);
  for (int32_t i = 0; i < out->ndim; i++) {
    int32_t axis = out->dense ? i : order[i];
    int64_t strides[EMILY__OPERANDS];
    for (int32_t k = 0; k < count; k++) strides[k] = operands[k]->strides[axis] * it->itemsize[k];
    push_axis(it, out->shape[axis], strides);
  }
  finish(it);
}

void emily__iterate_one(emily__iterate *it, const emily__tensor *tensor) {
  size_t itemsize = emily_dtype_size(tensor->dtype);
  emily__iterate_pair(it, tensor->ndim, tensor->shape, itemsize, tensor->data, tensor->strides, tensor->data,
                      tensor->strides);
}

void emily__iterate_pair(emily__iterate *it, int32_t ndim, const int64_t *shape, size_t itemsize, void *out,
                         const int64_t *out_strides, const void *in, const int64_t *in_strides) {
  it->ndim = 0;
  it->operands = 2;
  it->size = 1;
  it->data[0] = out;
  it->data[1] = (void *)in; /* only operand 0 is written */
  it->itemsize[0] = it->itemsize[1] = (int32_t)itemsize;
  for (int32_t i = 0; i < ndim; i++) {
    it->size *= shape[i];
    push_axis(it, shape[i], (int64_t[]){out_strides[i] * (int64_t)itemsize, in_strides[i] * (int64_t)itemsize});
  }
  finish(it);
}

#define COPY(type)                                                                                  \
  do {                                                                                              \
    for (int64_t i = 0; i < n; i++, o += out_stride, p += in_stride) *(type *)o = *(const type *)p; \
  } while (0)

void emily__copy_strided(void *out, int64_t out_stride, const void *in, int64_t in_stride, int64_t n,
                         int32_t itemsize) {
  char *o = out;
  const char *p = in;
  if (out_stride == itemsize && in_stride == itemsize) {
    memcpy(out, in, (size_t)(n * itemsize));
    return;
  }
  switch (itemsize) {
    case 1: COPY(uint8_t); break;
    case 2: COPY(uint16_t); break;
    case 4: COPY(uint32_t); break;
    default: COPY(uint64_t); break;
  }
}

void emily__walk_begin(emily__walk *walk, int32_t ndim, const int64_t *shape, const int64_t *strides,
                       int32_t itemsize, void *data, int64_t position) {
  walk->shape = shape;
  walk->strides = strides;
  walk->ndim = ndim;
  walk->itemsize = itemsize;
  walk->row = data;
  int64_t rest = position;
  for (int32_t i = ndim - 1; i >= 0; i--) {
    int64_t quotient = rest / shape[i];
    walk->index[i] = rest - quotient * shape[i];
    rest = quotient;
  }
  walk->column = walk->index[ndim - 1];
  for (int32_t i = 0; i < ndim - 1; i++) walk->row += walk->index[i] * strides[i];
}

static void next_row(emily__walk *walk) {
  walk->column = 0;
  for (int32_t i = walk->ndim - 2; i >= 0; i--) {
    walk->row += walk->strides[i];
    if (++walk->index[i] < walk->shape[i]) return;
    walk->row -= walk->strides[i] * walk->shape[i];
    walk->index[i] = 0;
  }
}

/* The next piece of a row, at most n elements; its first element's address. */
static char *take_piece(emily__walk *walk, int64_t n, int64_t *piece) {
  int64_t extent = walk->shape[walk->ndim - 1];
  if (walk->column == extent) next_row(walk);
  *piece = n < extent - walk->column ? n : extent - walk->column;
  char *at = walk->row + walk->column * walk->strides[walk->ndim - 1];
  walk->column += *piece;
  return at;
}

char *emily__walk_next(emily__walk *walk) {
  int64_t piece;
  return take_piece(walk, 1, &piece);
}

char *emily__walk_row(emily__walk *walk) {
  int64_t piece;
  return take_piece(walk, walk->shape[walk->ndim - 1], &piece);
}

void emily__walk_gather(emily__walk *walk, void *out, int64_t n) {
  int64_t stride = walk->strides[walk->ndim - 1];
  for (char *o = out; n > 0;) {
    int64_t piece;
    const char *from = take_piece(walk, n, &piece);
    emily__copy_strided(o, walk->itemsize, from, stride, piece, walk->itemsize);
    o += piece * walk->itemsize;
    n -= piece;
  }
}

void emily__walk_scatter(emily__walk *walk, const void *in, int64_t n) {
  int64_t stride = walk->strides[walk->ndim - 1];
  for (const char *p = in; n > 0;) {
    int64_t piece;
    char *to = take_piece(walk, n, &piece);
    emily__copy_strided(to, stride, p, walk->itemsize, piece, walk->itemsize);
    p += piece * walk->itemsize;
    n -= piece;
  }
}
