/* delta_plain.c: the step of the gated delta rule, for whatever vectors the compiler may use. */
#include "backend/cpu/kernels.h"
#include "backend/cpu/delta_of.inc"

void emily__cpu_kernels_plain_delta(emily__cpu_kernels *k) { fill(k); }
