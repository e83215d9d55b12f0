/* fft.c: Fourier transforms along axes: cut or padded to length, cast, and one primitive an axis. */
#include "op/common.h"

#include <math.h>

/* What norm multiplies a transform of `points` with. NaN: the op has failed. */
static double scale_of(const emily__op *op, const char *norm, double points, bool inverse) {
  static const char *const norms[] = {"backward", "ortho", "forward", NULL};
  switch (emily__op_choice(op, "norm", norm, norms)) {
    case 0: return inverse ? 1 / points : 1;
    case 1: return 1 / sqrt(points);
    case 2: return inverse ? 1 : 1 / points;
    default: return NAN;
  }
}

/* Zeros behind an axis, up to an extent that is not below its own. */
static emily_array *padded(const emily__op *op, emily_array *x, int32_t axis, int64_t extent) {
  int64_t none[EMILY__MAX_RANK] = {0}, behind[EMILY__MAX_RANK] = {0};
  if (!x || x->dims[axis] == extent) return x;
  behind[axis] = extent - x->dims[axis];
  return emily_pad(op->scope, x, none, behind, NULL, NULL, "constant");
}

/* The axes of a call, in its order, and the length of each. */
typedef struct lengths {
  int32_t count;
  int32_t axis[EMILY__MAX_RANK];
  int64_t n[EMILY__MAX_RANK]; /* 0: to be had from the array */
} lengths;

static bool add_axis(const emily__op *op, lengths *l, int64_t axis, int32_t ndim, int64_t n, bool given) {
  int32_t at;
  if (!emily__op_axis(op, axis, ndim, &at)) return false;
  for (int32_t i = 0; i < l->count; i++)
    if (l->axis[i] == at) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "axis %d is named twice", at), false;
  if (given && (n < 1 || n > INT32_MAX))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a transform has 1 to 2^31 - 1 points, not %lld", (long long)n), false;
  l->axis[l->count] = at;
  l->n[l->count++] = n;
  return true;
}

/* axes NULL: the last `otherwise` of them, or as many as s has. */
static bool read_lengths(const emily__op *op, const emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes, int32_t axes_count,
                         int32_t otherwise, lengths *l) {
  if (!axes) axes_count = s ? s_count : otherwise;
  l->count = 0;
  if (axes_count < 0 || axes_count > x->ndim || (s && s_count != axes_count))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "there are %d axes and %d lengths for an array of %d axes", axes_count,
                          s ? s_count : axes_count, x->ndim), false;
  for (int32_t i = 0; i < axes_count; i++)
    if (!add_axis(op, l, axes ? axes[i] : i - axes_count, x->ndim, s ? s[i] : 0, s != NULL)) return false;
  return true;
}

static emily_array *one_axis(const emily__op *op, emily_array *x, int32_t axis, int64_t n, emily__fft_mode mode, double scale) {
  emily__attrs_fft attrs = {axis, n, mode, scale};
  x = padded(op, x, axis, mode == EMILY__FFT_TO_REAL ? n / 2 + 1 : n);
  return emily__apply(op, EMILY__PRIM_fft, &attrs, sizeof attrs, &x, 1);
}

/* All but the last axis first, backwards; forwards the last one first, which is the one that halves the work. The scale goes with the last. */
static emily_array *transform(const emily__op *op, emily_array *x, lengths *l, bool real, bool inverse, const char *norm) {
  double points = 1;
  if (!x->ndim) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a 0-d array has no axis to transform");
  for (int32_t i = 0; i < l->count; i++) {
    const bool halved = real && inverse && i == l->count - 1;
    if (!l->n[i]) l->n[i] = halved ? 2 * (x->dims[l->axis[i]] - 1) : x->dims[l->axis[i]];
    if (l->n[i] < 1 || l->n[i] > INT32_MAX)
      return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a transform has 1 to 2^31 - 1 points, not %lld", (long long)l->n[i]);
    points *= (double)l->n[i];
  }
  const double scale = scale_of(op, norm, points, inverse);
  if (isnan(scale)) return NULL;
  if (!l->count) return x;
  for (int32_t i = 0; i < l->count; i++) { /* before anything is computed, what will not be read is cut off */
    const bool halved = real && inverse && i == l->count - 1;
    const int64_t extent = halved ? l->n[i] / 2 + 1 : l->n[i];
    if (x && x->dims[l->axis[i]] > extent) x = emily__slice_axis(op, x, l->axis[i], 0, extent);
  }
  x = emily__cast(op, x, real && !inverse ? EMILY_FLOAT32 : EMILY_COMPLEX64);
  const emily__fft_mode mode = inverse ? EMILY__FFT_BACKWARD : EMILY__FFT_FORWARD;
  const int32_t last = l->count - 1;
  if (real && !inverse) x = one_axis(op, x, l->axis[last], l->n[last], EMILY__FFT_FROM_REAL, last ? 1 : scale);
  for (int32_t i = 0; i < l->count - real; i++) {
    const bool ends = real && inverse ? false : i == l->count - real - 1;
    x = one_axis(op, x, l->axis[i], l->n[i], mode, ends ? scale : 1);
  }
  return real && inverse ? one_axis(op, x, l->axis[last], l->n[last], EMILY__FFT_TO_REAL, scale) : x;
}

#define TRANSFORM(name, real, inverse)                                                                                     \
  emily_array *emily_fft_##name(emily_scope *scope, emily_array *x, int64_t n, int64_t axis, const char *norm) {           \
    BEGIN(scope, x);                                                                                                       \
    lengths l = {0};                                                                                                       \
    if (!x->ndim) return REFUSE("a 0-d array has no axis to transform");                                                   \
    if (!add_axis(&op, &l, axis, x->ndim, n, n != 0)) return NULL;                                                         \
    return transform(&op, x, &l, real, inverse, norm);                                                                     \
  }                                                                                                                        \
  emily_array *emily_fft_##name##2(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes, \
                                   int32_t axes_count, const char *norm) {                                                 \
    BEGIN(scope, x);                                                                                                       \
    lengths l;                                                                                                             \
    static const int64_t last_two[] = {-2, -1};                                                                            \
    if (!read_lengths(&op, x, s, s_count, axes ? axes : last_two, axes ? axes_count : 2, 2, &l)) return NULL;              \
    return transform(&op, x, &l, real, inverse, norm);                                                                     \
  }                                                                                                                        \
  emily_array *emily_fft_##name##n(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes, \
                                   int32_t axes_count, const char *norm) {                                                 \
    BEGIN(scope, x);                                                                                                       \
    lengths l;                                                                                                             \
    if (!read_lengths(&op, x, s, s_count, axes, axes_count, x->ndim, &l)) return NULL;                                     \
    return transform(&op, x, &l, real, inverse, norm);                                                                     \
  }
TRANSFORM(fft, false, false)
TRANSFORM(ifft, false, true)
TRANSFORM(rfft, true, false)
TRANSFORM(irfft, true, true)

/* ---- places of frequencies ---- */

static emily_array *shift(const emily__op *op, emily_array *x, const int64_t *axes, int32_t count, bool back) {
  emily__axes set;
  int64_t shifts[EMILY__MAX_RANK], places[EMILY__MAX_RANK];
  if (!emily__op_axes(op, axes, count, x->ndim, &set)) return NULL;
  for (int32_t i = 0; i < set.count; i++) {
    places[i] = set.axis[i];
    shifts[i] = back ? -(x->dims[places[i]] / 2) : x->dims[places[i]] / 2;
  }
  return set.count ? emily_roll(op->scope, x, shifts, set.count, places, set.count) : x;
}

emily_array *emily_fft_fftshift(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x);
  return shift(&op, x, axes, axes_count, false);
}

emily_array *emily_fft_ifftshift(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count) {
  BEGIN(scope, x);
  return shift(&op, x, axes, axes_count, true);
}

/* Both take the scale in float32, as MLX does. */
static emily_array *over(const emily__op *op, emily_array *places, int64_t n, double d) {
  return emily_multiply(op->scope, places, emily__scalar(op, (float)(1.0 / ((double)n * d)), EMILY_FLOAT32));
}

static bool samples_given(const emily__op *op, int64_t n, double d) {
  if (n < 1 || n > INT32_MAX) emily__op_fail(op, EMILY_INVALID_ARGUMENT, "n is %lld; it must be 1 to 2^31 - 1", (long long)n);
  else if (d == 0) emily__op_fail(op, EMILY_INVALID_ARGUMENT, "d is 0: samples at one place have no frequencies");
  else return true;
  return false;
}

emily_array *emily_fft_fftfreq(emily_scope *scope, int64_t n, double d) {
  BEGIN_NO_OPERANDS(scope);
  if (!samples_given(&op, n, d)) return NULL;
  const int64_t below = n / 2, half = (n + 1) / 2;
  emily_array *parts[] = {emily_arange(scope, 0, (double)half, 1, EMILY_FLOAT32), emily_arange(scope, -(double)below, 0, 1, EMILY_FLOAT32)};
  return over(&op, emily_concatenate(scope, parts, 2, 0), n, d);
}

emily_array *emily_fft_rfftfreq(emily_scope *scope, int64_t n, double d) {
  BEGIN_NO_OPERANDS(scope);
  if (!samples_given(&op, n, d)) return NULL;
  return over(&op, emily_arange(scope, 0, (double)(n / 2 + 1), 1, EMILY_FLOAT32), n, d);
}
