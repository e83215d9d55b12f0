/* rope_angles.c: see rope_angles.h. A loop without branches, for the compiler to vectorise.
 *
 * angle = k · π/2 + r with |r| ≤ π/4: π/2 is subtracted in three parts, of which the first two have 22 bits so that their
 * products with k < 2³⁰ are exact. Then Taylor polynomials: the terms left out are below 2⁻⁴⁰ of the result.
 */
#include "backend/cpu/rope_angles.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const double limit = 0x1p30;
static const double two_over_pi = 0x1.45f306dc9c883p-1;
static const double half_pi_high = 0x1.921fb8p+0, half_pi_middle = -0x1.5dde98p-23, half_pi_low = 0x1.8469898cc517p-48;
static const double to_integer = 0x1.8p52; /* adding it leaves the nearest integer in the low bits */

static inline uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static inline double of_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline double sin_of(double r, double s) { /* s = r² */
  return r + r * s * (-1.0 / 6 + s * (1.0 / 120 + s * (-1.0 / 5040 + s * (1.0 / 362880 + s * (-1.0 / 39916800 + s / 6227020800.0)))));
}
static inline double cos_of(double s) {
  return 1 + s * (-0.5 + s * (1.0 / 24 + s * (-1.0 / 720 + s * (1.0 / 40320 + s * (-1.0 / 3628800 + s / 479001600.0)))));
}

static bool all_within_limit(double position, const double *inverse, int64_t n) {
  bool within = true;
  for (int64_t i = 0; i < n; i++) within &= fabs(position * inverse[i]) < limit;
  return within;
}

void emily__rope_angles_f32(float *cosines, float *sines, double position, const double *inverse, int64_t n) {
  if (!all_within_limit(position, inverse, n)) {
    for (int64_t i = 0; i < n; i++) {
      cosines[i] = (float)cos(position * inverse[i]);
      sines[i] = (float)sin(position * inverse[i]);
    }
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    const double angle = position * inverse[i], shifted = angle * two_over_pi + to_integer, k = shifted - to_integer;
    const double r = angle - k * half_pi_high - k * half_pi_middle - k * half_pi_low;
    const double s = r * r;
    const uint64_t quadrant = bits_of(shifted), odd = 0 - (quadrant & 1);
    const uint64_t a = bits_of(cos_of(s)), b = bits_of(sin_of(r, s));
    cosines[i] = (float)of_bits(((a & ~odd) | (b & odd)) ^ (((quadrant + 1) & 2) << 62));
    sines[i] = (float)of_bits(((b & ~odd) | (a & odd)) ^ ((quadrant & 2) << 62));
  }
}

void emily__rope_angles_f64(double *cosines, double *sines, double position, const double *inverse, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    cosines[i] = cos(position * inverse[i]);
    sines[i] = sin(position * inverse[i]);
  }
}
