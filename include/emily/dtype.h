/* emily/dtype.h: element types and how they combine. Promotion is MLX's (a lattice like JAX's). */
#ifndef EMILY_DTYPE_H
#define EMILY_DTYPE_H

#include "emily/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t emily_dtype; /* one of the constants below; their values never change */
enum {
  EMILY_BOOL = 0,  /* 1 byte, 0 or 1 */
  EMILY_UINT8 = 1,
  EMILY_UINT16 = 2,
  EMILY_UINT32 = 3,
  EMILY_UINT64 = 4,
  EMILY_INT8 = 5,
  EMILY_INT16 = 6,
  EMILY_INT32 = 7,
  EMILY_INT64 = 8,
  EMILY_FLOAT16 = 9,   /* IEEE 754 binary16 */
  EMILY_BFLOAT16 = 10, /* the upper half of a binary32 */
  EMILY_FLOAT32 = 11,
  EMILY_FLOAT64 = 12,
  EMILY_COMPLEX64 = 13, /* real and imaginary float32, in that order */
  /* Storage: these are moved and cast, and refused by what computes; cast first. Each takes a byte: integers have their value in its
   * low bits, since strides count whole bytes (emily_pack puts them closer). */
  EMILY_INT2 = 14,
  EMILY_INT4 = 15,
  EMILY_UINT2 = 16,
  EMILY_UINT4 = 17,
  EMILY_FLOAT8_E4M3FN = 18, /* no infinities; what is past 464 becomes NaN */
  EMILY_FLOAT8_E5M2 = 19,
  EMILY_DTYPE_COUNT = 20
};

/* Bytes an element takes; 0 for a value that is no dtype. */
EMILY_API size_t emily_dtype_size(emily_dtype dtype);

/* "float32", "bfloat16", … as MLX and NumPy spell them; "?" for a value that is no dtype. Static. */
EMILY_API const char *emily_dtype_name(emily_dtype dtype);

/* The dtype of a name ("float32", also "f32", "F32", "bf16"); EMILY_NOT_FOUND. */
EMILY_API emily_status emily_dtype_from_name(const char *name, emily_dtype *out);

/* The dtype of a binary op's result; -1 when an operand is no dtype. uint64 with a signed integer gives float32, float16 with
 * bfloat16 gives float32, anything with complex64 gives complex64. A storage dtype with itself stays, with another it is what it
 * computes as. */
EMILY_API emily_dtype emily_promote_types(emily_dtype a, emily_dtype b);

/* Whether a dtype is one of storage, and the dtype that it computes as: int8, uint8, float16; others are their own. -1: no dtype. */
EMILY_API bool emily_dtype_is_storage(emily_dtype dtype);
EMILY_API emily_dtype emily_dtype_compute(emily_dtype dtype);

/* All four are false for storage dtypes. */
EMILY_API bool emily_dtype_is_float(emily_dtype dtype);    /* float16, bfloat16, float32, float64 */
EMILY_API bool emily_dtype_is_integer(emily_dtype dtype);  /* signed and unsigned; bool is not one */
EMILY_API bool emily_dtype_is_signed(emily_dtype dtype);   /* signed integers, floats, complex64 */
EMILY_API bool emily_dtype_is_inexact(emily_dtype dtype);  /* floats and complex64 */

#ifdef __cplusplus
}
#endif
#endif
