/* conv.h: a convolution as its kernels see it; see conv.c for how it is cut in phases.
 *
 *     out[n, o, f] = Σ over taps t and channels c of x[n, in(o, t), c] · w[f, t, c],   in(o, t) = (o · stride - low + t · dilation) / spread
 *
 * for the taps whose in(o, t) is a whole number within the axis. There are always three spatial axes; what is missing has extent 1 and
 * stands first.
 */
#ifndef EMILY_BACKEND_CPU_CONV_H
#define EMILY_BACKEND_CPU_CONV_H

#include "backend/backend.h"
#include "backend/cpu/kernels.h"

enum { EMILY__CONV_AXES = 3 };

typedef struct emily__conv_axis {
  int64_t in, out, kernel;                  /* extents */
  int64_t stride, low, dilation, spread;    /* dilation: of the kernel, spread: of the input */
  int64_t x_stride, w_stride, out_stride;   /* in elements */
} emily__conv_axis;

typedef struct emily__conv {
  const char *x, *w;
  char *out;
  emily_dtype dtype;
  int64_t batch, groups, channels, filters; /* channels and filters of one group */
  int64_t x_batch, x_channel, w_filter, w_channel, out_batch; /* strides; filters of out are contiguous */
  emily__conv_axis axis[EMILY__CONV_AXES];
  bool flip;
} emily__conv;

/* The outputs first + q · step of an axis, q < count, which all have the same taps: tap j of them has weight
 * tap_first + j · tap_step and reads element in_first + q · in_step + j · in_tap, where that is in the axis. */
typedef struct emily__conv_phase_axis {
  int64_t first, step, count;
  int64_t taps, tap_first, tap_step;
  int64_t in_first, in_step, in_tap; /* steps are 0 where nothing takes one */
} emily__conv_phase_axis;

typedef struct emily__conv_phase {
  emily__conv_phase_axis axis[EMILY__CONV_AXES];
  int64_t pixels; /* batch and outputs of the phase, the last axis fastest */
  int64_t k;      /* taps and channels of a group: the length of each sum, channels fastest */
} emily__conv_phase;

/* A pixel of a phase: its place in the batch and on each axis. */
typedef struct emily__conv_pixel {
  int64_t n, q[EMILY__CONV_AXES];
} emily__conv_pixel;
emily__conv_pixel emily__conv_pixel_at(const emily__conv_phase *phase, int64_t pixel);

/* The first element of a pixel in out. */
char *emily__conv_out(const emily__conv *conv, const emily__conv_phase *phase, const emily__conv_pixel *pixel);

/* The q from *begin to *end of an axis whose taps first_tap … last_tap all read within the axis. */
void emily__conv_inside(const emily__conv_axis *axis, const emily__conv_phase_axis *phase, int64_t first_tap, int64_t last_tap,
                        int64_t *begin, int64_t *end);

/* Offset of tap `index` (of all axes, the last fastest) in a filter, in elements. */
int64_t emily__conv_tap(const emily__conv *conv, const emily__conv_phase *phase, int64_t index);

/* conv_pack.c: panel[(k - k0) · ldo + i] = what sum k of pixel + i multiplies (0 outside of the input), i < rows, k0 ≤ k < k1, as
 * float32; and the weights of filter + i in the same order. */
void emily__conv_pack(const emily__conv *conv, const emily__conv_phase *phase, const emily__cpu_kernels *kernels, float *panel,
                      int64_t ldo, int64_t group, int64_t pixel, int64_t rows, int64_t k0, int64_t k1);
/* What emily__conv_pack would make of one channel filtered along the last axis alone, where it stands in the input: rows of a panel
 * *ldb apart, which overlap. NULL: it has to be packed. */
const float *emily__conv_in_place(const emily__conv *conv, const emily__conv_phase *phase, int64_t group, int64_t pixel, int64_t rows,
                                  int64_t k0, int64_t k1, int64_t *ldb);
void emily__conv_pack_weights(const emily__conv *conv, const emily__conv_phase *phase, const emily__cpu_kernels *kernels,
                              float *panel, int64_t ldo, int64_t filter, int64_t rows, int64_t k0, int64_t k1);

/* One phase whose k is not 0. */
emily_status emily__conv_product(const emily__conv *conv, const emily__conv_phase *phase);   /* float32, float16, bfloat16 */
emily_status emily__conv_depthwise(const emily__conv *conv, const emily__conv_phase *phase); /* float32, one channel and filter a group */
emily_status emily__conv_direct(const emily__conv *conv, const emily__conv_phase *phase);    /* float64, complex64 */

#endif
