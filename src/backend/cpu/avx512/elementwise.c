/* avx512/elementwise.c: elementwise float32 functions. See elementwise_vector.inc. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/avx512/vector.h"

#include "backend/cpu/elementwise_vector.inc"

void emily__cpu_kernels_avx512_elementwise(emily__cpu_kernels *k) { fill(k); }
