/* binary.c: the binary primitives and select. A row of functions by dtype for each; float32 goes through the kernel
 * table where it has the function, through libm else. 16-bit floats are computed in float32 and rounded once
 * (floor_divide, which MLX does in two steps, rounds the quotient first). */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/rows.h"

#define INT_TEMPLATE "backend/cpu/binary_int.inc"
#include "backend/cpu/each_int.inc"

#define T float
#define NAME(op) op##_float32
#define M(function) function##f
#include "backend/cpu/binary_real.inc"
#define T double
#define NAME(op) op##_float64
#define M(function) function
#define DOUBLE
#include "backend/cpu/binary_real.inc"

#include "backend/cpu/binary_complex.inc"

/* float32 from the kernel table */
#define TABLE(name) \
  static void name##_float32(void *const *p, int64_t n) { emily__cpu_kernels_get()->name(p[0], p[1], p[2], n); }
TABLE(add)
TABLE(subtract)
TABLE(multiply)
TABLE(divide)
TABLE(maximum)
TABLE(minimum)

static void add_scalar(float *out, const float *x, float value, int64_t n) {
  emily__cpu_kernels_get()->add_scalar(out, x, value, n);
}
static void subtract_scalar(float *out, const float *x, float value, int64_t n) {
  emily__cpu_kernels_get()->add_scalar(out, x, -value, n);
}
static void multiply_scalar(float *out, const float *x, float value, int64_t n) {
  emily__cpu_kernels_get()->multiply_scalar(out, x, value, n);
}

/* bool: as the integers 0 and 1 of which every number but 0 is true, and 0 / 0 = 0 */
#define LOOP(name, expression)                         \
  static void name##_bool(void *const *p, int64_t n) { \
    uint8_t *out = p[0];                               \
    const uint8_t *in_a = p[1], *in_b = p[2];          \
    for (int64_t i = 0; i < n; i++) {                  \
      bool a = in_a[i] != 0, b = in_b[i] != 0;         \
      out[i] = (expression);                           \
    }                                                  \
  }
LOOP(and, a &b)
LOOP(or, a | b)
LOOP(xor, a ^ b)
LOOP(power, a | !b)
LOOP(nothing, a &b & !b) /* a mod 1 and a mod 0 */
LOOP(equal, a == b)
LOOP(less, !a & b)
LOOP(less_equal, !a | b)
LOOP(greater, a & !b)
LOOP(greater_equal, a | !b)
#undef LOOP

/* 16-bit floats: the quotient is rounded to the dtype, then its floor is taken. */
#define FLOOR_DIVIDE_HALF(suffix, type, load, store)             \
  static void floor_divide_##suffix(void *const *p, int64_t n) { \
    type *out = p[0];                                            \
    const type *a = p[1], *b = p[2];                             \
    for (int64_t i = 0; i < n; i++) {                            \
      type quotient = store(load(a[i]) / load(b[i]));            \
      out[i] = store(floorf(load(quotient)));                    \
    }                                                            \
  }
FLOOR_DIVIDE_HALF(float16, emily__f16, emily__f16_to_f32, emily__f32_to_f16)
FLOOR_DIVIDE_HALF(bfloat16, emily__bf16, emily__bf16_to_f32, emily__f32_to_bf16)

#define BINARY(name, scalar, grain, ...)                                          \
  static emily__block_fn *const of_##name[EMILY_DTYPE_COUNT] = {__VA_ARGS__};     \
  emily_status emily__cpu_##name(const emily__node_view *node) {                  \
    return emily__elementwise_run(node, of_##name, scalar, grain);                \
  }
#define CHEAP EMILY__GRAIN_CHEAP
#define COSTLY EMILY__GRAIN_COSTLY
#define OF_NUMBER(name) OF_INTEGER(name), OF_FLOAT(name), OF_COMPLEX(name)

BINARY(add, add_scalar, CHEAP, [EMILY_BOOL] = or_bool, OF_NUMBER(add))
BINARY(subtract, subtract_scalar, CHEAP, [EMILY_BOOL] = xor_bool, OF_NUMBER(subtract))
BINARY(multiply, multiply_scalar, CHEAP, [EMILY_BOOL] = and_bool, OF_NUMBER(multiply))
BINARY(divide, NULL, CHEAP, OF_FLOAT(divide), OF_COMPLEX(divide))
BINARY(floor_divide, NULL, CHEAP, [EMILY_BOOL] = and_bool, OF_INTEGER(floor_divide),
       OF_FLOAT(floor_divide), [EMILY_FLOAT16] = floor_divide_float16, [EMILY_BFLOAT16] = floor_divide_bfloat16,
       OF_COMPLEX(divide))
BINARY(remainder, NULL, COSTLY, [EMILY_BOOL] = nothing_bool, OF_INTEGER(remainder), OF_FLOAT(remainder))
BINARY(quotient, NULL, CHEAP, [EMILY_BOOL] = and_bool, OF_INTEGER(quotient), OF_FLOAT(quotient))
BINARY(fmod, NULL, COSTLY, [EMILY_BOOL] = nothing_bool, OF_INTEGER(fmod), OF_FLOAT(fmod))
BINARY(copysign, NULL, CHEAP, OF_FLOAT(copysign))
BINARY(power, NULL, COSTLY, [EMILY_BOOL] = power_bool, OF_NUMBER(power))
BINARY(maximum, NULL, CHEAP, [EMILY_BOOL] = or_bool, OF_NUMBER(maximum))
BINARY(minimum, NULL, CHEAP, [EMILY_BOOL] = and_bool, OF_NUMBER(minimum))
BINARY(arctan2, NULL, COSTLY, OF_FLOAT(arctan2))
BINARY(logaddexp, NULL, COSTLY, OF_FLOAT(logaddexp), OF_COMPLEX(logaddexp))
BINARY(bitwise_and, NULL, CHEAP, [EMILY_BOOL] = and_bool, OF_INTEGER(bitwise_and))
BINARY(bitwise_or, NULL, CHEAP, [EMILY_BOOL] = or_bool, OF_INTEGER(bitwise_or))
BINARY(bitwise_xor, NULL, CHEAP, [EMILY_BOOL] = xor_bool, OF_INTEGER(bitwise_xor))
BINARY(left_shift, NULL, CHEAP, OF_INTEGER(left_shift))
BINARY(right_shift, NULL, CHEAP, OF_INTEGER(right_shift))
BINARY(equal, NULL, CHEAP, [EMILY_BOOL] = equal_bool, OF_NUMBER(equal))
BINARY(not_equal, NULL, CHEAP, [EMILY_BOOL] = xor_bool, OF_NUMBER(not_equal))
BINARY(less, NULL, CHEAP, [EMILY_BOOL] = less_bool, OF_NUMBER(less))
BINARY(less_equal, NULL, CHEAP, [EMILY_BOOL] = less_equal_bool, OF_NUMBER(less_equal))
BINARY(greater, NULL, CHEAP, [EMILY_BOOL] = greater_bool, OF_NUMBER(greater))
BINARY(greater_equal, NULL, CHEAP, [EMILY_BOOL] = greater_equal_bool, OF_NUMBER(greater_equal))
BINARY(logical_and, NULL, CHEAP, [EMILY_BOOL] = and_bool, OF_NUMBER(logical_and))
BINARY(logical_or, NULL, CHEAP, [EMILY_BOOL] = or_bool, OF_NUMBER(logical_or))

emily__block_fn *emily__binary_block(emily__prim prim, emily_dtype dtype) {
  switch (prim) {
    case EMILY__PRIM_add: return of_add[dtype];
    case EMILY__PRIM_multiply: return of_multiply[dtype];
    case EMILY__PRIM_maximum: return of_maximum[dtype];
    default: return of_minimum[dtype];
  }
}

/* out[i] = condition[i] ? x[i] : y[i], by the elements' size; the compiler makes blends of it */
#define SELECT(size, type)                               \
  static void select_##size(void *const *p, int64_t n) { \
    type *out = p[0];                                    \
    const uint8_t *condition = p[1];                     \
    const type *x = p[2], *y = p[3];                     \
    for (int64_t i = 0; i < n; i++) {                    \
      type a = x[i], b = y[i];                           \
      out[i] = condition[i] ? a : b;                     \
    }                                                    \
  }
SELECT(1, uint8_t)
SELECT(2, uint16_t)
SELECT(4, uint32_t)
SELECT(8, uint64_t)

emily_status emily__cpu_select(const emily__node_view *node) {
  static emily__block_fn *const by_size[] = {[1] = select_1, [2] = select_2, [4] = select_4, [8] = select_8};
  emily__block_fn *of[EMILY_DTYPE_COUNT] = {[EMILY_BOOL] = by_size[emily_dtype_size(node->outputs[0].dtype)]};
  return emily__elementwise_run(node, of, NULL, CHEAP);
}
