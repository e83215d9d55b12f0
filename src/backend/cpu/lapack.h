/* lapack.h: LAPACK's routines as function pointers, from the library that base/lapack.h finds.
 *
 * Fortran's interface: everything by address, integers of 32 bits, after the arguments the length of each character argument. A member
 * is an array over the kinds of numbers (float32, float64, complex64), where they share a signature. */
#ifndef EMILY_BACKEND_CPU_LAPACK_H
#define EMILY_BACKEND_CPU_LAPACK_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { EMILY__LAPACK_S, EMILY__LAPACK_D, EMILY__LAPACK_C, EMILY__LAPACK_KINDS };

typedef const int32_t *emily__fint; /* an integer argument */
typedef const char *emily__fchar;

typedef void emily__fgetrf(emily__fint m, emily__fint n, void *a, emily__fint lda, int32_t *ipiv, int32_t *info);
typedef void emily__fgetrs(emily__fchar trans, emily__fint n, emily__fint nrhs, const void *a, emily__fint lda, emily__fint ipiv,
                           void *b, emily__fint ldb, int32_t *info, size_t);
typedef void emily__fgetri(emily__fint n, void *a, emily__fint lda, emily__fint ipiv, void *work, emily__fint lwork, int32_t *info);
typedef void emily__fpotrf(emily__fchar uplo, emily__fint n, void *a, emily__fint lda, int32_t *info, size_t);
typedef void emily__ftrtri(emily__fchar uplo, emily__fchar diag, emily__fint n, void *a, emily__fint lda, int32_t *info, size_t,
                           size_t);
typedef void emily__ftrsm(emily__fchar side, emily__fchar uplo, emily__fchar transa, emily__fchar diag, emily__fint m, emily__fint n,
                          const void *alpha, const void *a, emily__fint lda, void *b, emily__fint ldb, size_t, size_t, size_t, size_t);
typedef void emily__fgeqrf(emily__fint m, emily__fint n, void *a, emily__fint lda, void *tau, void *work, emily__fint lwork,
                           int32_t *info);
typedef void emily__forgqr(emily__fint m, emily__fint n, emily__fint k, void *a, emily__fint lda, const void *tau, void *work,
                           emily__fint lwork, int32_t *info);
typedef void emily__fgesdd(emily__fchar jobz, emily__fint m, emily__fint n, void *a, emily__fint lda, void *s, void *u, emily__fint ldu,
                           void *vt, emily__fint ldvt, void *work, emily__fint lwork, int32_t *iwork, int32_t *info, size_t);
typedef void emily__fcgesdd(emily__fchar jobz, emily__fint m, emily__fint n, void *a, emily__fint lda, void *s, void *u,
                            emily__fint ldu, void *vt, emily__fint ldvt, void *work, emily__fint lwork, void *rwork, int32_t *iwork,
                            int32_t *info, size_t);
typedef void emily__fsyevd(emily__fchar jobz, emily__fchar uplo, emily__fint n, void *a, emily__fint lda, void *w, void *work,
                           emily__fint lwork, int32_t *iwork, emily__fint liwork, int32_t *info, size_t, size_t);
typedef void emily__fcheevd(emily__fchar jobz, emily__fchar uplo, emily__fint n, void *a, emily__fint lda, void *w, void *work,
                            emily__fint lwork, void *rwork, emily__fint lrwork, int32_t *iwork, emily__fint liwork, int32_t *info,
                            size_t, size_t);
typedef void emily__fgeev(emily__fchar jobvl, emily__fchar jobvr, emily__fint n, void *a, emily__fint lda, void *wr, void *wi, void *vl,
                          emily__fint ldvl, void *vr, emily__fint ldvr, void *work, emily__fint lwork, int32_t *info, size_t, size_t);
typedef void emily__fcgeev(emily__fchar jobvl, emily__fchar jobvr, emily__fint n, void *a, emily__fint lda, void *w, void *vl,
                           emily__fint ldvl, void *vr, emily__fint ldvr, void *work, emily__fint lwork, void *rwork, int32_t *info,
                           size_t, size_t);

typedef struct emily__lapack {
  emily__fgetrf *getrf[EMILY__LAPACK_KINDS]; /* P A = L U */
  emily__fgetrs *getrs[EMILY__LAPACK_KINDS]; /* solves with it */
  emily__fgetri *getri[EMILY__LAPACK_KINDS]; /* inverts by it */
  emily__fpotrf *potrf[EMILY__LAPACK_KINDS]; /* A = L L^H */
  emily__ftrtri *trtri[EMILY__LAPACK_KINDS]; /* a triangle's inverse */
  emily__ftrsm *trsm[EMILY__LAPACK_KINDS];   /* solves with a triangle, from either side */
  emily__fgeqrf *geqrf[EMILY__LAPACK_KINDS]; /* A = Q R */
  emily__forgqr *orgqr[EMILY__LAPACK_KINDS]; /* … and Q as a matrix */
  emily__fgesdd *gesdd[2];                   /* A = U S V^H by divide and conquer */
  emily__fcgesdd *cgesdd;
  emily__fsyevd *syevd[2]; /* eigenvalues and vectors of a symmetric matrix */
  emily__fcheevd *cheevd;
  emily__fgeev *geev[2]; /* those of any matrix */
  emily__fcgeev *cgeev;
} emily__lapack;

/* EMILY_UNSUPPORTED, with what to install, where there is no library or it lacks a routine. */
emily_status emily__lapack_find(const char *where, const emily__lapack **out);

#endif
