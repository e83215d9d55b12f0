/* conv.c: the primitive conv: cuts a convolution in phases and chooses the kernel.
 *
 * Where the input is spread (input_dilation > 1: transposed convolutions), an output meets only the taps that fall on an element, every
 * spread / gcd(stride, spread)-th output the same ones. Such a phase is a convolution without holes, of fewer taps; a convolution
 * without spread is one phase. Phases share no tap, so together they do no product with a hole.
 *
 *   conv_product.c    float32 and 16-bit floats: a product of matrices whose left one is packed from the input, tile by tile
 *   conv_depthwise.c  float32, one channel and one filter a group
 *   conv_direct.c     float64 and complex64
 *
 * The order of each sum depends on shapes and dtypes alone.
 */
#include "backend/cpu/conv.h"

#include "backend/cpu/cpu.h"

#include <string.h>

/* ---- geometry ---- */

static void set_axis(emily__conv *conv, const emily__node_view *node, int32_t axis) {
  const emily__attrs_conv *a = node->attrs;
  const int32_t given = axis - (EMILY__CONV_AXES - (int32_t)a->axes); /* of the attributes' lists; tensors have one more before */
  emily__conv_axis *to = &conv->axis[axis];
  *to = (emily__conv_axis){.in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1, .spread = 1};
  if (given < 0) return;
  const emily__tensor *x = &node->inputs[0], *w = &node->inputs[1], *out = &node->outputs[0];
  *to = (emily__conv_axis){
      .in = x->shape[given + 1], .out = out->shape[given + 1], .kernel = w->shape[given + 1],
      .stride = a->stride[given], .low = a->low[given], .dilation = a->kernel_dilation[given], .spread = a->input_dilation[given],
      .x_stride = x->strides[given + 1], .w_stride = w->strides[given + 1], .out_stride = out->strides[given + 1]};
}

static void set_conv(emily__conv *conv, const emily__node_view *node) {
  const emily__attrs_conv *a = node->attrs;
  const emily__tensor *x = &node->inputs[0], *w = &node->inputs[1], *out = &node->outputs[0];
  const int32_t last = x->ndim - 1;
  *conv = (emily__conv){.x = x->data, .w = w->data, .out = out->data, .dtype = x->dtype, .batch = x->shape[0], .groups = a->groups,
                        .channels = w->shape[last], .filters = w->shape[0] / a->groups,
                        .x_batch = x->strides[0], .x_channel = x->strides[last], .w_filter = w->strides[0],
                        .w_channel = w->strides[last], .out_batch = out->strides[0], .flip = a->flip != 0};
  for (int32_t i = 0; i < EMILY__CONV_AXES; i++) set_axis(conv, node, i);
}

static int64_t gcd(int64_t a, int64_t b) {
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* Outputs that are so far apart meet the same taps. */
static int64_t period_of(const emily__conv_axis *a) { return a->spread / gcd(a->stride, a->spread); }

static int64_t phases_of(const emily__conv_axis *a) {
  const int64_t period = period_of(a);
  return period < a->out ? period : a->out;
}

/* The taps of output r: those from tap_first in steps of spread / gcd(dilation, spread). */
static void set_taps(emily__conv_phase_axis *p, const emily__conv_axis *a, bool flip, int64_t r) {
  const int64_t step = a->spread / gcd(a->dilation, a->spread), start = r * a->stride - a->low;
  int64_t tap = 0;
  p->taps = 0;
  while (tap < a->kernel && tap < step && (start + tap * a->dilation) % a->spread != 0) tap++;
  if (tap >= a->kernel || tap >= step) return;
  p->taps = (a->kernel - tap - 1) / step + 1;
  p->in_first = (start + tap * a->dilation) / a->spread;
  p->tap_step = p->taps > 1 ? step : 0;
  p->in_tap = p->taps > 1 ? step * a->dilation / a->spread : 0;
  p->tap_first = flip ? a->kernel - 1 - tap : tap;
  if (flip) p->tap_step = -p->tap_step;
}

static void set_phase_axis(emily__conv_phase_axis *p, const emily__conv_axis *a, bool flip, int64_t r) {
  *p = (emily__conv_phase_axis){.first = r, .step = period_of(a)};
  p->count = (a->out - r - 1) / p->step + 1;
  if (p->count > 1) p->in_step = p->step * a->stride / a->spread;
  set_taps(p, a, flip, r);
}

emily__conv_pixel emily__conv_pixel_at(const emily__conv_phase *phase, int64_t pixel) {
  emily__conv_pixel p;
  for (int32_t i = EMILY__CONV_AXES - 1; i >= 0; i--) {
    p.q[i] = pixel % phase->axis[i].count;
    pixel /= phase->axis[i].count;
  }
  p.n = pixel;
  return p;
}

char *emily__conv_out(const emily__conv *conv, const emily__conv_phase *phase, const emily__conv_pixel *pixel) {
  int64_t at = pixel->n * conv->out_batch;
  for (int32_t i = 0; i < EMILY__CONV_AXES; i++)
    at += (phase->axis[i].first + pixel->q[i] * phase->axis[i].step) * conv->axis[i].out_stride;
  return conv->out + at * (int64_t)emily_dtype_size(conv->dtype);
}

void emily__conv_inside(const emily__conv_axis *axis, const emily__conv_phase_axis *phase, int64_t first_tap, int64_t last_tap,
                        int64_t *begin, int64_t *end) {
  const int64_t low = phase->in_first + first_tap * phase->in_tap, high = phase->in_first + last_tap * phase->in_tap;
  *begin = 0;
  *end = phase->count;
  if (phase->in_step == 0) {
    if (low < 0 || high >= axis->in) *end = 0;
    return;
  }
  if (low < 0) *begin = (-low - 1) / phase->in_step + 1;
  const int64_t most = high < axis->in ? (axis->in - 1 - high) / phase->in_step + 1 : 0;
  if (most < *end) *end = most;
  if (*begin > *end) *begin = *end;
}

/* ---- choice ---- */

static bool is_depthwise(const emily__conv *conv) {
  enum { FEW = 8 }; /* groups: fewer fill no vector */
  return conv->dtype == EMILY_FLOAT32 && conv->channels == 1 && conv->filters == 1 && conv->groups >= FEW && conv->x_channel == 1;
}

static emily_status run_phase(const emily__conv *conv, emily__conv_phase *phase) {
  phase->pixels = conv->batch;
  phase->k = conv->channels;
  for (int32_t i = 0; i < EMILY__CONV_AXES; i++) {
    phase->pixels *= phase->axis[i].count;
    phase->k *= phase->axis[i].taps;
  }
  if (phase->k == 0) return EMILY_OK;
  if (conv->dtype == EMILY_FLOAT64 || conv->dtype == EMILY_COMPLEX64) return emily__conv_direct(conv, phase);
  return is_depthwise(conv) ? emily__conv_depthwise(conv, phase) : emily__conv_product(conv, phase);
}

emily_status emily__cpu_conv(const emily__node_view *node) {
  emily__conv conv;
  emily__conv_phase phase;
  const emily__tensor *out = &node->outputs[0];
  int64_t phases[EMILY__CONV_AXES];
  if (out->size == 0) return EMILY_OK;
  set_conv(&conv, node);
  for (int32_t i = 0; i < EMILY__CONV_AXES; i++) phases[i] = phases_of(&conv.axis[i]);
  bool holes = conv.channels == 0; /* phases without taps leave zeros */
  for (int32_t i = 0; i < EMILY__CONV_AXES; i++) holes |= conv.axis[i].spread > 1;
  if (holes) memset(out->data, 0, (size_t)out->size * emily_dtype_size(out->dtype));
  for (int64_t a = 0; a < phases[0]; a++) {
    set_phase_axis(&phase.axis[0], &conv.axis[0], conv.flip, a);
    for (int64_t b = 0; b < phases[1]; b++) {
      set_phase_axis(&phase.axis[1], &conv.axis[1], conv.flip, b);
      for (int64_t c = 0; c < phases[2]; c++) {
        set_phase_axis(&phase.axis[2], &conv.axis[2], conv.flip, c);
        EMILY__TRY(run_phase(&conv, &phase));
      }
    }
  }
  return EMILY_OK;
}
