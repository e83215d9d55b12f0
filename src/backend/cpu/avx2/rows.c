/* avx2/rows.c: folds, softmax, norms and rotations of rows. See rows_vector.inc. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/avx2/vector.h"

#include "backend/cpu/rows_vector.inc"

void emily__cpu_kernels_avx2_rows(emily__cpu_kernels *k) { fill(k); }
