/* avx512/attend.c: the running softmax and the weighted sum of values. See attend_vector.inc. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/avx512/vector.h"

enum { MIX_VECTORS = 8 }; /* of columns, for two rows at a time: 16 sums, 8 values */
#include "backend/cpu/attend_vector.inc"

void emily__cpu_kernels_avx512_attend(emily__cpu_kernels *k) { fill(k); }
