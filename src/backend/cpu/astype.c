/* astype.c: casts between all dtypes.
 *
 * Integers wrap. Any number but zero is true (NaN too). A complex number gives its real part; it is true where either
 * part is not 0. 16-bit floats are reached through float32, as in MLX. A float goes to an integer towards zero, and
 * where C leaves that undefined:
 *   - NaN gives 0;
 *   - what truncates to an int32 wraps into narrower types and into unsigned ones (300 → uint8 44,
 *     -1 → uint32 4294967295), as MLX on x86 does throughout; for the 64-bit types the same with int64;
 *   - anything else that does not fit, infinities among them, gives the nearest end of the type's range. */
#include "backend/cpu/complex.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/kernels.h"

#define FROM_FLOAT(name, type, lowest, highest, wrap_type, wraps) \
  static inline type float_to_##name(double x) {                  \
    if (wraps(x)) return (type)(wrap_type)x;                      \
    if (x != x) return 0;                                         \
    if (x <= (double)(lowest)) return lowest;                     \
    if (x >= (double)(highest)) return highest;                   \
    return (type)x;                                               \
  }
#define IS_INT32(x) ((x) > -0x1p31 - 1 && (x) < 0x1p31)
#define IS_INT64(x) ((x) >= -0x1p63 && (x) < 0x1p63)
FROM_FLOAT(uint8, uint8_t, 0, UINT8_MAX, int32_t, IS_INT32)
FROM_FLOAT(uint16, uint16_t, 0, UINT16_MAX, int32_t, IS_INT32)
FROM_FLOAT(uint32, uint32_t, 0, UINT32_MAX, int32_t, IS_INT32)
FROM_FLOAT(uint64, uint64_t, 0, UINT64_MAX, int64_t, IS_INT64)
FROM_FLOAT(int8, int8_t, INT8_MIN, INT8_MAX, int32_t, IS_INT32)
FROM_FLOAT(int16, int16_t, INT16_MIN, INT16_MAX, int32_t, IS_INT32)
FROM_FLOAT(int32, int32_t, INT32_MIN, INT32_MAX, int32_t, IS_INT32)
FROM_FLOAT(int64, int64_t, INT64_MIN, INT64_MAX, int64_t, IS_INT64)

/* Integers of a few bits: what an int32 holds wraps, else the nearest end. */
FROM_FLOAT(few_signed2, int8_t, -2, 1, int32_t, IS_INT32)
FROM_FLOAT(few_signed4, int8_t, -8, 7, int32_t, IS_INT32)
FROM_FLOAT(few_unsigned2, uint8_t, 0, 3, int32_t, IS_INT32)
FROM_FLOAT(few_unsigned4, uint8_t, 0, 15, int32_t, IS_INT32)

#define TO uint8_t
#define NAME(from) from##_to_uint8
#define FROM_INT(x) (uint8_t)(x)
#define FROM_REAL(x) float_to_uint8(x)
#define FROM_COMPLEX(z) float_to_uint8(crealf(z))
#include "backend/cpu/cast.inc"
#define TO uint16_t
#define NAME(from) from##_to_uint16
#define FROM_INT(x) (uint16_t)(x)
#define FROM_REAL(x) float_to_uint16(x)
#define FROM_COMPLEX(z) float_to_uint16(crealf(z))
#include "backend/cpu/cast.inc"
#define TO uint32_t
#define NAME(from) from##_to_uint32
#define FROM_INT(x) (uint32_t)(x)
#define FROM_REAL(x) float_to_uint32(x)
#define FROM_COMPLEX(z) float_to_uint32(crealf(z))
#include "backend/cpu/cast.inc"
#define TO uint64_t
#define NAME(from) from##_to_uint64
#define FROM_INT(x) (uint64_t)(x)
#define FROM_REAL(x) float_to_uint64(x)
#define FROM_COMPLEX(z) float_to_uint64(crealf(z))
#include "backend/cpu/cast.inc"
#define TO int8_t
#define NAME(from) from##_to_int8
#define FROM_INT(x) (int8_t)(x)
#define FROM_REAL(x) float_to_int8(x)
#define FROM_COMPLEX(z) float_to_int8(crealf(z))
#include "backend/cpu/cast.inc"
#define TO int16_t
#define NAME(from) from##_to_int16
#define FROM_INT(x) (int16_t)(x)
#define FROM_REAL(x) float_to_int16(x)
#define FROM_COMPLEX(z) float_to_int16(crealf(z))
#include "backend/cpu/cast.inc"
#define TO int32_t
#define NAME(from) from##_to_int32
#define FROM_INT(x) (int32_t)(x)
#define FROM_REAL(x) float_to_int32(x)
#define FROM_COMPLEX(z) float_to_int32(crealf(z))
#include "backend/cpu/cast.inc"
#define TO int64_t
#define NAME(from) from##_to_int64
#define FROM_INT(x) (int64_t)(x)
#define FROM_REAL(x) float_to_int64(x)
#define FROM_COMPLEX(z) float_to_int64(crealf(z))
#include "backend/cpu/cast.inc"

#define TO uint8_t
#define NAME(from) from##_to_boolean
#define FROM_INT(x) (x) != 0
#define FROM_REAL(x) (x) != 0
#define FROM_COMPLEX(z) (z) != 0
#include "backend/cpu/cast.inc"
#define TO float
#define NAME(from) from##_to_float32
#define FROM_INT(x) (float)(x)
#define FROM_REAL(x) (float)(x)
#define FROM_COMPLEX(z) crealf(z)
#include "backend/cpu/cast.inc"
#define TO double
#define NAME(from) from##_to_float64
#define FROM_INT(x) (double)(x)
#define FROM_REAL(x) (double)(x)
#define FROM_COMPLEX(z) (double)crealf(z)
#include "backend/cpu/cast.inc"
#define TO emily__f16
#define NAME(from) from##_to_float16
#define FROM_INT(x) emily__f32_to_f16((float)(x))
#define FROM_REAL(x) emily__f32_to_f16((float)(x))
#define FROM_COMPLEX(z) emily__f32_to_f16(crealf(z))
#include "backend/cpu/cast.inc"
#define TO emily__bf16
#define NAME(from) from##_to_bfloat16
#define FROM_INT(x) emily__f32_to_bf16((float)(x))
#define FROM_REAL(x) emily__f32_to_bf16((float)(x))
#define FROM_COMPLEX(z) emily__f32_to_bf16(crealf(z))
#include "backend/cpu/cast.inc"
#define TO emily__complex
#define NAME(from) from##_to_complex64
#define FROM_INT(x) emily__complex_of((float)(x), 0)
#define FROM_REAL(x) emily__complex_of((float)(x), 0)
#define FROM_COMPLEX(z) z
#include "backend/cpu/cast.inc"
#define TO int8_t
#define NAME(from) from##_to_int2
#define FROM_INT(x) emily__int2((int64_t)(x))
#define FROM_REAL(x) emily__int2((int64_t)float_to_few_signed2(x))
#define FROM_COMPLEX(z) emily__int2((int64_t)float_to_few_signed2(crealf(z)))
#include "backend/cpu/cast.inc"
#define TO int8_t
#define NAME(from) from##_to_int4
#define FROM_INT(x) emily__int4((int64_t)(x))
#define FROM_REAL(x) emily__int4((int64_t)float_to_few_signed4(x))
#define FROM_COMPLEX(z) emily__int4((int64_t)float_to_few_signed4(crealf(z)))
#include "backend/cpu/cast.inc"
#define TO uint8_t
#define NAME(from) from##_to_uint2
#define FROM_INT(x) emily__uint2((uint64_t)(x))
#define FROM_REAL(x) emily__uint2((uint64_t)float_to_few_unsigned2(x))
#define FROM_COMPLEX(z) emily__uint2((uint64_t)float_to_few_unsigned2(crealf(z)))
#include "backend/cpu/cast.inc"
#define TO uint8_t
#define NAME(from) from##_to_uint4
#define FROM_INT(x) emily__uint4((uint64_t)(x))
#define FROM_REAL(x) emily__uint4((uint64_t)float_to_few_unsigned4(x))
#define FROM_COMPLEX(z) emily__uint4((uint64_t)float_to_few_unsigned4(crealf(z)))
#include "backend/cpu/cast.inc"
#define TO emily__e4m3fn
#define NAME(from) from##_to_e4m3fn
#define FROM_INT(x) emily__f32_to_e4m3fn((float)(x))
#define FROM_REAL(x) _Generic((x), double: emily__f64_to_e4m3fn, default: emily__f32_to_e4m3fn)(x)
#define FROM_COMPLEX(z) emily__f32_to_e4m3fn(crealf(z))
#include "backend/cpu/cast.inc"
#define TO emily__e5m2
#define NAME(from) from##_to_e5m2
#define FROM_INT(x) emily__f32_to_e5m2((float)(x))
#define FROM_REAL(x) _Generic((x), double: emily__f64_to_e5m2, default: emily__f32_to_e5m2)(x)
#define FROM_COMPLEX(z) emily__f32_to_e5m2(crealf(z))
#include "backend/cpu/cast.inc"

/* (`bool` itself is a macro, hence boolean above.) */

/* the conversions that weights and activations go through */
static void f16_to_f32(void *const *p, int64_t n) { emily__cpu_kernels_get()->f16_to_f32(p[0], p[1], n); }
/* Long runs of 8-bit floats are looked up. */
enum { WORTH_A_TABLE = 2048 };
#define LOOKED_UP(from)                                                                          \
  static void from##_looked_up(void *const *p, int64_t n) {                                      \
    float values[256], *out = p[0];                                                              \
    const uint8_t *in = p[1];                                                                    \
    if (n < WORTH_A_TABLE) {                                                                     \
      from##_to_float32(p, n);                                                                   \
      return;                                                                                    \
    }                                                                                            \
    for (int i = 0; i < 256; i++) values[i] = emily__##from##_to_f32((emily__##from){(uint8_t)i}); \
    for (int64_t i = 0; i < n; i++) out[i] = values[in[i]];                                      \
  }
LOOKED_UP(e4m3fn)
LOOKED_UP(e5m2)
static void f32_to_f16(void *const *p, int64_t n) { emily__cpu_kernels_get()->f32_to_f16(p[0], p[1], n); }
static void bf16_to_f32(void *const *p, int64_t n) { emily__cpu_kernels_get()->bf16_to_f32(p[0], p[1], n); }
static void f32_to_bf16(void *const *p, int64_t n) { emily__cpu_kernels_get()->f32_to_bf16(p[0], p[1], n); }

#define TO_ROW(NAME, to)                                                                                          \
  [EMILY_##NAME] = {                                                                                              \
      [EMILY_BOOL] = boolean_to_##to,    [EMILY_UINT8] = uint8_to_##to,        [EMILY_UINT16] = uint16_to_##to,   \
      [EMILY_UINT32] = uint32_to_##to,   [EMILY_UINT64] = uint64_to_##to,      [EMILY_INT8] = int8_to_##to,       \
      [EMILY_INT16] = int16_to_##to,     [EMILY_INT32] = int32_to_##to,        [EMILY_INT64] = int64_to_##to,     \
      [EMILY_FLOAT16] = float16_to_##to, [EMILY_BFLOAT16] = bfloat16_to_##to,  [EMILY_FLOAT32] = float32_to_##to, \
      [EMILY_FLOAT64] = float64_to_##to, [EMILY_COMPLEX64] = complex64_to_##to,                      \
      [EMILY_INT2] = int2_to_##to,       [EMILY_INT4] = int4_to_##to,          [EMILY_UINT2] = uint2_to_##to,     \
      [EMILY_UINT4] = uint4_to_##to,     [EMILY_FLOAT8_E4M3FN] = e4m3fn_to_##to, [EMILY_FLOAT8_E5M2] = e5m2_to_##to}

static emily__block_fn *const casts[EMILY_DTYPE_COUNT][EMILY_DTYPE_COUNT] = {
    TO_ROW(BOOL, boolean),
    TO_ROW(UINT8, uint8),
    TO_ROW(UINT16, uint16),
    TO_ROW(UINT32, uint32),
    TO_ROW(UINT64, uint64),
    TO_ROW(INT8, int8),
    TO_ROW(INT16, int16),
    TO_ROW(INT32, int32),
    TO_ROW(INT64, int64),
    TO_ROW(FLOAT16, float16),
    TO_ROW(BFLOAT16, bfloat16),
    TO_ROW(FLOAT32, float32),
    TO_ROW(FLOAT64, float64),
    TO_ROW(COMPLEX64, complex64),
    TO_ROW(INT2, int2),
    TO_ROW(INT4, int4),
    TO_ROW(UINT2, uint2),
    TO_ROW(UINT4, uint4),
    TO_ROW(FLOAT8_E4M3FN, e4m3fn),
    TO_ROW(FLOAT8_E5M2, e5m2),
};

static emily__block_fn *find(emily_dtype from, emily_dtype to) {
  if (from == EMILY_FLOAT32 && to == EMILY_FLOAT16) return f32_to_f16;
  if (from == EMILY_FLOAT32 && to == EMILY_BFLOAT16) return f32_to_bf16;
  if (from == EMILY_FLOAT16 && to == EMILY_FLOAT32) return f16_to_f32;
  if (from == EMILY_BFLOAT16 && to == EMILY_FLOAT32) return bf16_to_f32;
  if (from == EMILY_FLOAT8_E4M3FN && to == EMILY_FLOAT32) return e4m3fn_looked_up;
  if (from == EMILY_FLOAT8_E5M2 && to == EMILY_FLOAT32) return e5m2_looked_up;
  return casts[to][from];
}

emily_status emily__cpu_astype(const emily__node_view *node) {
  emily_dtype from = node->inputs[0].dtype;
  emily__block_fn *of[EMILY_DTYPE_COUNT] = {0};
  of[from] = find(from, node->outputs[0].dtype);
  return emily__elementwise_run(node, of, NULL, EMILY__GRAIN_CHEAP);
}
