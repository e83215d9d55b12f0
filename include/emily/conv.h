/* emily/conv.h: convolutions.
 *
 * The rules of emily/ops.h hold: scope, lazy results, promotion. Channels stand last: an input is [N, spatial axes, C], a weight
 * [O, kernel axes, C / groups], a result [N, spatial axes, O]; one to three spatial axes.
 *
 *     out[n, o, f] = Σ over taps t and channels c of in[n, o · stride + t · dilation - padding, c] · weight[f, t, c]
 *
 * where what stands outside of the input is 0; weights are not turned round (a cross-correlation). Group g of the filters reads group
 * g of the channels. Extent of a result's axis: (in + padding_lo + padding_hi - 1 - dilation · (kernel - 1)) / stride + 1, cut.
 * Sums are in float32 for 16-bit floats, which are rounded once at the end; in float64 for float64. The input is of floats or
 * complex64, the weight promotes with it.
 *
 * Lists of strides, paddings, dilations: one number an axis, or one for all; NULL with count 0: 1 (paddings: 0). Refused: strides,
 * dilations and groups below 1, groups that do not divide the channels, a kernel without taps or larger than the padded input.
 */
#ifndef EMILY_CONV_H
#define EMILY_CONV_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Convolution of [N, L, C] with [O, K, C / groups]. A negative padding crops the input. */
EMILY_API emily_array *emily_conv1d(emily_scope *scope, emily_array *input, emily_array *weight, int64_t stride,
                                    int64_t padding, int64_t dilation, int64_t groups);
/* Convolution of [N, H, W, C] with [O, KH, KW, C / groups]. A negative padding crops the input. */
EMILY_API emily_array *emily_conv2d(emily_scope *scope, emily_array *input, emily_array *weight, const int64_t *stride,
                                    int32_t stride_count, const int64_t *padding, int32_t padding_count,
                                    const int64_t *dilation, int32_t dilation_count, int64_t groups);
/* Convolution of [N, D, H, W, C] with [O, KD, KH, KW, C / groups]. A negative padding crops the input. */
EMILY_API emily_array *emily_conv3d(emily_scope *scope, emily_array *input, emily_array *weight, const int64_t *stride,
                                    int32_t stride_count, const int64_t *padding, int32_t padding_count,
                                    const int64_t *dilation, int32_t dilation_count, int64_t groups);
/* Transposed convolution of [N, L, C] with [O, K, C / groups]: the gradient of a convolution of this stride, padding and
 * dilation. L becomes (L - 1) · stride - 2 · padding + dilation · (K - 1) + output_padding + 1. */
EMILY_API emily_array *emily_conv_transpose1d(emily_scope *scope, emily_array *input, emily_array *weight, int64_t stride,
                                              int64_t padding, int64_t dilation, int64_t output_padding, int64_t groups);
/* Transposed convolution of [N, H, W, C] with [O, KH, KW, C / groups]. Extents as emily_conv_transpose1d's. */
EMILY_API emily_array *emily_conv_transpose2d(emily_scope *scope, emily_array *input, emily_array *weight,
                                              const int64_t *stride, int32_t stride_count, const int64_t *padding,
                                              int32_t padding_count, const int64_t *dilation, int32_t dilation_count,
                                              const int64_t *output_padding, int32_t output_padding_count, int64_t groups);
/* Transposed convolution of [N, D, H, W, C] with [O, KD, KH, KW, C / groups]. Extents as emily_conv_transpose1d's. */
EMILY_API emily_array *emily_conv_transpose3d(emily_scope *scope, emily_array *input, emily_array *weight,
                                              const int64_t *stride, int32_t stride_count, const int64_t *padding,
                                              int32_t padding_count, const int64_t *dilation, int32_t dilation_count,
                                              const int64_t *output_padding, int32_t output_padding_count, int64_t groups);
/* Convolution with every freedom of padding, dilation and groups. input_dilation - 1 zeros stand between
 * elements of the input; a negative padding crops what this makes of it. flip: the kernel turned round along its spatial axes (a true
 * convolution). batch_groups > 1: the batch is cut in so many parts, and part g is read by group g of the filters: the
 * result is [N / batch_groups, …, O] (XLA's batch_group_count); not together with groups. */
EMILY_API emily_array *emily_conv_general(emily_scope *scope, emily_array *input, emily_array *weight,
                                          const int64_t *stride, int32_t stride_count, const int64_t *padding_lo,
                                          int32_t padding_lo_count, const int64_t *padding_hi, int32_t padding_hi_count,
                                          const int64_t *kernel_dilation, int32_t kernel_dilation_count,
                                          const int64_t *input_dilation, int32_t input_dilation_count, int64_t groups,
                                          bool flip, int64_t batch_groups);
/* Discrete convolution of two 1-d arrays: Σ_j a[i - j] · v[j], the longer one as a. mode "full": all i where the two overlap,
 * [a + v - 1]; "valid": where they do whole, [a - v + 1]; "same": [a], from the middle (of an even v: its element v / 2 at i).
 * Neither is empty; the longer one is of floats or complex64. */
EMILY_API emily_array *emily_convolve(emily_scope *scope, emily_array *a, emily_array *v, const char *mode);

#ifdef __cplusplus
}
#endif
#endif
