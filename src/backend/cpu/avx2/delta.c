/* avx2/delta.c: the step of the gated delta rule. See delta.inc. */
#include "backend/cpu/kernels.h"
#include "backend/cpu/delta_of.inc"

void emily__cpu_kernels_avx2_delta(emily__cpu_kernels *k) { fill(k); }
