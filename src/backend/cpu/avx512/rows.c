/* avx512/rows.c: folds, softmax, norms and rotations of rows. See rows_vector.inc. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/avx512/vector.h"

#include "backend/cpu/rows_vector.inc"

void emily__cpu_kernels_avx512_rows(emily__cpu_kernels *k) { fill(k); }
