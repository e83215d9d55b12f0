/* infer_conv.c: shapes of convolutions; see infer.h. */
#include "graph/infer.h"

#include "dtype/dtype.h"
#include "graph/window.h"

static emily_status refuse(const char *why) { return emily__fail(EMILY_INVALID_ARGUMENT, "", "%s", why); }

static emily_status check_channels(const emily__attrs_conv *a, const emily_array *x, const emily_array *w) {
  const int64_t channels = x->dims[x->ndim - 1], filters = w->dims[0];
  if (a->groups < 1) return refuse("groups are at least 1");
  if (channels % a->groups || filters % a->groups) return refuse("groups do not divide the channels of input and output");
  if (w->dims[w->ndim - 1] != channels / a->groups)
    return refuse("the weight's last extent is not that of the input, divided by groups");
  return EMILY_OK;
}

EMILY__INFER(conv) {
  (void)n;
  const emily__attrs_conv *a = attrs;
  const emily_array *x = in[0], *w = in[1];
  if (a->axes < 1 || a->axes > 3 || x->ndim != a->axes + 2 || w->ndim != x->ndim)
    return refuse("a convolution is of input [N, ..., C] and weight [O, ..., C / groups] with one to three axes between");
  if (x->dtype != w->dtype || !emily_dtype_is_inexact(x->dtype)) return refuse("a convolution is of floats or complex numbers of one dtype");
  EMILY__TRY(check_channels(a, x, w));
  out->dtype = x->dtype;
  out->ndim = x->ndim;
  out->shape[0] = x->dims[0];
  for (int64_t i = 0; i < a->axes; i++) {
    const emily__window window = {.extent = x->dims[i + 1], .dilation = a->input_dilation[i], .low = a->low[i], .high = a->high[i],
                                  .taps = w->dims[i + 1], .tap_dilation = a->kernel_dilation[i], .stride = a->stride[i]};
    const char *wrong = emily__window_places(&window, &out->shape[i + 1]);
    if (wrong) return refuse(wrong);
  }
  out->shape[out->ndim - 1] = w->dims[0];
  return emily__shape_size(out->shape, out->ndim) < 0 ? refuse("the result has more than 2^63 elements") : EMILY_OK;
}
