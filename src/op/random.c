/* random.c: distributions over uniform bits, in the arithmetic that MLX uses, so that equal keys give equal samples. */
#include "op/common.h"

#include <math.h>

emily_array *emily_random_key(emily_scope *scope, int64_t seed) {
  BEGIN_NO_OPERANDS(scope);
  uint32_t halves[2] = {(uint32_t)((uint64_t)seed >> 32), (uint32_t)seed};
  emily_array *key = emily_array_from_data(halves, (int64_t[]){2}, 1, EMILY_UINT32);
  return key ? emily__scope_own(scope, key) : emily_scope_fail(scope);
}

static emily_array *bits(const emily__op *op, emily_array *key, const int64_t *shape, int32_t count, int64_t width) {
  emily__attrs_room attrs;
  if (!emily__op_shape(op, shape, count)) return NULL;
  attrs.random_bits.width = width;
  attrs.random_bits.count = count;
  if (count) memcpy(attrs.random_bits.shape, shape, (size_t)count * sizeof *shape);
  return emily__apply(op, EMILY__PRIM_random_bits, &attrs, sizeof attrs.random_bits + (size_t)count * sizeof *shape, &key, 1);
}

emily_array *emily_random_bits(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t shape_count, int64_t width) {
  BEGIN(scope, key);
  return bits(&op, key, shape, shape_count, width);
}

emily_array *emily_random_split(emily_scope *scope, emily_array *key, int64_t num) {
  BEGIN(scope, key);
  if (num < 0) return REFUSE("num is %lld; it must not be negative", (long long)num);
  return bits(&op, key, (int64_t[]){num, 2}, 2, 4);
}

/* The largest value below 1 of a dtype. */
static double below_one(emily_dtype dtype) {
  return dtype == EMILY_FLOAT16 ? 1 - 0x1p-11 : dtype == EMILY_BFLOAT16 ? 1 - 0x1p-8 : 1 - 0x1p-24;
}

static emily_array *uniform(const emily__op *op, emily_array *key, emily_array *low, emily_array *high, const int64_t *shape,
                            int32_t count, emily_dtype dtype) {
  emily_scope *scope = op->scope;
  if (dtype != EMILY_FLOAT32 && dtype != EMILY_FLOAT16 && dtype != EMILY_BFLOAT16)
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the dtype must be float32, float16 or bfloat16");
  low = emily__cast(op, low, dtype);
  emily_array *range = emily_subtract(scope, emily__cast(op, high, dtype), low);
  emily_array *u = emily__cast(op, bits(op, key, shape, count, 4), EMILY_FLOAT32);
  u = emily_divide(scope, u, emily__scalar(op, 0x1p32, EMILY_FLOAT32)); /* 2^32 - 1 rounds to 2^32 */
  u = emily__cast(op, emily_minimum(scope, u, emily__scalar(op, below_one(dtype), EMILY_FLOAT32)), dtype);
  emily_array *sample = emily_add(scope, emily_multiply(scope, range, u), low);
  if (sample && !emily__shape_equal(sample->dims, sample->ndim, shape, count))
    return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "low and high do not broadcast to the shape");
  return sample;
}

emily_array *emily_random_uniform(emily_scope *scope, emily_array *key, emily_array *low, emily_array *high,
                                  const int64_t *shape, int32_t shape_count, emily_dtype dtype) {
  BEGIN(scope, key, low, high);
  return uniform(&op, key, low, high, shape, shape_count, dtype);
}

/* √2 erfinv(u), u in (-1, 1). */
static emily_array *standard_normal(const emily__op *op, emily_array *key, const int64_t *shape, int32_t count) {
  emily_array *low = emily__scalar(op, (double)nextafterf(-1.0f, 0.0f), EMILY_FLOAT32);
  emily_array *u = uniform(op, key, low, emily__scalar(op, 1, EMILY_FLOAT32), shape, count, EMILY_FLOAT32);
  return emily_erfinv(op->scope, u);
}

emily_array *emily_random_normal(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t shape_count,
                                 emily_dtype dtype, emily_array *loc, emily_array *scale) {
  BEGIN(scope, key);
  int64_t pairs[EMILY__MAX_RANK];
  emily_array *sample;
  if (!emily_dtype_is_inexact(dtype)) return REFUSE("the dtype must be a float or complex64");
  if (!emily__op_shape(&op, shape, shape_count)) return NULL;
  if (dtype == EMILY_COMPLEX64) {
    if (shape_count == EMILY__MAX_RANK) return REFUSE("an array of 64 axes of complex numbers can't be drawn");
    if (shape_count) memcpy(pairs, shape, (size_t)shape_count * sizeof *pairs);
    pairs[shape_count] = 2;
    sample = emily_view(scope, standard_normal(&op, key, pairs, shape_count + 1), EMILY_COMPLEX64);
    sample = emily__reshape(&op, sample, shape, shape_count);
    if (scale) sample = emily_multiply(scope, scale, sample);
    return loc ? emily_add(scope, loc, sample) : sample;
  }
  emily_array *factor = emily__scalar(&op, sqrt(2.0), dtype);
  if (scale) factor = emily_multiply(scope, factor, emily__cast(&op, scale, dtype));
  sample = emily_multiply(scope, factor, emily__cast(&op, standard_normal(&op, key, shape, shape_count), dtype));
  return loc ? emily_add(scope, emily__cast(&op, loc, dtype), sample) : sample;
}

emily_array *emily_random_randint(emily_scope *scope, emily_array *key, emily_array *low, emily_array *high,
                                  const int64_t *shape, int32_t shape_count, emily_dtype dtype) {
  BEGIN(scope, key, low, high);
  if (emily_dtype_is_inexact(dtype) || !emily__dtype_valid(dtype)) return REFUSE("the dtype must be an integer or bool");
  emily_array *u = uniform(&op, key, low, high, shape, shape_count, EMILY_FLOAT32);
  emily_array *value = emily__cast(&op, emily_floor(scope, u), dtype);
  /* float32 rounds wide ranges outwards: hold the result between low and high - 1. */
  emily_array *last = emily__cast(&op, emily_subtract(scope, high, emily__scalar(&op, 1, high->dtype)), dtype);
  return emily_maximum(scope, emily_minimum(scope, value, last), emily__cast(&op, low, dtype));
}

emily_array *emily_random_bernoulli(emily_scope *scope, emily_array *key, emily_array *p, const int64_t *shape,
                                    int32_t shape_count) {
  BEGIN(scope, key, p);
  if (!emily_dtype_is_float(p->dtype)) return REFUSE("p must be a float");
  /* Above 2^32, so that p = 1 is always true. */
  emily_array *upper = emily__scalar(&op, (double)nextafterf(0x1p32f, INFINITY), EMILY_FLOAT32);
  emily_array *drawn = emily_less(scope, bits(&op, key, shape, shape_count, 4), emily_multiply(scope, p, upper));
  if (drawn && !emily__shape_equal(drawn->dims, drawn->ndim, shape, shape_count)) return REFUSE("p does not broadcast to the shape");
  return drawn;
}

static emily_array *gumbel(const emily__op *op, emily_array *key, const int64_t *shape, int32_t count, emily_dtype dtype) {
  emily_scope *scope = op->scope;
  emily_array *u = uniform(op, key, emily__scalar(op, 0, dtype), emily__scalar(op, 1, dtype), shape, count, dtype);
  return emily_negative(scope, emily_log(scope, emily_negative(scope, emily_log(scope, u))));
}

emily_array *emily_random_gumbel(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t shape_count,
                                 emily_dtype dtype) {
  BEGIN(scope, key);
  return gumbel(&op, key, shape, shape_count, dtype);
}

emily_array *emily_random_categorical(emily_scope *scope, emily_array *key, emily_array *logits, int64_t axis,
                                      const int64_t *shape, int32_t shape_count) {
  BEGIN(scope, key, logits);
  int64_t reduced[EMILY__MAX_RANK], noise[EMILY__MAX_RANK + 1], both[EMILY__MAX_RANK];
  int32_t at, n = 0, ndim;
  if (!emily__op_axis(&op, axis, logits->ndim, &at)) return NULL;
  for (int32_t i = 0; i < logits->ndim; i++)
    if (i != at) reduced[n++] = logits->dims[i];
  if (!shape) {
    shape = reduced;
    shape_count = n;
  }
  if (!emily__op_shape(&op, shape, shape_count)) return NULL;
  if (!emily__broadcast_shapes(shape, shape_count, reduced, n, both, &ndim) ||
      !emily__shape_equal(both, ndim, shape, shape_count) || shape_count == EMILY__MAX_RANK)
    return REFUSE("the logits without axis %d do not broadcast to the shape", at);
  /* The axis of the classes goes where it stands in the logits, counted from the end. */
  int32_t place = at + shape_count - logits->ndim + 1;
  for (int32_t i = 0; i <= shape_count; i++)
    noise[i] = i < place ? shape[i] : i == place ? logits->dims[at] : shape[i - 1];
  emily_array *g = gumbel(&op, key, noise, shape_count + 1, EMILY_FLOAT32);
  return emily_argmax(scope, emily_add(scope, g, logits), place, false, "low");
}
