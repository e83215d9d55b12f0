/* avx2/attend.c: the running softmax and the weighted sum of values. See attend_vector.inc. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/avx2/vector.h"

enum { MIX_VECTORS = 4 }; /* of columns, for two rows at a time: 8 sums, 4 values */
#include "backend/cpu/attend_vector.inc"

void emily__cpu_kernels_avx2_attend(emily__cpu_kernels *k) { fill(k); }
