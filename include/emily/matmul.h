/* emily/matmul.h: products of matrices.
 *
 * The rules of emily/ops.h hold: scope, lazy results, promotion, broadcasting, negative axes. */
#ifndef EMILY_MATMUL_H
#define EMILY_MATMUL_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Matrix product with broadcast batches. [..., M, K] @ [..., K, N]; a 1-d operand is a row or a column whose axis is
 * dropped from the result. Any dtype: floats of 16 bits are summed in float32, integers wrap in the promoted dtype, bools
 * give the or of ands. */
EMILY_API emily_array *emily_matmul(emily_scope *scope, emily_array *a, emily_array *b);
/* Beta * c + alpha * (a @ b). c is broadcast to the product's shape. Of integers, alpha and beta are whole numbers. */
EMILY_API emily_array *emily_addmm(emily_scope *scope, emily_array *c, emily_array *a, emily_array *b, double alpha,
                                   double beta);
/* x @ weight^T + bias; a 16-bit weight is read as it is. x [..., in], weight [out, in], bias [out] or NULL: [...,
 * out]. float32 x with a float16 or bfloat16 weight accumulates and answers in float32 without a widened copy of the
 * weight. */
EMILY_API emily_array *emily_linear(emily_scope *scope, emily_array *x, emily_array *weight, emily_array *bias);
/* Products of all pairs of elements. */
EMILY_API emily_array *emily_outer(emily_scope *scope, emily_array *a, emily_array *b);
/* Sums of products along the last axes. */
EMILY_API emily_array *emily_inner(emily_scope *scope, emily_array *a, emily_array *b);
/* Sums of products along the last `axes` axes of a and the first of b; where axes_a and axes_b are lists, along these pairs
 * instead. [a's other axes, b's other axes]; extents of a pair are equal. */
EMILY_API emily_array *emily_tensordot(emily_scope *scope, emily_array *a, emily_array *b, int64_t axes, const int64_t *axes_a,
                                       int32_t axes_a_count, const int64_t *axes_b, int32_t axes_b_count);
/* Sums of products along pairs of axes (contract_a[i], contract_b[i]), for each element of the pairs of batches: [batches in their
 * order, a's other axes, b's other axes]. Any dtype, as emily_matmul. */
EMILY_API emily_array *emily_dot_general(emily_scope *scope, emily_array *a, emily_array *b, const int64_t *contract_a,
                                         int32_t contract_a_count, const int64_t *batch_a, int32_t batch_a_count,
                                         const int64_t *contract_b, int32_t contract_b_count, const int64_t *batch_b,
                                         int32_t batch_b_count);
/* Sums of conj(a) * b along one axis, which is the same in both; the others broadcast. Narrow integers are summed in 32 bits, as
 * emily_sum does. */
EMILY_API emily_array *emily_vecdot(emily_scope *scope, emily_array *a, emily_array *b, int64_t axis);
/* Kronecker product: each element of a times all of b; extents multiply. Operands have at most 32 axes and are not empty. */
EMILY_API emily_array *emily_kron(emily_scope *scope, emily_array *a, emily_array *b);
/* Sums of products by Einstein's notation: "bij,bjk->bik". A letter names an axis, "..." axes that broadcast; a letter twice in one
 * operand is its diagonal; letters that the result lacks are summed over. Without "->" the result has the axes of "..." and the letters
 * that occur once, in alphabetical order. Axes of extent 1 broadcast, spaces are ignored. At most 64 operands and 64 different axes.
 * Three operands and more are contracted in the order that emily_einsum_path gives. A sum along axes of one operand alone widens narrow
 * integers as emily_sum does; products wrap as emily_matmul's. */
EMILY_API emily_array *emily_einsum(emily_scope *scope, const char *subscripts, emily_array *const *operands, int32_t operands_count);
/* The order in which emily_einsum contracts, and what it costs. Each contraction takes the operands at some positions of the list, and
 * appends its result to it. path: for each contraction the number of its positions, then these, ascending; *path_count: how many
 * numbers that are, at most 3 * operands_count. report (NULL: none): a text of some lines, cut to fit its capacity. Nothing is
 * computed; path is untouched on failure. */
EMILY_API emily_status emily_einsum_path(const char *subscripts, emily_array *const *operands, int32_t operands_count, int32_t *path,
                                         size_t path_capacity, size_t *path_count, char *report, size_t report_capacity);
/* Products of matrices chosen by indices: out[i] = a[lhs_indices[i]] @ b[rhs_indices[i]]. a [..., M, K], b [..., K, N]; indices are
 * integers into their batches taken as one axis, and broadcast; NULL: each matrix in turn. [indices' shape, M, N], a vector's axis is
 * dropped. Matrices of b that are chosen several times are read once, sorted or not. An index out of bounds gives zeros; an error with
 * EMILY_DEBUG_INDICES. Any dtype; a 16-bit b beside a float32 a is read as it is. */
EMILY_API emily_array *emily_gather_mm(emily_scope *scope, emily_array *a, emily_array *b, emily_array *lhs_indices,
                                       emily_array *rhs_indices, bool sorted_indices);
/* A product for each segment of the inner axis: out[i] = a[:, begin:end] @ b[begin:end, :]. a [M, K], b [K, N], segments [..., 2],
 * integers: [..., M, N]. An empty segment gives zeros; what lies beyond K counts for nothing (an error with EMILY_DEBUG_INDICES). */
EMILY_API emily_array *emily_segmented_mm(emily_scope *scope, emily_array *a, emily_array *b, emily_array *segments);
/* a @ b where blocks of block_size (32 or 64) squared are masked: those of a and b before the product, those of the result after it. A
 * mask has an element a block, [..., ceil(rows / size), ceil(cols / size)], and broadcasts; false makes zeros, a number is multiplied by;
 * NULL: none. */
EMILY_API emily_array *emily_block_masked_mm(emily_scope *scope, emily_array *a, emily_array *b, int64_t block_size,
                                             emily_array *mask_out, emily_array *mask_lhs, emily_array *mask_rhs);

#ifdef __cplusplus
}
#endif
#endif
