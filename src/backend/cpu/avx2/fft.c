/* avx2/fft.c: passes of Fourier transforms. See fft_vector.inc. */
#include "backend/cpu/kernels.h"

#include "backend/cpu/avx2/vector.h"

#include "backend/cpu/fft_vector.inc"

void emily__cpu_kernels_avx2_fft(emily__cpu_kernels *k) { k->fft_pass = fft_pass; }
