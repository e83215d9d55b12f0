/* infer_conv.c: shapes of convolutions and of reductions over windows; see infer.h. */
#include "graph/infer.h"

#include "dtype/dtype.h"
#include "graph/window.h"

static emily_status check_channels(const emily__attrs_conv *a, const emily_array *x, const emily_array *w) {
  const int64_t channels = x->dims[x->ndim - 1], filters = w->dims[0];
  if (a->groups < 1) return emily__infer_refuse("groups are at least 1");
  if (channels % a->groups || filters % a->groups) return emily__infer_refuse("groups do not divide the channels of input and output");
  if (w->dims[w->ndim - 1] != channels / a->groups)
    return emily__infer_refuse("the weight's last extent is not that of the input, divided by groups");
  return EMILY_OK;
}

EMILY__INFER(conv) {
  (void)n;
  const emily__attrs_conv *a = attrs;
  const emily_array *x = in[0], *w = in[1];
  if (a->axes < 1 || a->axes > 3 || x->ndim != a->axes + 2 || w->ndim != x->ndim)
    return emily__infer_refuse("a convolution is of input [N, ..., C] and weight [O, ..., C / groups] with one to three axes between");
  if (x->dtype != w->dtype || !emily_dtype_is_inexact(x->dtype)) return emily__infer_refuse("a convolution is of floats or complex numbers of one dtype");
  EMILY__TRY(check_channels(a, x, w));
  out->dtype = x->dtype;
  out->ndim = x->ndim;
  out->shape[0] = x->dims[0];
  for (int64_t i = 0; i < a->axes; i++) {
    const emily__window window = {.extent = x->dims[i + 1], .dilation = a->input_dilation[i], .low = a->low[i], .high = a->high[i],
                                  .taps = w->dims[i + 1], .tap_dilation = a->kernel_dilation[i], .stride = a->stride[i]};
    const char *wrong = emily__window_places(&window, &out->shape[i + 1]);
    if (wrong) return emily__infer_refuse(wrong);
  }
  out->shape[out->ndim - 1] = w->dims[0];
  return emily__shape_size(out->shape, out->ndim) < 0 ? emily__infer_refuse("the result has more than 2^63 elements") : EMILY_OK;
}

EMILY__INFER(window) {
  (void)n;
  const emily__attrs_window *a = attrs;
  const emily_array *x = in[0];
  if (a->count != x->ndim) return emily__infer_refuse("a window has one number an axis");
  out->dtype = x->dtype;
  out->ndim = x->ndim;
  for (int64_t i = 0; i < a->count; i++) {
    const int64_t *at = a->values + i;
    const emily__window window = {.extent = x->dims[i], .dilation = 1, .low = at[2 * a->count], .high = at[3 * a->count],
                                  .taps = at[0], .tap_dilation = at[4 * a->count], .stride = at[a->count]};
    const char *wrong = emily__window_places(&window, &out->shape[i]);
    if (wrong) return emily__infer_refuse(wrong);
  }
  return emily__shape_size(out->shape, out->ndim) < 0 ? emily__infer_refuse("the result has more than 2^63 elements") : EMILY_OK;
}

EMILY__INFER(window_scatter) {
  emily__aval windows;
  EMILY__TRY(emily__infer_window(attrs, n, in, &windows));
  if (!emily__shape_equal(windows.shape, windows.ndim, in[1]->dims, in[1]->ndim))
    return emily__infer_refuse("source has one element a window");
  if (in[2]->ndim != 0 || in[2]->dtype != in[1]->dtype) return emily__infer_refuse("init is a 0-d array of source's dtype");
  if (in[1]->dtype == EMILY_BOOL) return emily__infer_refuse("sums of bools are no bools; cast first");
  *out = windows;
  out->dtype = in[1]->dtype;
  for (int32_t i = 0; i < out->ndim; i++) out->shape[i] = in[0]->dims[i];
  return EMILY_OK;
}
