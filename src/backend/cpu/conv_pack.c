/* conv_pack.c: copies what a convolution multiplies, widened to float32, into the order in which the micro-kernel of products reads it.
 *
 * Pixels of one row of the output are taken together: a tap of theirs is `channels` elements at equal distances, a transpose. Where taps
 * follow each other in memory, and channels are few, all taps of a row of the kernel are one run. */
#include "backend/cpu/conv.h"

#include "backend/cpu/gemm.h"

#include <string.h>

enum { LAST = EMILY__CONV_AXES - 1, FEW_CHANNELS = 48 /* from here on a transpose of one tap fills its vectors */ };

typedef struct packing {
  const emily__conv *conv;
  const emily__conv_phase *phase;
  const emily__cpu_kernels *kernels;
  int64_t ldo;
  const char *row; /* of the input: the group's first channel of the last axis' element 0 */
} packing;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static void zero(const packing *p, float *panel, int64_t pixels, int64_t k) {
  for (int64_t i = 0; pixels > 0 && i < k; i++) memset(panel + i * p->ldo, 0, (size_t)pixels * sizeof *panel);
}

/* Pixels q … q_end, all of them inside, from tap j and channel c on: k elements that follow each other. */
static void pack_run(const packing *p, float *panel, int64_t q, int64_t q_end, int64_t j, int64_t c, int64_t k) {
  const emily__conv_axis *axis = &p->conv->axis[LAST];
  const emily__conv_phase_axis *phase = &p->phase->axis[LAST];
  if (q >= q_end) return;
  const int64_t at = (phase->in_first + q * phase->in_step + j * phase->in_tap) * axis->x_stride + c * p->conv->x_channel;
  emily__gemm_pack(p->kernels, panel, p->ldo, p->row + at * (int64_t)emily_dtype_size(p->conv->dtype), p->conv->dtype,
                   q_end - q > 1 ? phase->in_step * axis->x_stride : 0, p->conv->x_channel, q_end - q, k);
}

/* Elements l0 … l1 of a row of the kernel (taps of the last axis and channels) for pixels q … q_end, tap by tap. */
static void pack_taps(const packing *p, float *panel, int64_t q, int64_t q_end, int64_t l0, int64_t l1) {
  const int64_t channels = p->conv->channels;
  for (int64_t l = l0, next; q < q_end && l < l1; l = next) {
    const int64_t j = l / channels;
    int64_t begin, end;
    next = least((j + 1) * channels, l1);
    emily__conv_inside(&p->conv->axis[LAST], &p->phase->axis[LAST], j, j, &begin, &end);
    begin = clamp(begin, q, q_end);
    end = clamp(end, begin, q_end);
    float *to = panel + (l - l0) * p->ldo;
    zero(p, to, begin - q, next - l);
    pack_run(p, to + (begin - q), begin, end, j, l - j * channels, next - l);
    zero(p, to + (end - q), q_end - end, next - l);
  }
}

/* Do elements of several taps follow each other in memory? */
static bool taps_run_on(const packing *p) {
  const emily__conv *conv = p->conv;
  return p->phase->axis[LAST].in_tap == 1 && conv->channels < FEW_CHANNELS &&
         conv->axis[LAST].x_stride == conv->channels * conv->x_channel;
}

static void pack_row(const packing *p, float *panel, int64_t q, int64_t q_end, int64_t l0, int64_t l1) {
  const int64_t channels = p->conv->channels;
  int64_t begin, end;
  if (!p->row) {
    zero(p, panel, q_end - q, l1 - l0);
    return;
  }
  if (!taps_run_on(p)) {
    pack_taps(p, panel, q, q_end, l0, l1);
    return;
  }
  emily__conv_inside(&p->conv->axis[LAST], &p->phase->axis[LAST], l0 / channels, (l1 - 1) / channels, &begin, &end);
  begin = clamp(begin, q, q_end);
  end = clamp(end, begin, q_end);
  pack_taps(p, panel, q, begin, l0, l1);
  pack_run(p, panel + (begin - q), begin, end, l0 / channels, l0 % channels, l1 - l0);
  pack_taps(p, panel + (end - q), end, q_end, l0, l1);
}

/* The input's row that row `index` of the kernel (taps of all axes but the last) reads; NULL outside. */
static const char *row_of(const packing *p, const char *group, const emily__conv_pixel *pixel, int64_t index) {
  int64_t at = 0;
  for (int32_t i = LAST - 1; i >= 0; i--) {
    const emily__conv_phase_axis *phase = &p->phase->axis[i];
    const int64_t in = phase->in_first + pixel->q[i] * phase->in_step + index % phase->taps * phase->in_tap;
    if (in < 0 || in >= p->conv->axis[i].in) return NULL;
    at += in * p->conv->axis[i].x_stride;
    index /= phase->taps;
  }
  return group + at * (int64_t)emily_dtype_size(p->conv->dtype);
}

void emily__conv_pack(const emily__conv *conv, const emily__conv_phase *phase, const emily__cpu_kernels *kernels, float *panel,
                      int64_t ldo, int64_t group, int64_t pixel, int64_t rows, int64_t k0, int64_t k1) {
  packing p = {conv, phase, kernels, ldo, NULL};
  const int64_t row_length = phase->axis[LAST].taps * conv->channels, itemsize = (int64_t)emily_dtype_size(conv->dtype);
  for (int64_t i = 0, pixels; i < rows; i += pixels) {
    const emily__conv_pixel at = emily__conv_pixel_at(phase, pixel + i);
    const char *x = conv->x + (at.n * conv->x_batch + group * conv->channels * conv->x_channel) * itemsize;
    pixels = least(rows - i, phase->axis[LAST].count - at.q[LAST]);
    for (int64_t k = k0, l1; k < k1; k += l1 - k % row_length) {
      const int64_t l0 = k % row_length;
      l1 = least(row_length, l0 + k1 - k);
      p.row = row_of(&p, x, &at, k / row_length);
      pack_row(&p, panel + (k - k0) * ldo + i, at.q[LAST], at.q[LAST] + pixels, l0, l1);
    }
  }
}

const float *emily__conv_in_place(const emily__conv *conv, const emily__conv_phase *phase, int64_t group, int64_t pixel, int64_t rows,
                                  int64_t k0, int64_t k1, int64_t *ldb) {
  const emily__conv_axis *axis = &conv->axis[LAST];
  const emily__conv_phase_axis *p = &phase->axis[LAST];
  int64_t begin, end;
  if (conv->dtype != EMILY_FLOAT32 || conv->channels != 1 || p->taps != phase->k || p->in_step != 1 || axis->x_stride != 1) return NULL;
  const emily__conv_pixel at = emily__conv_pixel_at(phase, pixel);
  const packing all = {conv, phase, NULL, 0, NULL};
  emily__conv_inside(axis, p, k0, k1 - 1, &begin, &end);
  if (at.q[LAST] < begin || at.q[LAST] + rows > end) return NULL;
  const float *row = (const float *)(const void *)row_of(&all, (const char *)((const float *)conv->x + at.n * conv->x_batch + group * conv->x_channel), &at, 0);
  *ldb = p->in_tap;
  return row ? row + p->in_first + at.q[LAST] + k0 * p->in_tap : NULL;
}

/* ---- weights ---- */

int64_t emily__conv_tap(const emily__conv *conv, const emily__conv_phase *phase, int64_t index) {
  int64_t at = 0;
  for (int32_t i = LAST; i >= 0; i--) {
    const emily__conv_phase_axis *p = &phase->axis[i];
    at += (p->tap_first + index % p->taps * p->tap_step) * conv->axis[i].w_stride;
    index /= p->taps;
  }
  return at;
}

/* Do all taps of a phase follow each other in memory? */
static bool filter_is_one_run(const emily__conv *conv, const emily__conv_phase *phase) {
  int64_t expected = conv->channels * conv->w_channel;
  for (int32_t i = LAST; i >= 0; i--) {
    if (phase->axis[i].taps > 1 && conv->axis[i].w_stride * phase->axis[i].tap_step != expected) return false;
    expected *= phase->axis[i].taps;
  }
  return true;
}

void emily__conv_pack_weights(const emily__conv *conv, const emily__conv_phase *phase, const emily__cpu_kernels *kernels,
                              float *panel, int64_t ldo, int64_t filter, int64_t rows, int64_t k0, int64_t k1) {
  const int64_t itemsize = (int64_t)emily_dtype_size(conv->dtype), along = rows > 1 ? conv->w_filter : 0;
  const char *w = conv->w + filter * conv->w_filter * itemsize;
  const bool one_run = filter_is_one_run(conv, phase);
  for (int64_t k = k0, next; k < k1; k = next) {
    const int64_t tap = one_run ? 0 : k / conv->channels, at = emily__conv_tap(conv, phase, tap) + (k - tap * conv->channels) * conv->w_channel;
    next = one_run ? k1 : least((tap + 1) * conv->channels, k1);
    emily__gemm_pack(kernels, panel + (k - k0) * ldo, ldo, w + at * itemsize, conv->dtype, along, conv->w_channel, rows, next - k);
  }
}
