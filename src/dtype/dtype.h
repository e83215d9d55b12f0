/* dtype.h: the dtype table, for the rooms above. */
#ifndef EMILY_DTYPE_DTYPE_H
#define EMILY_DTYPE_DTYPE_H

#include "dtype/storage.h"
#include "emily/dtype.h"

static inline bool emily__dtype_valid(emily_dtype dtype) { return dtype >= 0 && dtype < EMILY_DTYPE_COUNT; }

/* The dtypes that are computed with come first. */
enum { EMILY__COMPUTE_DTYPES = EMILY_COMPLEX64 + 1 };

/* The kind letter of dtypes.def: b, u, i, f, c, s; 0 for a value that is no dtype. */
char emily__dtype_kind(emily_dtype dtype);

/* Bool and integers become float32, the rest stays: what division and the transcendental functions do. */
emily_dtype emily__dtype_to_inexact(emily_dtype dtype);

/* One element of a storage dtype, as its byte, of a float and of an integer; and its value. */
uint8_t emily__storage_of_float(double value, emily_dtype dtype);
uint8_t emily__storage_of_int(int64_t value, emily_dtype dtype);
double emily__storage_value(uint8_t byte, emily_dtype dtype);

/* What sums and products accumulate into: bool and narrow integers become int32 or uint32, the rest stays. */
emily_dtype emily__dtype_to_sum(emily_dtype dtype);

#endif
