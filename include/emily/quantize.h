/* emily/quantize.h: matrices of a few bits an element, and products with them.
 *
 * The rules of emily/ops.h hold: scope, lazy results, promotion, broadcasting, negative axes.
 *
 * Groups of elements along the last axis share a scale. Elements are packed from the lowest bit on into uint32 (eight elements take as many
 * bytes as one has bits). Modes, as MLX's; group_size and bits 0 mean the mode's first:
 *   affine  groups of 64, 32 or 128; 4, 2, 3, 5, 6 or 8 bits; w = scale * q + bias, scales and biases in the dtype of the matrix
 *   mxfp4   groups of 32; e2m1 elements, e8m0 scales (uint8): the Open Compute Project's microscaling formats
 *   mxfp8   groups of 32; e4m3 elements, e8m0 scales
 *   nvfp4   groups of 16; e2m1 elements, e4m3 scales, which a global scale (one float32: the largest magnitude of the matrix) may spread
 *   float8  groups of 128, 64 or 32; e4m3 elements, float32 scales: what checkpoints of 8-bit floats hold, beyond MLX's modes. Products and
 *           emily_dequantize take it, emily_quantize does not make it */
#ifndef EMILY_QUANTIZE_H
#define EMILY_QUANTIZE_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A matrix packed to a few bits an element, with scales (and biases, mode affine) for groups along its last axis. w [..., K] of floats, at
 * least two axes, K a multiple of the group: out [..., K * bits / 32] uint32, scales [..., K / group_size], and biases like them. float64
 * is quantized as float32. Groups with NaN or infinity in them give codes without a meaning. global_scale: nvfp4 alone, or NULL. */
EMILY_API emily_status emily_quantize(emily_scope *scope, emily_array *w, emily_array *global_scale, int64_t group_size, int64_t bits,
                                      const char *mode, emily_array **out, size_t capacity, size_t *count);
/* The floats that a quantized matrix stands for. biases: mode affine, else NULL. dtype -1: of scales and biases promoted, bfloat16 in other
 * modes. Each step is rounded to that dtype (in affine to that of the scales), but a global scale works in float32. */
EMILY_API emily_array *emily_dequantize(emily_scope *scope, emily_array *w, emily_array *scales, emily_array *biases,
                                        emily_array *global_scale, int64_t group_size, int64_t bits, const char *mode, emily_dtype dtype);
/* x @ w^T (or x @ w) for a quantized w. x [..., M, K] or [K]; w [..., N, K], or [..., K, N] where transpose is false, packed along its last
 * axis; batches broadcast: [..., M, N]. biases: mode affine, else NULL. Result: x, scales and biases promoted; x's dtype in other modes.
 * Sums are in float32 (float64 for that dtype), of weights that are not rounded to the dtype. */
EMILY_API emily_array *emily_quantized_matmul(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *biases,
                                              bool transpose, int64_t group_size, int64_t bits, const char *mode);
/* Products of matrices that indices choose, from batches of x and of quantized w: a mixture of experts. lhs_indices and rhs_indices count
 * the matrices of x's and of w's batch (flattened) and broadcast together to [...]: [..., M, N]. One of the two may be NULL: 0, 1, … over
 * that batch; both: quantized_matmul. Indices count from the end where they are negative; out of bounds: zeros, or an error with
 * EMILY_DEBUG_INDICES. sorted_indices is a hint. A row's bits do not depend on which matrices other rows meet. */
EMILY_API emily_array *emily_gather_qmm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *biases,
                                        emily_array *lhs_indices, emily_array *rhs_indices, bool transpose, int64_t group_size,
                                        int64_t bits, const char *mode, bool sorted_indices);
/* x @ w^T where both are quantized. x [..., K] of floats is rounded to what its quantization stands for (ties of e2m1 to the even mantissa);
 * w [N, K] is quantized with scales, or of floats without, and then quantized as emily_quantize does. Modes nvfp4, mxfp4 and mxfp8; global
 * scales in nvfp4, both or none. Result: x's dtype. */
EMILY_API emily_array *emily_qqmm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *global_scale_x,
                                  emily_array *global_scale_w, int64_t group_size, int64_t bits, const char *mode);
/* Qqmm of matrices that indices choose, from batches of x and w. As gather_qmm and qqmm. */
EMILY_API emily_array *emily_gather_qqmm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *scales, emily_array *lhs_indices,
                                         emily_array *rhs_indices, emily_array *global_scale_x, emily_array *global_scale_w,
                                         int64_t group_size, int64_t bits, const char *mode, bool sorted_indices);

/* ---- the blocks of GGUF files ---- */

/* The floats that rows of ggml's blocks stand for: w uint8 [..., bytes], rows of whole blocks of a format ("Q4_0", "Q4_1", "Q5_0", "Q5_1",
 * "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"), as emily_gguf_blocks gives them: [..., elements]. Every step is rounded to
 * float32, as ggml's reference rounds it, and the result to the dtype (-1: float32). */
EMILY_API emily_array *emily_block_dequantize(emily_scope *scope, emily_array *w, const char *format, emily_dtype dtype);
/* x @ w^T for a w in blocks. x [..., M, K] or [K]; w uint8 [..., N, bytes of K elements]; batches broadcast: [..., M, N], in x's dtype. Sums are
 * in float32 (float64 for that dtype), of the weights that emily_block_dequantize gives. */
EMILY_API emily_array *emily_block_matmul(emily_scope *scope, emily_array *x, emily_array *w, const char *format);
/* Products of matrices that indices choose, from batches of x and of w in blocks. As gather_qmm. */
EMILY_API emily_array *emily_gather_block_mm(emily_scope *scope, emily_array *x, emily_array *w, emily_array *lhs_indices,
                                             emily_array *rhs_indices, const char *format);

#ifdef __cplusplus
}
#endif
#endif
