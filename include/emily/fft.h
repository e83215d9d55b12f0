/* emily/fft.h: Fourier transforms.
 *
 * The rules of emily/ops.h hold: scope, lazy results, negative axes. Transforms compute in complex64: other dtypes are cast (float64 too:
 * there is no wider complex dtype). X[k] = Σ_j x[j] exp(-2πi j k / n) forwards, with the other sign backwards. `norm` says what the sum is
 * multiplied with, forwards and backwards: "backward" 1 and 1 / n, "ortho" 1 / √n both ways, "forward" 1 / n and 1. An axis is cut or
 * padded with zeros to the length that is given. Any length is O(n log n). */
#ifndef EMILY_FFT_H
#define EMILY_FFT_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The transform along one axis. complex64 of x's shape, with n on the axis. n 0: the axis' extent. */
EMILY_API emily_array *emily_fft_fft(emily_scope *scope, emily_array *x, int64_t n, int64_t axis, const char *norm);
/* Its inverse. complex64. */
EMILY_API emily_array *emily_fft_ifft(emily_scope *scope, emily_array *x, int64_t n, int64_t axis, const char *norm);
/* The transform of real x: complex64, n / 2 + 1 on the axis; the rest is the conjugate of these, mirrored. */
EMILY_API emily_array *emily_fft_rfft(emily_scope *scope, emily_array *x, int64_t n, int64_t axis, const char *norm);
/* The inverse of rfft: float32, n on the axis. n 0: twice the axis' extent less one. Reads n / 2 + 1 numbers; the imaginary parts of the
 * first and, for even n, the last do not count. */
EMILY_API emily_array *emily_fft_irfft(emily_scope *scope, emily_array *x, int64_t n, int64_t axis, const char *norm);
/* The same along two axes: axes NULL: the last two. s: a length for each axis, NULL: their extents; of the real ones the last axis in the
 * list is the one that is halved. */
EMILY_API emily_array *emily_fft_fft2(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
EMILY_API emily_array *emily_fft_ifft2(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
EMILY_API emily_array *emily_fft_rfft2(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
EMILY_API emily_array *emily_fft_irfft2(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
/* The same along several axes: axes NULL: all, or, where s is given, as many of the last as it has. No axes: x itself. */
EMILY_API emily_array *emily_fft_fftn(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
EMILY_API emily_array *emily_fft_ifftn(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
EMILY_API emily_array *emily_fft_rfftn(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
EMILY_API emily_array *emily_fft_irfftn(emily_scope *scope, emily_array *x, const int64_t *s, int32_t s_count, const int64_t *axes,
                                   int32_t axes_count, const char *norm);
/* Frequency 0 moved from the start to the middle of axes, and back. Any dtype. */
EMILY_API emily_array *emily_fft_fftshift(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count);
EMILY_API emily_array *emily_fft_ifftshift(emily_scope *scope, emily_array *x, const int64_t *axes, int32_t axes_count);
/* The frequencies of the places of a transform of n samples d apart, float32: 0, 1, …, -1 over n d. [n] */
EMILY_API emily_array *emily_fft_fftfreq(emily_scope *scope, int64_t n, double d);
/* Those of half a spectrum: 0, 1, …, n / 2 over n d. [n / 2 + 1] */
EMILY_API emily_array *emily_fft_rfftfreq(emily_scope *scope, int64_t n, double d);
/* Frames of n_fft samples of the last axis, hop_length (0: n_fft / 4) apart, times a window [win_length] (NULL: ones; shorter than n_fft: between
 * zeros; win_length 0: the window's length, or n_fft), transformed: complex64 [..., frequencies, frames]. center: n_fft / 2 samples are put before
 * and behind first, by pad_mode ("reflect", "constant", "edge"). onesided 1: n_fft / 2 + 1 frequencies, of reals only; 0: n_fft; -1: 1 for reals. */
EMILY_API emily_array *emily_fft_stft(emily_scope *scope, emily_array *x, emily_array *window, int64_t n_fft, int64_t hop_length,
                                      int64_t win_length, bool center, const char *pad_mode, const char *norm, int64_t onesided);
/* The signal of x [..., frequencies, frames], as stft gives them: frames times the window, added where they overlap, over the sum of the
 * squared windows (where that is nearly 0: as it is). n_fft 0: from the number of frequencies, even. length 0: all there is; otherwise cut or
 * padded to it. float32: of two-sided spectra the real part. */
EMILY_API emily_array *emily_fft_istft(emily_scope *scope, emily_array *x, emily_array *window, int64_t n_fft, int64_t hop_length,
                                       int64_t win_length, bool center, const char *norm, int64_t onesided, int64_t length);

#ifdef __cplusplus
}
#endif
#endif
