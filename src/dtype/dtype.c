/* dtype.c: the dtype table and MLX's promotion rules.
 *
 * Promotion follows a lattice: bool below all; integers widen until both fit (uint64 with a signed integer has no such type
 * and goes to float32); any float beats any integer; float16 with bfloat16 meets at float32; complex64 beats all. A storage dtype with
 * another dtype is the dtype that it computes as. */
#include "dtype/dtype.h"

#include "base/status.h"

#include <string.h>
#include <strings.h>

static const struct {
  const char *name, *short_name;
  uint8_t size;
  char kind;
} table[EMILY_DTYPE_COUNT] = {
#define X(NAME, name, short_name, type, size, kind) [EMILY_##NAME] = {#name, short_name, size, kind},
#include "dtype/dtypes.def"
#undef X
};

#define X(NAME, name, short_name, type, size, kind) _Static_assert(sizeof(type) == (size), #name " has another size");
#include "dtype/dtypes.def"
#undef X

size_t emily_dtype_size(emily_dtype dtype) { return emily__dtype_valid(dtype) ? table[dtype].size : 0; }
const char *emily_dtype_name(emily_dtype dtype) { return emily__dtype_valid(dtype) ? table[dtype].name : "?"; }
char emily__dtype_kind(emily_dtype dtype) { return emily__dtype_valid(dtype) ? table[dtype].kind : 0; }

emily_status emily_dtype_from_name(const char *name, emily_dtype *out) {
  for (int i = 0; name && i < EMILY_DTYPE_COUNT; i++) {
    if (strcasecmp(name, table[i].name) == 0 || strcasecmp(name, table[i].short_name) == 0) {
      *out = i;
      return EMILY_OK;
    }
  }
  return emily__fail(EMILY_NOT_FOUND, "emily_dtype_from_name", "there is no dtype \"%s\"", name ? name : "(null)");
}

bool emily_dtype_is_float(emily_dtype dtype) { return emily__dtype_kind(dtype) == 'f'; }
bool emily_dtype_is_integer(emily_dtype dtype) {
  return emily__dtype_kind(dtype) == 'i' || emily__dtype_kind(dtype) == 'u';
}
bool emily_dtype_is_signed(emily_dtype dtype) {
  char kind = emily__dtype_kind(dtype);
  return kind == 'i' || kind == 'f' || kind == 'c';
}
bool emily_dtype_is_inexact(emily_dtype dtype) {
  return emily__dtype_kind(dtype) == 'f' || emily__dtype_kind(dtype) == 'c';
}

bool emily_dtype_is_storage(emily_dtype dtype) { return emily__dtype_kind(dtype) == 's'; }

emily_dtype emily_dtype_compute(emily_dtype dtype) {
  if (!emily__dtype_valid(dtype)) return -1;
  switch (dtype) {
    case EMILY_INT2:
    case EMILY_INT4: return EMILY_INT8;
    case EMILY_UINT2:
    case EMILY_UINT4: return EMILY_UINT8;
    case EMILY_FLOAT8_E4M3FN:
    case EMILY_FLOAT8_E5M2: return EMILY_FLOAT16;
    default: return dtype;
  }
}

uint8_t emily__storage_of_int(int64_t value, emily_dtype dtype) {
  switch (dtype) {
    case EMILY_INT2: return (uint8_t)emily__int2(value);
    case EMILY_INT4: return (uint8_t)emily__int4(value);
    case EMILY_UINT2: return emily__uint2((uint64_t)value);
    case EMILY_UINT4: return emily__uint4((uint64_t)value);
    default: return emily__storage_of_float((double)value, dtype);
  }
}

uint8_t emily__storage_of_float(double value, emily_dtype dtype) {
  if (dtype == EMILY_FLOAT8_E4M3FN) return emily__f64_to_e4m3fn(value).bits;
  if (dtype == EMILY_FLOAT8_E5M2) return emily__f64_to_e5m2(value).bits;
  return emily__storage_of_int(value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : value == value ? (int64_t)value : 0, dtype);
}

double emily__storage_value(uint8_t byte, emily_dtype dtype) {
  switch (dtype) {
    case EMILY_INT2: return emily__int2(byte);
    case EMILY_INT4: return emily__int4(byte);
    case EMILY_UINT2: return emily__uint2(byte);
    case EMILY_UINT4: return emily__uint4(byte);
    case EMILY_FLOAT8_E4M3FN: return (double)emily__e4m3fn_to_f32((emily__e4m3fn){byte});
    default: return (double)emily__e5m2_to_f32((emily__e5m2){byte});
  }
}

static emily_dtype signed_of_size(size_t size) {
  return size == 1 ? EMILY_INT8 : size == 2 ? EMILY_INT16 : size == 4 ? EMILY_INT32 : EMILY_INT64;
}

static emily_dtype promote_integers(emily_dtype a, emily_dtype b) {
  size_t size_a = table[a].size, size_b = table[b].size;
  if (table[a].kind == table[b].kind) return size_a >= size_b ? a : b;
  size_t size_unsigned = table[a].kind == 'u' ? size_a : size_b;
  size_t size_signed = table[a].kind == 'u' ? size_b : size_a;
  if (size_signed > size_unsigned) return signed_of_size(size_signed);
  return size_unsigned == 8 ? EMILY_FLOAT32 : signed_of_size(2 * size_unsigned);
}

static emily_dtype promote_floats(emily_dtype a, emily_dtype b) {
  if (table[a].size == 2 && table[b].size == 2) return EMILY_FLOAT32; /* float16 with bfloat16 */
  return table[a].size >= table[b].size ? a : b;
}

emily_dtype emily_promote_types(emily_dtype a, emily_dtype b) {
  if (!emily__dtype_valid(a) || !emily__dtype_valid(b)) return -1;
  if (a == b) return a;
  a = emily_dtype_compute(a);
  b = emily_dtype_compute(b);
  if (a == b) return a;
  char kind_a = table[a].kind, kind_b = table[b].kind;
  if (kind_a == 'c' || kind_b == 'c') return EMILY_COMPLEX64;
  if (kind_a == 'b') return b;
  if (kind_b == 'b') return a;
  if (kind_a == 'f' && kind_b == 'f') return promote_floats(a, b);
  if (kind_a == 'f') return a;
  if (kind_b == 'f') return b;
  return promote_integers(a, b);
}

emily_dtype emily__dtype_to_inexact(emily_dtype dtype) {
  return emily_dtype_is_inexact(dtype) ? dtype : EMILY_FLOAT32;
}

emily_dtype emily__dtype_to_sum(emily_dtype dtype) {
  char kind = emily__dtype_kind(dtype);
  if (kind == 'b') return EMILY_INT32;
  if (kind == 'i' && emily_dtype_size(dtype) < 4) return EMILY_INT32;
  if (kind == 'u' && emily_dtype_size(dtype) < 4) return EMILY_UINT32;
  return dtype;
}
