/* stft.c: short-time Fourier transforms: frames, a window, a transform each; and the overlap-add that takes them back. */
#include "op/common.h"

/* The numbers of a call, with what was left out filled in. */
typedef struct frames {
  int64_t n_fft, hop;
  emily_array *window; /* float32 [n_fft] */
} frames;

static emily_array *pad_last(const emily__op *op, emily_array *x, int64_t low, int64_t high, const char *mode) {
  int64_t lows[EMILY__MAX_RANK] = {0}, highs[EMILY__MAX_RANK] = {0};
  if (!x || (low == 0 && high == 0)) return x;
  lows[x->ndim - 1] = low;
  highs[x->ndim - 1] = high;
  return emily_pad(op->scope, x, lows, highs, NULL, NULL, mode);
}

static bool in_range(const emily__op *op, const char *what, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s is %lld; it must be %lld to %lld", what, (long long)value, (long long)low, (long long)high);
  return false;
}

static bool read_frames(const emily__op *op, emily_array *window, int64_t n_fft, int64_t hop, int64_t win_length, frames *f) {
  f->n_fft = n_fft;
  f->hop = hop ? hop : n_fft / 4;
  if (!in_range(op, "n_fft", n_fft, 1, INT32_MAX) || !in_range(op, "hop_length", f->hop, 1, INT32_MAX)) return false;
  if (window && window->ndim != 1) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a window has one axis, not %d", window->ndim), false;
  if (!win_length) win_length = window ? window->size : n_fft;
  if (!in_range(op, "win_length", win_length, 1, n_fft)) return false;
  if (window && window->size != win_length)
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the window has %lld samples, win_length is %lld", (long long)window->size,
                          (long long)win_length), false;
  if (!window) window = emily__full(op, 1, EMILY_FLOAT32, &win_length, 1);
  const int64_t before = (n_fft - win_length) / 2;
  f->window = pad_last(op, emily__cast(op, window, EMILY_FLOAT32), before, n_fft - win_length - before, "constant");
  return f->window != NULL;
}

/* [..., samples] as [..., count, n_fft], hop apart: a view of a contiguous array. */
static emily_array *cut(const emily__op *op, emily_array *x, int64_t count, const frames *f) {
  int64_t shape[EMILY__MAX_RANK], strides[EMILY__MAX_RANK], stride = 1;
  if (!x) return NULL;
  const int32_t last = x->ndim - 1;
  shape[last] = count;
  strides[last] = f->hop;
  shape[last + 1] = f->n_fft;
  strides[last + 1] = 1;
  stride = x->dims[last];
  for (int32_t i = last - 1; i >= 0; i--) {
    shape[i] = x->dims[i];
    strides[i] = stride;
    stride *= x->dims[i];
  }
  return emily_as_strided(op->scope, x, shape, last + 2, strides, last + 2, 0);
}

static emily_array *swap_last(const emily__op *op, emily_array *x) { return x ? emily_swapaxes(op->scope, x, -1, -2) : NULL; }

/* onesided as given, or by the dtype; -1: the op has failed. */
static int32_t sides(const emily__op *op, int64_t onesided, bool otherwise) {
  if (!in_range(op, "onesided", onesided, -1, 1)) return -1;
  return onesided < 0 ? otherwise : (int32_t)onesided;
}

emily_array *emily_fft_stft(emily_scope *scope, emily_array *x, emily_array *window, int64_t n_fft, int64_t hop_length, int64_t win_length,
                            bool center, const char *pad_mode, const char *norm, int64_t onesided) {
  BEGIN(scope, x);
  frames f;
  const bool is_complex = x->dtype == EMILY_COMPLEX64;
  const int32_t one = sides(&op, onesided, !is_complex);
  if (one < 0 || !read_frames(&op, window, n_fft, hop_length, win_length, &f)) return NULL;
  if (x->ndim < 1 || x->ndim == EMILY__MAX_RANK) return REFUSE("a signal has one axis or more, and less than 64");
  if (one && is_complex) return REFUSE("the spectrum of complex samples has two sides");
  x = emily__cast(&op, x, is_complex ? EMILY_COMPLEX64 : EMILY_FLOAT32);
  if (center) x = pad_last(&op, x, n_fft / 2, n_fft / 2, pad_mode);
  if (!x) return NULL;
  if (x->dims[x->ndim - 1] < n_fft) return REFUSE("the signal of %lld samples is shorter than a frame of %lld", (long long)x->dims[x->ndim - 1], (long long)n_fft);
  emily_array *cuts = cut(&op, x, 1 + (x->dims[x->ndim - 1] - n_fft) / f.hop, &f);
  cuts = cuts ? emily_multiply(scope, cuts, f.window) : NULL;
  if (!cuts) return NULL;
  return swap_last(&op, one ? emily_fft_rfft(scope, cuts, 0, -1, norm) : emily_fft_fft(scope, cuts, 0, -1, norm));
}

/* ---- back ---- */

/* [..., count, n_fft] frames added where they overlap, hop apart: [..., (count - 1 + pieces) hop]. Frames are cut in pieces of a hop; piece i of
 * frame k is piece k + i of the signal. */
static emily_array *overlap_add(const emily__op *op, emily_array *x, int64_t hop) {
  emily_scope *scope = op->scope;
  if (!x) return NULL;
  const int32_t last = x->ndim - 1;
  const int64_t count = x->dims[last - 1], pieces = (x->dims[last] + hop - 1) / hop;
  x = pad_last(op, x, 0, pieces * hop - x->dims[last], "constant");
  emily_array *sum = NULL;
  for (int64_t i = 0; x && i < pieces; i++) {
    int64_t low[EMILY__MAX_RANK] = {0}, high[EMILY__MAX_RANK] = {0};
    low[last - 1] = i;
    high[last - 1] = pieces - 1 - i;
    emily_array *piece = emily_pad(scope, emily__slice_axis(op, x, last, i * hop, hop), low, high, NULL, NULL, "constant");
    sum = sum ? emily_add(scope, sum, piece) : piece;
    if (!sum) return NULL;
  }
  if (!sum) return NULL;
  int64_t shape[EMILY__MAX_RANK];
  for (int32_t i = 0; i < last; i++) shape[i] = sum->dims[i];
  shape[last - 1] = (count + pieces - 1) * hop;
  return emily__reshape(op, sum, shape, last);
}

static emily_array *take_last(const emily__op *op, emily_array *x, int64_t from, int64_t extent) {
  return x ? emily__slice_axis(op, x, x->ndim - 1, from, extent) : NULL;
}

emily_array *emily_fft_istft(emily_scope *scope, emily_array *x, emily_array *window, int64_t n_fft, int64_t hop_length, int64_t win_length,
                             bool center, const char *norm, int64_t onesided, int64_t length) {
  BEGIN(scope, x);
  frames f;
  const int32_t one = sides(&op, onesided, true);
  if (one < 0) return NULL;
  if (x->ndim < 2) return REFUSE("transforms of frames have two axes or more");
  const int64_t bins = x->dims[x->ndim - 2], count = x->dims[x->ndim - 1];
  if (!n_fft) n_fft = one ? 2 * (bins - 1) : bins;
  if (!read_frames(&op, window, n_fft, hop_length, win_length, &f)) return NULL;
  if (bins != (one ? n_fft / 2 + 1 : n_fft)) return REFUSE("%lld frequencies are not those of frames of %lld", (long long)bins, (long long)n_fft);
  if (count < 1 || length < 0 || length > INT32_MAX) return REFUSE("there is no frame, or the length is out of range");
  emily_array *cuts = swap_last(&op, x);
  cuts = one ? emily_fft_irfft(scope, cuts, n_fft, -1, norm) : emily__unary(&op, EMILY__PRIM_real, emily_fft_ifft(scope, cuts, n_fft, -1, norm));
  cuts = cuts ? emily_multiply(scope, cuts, f.window) : NULL;
  emily_array *squares = emily_broadcast_to(scope, emily_square(scope, f.window), (int64_t[]){count, n_fft}, 2);
  const int64_t all = n_fft + f.hop * (count - 1), from = center ? n_fft / 2 : 0, rest = all - 2 * from;
  if (rest < 1) return REFUSE("nothing is left of %lld samples without half a frame on either side", (long long)all);
  emily_array *signal = take_last(&op, overlap_add(&op, cuts, f.hop), from, length && length < all - from ? length : length ? all - from : rest);
  emily_array *envelope = take_last(&op, overlap_add(&op, squares, f.hop), from, signal ? signal->dims[signal->ndim - 1] : 1);
  if (!signal || !envelope) return NULL;
  emily_array *small = emily__scalar(&op, 1e-10, EMILY_FLOAT32);
  envelope = emily_where(scope, emily_greater(scope, envelope, small), envelope, emily__scalar(&op, 1, EMILY_FLOAT32));
  signal = emily_divide(scope, signal, envelope);
  const int64_t missing = length && signal ? length - signal->dims[signal->ndim - 1] : 0;
  return missing > 0 ? pad_last(&op, signal, 0, missing, "constant") : signal;
}
