/* linalg_small.h: loops for matrices so small that a call of LAPACK costs more than their arithmetic.
 *
 * The textbook's algorithms on dense rows, one set for each kind of numbers (linalg_small.inc), with the pivoting and so the stability of
 * LAPACK's. Each function answers like LAPACK: 0, or one more than the row where it found the matrix singular (not positive). */
#ifndef EMILY_BACKEND_CPU_LINALG_SMALL_H
#define EMILY_BACKEND_CPU_LINALG_SMALL_H

#include <stdint.h>

enum { EMILY__SMALL_MATRIX = 16 }; /* rows up to which these are used */

typedef struct emily__small {
  /* P A = L U in place with partial pivoting; pivots[i] is the row exchanged with row i. Goes on where a pivot is 0. */
  int32_t (*lu)(void *a, int32_t *pivots, int64_t n);
  /* b [n, k] becomes A^-1 b, by what lu left. */
  void (*lu_solve)(const void *a, const int32_t *pivots, void *b, int64_t n, int64_t k);
  /* A = L L^H in place, from and to the lower triangle; A = U^H U where upper. The other triangle is left as it is. */
  int32_t (*cholesky)(void *a, int64_t n, int32_t upper);
  /* The determinant of up to 3 rows by its formula, in double precision; re and im. */
  void (*det)(const void *a, int64_t n, double *out);
} emily__small;

extern const emily__small emily__small_of[3]; /* by kind (lapack.h) */

#endif
