/* scanners.c: the running folds of cumsum, cumprod, cummax, cummin and logcumsumexp, by dtype.
 *
 * Sums and products of floats accumulate in float64, of integers they wrap. Once there is a NaN, a running maximum or minimum is NaN.
 * A running log-sum is held as (m, s) for m + log s: m the largest so far, s = Σ exp(x - m) ≥ 1. */
#include "backend/cpu/scanners.h"

#include "backend/cpu/complex.h"

#include <math.h>

enum { SEGMENTS = 8, SHORT = 32 }; /* chains of a run; elements that are worth one */

#define PLAIN_PLUS(a, x) ((a) + (x))
#define PLAIN_TIMES(a, x) ((a) * (x))
#define LARGER(a, x) ((x) > (a) ? (x) : (a))
#define SMALLER(a, x) ((x) < (a) ? (x) : (a))
/* once NaN, always NaN: no comparison with the accumulator is true; the branch for a new one is seldom taken */
#define LARGER_OR_NAN(a, x) ((x) != (x) ? (x) : LARGER(a, x))
#define SMALLER_OR_NAN(a, x) ((x) != (x) ? (x) : SMALLER(a, x))

#define INT_TEMPLATE "backend/cpu/scan_int.inc"
#include "backend/cpu/each_int.inc"
#define T uint8_t
#define NAME(part) part##_bool
#define LOWEST 0
#define HIGHEST 1
#define LARGEST LARGER
#define SMALLEST SMALLER
#define S uint8_t
#define NOTHING 0
#define SUMS_SLOW 0
#define PLUS(a, x) ((a) | (x))
#define TIMES(a, x) ((a) & (x))
#include "backend/cpu/scan_dtype.inc"
#define T float
#define NAME(part) part##_float32
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define LARGEST LARGER_OR_NAN
#define SMALLEST SMALLER_OR_NAN
#define S double
#define NOTHING -0.0
#define SUMS_SLOW 1
#define PLUS PLAIN_PLUS
#define TIMES PLAIN_TIMES
#include "backend/cpu/scan_dtype.inc"
#define T double
#define NAME(part) part##_float64
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define LARGEST LARGER_OR_NAN
#define SMALLEST SMALLER_OR_NAN
#define S double
#define NOTHING -0.0
#define SUMS_SLOW 1
#define PLUS PLAIN_PLUS
#define TIMES PLAIN_TIMES
#include "backend/cpu/scan_dtype.inc"
#define T emily__complex
#define NAME(part) part##_complex64
#define LOWEST emily__complex_of(-INFINITY, -INFINITY)
#define HIGHEST emily__complex_of(INFINITY, INFINITY)
#define LARGEST emily__complex_larger
#define SMALLEST emily__complex_smaller
#define S emily__complex_sum
#define NOTHING 0
#define SUMS_SLOW 1
#define PLUS PLAIN_PLUS
#define TIMES PLAIN_TIMES
#include "backend/cpu/scan_dtype.inc"

/* ---- log Σ exp ---- */

typedef struct log_sum {
  double most, sum;
} log_sum;

/* A NaN stays: no comparison with it is true. */
static inline log_sum log_sum_merge(log_sum a, log_sum b) {
  if (b.most != b.most || a.most != a.most) return (log_sum){NAN, NAN};
  if (a.most == b.most) return (log_sum){a.most, a.sum + b.sum};
  if (a.most < b.most) return (log_sum){b.most, b.sum + a.sum * exp(a.most - b.most)};
  return (log_sum){a.most, a.sum + b.sum * exp(b.most - a.most)};
}

static inline log_sum log_sum_float32(log_sum a, float x) {
  const float most = (float)a.most; /* exact: it is one of the elements */
  if (x == most) return (log_sum){most, a.sum + 1};
  if (x < most) return (log_sum){most, a.sum + (double)expf(x - most)};
  if (x > most) return (log_sum){x, 1 + (most == -INFINITY ? 0 : a.sum * (double)expf(most - x))};
  return (log_sum){NAN, NAN};
}

static inline log_sum log_sum_float64(log_sum a, double x) { return log_sum_merge(a, (log_sum){x, 1}); }

#define T float
#define A log_sum
#define START ((log_sum){-INFINITY, 0})
#define EMPTY START
#define SLOW 0
#define FOLD log_sum_float32
#define MERGE log_sum_merge
#define RESULT(a) ((float)((a).most + (double)logf((float)(a).sum)))
#define PART(part) logcumsumexp_##part##_float32
#include "backend/cpu/scan.inc"
#undef T
#define T double
#define A log_sum
#define START ((log_sum){-INFINITY, 0})
#define EMPTY START
#define SLOW 0
#define FOLD log_sum_float64
#define MERGE log_sum_merge
#define RESULT(a) ((a).most + log((a).sum))
#define PART(part) logcumsumexp_##part##_float64
#include "backend/cpu/scan.inc"

#define OF(op)                                                                                                        \
  {                                                                                                                   \
    [EMILY_BOOL] = &op##_scanner_bool, [EMILY_UINT8] = &op##_scanner_uint8, [EMILY_UINT16] = &op##_scanner_uint16,     \
    [EMILY_UINT32] = &op##_scanner_uint32, [EMILY_UINT64] = &op##_scanner_uint64, [EMILY_INT8] = &op##_scanner_int8,   \
    [EMILY_INT16] = &op##_scanner_int16, [EMILY_INT32] = &op##_scanner_int32, [EMILY_INT64] = &op##_scanner_int64,     \
    [EMILY_FLOAT32] = &op##_scanner_float32, [EMILY_FLOAT64] = &op##_scanner_float64,                                  \
    [EMILY_COMPLEX64] = &op##_scanner_complex64                                                                       \
  }

const emily__scanner *emily__cpu_scanner(emily__prim prim, emily_dtype dtype) {
  static const emily__scanner *const sums[EMILY_DTYPE_COUNT] = OF(cumsum), *const products[EMILY_DTYPE_COUNT] = OF(cumprod),
                                     *const largest[EMILY_DTYPE_COUNT] = OF(cummax), *const smallest[EMILY_DTYPE_COUNT] = OF(cummin);
  switch (prim) {
    case EMILY__PRIM_cumsum: return sums[dtype];
    case EMILY__PRIM_cumprod: return products[dtype];
    case EMILY__PRIM_cummax: return largest[dtype];
    case EMILY__PRIM_cummin: return smallest[dtype];
    default: return dtype == EMILY_FLOAT64 ? &logcumsumexp_scanner_float64 : &logcumsumexp_scanner_float32;
  }
}
