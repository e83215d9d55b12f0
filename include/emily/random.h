/* emily/random.h: random numbers from keys.
 *
 * Equal keys give the samples that MLX gives.
 *
 * The rules of emily/ops.h hold: scope, lazy results, promotion, broadcasting, negative axes. */
#ifndef EMILY_RANDOM_H
#define EMILY_RANDOM_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* a key from a seed. uint32 [2]: the high and the low half of the seed. */
EMILY_API emily_array *emily_random_key(emily_scope *scope, int64_t seed);
/* Num keys from one. uint32 [num, 2]. */
EMILY_API emily_array *emily_random_split(emily_scope *scope, emily_array *key, int64_t num);
/* Uniform bits. uint8, uint16 or uint32 for width 1, 2, 4. The bits of threefry2x32 (Salmon et al. 2011) as MLX lays
 * them out; key uint32 [..., 2]. */
EMILY_API emily_array *emily_random_bits(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t
                                         shape_count, int64_t width);
/* Uniform in [low, high). Float32, float16 or bfloat16, from 32 bits each; float64 from 53 (not in MLX). */
EMILY_API emily_array *emily_random_uniform(emily_scope *scope, emily_array *key, emily_array *low, emily_array *high,
                                            const int64_t *shape, int32_t shape_count, emily_dtype dtype);
/* Normally distributed, mean loc, deviation scale. sqrt(2) erfinv(u) of u uniform in (-1, 1). */
EMILY_API emily_array *emily_random_normal(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t
                                           shape_count, emily_dtype dtype, emily_array *loc, emily_array *scale);
/* Integers in [low, high). Floor of a float32 uniform, as MLX: wide ranges are coarse. */
EMILY_API emily_array *emily_random_randint(emily_scope *scope, emily_array *key, emily_array *low, emily_array *high,
                                            const int64_t *shape, int32_t shape_count, emily_dtype dtype);
/* True with probability p. Bool; p is a float, broadcast to shape. */
EMILY_API emily_array *emily_random_bernoulli(emily_scope *scope, emily_array *key, emily_array *p, const int64_t
                                              *shape, int32_t shape_count);
/* Standard Gumbel distributed. -log(-log(u)). */
EMILY_API emily_array *emily_random_gumbel(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t
                                           shape_count, emily_dtype dtype);
/* Indices drawn with probabilities softmax(logits). uint32. shape NULL: the logits' shape without axis; otherwise it
 * must be broadcastable from that. num_samples >= 0 (then shape NULL): so many of each distribution, along a last axis.
 * One distribution with a shape: by its distribution function; otherwise by the Gumbel-max rule. */
EMILY_API emily_array *emily_random_categorical(emily_scope *scope, emily_array *key, emily_array *logits, int64_t
                                                axis, const int64_t *shape, int32_t shape_count, int64_t num_samples);
/* Laplace distributed, mean loc, scale. loc + scale * sign(u) log(1 - |u|) of u uniform in (-1, 1); floats. */
EMILY_API emily_array *emily_random_laplace(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t
                                            shape_count, emily_dtype dtype, double loc, double scale);
/* Standard normal between lower and upper. sqrt(2) erfinv(u) of u uniform between erf(lower / sqrt(2)) and erf(upper /
 * sqrt(2)), held between the two; floats. shape NULL: that of lower and upper, broadcast. */
EMILY_API emily_array *emily_random_truncated_normal(emily_scope *scope, emily_array *key, emily_array *lower,
                                                     emily_array *upper, const int64_t *shape, int32_t shape_count,
                                                     emily_dtype dtype);
/* Jointly normal with a mean and a covariance. mean [..., N], cov [..., N, N]: their leading axes and shape broadcast,
 * [..., N]. The root of cov is u sqrt(s) vt, from its singular values. float32. */
EMILY_API emily_array *emily_random_multivariate_normal(emily_scope *scope, emily_array *key, emily_array *mean,
                                                        emily_array *cov, const int64_t *shape, int32_t shape_count,
                                                        emily_dtype dtype);
/* An array shuffled along an axis. Slices stay whole. */
EMILY_API emily_array *emily_random_permutation(emily_scope *scope, emily_array *key, emily_array *x, int64_t axis);
/* 0 ... n - 1 in random order. uint32 [n]: what sorts n random words. */
EMILY_API emily_array *emily_random_permutation_indices(emily_scope *scope, emily_array *key, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
