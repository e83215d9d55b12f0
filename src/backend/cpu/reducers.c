/* reducers.c: the folds of sum, sum of squares, prod, max, min, all and any, by dtype.
 *
 * Sums and products of floats accumulate in float64 (contiguous float32 first in the kernel table's blocked sum), of
 * integers in uint64, which wraps to the same bits as the dtype itself. A maximum or minimum is NaN where an element
 * is. */
#include "backend/cpu/reducers.h"

#include "backend/cpu/complex.h"
#include "backend/cpu/kernels.h"

#define PLUS(a, x) ((a) + (x))
#define TIMES(a, x) ((a) * (x))
#define AND(a, x) ((a) & ((x) != 0))
#define OR(a, x) ((a) | ((x) != 0))
#define LARGER(a, x) ((x) > (a) ? (x) : (a))
#define SMALLER(a, x) ((x) < (a) ? (x) : (a))
/* once NaN, always NaN: no comparison with the accumulator is true, and x != x lets a new NaN in; | vectorises */
#define LARGER_OR_NAN(a, x) ((((x) > (a)) | ((x) != (x))) ? (x) : (a))
#define SMALLER_OR_NAN(a, x) ((((x) < (a)) | ((x) != (x))) ? (x) : (a))

#define T uint8_t
#define NAME(part) part##_bool
#define LOWEST 0
#define HIGHEST 1
#define LARGEST LARGER
#define SMALLEST SMALLER
#include "backend/cpu/reduce.inc"
#define T uint8_t
#define NAME(part) part##_uint8
#define LOWEST 0
#define HIGHEST UINT8_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T uint16_t
#define NAME(part) part##_uint16
#define LOWEST 0
#define HIGHEST UINT16_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T uint32_t
#define NAME(part) part##_uint32
#define LOWEST 0
#define HIGHEST UINT32_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T uint64_t
#define NAME(part) part##_uint64
#define LOWEST 0
#define HIGHEST UINT64_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T int8_t
#define NAME(part) part##_int8
#define LOWEST INT8_MIN
#define HIGHEST INT8_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T int16_t
#define NAME(part) part##_int16
#define LOWEST INT16_MIN
#define HIGHEST INT16_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T int32_t
#define NAME(part) part##_int32
#define LOWEST INT32_MIN
#define HIGHEST INT32_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T int64_t
#define NAME(part) part##_int64
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#define LARGEST LARGER
#define SMALLEST SMALLER
#define SUM uint64_t
#include "backend/cpu/reduce.inc"
#define T float
#define NAME(part) part##_float32
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define LARGEST LARGER_OR_NAN
#define SMALLEST SMALLER_OR_NAN
#define SUM double
#include "backend/cpu/reduce.inc"
#define T double
#define NAME(part) part##_float64
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define LARGEST LARGER_OR_NAN
#define SMALLEST SMALLER_OR_NAN
#define SUM double
#include "backend/cpu/reduce.inc"
#define T emily__complex
#define NAME(part) part##_complex64
#define LOWEST emily__complex_of(-INFINITY, -INFINITY)
#define HIGHEST emily__complex_of(INFINITY, INFINITY)
#define LARGEST emily__complex_larger
#define SMALLEST emily__complex_smaller
#define SUM emily__complex_sum
#include "backend/cpu/reduce.inc"

/* float32 rows through the kernel table */
static void sum_row_table(void *acc, const void *x, int64_t n) {
  *(double *)acc += (double)emily__cpu_kernels_get()->sum(x, n);
}
static void max_row_table(void *acc, const void *x, int64_t n) {
  float a = *(float *)acc, row = emily__cpu_kernels_get()->max(x, n);
  *(float *)acc = LARGER_OR_NAN(a, row);
}
static const reducer sum_reducer_table = {sum_start_float32, sum_row_table,     sum_column_float32,
                                          sum_merge_float32, sum_store_float32, sizeof(double)};
static const reducer max_reducer_table = {max_start_float32, max_row_table,     max_column_float32,
                                          max_merge_float32, max_store_float32, sizeof(float)};

/* squares of floats: merged and stored as sums are */
static void squares_row_table(void *acc, const void *x, int64_t n) {
  *(double *)acc += (double)emily__cpu_kernels_get()->dot(x, x, n);
}
static void squares_row_float64(void *acc, const void *in, int64_t n) {
  enum { LANES = 16 };
  const double *x = in;
  double lane[LANES] = {0}, total = 0;
  for (int64_t i = 0; i < n; i++) lane[i % LANES] += x[i] * x[i];
  for (int j = 0; j < LANES; j++) total += lane[j];
  *(double *)acc += total;
}
static void squares_column_float32(void *acc, const void *x, int64_t n) {
  for (int64_t j = 0; j < n; j++) ((double *)acc)[j] += (double)((const float *)x)[j] * (double)((const float *)x)[j];
}
static void squares_column_float64(void *acc, const void *x, int64_t n) {
  for (int64_t j = 0; j < n; j++) ((double *)acc)[j] += ((const double *)x)[j] * ((const double *)x)[j];
}
static const reducer squares_reducer_float32 = {sum_start_float32, squares_row_table, squares_column_float32,
                                                sum_merge_float32, sum_store_float32, sizeof(double)};
static const reducer squares_reducer_float64 = {sum_start_float64, squares_row_float64, squares_column_float64,
                                                sum_merge_float64, sum_store_float64, sizeof(double)};

#define OF_INTEGER(op)                                                                                               \
  [EMILY_UINT8] = &op##_reducer_uint8, [EMILY_UINT16] = &op##_reducer_uint16, [EMILY_UINT32] = &op##_reducer_uint32, \
  [EMILY_UINT64] = &op##_reducer_uint64, [EMILY_INT8] = &op##_reducer_int8, [EMILY_INT16] = &op##_reducer_int16,     \
  [EMILY_INT32] = &op##_reducer_int32, [EMILY_INT64] = &op##_reducer_int64
#define OF_NUMBER(op, float32)                                                         \
  OF_INTEGER(op), [EMILY_FLOAT32] = &float32, [EMILY_FLOAT64] = &op##_reducer_float64, \
                  [EMILY_COMPLEX64] = &op##_reducer_complex64
#define OF_ANY(op, float32) [EMILY_BOOL] = &op##_reducer_bool, OF_NUMBER(op, float32)

const reducer *emily__cpu_reducer(emily__prim prim, emily_dtype dtype) {
  static const reducer *const sums[EMILY_DTYPE_COUNT] = {OF_NUMBER(sum, sum_reducer_table)};
  static const reducer *const squares[EMILY_DTYPE_COUNT] = {[EMILY_FLOAT32] = &squares_reducer_float32,
                                                            [EMILY_FLOAT64] = &squares_reducer_float64};
  static const reducer *const prods[EMILY_DTYPE_COUNT] = {OF_NUMBER(prod, prod_reducer_float32)};
  static const reducer *const maxs[EMILY_DTYPE_COUNT] = {OF_ANY(max, max_reducer_table)};
  static const reducer *const mins[EMILY_DTYPE_COUNT] = {OF_ANY(min, min_reducer_float32)};
  static const reducer *const alls[EMILY_DTYPE_COUNT] = {OF_ANY(all, all_reducer_float32)};
  static const reducer *const anys[EMILY_DTYPE_COUNT] = {OF_ANY(any, any_reducer_float32)};
  switch (prim) {
    case EMILY__PRIM_sum: return sums[dtype];
    case EMILY__PRIM_sum_squares: return squares[dtype];
    case EMILY__PRIM_prod: return prods[dtype];
    case EMILY__PRIM_max: return maxs[dtype];
    case EMILY__PRIM_min: return mins[dtype];
    case EMILY__PRIM_all: return alls[dtype];
    default: return anys[dtype];
  }
}
