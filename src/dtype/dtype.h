/* dtype.h: the dtype table, for the rooms above. */
#ifndef EMILY_DTYPE_DTYPE_H
#define EMILY_DTYPE_DTYPE_H

#include "dtype/half.h"
#include "emily/dtype.h"

static inline bool emily__dtype_valid(emily_dtype dtype) { return dtype >= 0 && dtype < EMILY_DTYPE_COUNT; }

/* The kind letter of dtypes.def: b, u, i, f, c; 0 for a value that is no dtype. */
char emily__dtype_kind(emily_dtype dtype);

/* Bool and integers become float32, the rest stays: what division and the transcendental functions do. */
emily_dtype emily__dtype_to_inexact(emily_dtype dtype);

/* What sums and products accumulate into: bool and narrow integers become int32 or uint32, the rest stays. */
emily_dtype emily__dtype_to_sum(emily_dtype dtype);

#endif
