/* avx2/depthwise.c: channels filtered each on its own. See depthwise_vector.inc. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/avx2/vector.h"

#include "backend/cpu/depthwise_vector.inc"

void emily__cpu_kernels_avx2_depthwise(emily__cpu_kernels *k) { k->depthwise = depthwise; }
