/* rope_angles.h: cosines and sines of position · inverse[i] for i < n. float64 inside; the float32 form is within 1 ulp of the
 * angle's exact functions while |angle| < 2³⁰, and libm's beyond. */
#ifndef EMILY_BACKEND_CPU_ROPE_ANGLES_H
#define EMILY_BACKEND_CPU_ROPE_ANGLES_H

#include <stdint.h>

void emily__rope_angles_f32(float *cos, float *sin, double position, const double *inverse, int64_t n);
void emily__rope_angles_f64(double *cos, double *sin, double position, const double *inverse, int64_t n);

#endif
