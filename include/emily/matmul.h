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
 * dropped from the result. Floats and complex. */
EMILY_API emily_array *emily_matmul(emily_scope *scope, emily_array *a, emily_array *b);
/* Beta * c + alpha * (a @ b). c is broadcast to the product's shape. */
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

#ifdef __cplusplus
}
#endif
#endif
