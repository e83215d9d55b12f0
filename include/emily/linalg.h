/* emily/linalg.h: decompositions, solutions, inverses and norms of matrices.
 *
 * The rules of emily/ops.h hold: scope, lazy results, broadcasting, negative axes. A matrix is the last two axes of an array, those
 * before them are a batch. Decompositions are of float32, float64 and complex64; what else is refused: cast it first. They are done by
 * the LAPACK library of the system, opened at the first evaluation that needs it (EMILY_UNSUPPORTED where there is none; the environment
 * variable EMILY_LAPACK names another file). What can only be seen in the values, a singular matrix say, is a failure of the evaluation:
 * EMILY_INVALID_ARGUMENT with a message that says what is wrong with which matrix. */
#ifndef EMILY_LINALG_H
#define EMILY_LINALG_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Singular value decomposition x = u @ diag(s) @ vt, x [..., M, N], K = min(M, N): out[0] u [..., M, M], out[1] s [..., K], real and
 * descending, out[2] vt [..., N, N], of complex x the conjugate transpose of v. Not full_matrices: u [..., M, K] and vt [..., K, N].
 * Values that are not finite are refused. */
EMILY_API emily_status emily_linalg_svd(emily_scope *scope, emily_array *x, bool full_matrices, emily_array *out[3]);
/* The singular values of a matrix alone, descending: [..., min(M, N)]. */
EMILY_API emily_array *emily_linalg_svdvals(emily_scope *scope, emily_array *x);

/* QR decomposition x = q @ r, x [..., M, N], r upper triangular, columns of q orthonormal. mode "reduced": out[0] q [..., M, K], out[1] r
 * [..., K, N], K = min(M, N); "complete": q [..., M, M], r [..., M, N]. Signs are LAPACK's: the diagonal of r may be negative. */
EMILY_API emily_status emily_linalg_qr(emily_scope *scope, emily_array *x, const char *mode, emily_array *out[2]);

#ifdef __cplusplus
}
#endif
#endif
