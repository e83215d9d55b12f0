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

/* Singular value decomposition a = u @ diag(s) @ vt, a [..., M, N], K = min(M, N): out[0] u [..., M, M], out[1] s [..., K], real and
 * descending, out[2] vt [..., N, N], of complex a the conjugate transpose of v. Not full_matrices: u [..., M, K] and vt [..., K, N].
 * Values that are not finite are refused. */
EMILY_API emily_status emily_linalg_svd(emily_scope *scope, emily_array *a, bool full_matrices, emily_array *out[3]);
/* The singular values of a matrix alone, descending: [..., min(M, N)]. */
EMILY_API emily_array *emily_linalg_svdvals(emily_scope *scope, emily_array *a);

/* QR decomposition a = q @ r, a [..., M, N], r upper triangular, columns of q orthonormal. mode "reduced": out[0] q [..., M, K], out[1] r
 * [..., K, N], K = min(M, N); "complete": q [..., M, M], r [..., M, N]. Signs are LAPACK's: the diagonal of r may be negative. */
EMILY_API emily_status emily_linalg_qr(emily_scope *scope, emily_array *a, const char *mode, emily_array *out[2]);

/* Eigenvalues and right eigenvectors of square matrices, a @ v = v * w: out[0] w [..., N] and out[1] v [..., N, N], whose columns have
 * length 1; both complex64. The order of the eigenvalues is LAPACK's. Values that are not finite are refused. */
EMILY_API emily_status emily_linalg_eig(emily_scope *scope, emily_array *a, emily_array *out[2]);
/* The eigenvalues alone. */
EMILY_API emily_array *emily_linalg_eigvals(emily_scope *scope, emily_array *a);
/* Eigenvalues and eigenvectors of real symmetric or complex Hermitian matrices: out[0] w [..., N], real and ascending, out[1] v [..., N, N],
 * orthonormal columns. Only the lower triangle is read, or, where UPLO is "U", the upper one. Values that are not finite are refused. */
EMILY_API emily_status emily_linalg_eigh(emily_scope *scope, emily_array *a, const char *UPLO, emily_array *out[2]);
/* The eigenvalues alone. */
EMILY_API emily_array *emily_linalg_eigvalsh(emily_scope *scope, emily_array *a, const char *UPLO);
/* The Cholesky factor of positive definite matrices: lower l with a = l @ l^H, read from the lower triangle, or upper u with a = u^H @ u,
 * read from the upper one. A matrix that is not positive definite fails the evaluation. */
EMILY_API emily_array *emily_linalg_cholesky(emily_scope *scope, emily_array *a, bool upper);
/* The inverse of the positive definite matrix whose Cholesky factor is given. */
EMILY_API emily_array *emily_linalg_cholesky_inv(emily_scope *scope, emily_array *a, bool upper);
/* LU factors with partial pivoting, a [..., M, N], K = min(M, N): out[0] rows, uint32 [..., M], out[1] l [..., M, K] with ones on its diagonal,
 * out[2] u [..., K, N]: a is l[rows] @ u. */
EMILY_API emily_status emily_linalg_lu(emily_scope *scope, emily_array *a, emily_array *out[3]);
/* The same packed: out[0] [..., M, N], l below the diagonal and u from it on, out[1] pivots, uint32 [..., K]: row i was exchanged with row
 * pivots[i], in this order. */
EMILY_API emily_status emily_linalg_lu_factor(emily_scope *scope, emily_array *a, emily_array *out[2]);
/* The x of a @ x = b: a [..., N, N], b [N] or [..., N, K], batches broadcast, dtypes promote. A singular matrix fails the evaluation. */
EMILY_API emily_array *emily_linalg_solve(emily_scope *scope, emily_array *a, emily_array *b);
/* The same for a triangular matrix; its other triangle is not read. Not left_side: x @ a = b, b [N] or [..., K, N]. transform "none",
 * "transpose" or "conjugate": a, its transpose or its conjugate transpose takes a's place. A zero on the diagonal fails the
 * evaluation. */
EMILY_API emily_array *emily_linalg_solve_triangular(emily_scope *scope, emily_array *a, emily_array *b, bool upper, bool left_side,
                                                     const char *transform);
/* The inverse. A singular matrix fails the evaluation. */
EMILY_API emily_array *emily_linalg_inv(emily_scope *scope, emily_array *a);
/* The inverse of a triangular matrix, whose other triangle is not read. */
EMILY_API emily_array *emily_linalg_tri_inv(emily_scope *scope, emily_array *a, bool upper);
/* The pseudo-inverse (Moore, Penrose) [..., N, M] by singular values; those up to 10 · max(M, N) · eps of the largest count as zero. */
EMILY_API emily_array *emily_linalg_pinv(emily_scope *scope, emily_array *a);
/* The determinant [...]. Integers become float32; 16-bit floats are computed in float32. Up to 3 rows by its formula. */
EMILY_API emily_array *emily_linalg_det(emily_scope *scope, emily_array *a);
/* out[0] the determinant's sign (a complex number of size 1 where a is complex; 0 of a singular matrix) and out[1] the logarithm of its
 * size, real: it does not overflow. */
EMILY_API emily_status emily_linalg_slogdet(emily_scope *scope, emily_array *a, emily_array *out[2]);
/* Norms. ord "": the root of the sum of squares over axes, all of them by default. Of vectors, one axis: a number, "inf", "-inf"; 0 counts what
 * is not 0. Of matrices, two axes (rows, columns): "fro" (or "f"), "nuc", "1", "-1", "inf", "-inf" (largest and smallest sums of columns and of
 * rows), "2", "-2" (largest and smallest singular value). Integers become float32; 16-bit floats are summed in float32. */
EMILY_API emily_array *emily_linalg_norm(emily_scope *scope, emily_array *a, const char *ord, const int64_t *axes, int32_t axes_count,
                                         bool keepdims);
/* The cross product of vectors of 3 or 2 elements (the third is then 0) along an axis; the others broadcast. */
EMILY_API emily_array *emily_linalg_cross(emily_scope *scope, emily_array *a, emily_array *b, int64_t axis);

#ifdef __cplusplus
}
#endif
#endif
