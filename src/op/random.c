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

/* Of [0, 1), below 1 in the dtype too: 32 bits each, as MLX. */
static emily_array *unit_from_32(const emily__op *op, emily_array *key, const int64_t *shape, int32_t count, emily_dtype dtype) {
  emily_scope *scope = op->scope;
  emily_array *u = emily__cast(op, bits(op, key, shape, count, 4), EMILY_FLOAT32);
  u = emily_divide(scope, u, emily__scalar(op, 0x1p32, EMILY_FLOAT32)); /* 2^32 - 1 rounds to 2^32 */
  return emily__cast(op, emily_minimum(scope, u, emily__scalar(op, below_one(dtype), EMILY_FLOAT32)), dtype);
}

/* Of [0, 1) in steps of 2^-53: the high bits of two words each. */
static emily_array *unit_from_53(const emily__op *op, emily_array *key, const int64_t *shape, int32_t count) {
  int64_t pairs[EMILY__MAX_RANK];
  emily_scope *scope = op->scope;
  if (!emily__op_shape(op, shape, count)) return NULL;
  if (count == EMILY__MAX_RANK) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "an array of 64 axes of float64 can't be drawn");
  if (count) memcpy(pairs, shape, (size_t)count * sizeof *pairs);
  pairs[count] = 2;
  emily_array *words = bits(op, key, pairs, count + 1, 4);
  words = words ? emily__reshape(op, emily_view(scope, words, EMILY_UINT64), shape, count) : NULL;
  emily_array *high = words ? emily_right_shift(scope, words, emily__scalar(op, 11, EMILY_UINT64)) : NULL;
  return high ? emily_multiply(scope, emily__cast(op, high, EMILY_FLOAT64), emily__scalar(op, 0x1p-53, EMILY_FLOAT64)) : NULL;
}

static emily_array *uniform(const emily__op *op, emily_array *key, emily_array *low, emily_array *high, const int64_t *shape,
                            int32_t count, emily_dtype dtype) {
  emily_scope *scope = op->scope;
  if (!emily_dtype_is_float(dtype)) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "the dtype must be a float");
  low = emily__cast(op, low, dtype);
  emily_array *range = emily_subtract(scope, emily__cast(op, high, dtype), low);
  emily_array *u = dtype == EMILY_FLOAT64 ? unit_from_53(op, key, shape, count) : unit_from_32(op, key, shape, count, dtype);
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

/* Of (-1, 1) in float32. */
static emily_array *both_signs(const emily__op *op, emily_array *key, const int64_t *shape, int32_t count) {
  emily_array *low = emily__scalar(op, (double)nextafterf(-1.0f, 0.0f), EMILY_FLOAT32);
  return uniform(op, key, low, emily__scalar(op, 1, EMILY_FLOAT32), shape, count, EMILY_FLOAT32);
}

/* √2 erfinv(u), u in (-1, 1); the factor is the caller's. */
static emily_array *standard_normal(const emily__op *op, emily_array *key, const int64_t *shape, int32_t count) {
  return emily_erfinv(op->scope, both_signs(op, key, shape, count));
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

/* The Gumbel-max rule: the largest of logits and noise. The axis of the classes goes where it stands in the logits, counted from the end. */
static emily_array *largest_of_noise(const emily__op *op, emily_array *key, emily_array *logits, int32_t at, const int64_t *shape,
                                     int32_t count) {
  int64_t noise[EMILY__MAX_RANK + 1];
  const int32_t place = at + count - logits->ndim + 1;
  if (count == EMILY__MAX_RANK) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a shape of 64 axes leaves none for the classes");
  for (int32_t i = 0; i <= count; i++) noise[i] = i < place ? shape[i] : i == place ? logits->dims[at] : shape[i - 1];
  emily_array *g = gumbel(op, key, noise, count + 1, EMILY_FLOAT32);
  return emily_argmax(op->scope, emily_add(op->scope, g, logits), place, false, "low");
}

/* One distribution by its distribution function: the last class whose sum of probabilities before it is not above u. Where the largest
 * logit is infinite, exp(x - m) would be NaN: those of that size share everything. */
static emily_array *search_distribution(const emily__op *op, emily_array *key, emily_array *logits, const int64_t *shape, int32_t count) {
  emily_scope *s = op->scope;
  emily_array *x = emily__flatten(op, emily__cast(op, logits, emily_promote_types(logits->dtype, EMILY_FLOAT32)));
  if (!x) return NULL;
  emily_array *most = emily_max(s, x, NULL, 0, false), *zero = emily__scalar(op, 0, EMILY_FLOAT32), *one = emily__scalar(op, 1, EMILY_FLOAT32);
  emily_array *ties = emily__cast(op, emily_equal(s, x, most), x->dtype);
  emily_array *w = emily_where(s, emily_isinf(s, most), ties, emily_exp(s, emily_subtract(s, x, most)));
  emily_array *before = emily_cumsum(s, w, 0, false, false, -1);
  emily_array *u = emily_multiply(s, uniform(op, key, zero, one, shape, count, EMILY_FLOAT32), emily_sum(s, w, NULL, 0, false));
  return emily_subtract(s, emily_searchsorted(s, before, u, "right"), emily__scalar(op, 1, EMILY_UINT32));
}

emily_array *emily_random_categorical(emily_scope *scope, emily_array *key, emily_array *logits, int64_t axis,
                                      const int64_t *shape, int32_t shape_count, int64_t num_samples) {
  BEGIN(scope, key, logits);
  int64_t reduced[EMILY__MAX_RANK], both[EMILY__MAX_RANK];
  int32_t at, n = 0, ndim;
  if (logits->dtype == EMILY_COMPLEX64) return REFUSE("there is no complex version");
  if (!emily__op_axis(&op, axis, logits->ndim, &at)) return NULL;
  if (logits->dims[at] == 0) return REFUSE("axis %d is empty", at);
  if (num_samples < -1 || (num_samples >= 0 && shape)) return REFUSE("num_samples is not negative, and goes without a shape");
  if (num_samples >= 0 && logits->ndim == EMILY__MAX_RANK) return REFUSE("logits of 64 axes leave none for samples");
  for (int32_t i = 0; i < logits->ndim; i++)
    if (i != at) reduced[n++] = logits->dims[i];
  if (num_samples >= 0) {
    logits = emily_expand_dims(scope, logits, (int64_t[]){-1}, 1);
    if (!logits) return NULL;
    reduced[n++] = num_samples;
  }
  if (!shape) {
    shape = reduced;
    shape_count = n;
  }
  if (!emily__op_shape(&op, shape, shape_count)) return NULL;
  if (!emily__broadcast_shapes(shape, shape_count, reduced, n, both, &ndim) || !emily__shape_equal(both, ndim, shape, shape_count))
    return REFUSE("the logits without axis %d do not broadcast to the shape", at);
  if (logits->size == logits->dims[at] && shape_count > 0) return search_distribution(&op, key, logits, shape, shape_count);
  return largest_of_noise(&op, key, logits, at, shape, shape_count);
}

/* ---- others ---- */

emily_array *emily_random_laplace(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t shape_count,
                                  emily_dtype dtype, double loc, double scale) {
  BEGIN(scope, key);
  if (!emily_dtype_is_float(dtype)) return REFUSE("the dtype must be a float");
  emily_array *u = both_signs(&op, key, shape, shape_count);
  if (!u) return NULL;
  emily_array *sample = emily_multiply(scope, emily_sign(scope, u), emily_log1p(scope, emily_negative(scope, emily_abs(scope, u))));
  sample = emily__cast(&op, sample, dtype);
  if (scale != 1) sample = emily_multiply(scope, emily__scalar(&op, (double)(float)scale, dtype), sample);
  return loc != 0 ? emily_add(scope, emily__scalar(&op, (double)(float)loc, dtype), sample) : sample;
}

emily_array *emily_random_truncated_normal(emily_scope *scope, emily_array *key, emily_array *lower, emily_array *upper,
                                           const int64_t *shape, int32_t shape_count, emily_dtype dtype) {
  BEGIN(scope, key, lower, upper);
  int64_t both[EMILY__MAX_RANK];
  if (!emily_dtype_is_float(dtype)) return REFUSE("the dtype must be a float");
  if (!shape) {
    if (!emily__broadcast_shapes(lower->dims, lower->ndim, upper->dims, upper->ndim, both, &shape_count))
      return REFUSE("lower and upper do not broadcast");
    shape = both;
  }
  emily_array *root = emily__scalar(&op, sqrt(2.0), dtype), *low = emily__cast(&op, lower, dtype), *high = emily__cast(&op, upper, dtype);
  emily_array *a = emily_erf(scope, emily_divide(scope, low, root)), *b = emily_erf(scope, emily_divide(scope, high, root));
  if (!a || !b) return NULL;
  emily_array *sample = emily_multiply(scope, root, emily_erfinv(scope, uniform(&op, key, a, b, shape, shape_count, dtype)));
  return emily_maximum(scope, emily_minimum(scope, high, sample), low);
}

static bool check_joint(const emily__op *op, const emily_array *mean, const emily_array *cov, emily_dtype dtype) {
  const int32_t m = mean->ndim, c = cov->ndim;
  const char *wrong = NULL;
  if (dtype != EMILY_FLOAT32) wrong = "the dtype must be float32";
  else if (m < 1 || c < 2 || cov->dims[c - 1] != cov->dims[c - 2] || mean->dims[m - 1] != cov->dims[c - 1])
    wrong = "mean is [..., N] and cov [..., N, N]";
  else if (!emily_dtype_is_float(emily__dtype_to_inexact(mean->dtype)) || cov->dtype == EMILY_COMPLEX64)
    wrong = "there is no complex version";
  if (wrong) emily__op_fail(op, EMILY_INVALID_ARGUMENT, "%s", wrong);
  return !wrong;
}

/* [..., N]: the leading axes of mean and cov, and shape, broadcast. */
static bool joint_shape(const emily__op *op, const emily_array *mean, const emily_array *cov, const int64_t *shape, int32_t count,
                        int64_t *out, int32_t *ndim) {
  int64_t leading[EMILY__MAX_RANK];
  int32_t n;
  if (!emily__op_shape(op, shape, count)) return false;
  if (emily__broadcast_shapes(mean->dims, mean->ndim - 1, cov->dims, cov->ndim - 2, leading, &n) &&
      emily__broadcast_shapes(leading, n, shape, count, out, ndim) && *ndim < EMILY__MAX_RANK - 1) {
    out[(*ndim)++] = mean->dims[mean->ndim - 1];
    return true;
  }
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "mean, cov and the shape do not broadcast");
  return false;
}

emily_array *emily_random_multivariate_normal(emily_scope *scope, emily_array *key, emily_array *mean, emily_array *cov,
                                              const int64_t *shape, int32_t shape_count, emily_dtype dtype) {
  BEGIN(scope, key, mean, cov);
  int64_t full[EMILY__MAX_RANK];
  int32_t ndim;
  emily_array *parts[3];
  if (!check_joint(&op, mean, cov, dtype) || !joint_shape(&op, mean, cov, shape, shape ? shape_count : 0, full, &ndim)) return NULL;
  if (emily_linalg_svd(scope, emily__cast(&op, cov, EMILY_FLOAT32), true, parts) != EMILY_OK) return NULL;
  emily_array *roots = emily_expand_dims(scope, emily_sqrt(scope, parts[1]), (int64_t[]){-2}, 1); /* [..., 1, N] */
  emily_array *root = emily_matmul(scope, emily_multiply(scope, parts[0], roots), parts[2]);      /* [..., N, N] */
  emily_array *z = emily_random_normal(scope, key, full, ndim, EMILY_FLOAT32, NULL, NULL);
  emily_array *rows = emily_matmul(scope, emily_expand_dims(scope, z, (int64_t[]){-2}, 1), root); /* [..., 1, N] */
  return emily_add(scope, mean, emily_squeeze(scope, rows, (int64_t[]){-2}, 1));
}

static emily_array *permutation(const emily__op *op, emily_array *key, int64_t n) {
  emily_array *words = bits(op, key, &n, 1, 4);
  return words ? emily_argsort(op->scope, words, -1, false) : NULL;
}

emily_array *emily_random_permutation_indices(emily_scope *scope, emily_array *key, int64_t n) {
  BEGIN(scope, key);
  if (n < 0) return REFUSE("n is %lld; it must not be negative", (long long)n);
  if (key->ndim != 1) return REFUSE("one key is wanted");
  return permutation(&op, key, n);
}

emily_array *emily_random_permutation(emily_scope *scope, emily_array *key, emily_array *x, int64_t axis) {
  BEGIN(scope, key, x);
  int32_t at;
  if (!emily__op_axis(&op, axis, x->ndim, &at)) return NULL;
  if (key->ndim != 1) return REFUSE("one key is wanted");
  return emily_take(scope, x, permutation(&op, key, x->dims[at]), at);
}
