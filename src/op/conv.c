/* conv.c: convolutions. All are one general form; see emily/conv.h.
 *
 * Groups of the batch become groups of channels, and a kernel of one tap is a product. */
#include "op/common.h"

#include "base/alloc.h"

enum { AXES_MAX = 3 };

/* A list from outside: one number an axis, or one for all, or none. */
typedef struct list {
  const int64_t *values;
  int32_t count;
} list;
#define LIST(name) ((list){name, name##_count})
#define ONE_NUMBER(name) ((list){&(name), 1})

typedef struct geometry {
  int32_t axes;
  int64_t stride[AXES_MAX], low[AXES_MAX], high[AXES_MAX], kernel_dilation[AXES_MAX], input_dilation[AXES_MAX];
  int64_t groups, batch_groups;
  bool flip;
} geometry;

static bool fail(const emily__op *op, const char *why) {
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s", why);
  return false;
}

static bool read_list(const emily__op *op, list from, const char *name, int64_t otherwise, int32_t axes, int64_t *out) {
  if (from.count < 0 || (from.count > 1 && from.count != axes) || (from.count && !from.values)) {
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s has %d numbers for %d axes", name, from.count, axes);
    return false;
  }
  for (int32_t i = 0; i < axes; i++) out[i] = from.count ? from.values[from.count > 1 ? i : 0] : otherwise;
  return true;
}

/* input [N, ..., C] and weight [O, ..., C / groups] with `axes` axes between. */
static bool check_operands(const emily__op *op, const emily_array *x, const emily_array *w, int32_t axes) {
  if (x->ndim == axes + 2 && w->ndim == axes + 2) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "an input [N, ..., C] and a weight [O, ..., C / groups] of %d axes are wanted", axes + 2);
  return false;
}

/* ---- groups of the batch ---- */

/* [B · N, ..., C] → [N, ..., B · C]: part b of the batch becomes group b of the channels. */
static emily_array *batch_to_channels(const emily__op *op, emily_array *x, geometry *g) {
  const int64_t parts = g->batch_groups;
  if (parts < 1 || g->groups != 1 || x->dims[0] % parts) {
    fail(op, "batch_groups are at least 1, divide the batch and do not go with groups");
    return NULL;
  }
  int64_t shape[AXES_MAX + 3] = {parts, x->dims[0] / parts}, merged[AXES_MAX + 2];
  int32_t order[AXES_MAX + 3], last = x->ndim;
  memcpy(shape + 2, x->dims + 1, (size_t)(last - 1) * sizeof *shape);
  for (int32_t i = 0; i < last - 1; i++) order[i] = i + 1;
  order[last - 1] = 0;
  order[last] = last;
  memcpy(merged, shape + 1, (size_t)last * sizeof *merged);
  if (!emily__mul_i64(merged[last - 1], parts, &merged[last - 1])) {
    fail(op, "batch_groups are too many");
    return NULL;
  }
  g->groups = parts;
  x = emily__transpose(op, emily__reshape(op, x, shape, last + 1), order);
  return emily__reshape(op, x, merged, last);
}

/* ---- kernels of one tap ---- */

static bool is_product(const emily_array *w, const geometry *g) {
  bool is = g->groups == 1;
  for (int32_t i = 0; i < g->axes; i++)
    is &= w->dims[i + 1] == 1 && g->low[i] == 0 && g->high[i] == 0 && g->input_dilation[i] == 1 && g->stride[i] == 1;
  return is;
}

/* in [N, ..., C] @ weight [O, 1, ..., C]ᵀ */
static emily_array *product(const emily__op *op, emily_array *x, emily_array *w) {
  const int64_t matrix[2] = {w->dims[0], w->dims[w->ndim - 1]};
  return emily_linear(op->scope, x, emily__reshape(op, w, matrix, 2), NULL);
}

/* ---- the general form ---- */

static emily_array *apply(const emily__op *op, emily_array *x, emily_array *w, const geometry *g) {
  emily__attrs_conv attrs = {.axes = g->axes, .groups = g->groups, .flip = g->flip};
  const size_t bytes = (size_t)g->axes * sizeof(int64_t);
  memcpy(attrs.stride, g->stride, bytes);
  memcpy(attrs.low, g->low, bytes);
  memcpy(attrs.high, g->high, bytes);
  memcpy(attrs.kernel_dilation, g->kernel_dilation, bytes);
  memcpy(attrs.input_dilation, g->input_dilation, bytes);
  return emily__apply(op, EMILY__PRIM_conv, &attrs, sizeof attrs, OPERANDS(x, w), 2);
}

/* One channel and one filter a group: its kernel takes float32, and a cast costs little beside so few products. */
static bool widens(const emily_array *x, const emily_array *w, const geometry *g) {
  bool half = x->dtype == EMILY_FLOAT16 || x->dtype == EMILY_BFLOAT16;
  return half && g->groups > 1 && g->groups == x->dims[x->ndim - 1] && g->groups == w->dims[0];
}

static emily_array *convolve(const emily__op *op, emily_array *x, emily_array *w, geometry *g) {
  if (!emily_dtype_is_inexact(x->dtype)) {
    fail(op, "convolutions are of floats and complex numbers; cast integers first");
    return NULL;
  }
  const emily_dtype dtype = emily_promote_types(x->dtype, w->dtype);
  x = emily__cast(op, x, dtype);
  w = emily__cast(op, w, dtype);
  if (x && g->batch_groups != 1) x = batch_to_channels(op, x, g);
  if (!x || !w) return NULL;
  if (is_product(w, g) && w->dims[w->ndim - 1] == x->dims[x->ndim - 1]) return product(op, x, w);
  if (!widens(x, w, g)) return apply(op, x, w, g);
  x = emily__cast(op, x, EMILY_FLOAT32);
  w = emily__cast(op, w, EMILY_FLOAT32);
  return x && w ? emily__cast(op, apply(op, x, w, g), dtype) : NULL;
}

/* ---- convolutions ---- */

static emily_array *forward(const emily__op *op, emily_array *x, emily_array *w, int32_t axes, list stride, list padding,
                            list dilation, int64_t groups) {
  geometry g = {.axes = axes, .groups = groups, .batch_groups = 1};
  if (!check_operands(op, x, w, axes) || !read_list(op, stride, "stride", 1, axes, g.stride) ||
      !read_list(op, padding, "padding", 0, axes, g.low) || !read_list(op, dilation, "dilation", 1, axes, g.kernel_dilation))
    return NULL;
  for (int32_t i = 0; i < axes; i++) {
    g.high[i] = g.low[i];
    g.input_dilation[i] = 1;
  }
  return convolve(op, x, w, &g);
}

emily_array *emily_conv1d(emily_scope *scope, emily_array *input, emily_array *weight, int64_t stride, int64_t padding,
                          int64_t dilation, int64_t groups) {
  BEGIN(scope, input, weight);
  return forward(&op, input, weight, 1, ONE_NUMBER(stride), ONE_NUMBER(padding), ONE_NUMBER(dilation), groups);
}

emily_array *emily_conv2d(emily_scope *scope, emily_array *input, emily_array *weight, const int64_t *stride,
                          int32_t stride_count, const int64_t *padding, int32_t padding_count, const int64_t *dilation,
                          int32_t dilation_count, int64_t groups) {
  BEGIN(scope, input, weight);
  return forward(&op, input, weight, 2, LIST(stride), LIST(padding), LIST(dilation), groups);
}

emily_array *emily_conv3d(emily_scope *scope, emily_array *input, emily_array *weight, const int64_t *stride,
                          int32_t stride_count, const int64_t *padding, int32_t padding_count, const int64_t *dilation,
                          int32_t dilation_count, int64_t groups) {
  BEGIN(scope, input, weight);
  return forward(&op, input, weight, 3, LIST(stride), LIST(padding), LIST(dilation), groups);
}

/* ---- transposed convolutions ---- */

/* A convolution of the input dilated by the stride, with the kernel turned round: low' = dilation · (kernel - 1) - padding on either
 * side, and output_padding more after it. */
static bool transpose_padding(const emily__op *op, const emily_array *w, const int64_t *padding, const int64_t *output_padding,
                              geometry *g) {
  for (int32_t i = 0; i < g->axes; i++) {
    int64_t reach;
    if (w->dims[i + 1] < 1 || g->kernel_dilation[i] < 1) return fail(op, "a kernel has taps and a dilation of 1 at least");
    if (!emily__mul_i64(g->kernel_dilation[i], w->dims[i + 1] - 1, &reach) || __builtin_sub_overflow(reach, padding[i], &g->low[i]) ||
        __builtin_add_overflow(g->low[i], output_padding[i], &g->high[i]))
      return fail(op, "padding and dilation make an axis of more than 2^63 elements");
  }
  return true;
}

static emily_array *backward(const emily__op *op, emily_array *x, emily_array *w, int32_t axes, list stride, list padding,
                             list dilation, list output_padding, int64_t groups) {
  geometry g = {.axes = axes, .groups = groups, .batch_groups = 1, .flip = true, .stride = {1, 1, 1}};
  int64_t around[AXES_MAX], more[AXES_MAX];
  if (!check_operands(op, x, w, axes) || !read_list(op, stride, "stride", 1, axes, g.input_dilation) ||
      !read_list(op, padding, "padding", 0, axes, around) || !read_list(op, dilation, "dilation", 1, axes, g.kernel_dilation) ||
      !read_list(op, output_padding, "output_padding", 0, axes, more) || !transpose_padding(op, w, around, more, &g))
    return NULL;
  return convolve(op, x, w, &g);
}

emily_array *emily_conv_transpose1d(emily_scope *scope, emily_array *input, emily_array *weight, int64_t stride,
                                    int64_t padding, int64_t dilation, int64_t output_padding, int64_t groups) {
  BEGIN(scope, input, weight);
  return backward(&op, input, weight, 1, ONE_NUMBER(stride), ONE_NUMBER(padding), ONE_NUMBER(dilation), ONE_NUMBER(output_padding), groups);
}

emily_array *emily_conv_transpose2d(emily_scope *scope, emily_array *input, emily_array *weight, const int64_t *stride,
                                    int32_t stride_count, const int64_t *padding, int32_t padding_count,
                                    const int64_t *dilation, int32_t dilation_count, const int64_t *output_padding,
                                    int32_t output_padding_count, int64_t groups) {
  BEGIN(scope, input, weight);
  return backward(&op, input, weight, 2, LIST(stride), LIST(padding), LIST(dilation), LIST(output_padding), groups);
}

emily_array *emily_conv_transpose3d(emily_scope *scope, emily_array *input, emily_array *weight, const int64_t *stride,
                                    int32_t stride_count, const int64_t *padding, int32_t padding_count,
                                    const int64_t *dilation, int32_t dilation_count, const int64_t *output_padding,
                                    int32_t output_padding_count, int64_t groups) {
  BEGIN(scope, input, weight);
  return backward(&op, input, weight, 3, LIST(stride), LIST(padding), LIST(dilation), LIST(output_padding), groups);
}

/* ---- every freedom ---- */

emily_array *emily_conv_general(emily_scope *scope, emily_array *input, emily_array *weight, const int64_t *stride,
                                int32_t stride_count, const int64_t *padding_lo, int32_t padding_lo_count,
                                const int64_t *padding_hi, int32_t padding_hi_count, const int64_t *kernel_dilation,
                                int32_t kernel_dilation_count, const int64_t *input_dilation, int32_t input_dilation_count,
                                int64_t groups, bool flip, int64_t batch_groups) {
  BEGIN(scope, input, weight);
  geometry g = {.axes = input->ndim - 2, .groups = groups, .batch_groups = batch_groups, .flip = flip};
  if (g.axes < 1 || g.axes > AXES_MAX) return REFUSE("an input is [N, ..., C] with one to three axes between");
  if (!check_operands(&op, input, weight, g.axes) || !read_list(&op, LIST(stride), "stride", 1, g.axes, g.stride) ||
      !read_list(&op, LIST(padding_lo), "padding_lo", 0, g.axes, g.low) ||
      !read_list(&op, LIST(padding_hi), "padding_hi", 0, g.axes, g.high) ||
      !read_list(&op, LIST(kernel_dilation), "kernel_dilation", 1, g.axes, g.kernel_dilation) ||
      !read_list(&op, LIST(input_dilation), "input_dilation", 1, g.axes, g.input_dilation))
    return NULL;
  return convolve(&op, input, weight, &g);
}

/* ---- 1-d arrays ---- */

static bool mode_padding(const emily__op *op, const char *mode, int64_t taps, geometry *g) {
  if (mode && strcmp(mode, "full") == 0) {
    g->low[0] = g->high[0] = taps - 1;
  } else if (mode && strcmp(mode, "same") == 0) {
    g->low[0] = taps / 2;
    g->high[0] = (taps - 1) / 2;
  } else if (!mode || strcmp(mode, "valid") != 0) {
    return fail(op, "mode is \"full\", \"same\" or \"valid\"");
  }
  return true;
}

emily_array *emily_convolve(emily_scope *scope, emily_array *a, emily_array *v, const char *mode) {
  BEGIN(scope, a, v);
  geometry g = {.axes = 1, .stride = {1}, .kernel_dilation = {1}, .input_dilation = {1}, .groups = 1, .batch_groups = 1, .flip = true};
  if (a->ndim != 1 || v->ndim != 1 || a->size == 0 || v->size == 0) return REFUSE("a and v are 1-d and not empty");
  emily_array *x = a->size < v->size ? v : a, *w = a->size < v->size ? a : v;
  const int64_t x_shape[3] = {1, x->size, 1}, w_shape[3] = {1, w->size, 1};
  if (!mode_padding(&op, mode, w->size, &g)) return NULL;
  x = emily__reshape(&op, x, x_shape, 3);
  w = emily__reshape(&op, w, w_shape, 3);
  return x && w ? emily__flatten(&op, convolve(&op, x, w, &g)) : NULL;
}
